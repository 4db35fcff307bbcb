//! `[study] rounding`: cells are repeated with other rounding, to tell how much that matters.

use std::fs;

use crate::setting::{SMALL, Setting};

const REPEATED: &str = "study.rounding=2";

#[test]
fn cells_are_repeated_with_other_rounding() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let planned = setting.expect(0, &["plan", "small.toml", "--set", REPEATED]);
    let repeated: Vec<&str> = planned.stdout.lines().filter(|id| id.starts_with("rounding/")).collect();
    let tested = planned.stdout.lines().filter(|id| id.contains("/seed-")).count() - repeated.len();
    assert_eq!(repeated.len(), 2 * tested, "{}", planned.stdout);

    setting.expect(0, &["small.toml"]);
    let before = setting.path("results/small/plan.toml");
    let before = fs::read_to_string(before).unwrap();
    let ran = setting.expect(0, &["small.toml", "--set", REPEATED]);
    assert!(ran.stderr.contains(&format!("{tested} cells, 0 to compute")), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!("{0} cells with other rounding, {0} to compute", repeated.len())),
        "{}",
        ran.stderr
    );
    let folder = setting.path("results/small");
    let cells = |text: &str| text.matches("[[cells]]").count();
    let plan = fs::read_to_string(folder.join("plan.toml")).unwrap();
    assert_eq!(cells(&plan), cells(&before), "repetitions are no part of the comparison");
    let table = fs::read_to_string(folder.join("tables/rounding.csv")).unwrap();
    assert!(1 < table.lines().count(), "{table}");
    // Another image, for all that is the same but the last bit of the latents.
    let image = |id: &str| fs::read(folder.join("cells").join(id).join("final.png")).unwrap();
    let first = repeated[0];
    let own = first.trim_start_matches("rounding/").trim_end_matches("/1");
    let trace = |id: &str| fs::read_to_string(folder.join("cells").join(id).join("trace.csv")).unwrap();
    assert_ne!(trace(first), trace(own));
    assert!(!image(first).is_empty());

    let again = setting.expect(0, &["small.toml", "--set", REPEATED]);
    assert!(again.stderr.contains("cells with other rounding, 0 to compute"), "{}", again.stderr);
    setting.expect(0, &["verify", "results/small"]);
    fs::remove_file(folder.join("cells").join(first).join("trace.csv")).unwrap();
    setting.expect(3, &["verify", "results/small"]);
    let without = setting.expect(0, &["small.toml"]);
    assert!(without.stderr.contains("not in the experiment, and kept"), "{}", without.stderr);
    assert!(!folder.join("rounding.toml").exists());
}
