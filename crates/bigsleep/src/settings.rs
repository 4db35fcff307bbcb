//! Settings of a dream.

use ranges::{OutOfRange, Range};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use tch::Kind;

/// Settings of one dream: everything but its prompt, seed and optimizer.
///
/// The defaults are those of `big-sleep` 0.9.1 (its library, not its command line, which differs),
/// except for `epochs` and `iterations`: those are the 10 × 200 of the report that this project
/// reproduces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DreamSettings {
    /// Rounds of `iterations` steps.
    #[serde(deserialize_with = "epochs")]
    #[schemars(range(min = 1, max = 10_000))]
    pub epochs: u32,
    /// Steps per epoch.
    #[serde(deserialize_with = "iterations")]
    #[schemars(range(min = 1, max = 100_000))]
    pub iterations: u32,
    /// Cutouts of the image that the perceptor sees, per draw.
    #[serde(deserialize_with = "cutouts")]
    #[schemars(range(min = 1, max = 4096))]
    pub cutouts: u32,
    /// Interpolation from a cutout to the perceptor's input.
    pub interpolation: Interpolation,
    /// Draw cutouts around the image's center rather than evenly.
    pub center_bias: bool,
    /// Draws of cutouts that a step averages the loss over.
    #[serde(deserialize_with = "gradient_accumulation")]
    #[schemars(range(min = 1, max = 1024))]
    pub gradient_accumulation: u32,
    /// Classes that a latent row may mix: the largest so many, by a differentiable top-k. Absent:
    /// all of them, each through a sigmoid.
    #[serde(deserialize_with = "max_classes", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_classes: Option<u32>,
    /// Temperature of the softmax behind `max_classes`; without effect otherwise.
    #[serde(deserialize_with = "class_temperature")]
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub class_temperature: f64,
    /// Decay of the moving average of the latents, of which the images are made.
    #[serde(deserialize_with = "ema_decay")]
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub ema_decay: f64,
    /// Coefficient of the cosine similarity in the loss.
    #[serde(deserialize_with = "loss_coef")]
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub loss_coef: f64,
    /// Truncation whose batch-norm statistics the generator uses.
    #[serde(deserialize_with = "truncation")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub truncation: f64,
    /// Arithmetic of the perceptor.
    pub precision: Precision,
    /// Steps between two images.
    #[serde(deserialize_with = "save_every")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub save_every: u32,
    /// Keep, of the images made every `save_every` steps, the one that the perceptor finds closest
    /// to the prompt.
    #[serde(skip_serializing_if = "std::ops::Not::not")] // records from before there was it stay valid
    pub save_best: bool,
}

/// Interpolation from a cutout to the perceptor's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// The nearest pixel.
    #[default]
    Nearest,
    /// Bilinear, corners not aligned.
    Bilinear,
    /// A Lanczos-3 low-pass filter, then bicubic with corners aligned (`experimental_resample` in
    /// `big-sleep`).
    Lanczos,
}

/// Arithmetic of the perceptor. The generator always computes in fp32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    Fp32,
    /// bfloat16: weights and activations; losses stay in fp32.
    Bf16,
    /// 32-bit floats, multiplied with 10-bit mantissas. CUDA only.
    Tf32,
}

impl Precision {
    /// Floating-point type of the perceptor's weights.
    pub fn kind(self) -> Kind {
        match self {
            Self::Fp32 | Self::Tf32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }
}

impl DreamSettings {
    /// Steps of the whole dream.
    pub fn steps(&self) -> u32 {
        self.epochs * self.iterations
    }

    /// Returns true if dreams of these two settings can be advanced as one batch: they need the
    /// same models, and cutouts of the same number and kind.
    pub fn batches_with(&self, other: &Self) -> bool {
        let key = |s: &Self| (s.cutouts, s.gradient_accumulation, s.interpolation, s.precision, s.truncation);
        key(self) == key(other)
    }
}

impl Default for DreamSettings {
    fn default() -> Self {
        Self {
            epochs: 10,
            iterations: 200,
            cutouts: 128,
            interpolation: Interpolation::default(),
            center_bias: false,
            gradient_accumulation: 1,
            max_classes: None,
            class_temperature: 2.0,
            ema_decay: 0.99,
            loss_coef: 100.0,
            truncation: 1.0,
            precision: Precision::default(),
            save_every: 50,
            save_best: false,
        }
    }
}

/// For each setting its range, and the function through which serde reads and checks it.
macro_rules! ranges {
    ($($setting:ident: $kind:ty, $range:ident = $value:expr;)*) => {
        $(
            const $range: Range = $value;

            fn $setting<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
                ranges::read(deserializer, stringify!($setting), $range)
            }
        )*

        impl DreamSettings {
            /// Checks every setting; for settings that were not read by serde, which checks them by
            /// itself.
            ///
            /// # Errors
            /// The first setting outside its range.
            pub fn check(&self) -> Result<(), OutOfRange> {
                $($range.check(stringify!($setting), self.$setting)?;)*
                if let Some(max_classes) = self.max_classes {
                    MAX_CLASSES.check("max_classes", max_classes)?;
                }
                Ok(())
            }
        }
    };
}

