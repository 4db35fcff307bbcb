//! Whatever is written is an experiment, or refused with a place.

use super::*;

proptest! {
    #[test]
    fn any_text_is_an_experiment_or_refused_with_a_place(text in any::<String>()) {
        if let Err(error) = read(&text, &[]) {
            said(&error);
        }
    }

    /// Made of what experiments are made of.
    #[test]
    fn any_mixture_is_an_experiment_or_refused_with_a_place(
        parts in proptest::collection::vec(prop_oneof![
            Just("name = \"x\"\n"), Just("models = [\"mini\"]\n"), Just("prompts = ["), Just("\"a\", "), Just("]\n"),
            Just("[optimizer]\n"), Just("adam = { "), Just("x = { python = 'a.B', "), Just("args = { "),
            Just("python = ['b.py:C', 'a.B']\n"), Just("lr = [1, 1.0]"), Just(" }\n"), Just("[dream]\n"),
            Just("seeds = [0, 1]\n"), Just("exclude = [{ seed = 1 }]\n"), Just("[[exclude]]\n"), Just("labels.a = 1\n"),
            Just("[evaluation]\n"), Just("cutouts = 4\n"), Just("'"), Just("\"\"\""), Just("\\b"), Just("é"), Just("."), Just("="),
        ], 0..30),
    ) {
        if let Err(error) = read(&parts.concat(), &[]) {
            said(&error);
        }
    }

    #[test]
    fn any_override_is_followed_or_refused_with_a_place(
        key in "[a-z.\"'\\\\ =é]{0,12}|dream[.][a-z_]{1,12}|optimizer([.][a-z\"]{1,8}){1,3}|labels[.]\"[a-z. ]{1,6}\"",
        value in any::<String>(),
    ) {
        let Ok(one) = format!("{key}={value}").parse::<Override>() else { return Ok(()) };
        match Layers::new("x.toml", SMALL).with_overrides(&[one]).read() {
            Err(error) => drop(said(&error)),
            Ok(experiment) => {
                let again = Experiment::parse("again.toml", &experiment.text);
                let again = again.map_err(|error| TestCaseError::fail(format!("{}\n{error}", experiment.text)))?;
                prop_assert_eq!(format!("{:?}", again.optimizers), format!("{:?}", experiment.optimizers));
                prop_assert_eq!(again.prompts, experiment.prompts);
            }
        }
    }

    /// The text that the results folder keeps says the same as the layers.
    #[test]
    fn the_resolved_text_means_what_the_layers_mean(
        lr in prop_oneof![(1..50_i64).prop_map(|n| n.to_string()), (0.001..50.0).prop_map(|n: f64| n.to_string())],
        cutouts in proptest::collection::btree_set(1..64_u32, 1..4),
        template in "[a-z ={}]{0,5}",
        place in "[a-z. =]{1,8}",
    ) {
        let template = format!("{}{{}}", template.replace(['{', '}'], ""));
        let prompt = toml::Value::from(format!("St. {place}"));
        let given = [
            format!("optimizer.adam.lr={lr}"),
            format!("dream.cutouts={cutouts:?}").replace(['{', '}'], "").replace('=', "=[") + "]",
            format!("template={template}"),
            format!("prompts=[{prompt}]"),
            format!("labels.{prompt}=a church"),
        ];
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let experiment = read(SMALL, &given).map_err(|error| TestCaseError::fail(said(&error)))?;
        let experiment = experiment.over_models("m.toml", "dream.iterations = 7\ndream.cutouts = 9\n").unwrap();
        prop_assert_eq!(experiment.template.as_str(), template.trim());
        prop_assert_eq!(experiment.prompts[0].class_name.as_str(), "a church");
        prop_assert_eq!(experiment.dreams.len(), cutouts.len());
        prop_assert!(experiment.dreams.iter().all(|dream| dream.settings.iterations == 7));
        let again = Experiment::parse("again.toml", &experiment.text).unwrap();
        prop_assert_eq!(format!("{:?}", again.dreams), format!("{:?}", experiment.dreams));
        prop_assert_eq!(format!("{:?}", again.optimizers), format!("{:?}", experiment.optimizers));
        prop_assert_eq!(again.prompts, experiment.prompts);
    }
}
