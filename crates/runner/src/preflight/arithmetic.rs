use std::collections::BTreeMap;

use bigsleep::Precision;
use tch::{Device, Kind, Tensor};
use toml::de::DeValue;

use super::{Fault, Places, Preflight};

/// Checks that every device computes, in every precision that a cell asks for. Returns warnings.
pub(super) fn check(preflight: &Preflight<'_>, places: &Places<'_>, faults: &mut Vec<Fault>) -> Vec<String> {
    let mut wanted: BTreeMap<&'static str, (Precision, usize)> = BTreeMap::new();
    for cell in preflight.cells {
        let precision = cell.dream.precision;
        wanted.entry(name(precision)).or_insert((precision, 0)).1 += 1;
    }
    let mut warnings = Vec::new();
    for (name, (precision, cells)) in wanted {
        let is = |value: &DeValue<'_>| matches!(value, DeValue::String(text) if text == name);
        let place = places.choice(&["dream", "precision"], is);
        let key = place.as_ref().map_or("dream.precision", |(key, _)| key);
        let span = place.as_ref().map(|(_, span)| span.clone());
        for &device in preflight.devices {
            let on = crate::devices::name(device);
            if let Err(reason) = works(precision, device) {
                let cells = records::counted(cells, "cell");
                let fault = Fault::new(format!("{key}: `{name}` does not work on {on}, but {cells} would use it: {reason}"))
                    .help("use `fp32`, which works everywhere, or select other cells (--only) or devices (--devices)");
                faults.push(fault.at(span.clone(), format!("not on {on}")));
            }
        }
        warnings.extend(slow(key, precision, preflight.devices, multiplies_bf16()));
    }
    warnings
}

/// The warning of a precision that a processor has no instructions for; `multiplies_bf16` says
/// whether it has those.
fn slow(key: &str, precision: Precision, devices: &[Device], multiplies_bf16: bool) -> Option<String> {
    let is_slow = precision == Precision::Bf16 && devices.contains(&Device::Cpu) && !multiplies_bf16;
    is_slow.then(|| {
        format!(
            "{key}: `bf16` on a processor without instructions for it (AVX512-BF16 or AMX): matrix products are many times \
             slower than in `fp32`"
        )
    })
}

fn name(precision: Precision) -> &'static str {
    match precision {
        Precision::Fp32 => "fp32",
        Precision::Bf16 => "bf16",
        Precision::Tf32 => "tf32",
    }
}

fn works(precision: Precision, device: Device) -> Result<(), String> {
    if !device.is_cuda() {
        return match precision {
            Precision::Tf32 => Err("only GPUs have this arithmetic".to_owned()),
            Precision::Fp32 | Precision::Bf16 => Ok(()),
        };
    }
    product(precision.kind(), device)
        .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// A small product, for what a device's presence does not tell.
fn product(kind: Kind, device: Device) -> Result<(), tch::TchError> {
    let matrix = Tensor::f_ones([8, 8], (kind, device))?;
    matrix.f_matmul(&matrix)?.f_to_device(Device::Cpu).map(drop)
}

/// Every processor with AMX has AVX512-BF16, too.
#[cfg(target_arch = "x86_64")]
fn multiplies_bf16() -> bool {
    std::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn multiplies_bf16() -> bool {
    true // not known: nothing is said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_computes_in_all_precisions_but_tf32() {
        for precision in [Precision::Fp32, Precision::Bf16] {
            works(precision, Device::Cpu).unwrap();
        }
        works(Precision::Tf32, Device::Cpu).unwrap_err();
    }

    #[test]
    fn bf16_is_warned_of_on_processors_without_instructions_for_it() {
        let said = slow("dream.precision[1]", Precision::Bf16, &[Device::Cuda(0), Device::Cpu], false);
        insta::assert_snapshot!(said.unwrap(), @"dream.precision[1]: `bf16` on a processor without instructions for it (AVX512-BF16 or AMX): matrix products are many times slower than in `fp32`");
        for (precision, device, multiplies) in [
            (Precision::Bf16, Device::Cpu, true),
            (Precision::Bf16, Device::Cuda(0), false),
            (Precision::Fp32, Device::Cpu, false),
            (Precision::Tf32, Device::Cpu, false),
        ] {
            assert_eq!(slow("dream.precision", precision, &[device], multiplies), None);
        }
    }

    #[test]
    fn precisions_are_named_as_experiments_name_them() {
        for precision in [Precision::Fp32, Precision::Bf16, Precision::Tf32] {
            assert_eq!(serde_json::to_value(precision).unwrap(), name(precision));
        }
    }
}