ranges! {
    epochs: u32, EPOCHS = Range::between(1.0, 10_000.0);
    iterations: u32, ITERATIONS = Range::between(1.0, 100_000.0);
    cutouts: u32, CUTOUTS = Range::between(1.0, 4096.0);
    gradient_accumulation: u32, GRADIENT_ACCUMULATION = Range::between(1.0, 1024.0);
    class_temperature: f64, CLASS_TEMPERATURE = Range::between(0.001, 1000.0);
    ema_decay: f64, EMA_DECAY = Range::FROM_0_BELOW_1;
    loss_coef: f64, LOSS_COEF = Range::between(0.0, 1_000_000.0);
    truncation: f64, TRUNCATION = Range::ABOVE_0_TO_1;
    save_every: u32, SAVE_EVERY = Range::between(1.0, 1_000_000_000.0);
}

/// The generator's own number of classes limits it further, once that is known.
const MAX_CLASSES: Range = Range::between(1.0, 100_000.0);

fn max_classes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    ranges::read(deserializer, "max_classes", MAX_CLASSES).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn nothing_set_is_the_default() {
        assert_eq!(toml::from_str::<DreamSettings>("").unwrap(), DreamSettings::default());
        DreamSettings::default().check().unwrap();
    }

    #[test]
    fn settings_survive_being_written_and_read() {
        let settings = DreamSettings {
            max_classes: Some(3),
            ema_decay: 0.5,
            save_best: true,
            ..DreamSettings::default()
        };
        let written = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<DreamSettings>(&written).unwrap(), settings);
    }

    #[test]
    fn an_error_names_the_setting_its_value_and_its_range() {
        let error = toml::from_str::<DreamSettings>("cutouts = 16\nema_decay = 1.0").unwrap_err();
        assert_eq!(error.message(), "ema_decay is 1, but must be at least 0 and below 1");
        assert_eq!(error.span(), Some(25..28)); // the value itself
    }

    #[test]
    fn numbers_of_any_size_and_other_values_are_told_the_range() {
        let said = |text: &str| toml::from_str::<DreamSettings>(text).unwrap_err().message().to_owned();
        let range = "at least 1 and at most 100000";
        for number in ["99999999999", "-1", "0", "9223372036854775808"] {
            let expected = format!("iterations is {number}, but must be {range}");
            assert_eq!(said(&format!("iterations = {number}")), expected);
        }
        for other in ["1.5", "\"4\"", "true", "[1]", "{}"] {
            let said = said(&format!("iterations = {other}"));
            assert!(said.ends_with(&format!("expected a whole number, {range}")), "{said}");
        }
        assert_eq!(
            said("loss_coef = 1e300"),
            "loss_coef is 1e300, but must be at least 0 and at most 1000000"
        );
        assert_eq!(toml::from_str::<DreamSettings>("loss_coef = 7").unwrap().loss_coef, 7.0);
    }

    #[test]
    fn unknown_settings_are_refused() {
        let error = toml::from_str::<DreamSettings>("cutout = 16").unwrap_err();
        assert!(error.message().contains("unknown field `cutout`"), "{error}");
    }

    /// The schema that editors see states the ranges a second time: it must agree with what is
    /// accepted.
    #[test]
    fn the_schema_states_the_ranges_that_are_checked() {
        let schema = schemars::schema_for!(DreamSettings).to_value();
        let mut bounds = 0;
        for (name, property) in schema["properties"].as_object().unwrap() {
            let whole = property["type"] != "number";
            let step = if whole { 1.0 } else { 1e-9 };
            for (keyword, inside, outside) in [
                ("minimum", 0.0, -step),
                ("maximum", 0.0, step),
                ("exclusiveMinimum", step, 0.0),
                ("exclusiveMaximum", -step, 0.0),
            ] {
                let Some(bound) = property[keyword].as_f64() else { continue };
                bounds += 1;
                assert!(read(name, bound + inside, whole).is_ok(), "{name} {keyword}");
                assert!(read(name, bound + outside, whole).is_err(), "{name} {keyword}");
            }
        }
        assert_eq!(bounds, 20, "each of the ten numbers has two ends");
    }

    fn read(name: &str, value: f64, whole: bool) -> serde_json::Result<DreamSettings> {
        let value = if whole { json!(value as i64) } else { json!(value) };
        serde_json::from_value(Value::Object([(name.to_owned(), value)].into_iter().collect()))
    }

    #[test]
    fn settings_made_in_code_are_checked_too() {
        let settings = DreamSettings { loss_coef: f64::NAN, ..DreamSettings::default() };
        let error = settings.check().unwrap_err();
        assert_eq!(error.to_string(), "loss_coef is NaN, but must be at least 0 and at most 1000000");
    }
}
