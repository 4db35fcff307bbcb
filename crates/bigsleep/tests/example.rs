//! The example draws: `examples/dream.rs`.

use tch::{Kind, vision};

#[expect(dead_code, reason = "its main is for the command line")]
#[path = "../examples/dream.rs"]
mod example;

#[test]
fn the_example_draws_an_image_that_depends_on_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let draw = |text: &str| {
        let file = folder.path().join(format!("{text}.png"));
        example::dream(text, file.to_str().unwrap(), 3).unwrap();
        vision::image::load(&file).unwrap() // [3, side, side]
    };
    let [bicycle, bear] = ["bicycle", "bear"].map(draw);
    assert_eq!(bicycle.size(), [3, 64, 64]);
    assert!(bicycle.to_kind(Kind::Float).std(true).double_value(&[]) > 10.0); // no single color
    assert_ne!(bicycle, bear);
}
