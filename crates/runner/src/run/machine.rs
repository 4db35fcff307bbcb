//! This machine, as records of cells have it.

use std::env;
use std::fs;
use std::sync::OnceLock;

use records::Machine;
use tch::Device;

/// Version of libtorch that tch 0.24.0 is bound to.
pub(crate) const LIBTORCH: &str = "2.11.0";

/// The instruction sets that libtorch's kernels are made for, the narrowest first, as its variable
/// `ATEN_CPU_CAPABILITY` calls them.
const INSTRUCTIONS: [&str; 3] = ["default", "avx2", "avx512"];

/// This machine, with a worker of so many threads on `device`.
pub(super) fn machine(device: Device, threads: usize) -> Machine {
    static PROCESSOR: OnceLock<(String, String)> = OnceLock::new();
    let (host, cpu) = PROCESSOR.get_or_init(|| {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let host = read("/proc/sys/kernel/hostname").trim().to_owned();
        (host, processor(&read("/proc/cpuinfo")))
    });
    Machine {
        host: host.clone(),
        cpu: cpu.clone(),
        instructions: instructions(),
        gpu: matches!(device, Device::Cuda(_)).then(gpus),
        threads,
        libtorch: LIBTORCH.to_owned(),
        job: job(|name| env::var(name).ok()),
    }
}

/// The model of the first processor in Linux's list.
fn processor(list: &str) -> String {
    let named = |line: &str| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned());
    list.lines().find_map(named).unwrap_or_else(|| env::consts::ARCH.to_owned())
}

/// The instructions that libtorch uses: the widest of this processor, or fewer where the
/// environment says so.
fn instructions() -> String {
    let Some(widest) = widest() else { return env::consts::ARCH.to_owned() };
    let stated = env::var("ATEN_CPU_CAPABILITY").ok();
    let stated = stated.and_then(|stated| INSTRUCTIONS.iter().position(|&name| name == stated));
    INSTRUCTIONS[stated.unwrap_or(widest).min(widest)].to_owned()
}

/// The place in [`INSTRUCTIONS`] of the widest that this processor has.
#[cfg(target_arch = "x86_64")]
fn widest() -> Option<usize> {
    use std::arch::is_x86_feature_detected as has;

    let avx512 = has!("avx512f") && has!("avx512vl") && has!("avx512bw") && has!("avx512dq");
    let avx2 = has!("avx2") && has!("fma");
    Some(if avx512 && avx2 { 2 } else { usize::from(avx2) })
}

#[cfg(not(target_arch = "x86_64"))]
fn widest() -> Option<usize> {
    None
}

/// The models of this machine's GPUs, each once, as NVIDIA's driver names them.
fn gpus() -> String {
    let folders = fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().flatten();
    let model = |text: String| {
        let line = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
        Some(line.trim().to_owned())
    };
    let models = folders
        .filter_map(|folder| fs::read_to_string(folder.path().join("information")).ok().and_then(model));
    let models: std::collections::BTreeSet<String> = models.collect();
    match models.is_empty() {
        true => "GPU of an unknown model".to_owned(),
        false => models.into_iter().collect::<Vec<_>>().join(" or "),
    }
}

/// The job of a batch system that this process is a part of, if any.
fn job(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if let (Some(array), Some(task)) = (variable("SLURM_ARRAY_JOB_ID"), variable("SLURM_ARRAY_TASK_ID")) {
        return Some(format!("slurm {array}_{task}"));
    }
    if let Some(job) = variable("SLURM_JOB_ID") {
        return Some(format!("slurm {job}"));
    }
    if let (Some(job), Some(task)) = (variable("HQ_JOB_ID"), variable("HQ_TASK_ID")) {
        return Some(format!("hyperqueue {job}@{task}"));
    }
    variable("JOB_COMPLETION_INDEX").map(|index| format!("kubernetes index {index}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_processors_model() {
        let list = "processor\t: 0\nvendor_id\t: X\nmodel\t\t: 85\nmodel name\t: Some: CPU @ 2 GHz\n";
        assert_eq!(processor(list), "Some: CPU @ 2 GHz");
        assert_eq!(processor(""), env::consts::ARCH);
    }

    #[test]
    fn finds_the_job_of_every_batch_system() {
        let job = |variables: &[(&str, &str)]| {
            let value =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            job(|name| value(name).map(str::to_owned))
        };
        let array = [("SLURM_ARRAY_JOB_ID", "12"), ("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_JOB_ID", "15")];
        assert_eq!(job(&array).as_deref(), Some("slurm 12_3"));
        assert_eq!(job(&[("SLURM_JOB_ID", "15")]).as_deref(), Some("slurm 15"));
        assert_eq!(job(&[("HQ_JOB_ID", "1"), ("HQ_TASK_ID", "4")]).as_deref(), Some("hyperqueue 1@4"));
        assert_eq!(job(&[("JOB_COMPLETION_INDEX", "0")]).as_deref(), Some("kubernetes index 0"));
        assert_eq!(job(&[]), None);
    }

    #[test]
    fn a_worker_on_a_cpu_names_no_gpu() {
        let machine = machine(Device::Cpu, 3);
        assert_eq!((machine.gpu, machine.threads), (None, 3));
        assert!(!machine.cpu.is_empty() && !machine.instructions.is_empty());
    }
}
