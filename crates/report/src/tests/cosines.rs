//! Curves and figures of cosines, whatever the coefficient of the similarity and the number of
//! texts.

use records::{CellRecord, Texts};

use super::*;

/// Table 2's cells with the similarity terms of another coefficient and more texts: the cosines
/// stay.
fn scaled(change: impl Fn(&mut CellRecord) -> f32) -> Results {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    let folder = ResultsFolder::at(results.path());
    for mut record in folder.cells(&folder.plan().unwrap()).unwrap() {
        let factor = change(&mut record);
        let cell = folder.cell(&record.id);
        let mut trace = cell.trace().unwrap();
        trace.iter_mut().for_each(|row| row.loss.similarity *= factor);
        cell.write_trace(&trace).unwrap();
        cell.write_record(&record).unwrap();
    }
    results
}

/// The figures, tables and curves that show cosines.
fn shown(results: &Results) -> Vec<String> {
    build(results.path()).unwrap();
    let study = Study::read(results.path()).unwrap();
    let mut shown: Vec<String> = ["similarity", "loss-cow", "loss-and-image"]
        .iter()
        .map(|name| results.text(&format!("plots/{name}.svg")))
        .collect();
    shown.push(format!("{:?}", crate::figures::cell_curve(&study.cells[0], 99)));
    shown
}

#[test]
fn a_coefficient_changes_no_curve() {
    let usual = scaled(|_| 1.0);
    let strong = scaled(|record| {
        record.dream.insert("loss_coef".into(), 200.0.into()); // twice the usual: exact in binary
        2.0
    });
    let [usual, strong] = [&usual, &strong].map(shown);
    assert!(
        usual[1].contains("similarity loss / 100 (−cosine)")
            && usual[2].contains("last similarity loss / 100")
    );
    assert_eq!(usual[0], strong[0]);
    assert_eq!(usual[1].replace("/ 100 (", "/ 200 ("), strong[1]);
    assert_eq!(usual[2].replace("last similarity loss / 100", "last similarity loss / 200"), strong[2]);
    assert_eq!(usual[3], strong[3]);
}

#[test]
fn several_texts_are_a_mean_and_the_axes_say_so() {
    let usual = shown(&scaled(|_| 1.0));
    let two = shown(&scaled(|record| {
        record.texts = Some(Texts { approach: 2, avoid: 0 });
        2.0
    }));
    let mean = usual[0].replace("100 × cosine, live latents", "100 × mean cosine, live latents");
    let words = |svg: &str| svg.matches("<polyline").count();
    assert_eq!(words(&mean), words(&two[0]));
    assert!(
        two[0].contains("100 × mean cosine, live latents") && two[0].contains("Mean cosine: over a prompt")
    );
    // The same lines in the same places; only the caption is longer.
    let lines = |svg: &str| -> Vec<String> {
        svg.lines().filter(|line| line.starts_with("<polyline")).map(str::to_owned).collect()
    };
    assert_eq!(lines(&usual[0]), lines(&two[0]));
}

#[test]
fn cells_of_different_coefficients_share_an_axis_of_cosines() {
    let mixed = scaled(|record| {
        let (loss_coef, avoid) = if record.optimizer == "adam" { (50.0, 0) } else { (100.0, 1) };
        record.dream.insert("loss_coef".into(), loss_coef.into());
        record.texts = Some(Texts { approach: 1, avoid });
        (loss_coef / 100.0) as f32 * (1 + avoid) as f32
    });
    let usual = shown(&scaled(|_| 1.0));
    let mixed = shown(&mixed);
    assert!(mixed[1].contains("−mean ±cosine of the cutouts"), "{}", mixed[1]);
    assert!(mixed[2].contains("last −mean ±cosine of the cutouts"));
    assert!(mixed[0].contains("minus for those to avoid"));
    let correlation = |svg: &str| svg.matches("rank correlation").count();
    assert_eq!(correlation(&usual[2]), correlation(&mixed[2]));
}

#[test]
fn without_a_coefficient_nothing_is_drawn_as_a_cosine() {
    let none = scaled(|record| {
        record.dream.insert("loss_coef".into(), 0.0.into());
        0.0
    });
    build(none.path()).unwrap();
    assert!(!none.path().join("plots/similarity.svg").exists());
    assert!(none.path().join("plots/total-loss-cow.svg").exists());
}
