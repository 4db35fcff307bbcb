//! Settings out of range are refused, with a message that names the range.

use std::fmt::Write as _;

use optim::OptimizerConfig;

use common::settings;

#[allow(dead_code, reason = "every test crate uses a part of it")]
mod common;

/// Every numeric setting of every optimizer, at values that few settings allow.
#[test]
fn settings_out_of_range() {
    let mut messages = String::new();
    for config in OptimizerConfig::all() {
        for (setting, default) in settings(&config) {
            let values = match default {
                toml::Value::Float(_) => ["-1.0", "0.0", "1.0", "2.0", "3.5e38", "inf", "nan"].as_slice(),
                toml::Value::Integer(_) => &["-1", "0", "100"],
                _ => continue,
            };
            let refused =
                values.iter().filter_map(|value| refusal(config.name(), &format!("{setting} = {value}")));
            let refused: Vec<String> = refused.collect();
            assert!(!refused.is_empty(), "{}.{setting} takes any number", config.name());
            for message in refused {
                writeln!(messages, "{}: {message}", config.name()).expect("strings take writes");
            }
        }
    }
    insta::assert_snapshot!(messages);
}

#[test]
fn settings_that_do_not_go_together() {
    insta::assert_snapshot!(refusal("sgd", "nesterov = true").expect("refused"), @"nesterov = true needs a momentum greater than 0 and a dampening of 0, not momentum = 0 and dampening = 0");
    insta::assert_snapshot!(refusal("sgd", "nesterov = true, momentum = 0.9, dampening = 0.1").expect("refused"), @"nesterov = true needs a momentum greater than 0 and a dampening of 0, not momentum = 0.9 and dampening = 0.1");
    insta::assert_snapshot!(refusal("rprop", "step_size_min = 2.0, step_size_max = 1.0").expect("refused"), @"step_size_min is 2, but must be at most step_size_max, 1");
    assert_eq!(refusal("sgd", "nesterov = true, momentum = 0.9"), None);
}

#[test]
fn schedules() {
    let refusal = |schedule: &str| refusal("adam", &format!("schedule = {schedule}")).expect("refused");
    insta::assert_snapshot!(refusal("{ warmup = -1 }"), @"warmup is -1, but must be at least 0");
    insta::assert_snapshot!(refusal("{ then = \"cosin\" }"), @"unknown variant `cosin`, expected one of `constant`, `linear`, `cosine`, `linear-to`, `cosine-to`, `step`");
    insta::assert_snapshot!(refusal("{ then = { step = { every = 0, by = 0.1 } } }"), @"every is 0, but must be at least 1");
    insta::assert_snapshot!(refusal("{ then = { step = { every = 10, by = 1.5 } } }"), @"by is 1.5, but must be above 0 and at most 1");
    insta::assert_snapshot!(refusal("{ then = { step = { every = 10 } } }"), @"missing field `by`");
    insta::assert_snapshot!(refusal("{ then = { linear-to = 2.0 } }"), @"linear-to is 2, but must be at least 0 and at most 1");
    insta::assert_snapshot!(refusal("{ then = { cosine-to = -0.1 } }"), @"cosine-to is -0.1, but must be at least 0 and at most 1");
}

#[test]
fn the_bad_line_is_shown() {
    let text = "[adamw]\nlr = 0.03\nbeta2 = 1.5\nweight_decay = 0.1\n";
    insta::assert_snapshot!(toml::from_str::<OptimizerConfig>(text).expect_err("refused"), @r"
    TOML parse error at line 3, column 9
      |
    3 | beta2 = 1.5
      |         ^^^
    beta2 is 1.5, but must be at least 0 and below 1
    ");
    let text = "adam = { lr = 0.05, epsilon = 1e-8 }";
    insta::assert_snapshot!(toml::from_str::<OptimizerConfig>(text).expect_err("refused"), @r"
    TOML parse error at line 1, column 21
      |
    1 | adam = { lr = 0.05, epsilon = 1e-8 }
      |                     ^^^^^^^
    unknown field `epsilon`, expected one of `lr`, `beta1`, `beta2`, `eps`, `weight_decay`, `amsgrad`, `schedule`
    ");
    let text = "adma = { lr = 0.05 }";
    insta::assert_snapshot!(toml::from_str::<OptimizerConfig>(text).expect_err("refused"), @r"
    TOML parse error at line 1, column 1
      |
    1 | adma = { lr = 0.05 }
      | ^^^^
    unknown variant `adma`, expected one of `sgd`, `adam`, `adamw`, `rmsprop`, `adagrad`, `adadelta`, `nadam`, `radam`, `adamax`, `rprop`, `asgd`, `lion`, `adabelief`, `adan`, `prodigy`, `schedule-free-adamw`, `muon`
    ");
}

/// The resolved settings that a record carries give the same optimizer when read back; so no
/// default is out of range.
#[test]
fn what_is_written_is_read_back() {
    for config in OptimizerConfig::all().into_iter().chain(common::cases().into_values()) {
        let text = toml::to_string(&config).expect("a config is written");
        assert_eq!(toml::from_str::<OptimizerConfig>(&text).as_ref(), Ok(&config), "{text}");
    }
}

#[test]
fn the_schema_knows_names_and_ranges() {
    let schema = schemars::schema_for!(OptimizerConfig).to_value();
    let lion = &schema["$defs"]["Lion"];
    assert_eq!(lion["additionalProperties"], false);
    insta::assert_snapshot!(lion["properties"]["beta2"], @r#"{"default":0.99,"description":"β₂.\nDefault: `0.99`.","exclusiveMaximum":1.0,"minimum":0.0,"type":"number"}"#);
    insta::assert_snapshot!(schema["$defs"]["Muon"]["properties"]["ns_steps"], @r#"{"default":5,"description":"n.\nDefault: `5`.","maximum":99.0,"minimum":1.0,"type":"integer"}"#);
}

/// The message with which this optimizer refuses these settings.
fn refusal(name: &str, settings: &str) -> Option<String> {
    let parsed = toml::from_str::<OptimizerConfig>(&format!("{name} = {{ {settings} }}"));
    parsed.err().map(|error| error.message().to_string())
}
