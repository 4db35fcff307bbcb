//! Faults of `--set` are told in the `--set`.

use super::{Experiment, SMALL, read, refusal};

#[test]
fn overrides_take_texts_and_quoted_dots() {
    let experiment = read(
        &SMALL.replace("[\"bicycle\"]", "[\"bicycle\", \"St. Paul\", \"a=b\"]"),
        &[
            "template={}",
            "labels.\"St. Paul\"=church",
            "labels.'a=b' = 7",
            "evaluation.template= {} ",
            "name=12",
        ],
    )
    .unwrap();
    assert_eq!((experiment.template.as_str(), experiment.evaluation.template.as_str()), ("{}", "{}"));
    let names: Vec<&str> = experiment.prompts.iter().map(|prompt| prompt.class_name.as_str()).collect();
    assert_eq!((names, experiment.name.as_str()), (vec!["bicycle", "church", "7"], "12"));
    assert_eq!(Experiment::parse("again.toml", &experiment.text).unwrap().prompts, experiment.prompts);
}

#[test]
fn optimizer_faults_point_into_the_override() {
    let said = [
        refusal(SMALL, &["optimizer.adam.schedule=cosine"]),
        refusal(SMALL, &["optimizer.adam.schedule.warmup=[0,3]"]),
        refusal(SMALL, &["optimizer.adam.schedule.warmup=9223372036854775808"]),
        refusal(SMALL, &["optimizer.adam.schedule.then=step"]),
        refusal(SMALL, &["optimizer.adam.schedule.then={ step = { ever = 3 } }"]),
        refusal(SMALL, &["optimizer.adam.schedule.then={ step = 3 }"]),
        refusal(SMALL, &["optimizer.adam.schedule.then={}"]),
        refusal(SMALL, &["optimizer.adam.betas=[0.9, 0.99]"]),
        refusal(SMALL, &["optimizer.adam.amsgrad=1"]),
        refusal(SMALL, &["optimizer.AdamW={}"]),
        refusal(SMALL, &["optimizer.RMSprop={}"]),
        refusal(SMALL, &["optimizer.SGD={}"]),
        refusal(SMALL, &["optimizer.adam.lr=9223372036854775808"]),
        refusal(SMALL, &["optimizer.adam.lr=1e400"]),
        refusal(SMALL, &["optimizer.adam.beta1=1e300"]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r#"
    `schedule` is the text "cosine", but must be a table such as { warmup = 100, then = "cosine" } [--set:1:25]
    `warmup` is a list, but must be a whole number, at least 0 [--set:1:32] (a list is an axis where it is a whole setting: schedule = [{ warmup = … }, { warmup = … }])
    warmup is 9223372036854775808, but must be at least 0 and at most 9223372036854775807 [--set:1:32]
    `then` is the text "step", but must be a table such as { step = … } [--set:1:30]
    unknown key `ever` [--set:1:41] (did you mean `every`? Known: `every`, `by`)
    `step` is the number 3, but must be a text [--set:1:39]
    `then` is an empty table, but must be a table with exactly one key [--set:1:30]
    unknown key `betas` [--set:1:16] (did you mean `beta1` and `beta2`? Known: `lr`, `beta1`, `beta2`, `eps`, `weight_decay`, `amsgrad`, `schedule`)
    `amsgrad` is the number 1, but must be `true` or `false` [--set:1:24]
    unknown optimizer `AdamW` [--set:1:11] (did you mean `adamw`? Known: `sgd`, `adam`, `adamw`, `rmsprop`, `adagrad`, `adadelta`, `nadam`, `radam`, `adamax`, `rprop`, `asgd`, `lion`, `adabelief`, `adan`, `prodigy`, `schedule-free-adamw`, `muon`)
    unknown optimizer `RMSprop` [--set:1:11] (did you mean `rmsprop`? Known: `sgd`, `adam`, `adamw`, `rmsprop`, `adagrad`, `adadelta`, `nadam`, `radam`, `adamax`, `rprop`, `asgd`, `lion`, `adabelief`, `adan`, `prodigy`, `schedule-free-adamw`, `muon`)
    unknown optimizer `SGD` [--set:1:11] (did you mean `sgd`? Known: `sgd`, `adam`, `adamw`, `rmsprop`, `adagrad`, `adadelta`, `nadam`, `radam`, `adamax`, `rprop`, `asgd`, `lion`, `adabelief`, `adan`, `prodigy`, `schedule-free-adamw`, `muon`)
    9223372036854775808 is too large for a whole number in TOML [--set:1:19] (these range from -9223372036854775808 to 9223372036854775807)
    `lr` is the number 1e400, but must be a number of smaller magnitude [--set:1:19]
    beta1 is 1e300, but must be at least 0 and below 1 [--set:1:22]
    "#);
}

#[test]
fn other_faults_point_into_the_override() {
    let said = [
        refusal(SMALL, &["dream.iteration=5"]),
        refusal(SMALL, &["seeds=[1]", "dream.iterations=99999999999"]),
        refusal(SMALL, &["evaluation.labels=CIFAR-100"]),
        refusal(SMALL, &["dream.Interpolation=nearest"]),
        refusal(SMALL, &["dream.interpolation=Nearest"]),
        refusal(SMALL, &["dream.interpolation=7"]),
        refusal(SMALL, &["models=mini"]),
        refusal(SMALL, &["seeds=9223372036854775808"]),
        refusal(SMALL, &["seeds=[9223372036854775808]"]),
        refusal(&format!("seeds = [1, 9223372036854775808]\n{SMALL}"), &[]),
        refusal(SMALL, &["seeds=[-1]"]),
        refusal(SMALL, &["prompts.first=a"]),
        refusal(SMALL, &["dream=1979-05-27"]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r#"
    unknown key `iteration` [--set:1:7] (did you mean `iterations`? Known: `epochs`, `iterations`, `cutouts`, `interpolation`, `center_bias`, `gradient_accumulation`, `max_classes`, `class_temperature`, `ema_decay`, `loss_coef`, `truncation`, `precision`, `save_every`, `save_best`)
    iterations is 99999999999, but must be at least 1 and at most 100000 [--set:1:18]
    unknown set of labels `CIFAR-100` [--set:1:19] (did you mean `cifar-100`?)
    unknown key `Interpolation` [--set:1:7] (did you mean `interpolation`? Known: `epochs`, `iterations`, `cutouts`, `interpolation`, `center_bias`, `gradient_accumulation`, `max_classes`, `class_temperature`, `ema_decay`, `loss_coef`, `truncation`, `precision`, `save_every`, `save_best`)
    unknown value `Nearest` [--set:1:21] (did you mean `nearest`? Known: `nearest`, `bilinear`, `lanczos`)
    `interpolation` is the number 7, but must be a text that names a choice [--set:1:21]
    `models` is the text "mini", but must be a list [--set:1:8]
    `seeds` is the number 9223372036854775808, but must be a list such as [0, 1], or { per_prompt = 1 } [--set:1:7]
    an entry of `seeds` is the number 9223372036854775808, but must be a whole number from 0 to 9223372036854775807 [--set:1:8]
    an entry of `seeds` is the number 9223372036854775808, but must be a whole number from 0 to 9223372036854775807 [x.toml:1:13]
    an entry of `seeds` is the number -1, but must be a whole number from 0 to 9223372036854775807 [--set:1:8]
    --set cannot reach `prompts.first`: `prompts` is a value, which has no settings of its own [--set:1:1]
    `dream` is the date 1979-05-27, but must be a table of settings [--set:1:7]
    "#);
}
