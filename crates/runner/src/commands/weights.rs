use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use miette::Result;
use model_sets::{FileEntry, ModelSet, ModelSets, Verified, fetch as fetch_file};

use super::ExitStatus;
use crate::output;

/// Lists the model sets.
pub(super) fn list(sets: &ModelSets) -> Result<ExitStatus> {
    for set in sets.all()? {
        let missing = set.manifest.files().filter(|file| !set.path(file).is_file()).count();
        let state = match (missing, set.remedy()) {
            (0, _) => "installed".to_owned(),
            (_, None) => format!("installed, except for {} of its judges", records::counted(missing, "file")),
            (_, Some(remedy)) => remedy,
        };
        output::print(&format!("{}: {}\n  {state}", set.manifest.name, set.manifest.about));
        for (role, component) in set.manifest.components() {
            output::print(&format!("  {role}: {} ({})", component.source, component.license));
        }
    }
    Ok(ExitStatus::Done)
}

/// Downloads what is missing or wrong of some model sets.
pub(super) fn fetch(sets: &ModelSets, names: &[String], bars: &MultiProgress) -> Result<ExitStatus> {
    for name in names {
        let set = sets.get(name)?;
        for file in set.manifest.files() {
            if matches!(set.verify(file)?, Verified::Right | Verified::FirstSeen) {
                output::say(&format!("{} is already there", file.path));
                continue;
            }
            fetch_one(&set, file, bars)?;
        }
    }
    Ok(ExitStatus::Done)
}

fn fetch_one(set: &ModelSet, file: &FileEntry, bars: &MultiProgress) -> Result<()> {
    let bar = bars.add(ProgressBar::new_spinner());
    bar.set_message(file.path.clone());
    let verified = fetch_file(set, file, &mut |there, total| {
        if let Some(total) = total
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            bar.set_style(bytes_style());
        }
        bar.set_position(there);
    });
    bar.finish_and_clear();
    let how = match verified? {
        Verified::Right => "matches its digest",
        _ => "no public digest exists: this one is recorded, and later downloads must match it",
    };
    output::say(&format!("{} fetched; {how}", file.path));
    Ok(())
}

fn bytes_style() -> ProgressStyle {
    let template = "{msg}  {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Compares files with their digests.
pub(super) fn verify(sets: &ModelSets, names: &[String]) -> Result<ExitStatus> {
    let must_be_there = !names.is_empty();
    let sets = match names {
        [] => sets.all()?,
        names => names.iter().map(|name| sets.get(name)).collect::<Result<_, _>>()?,
    };
    let mut ending = ExitStatus::Done;
    for set in sets {
        for file in set.manifest.files() {
            let verdict = match set.verify(file)? {
                Verified::Right => "ok".to_owned(),
                Verified::FirstSeen => "no public digest; recorded as first seen".to_owned(),
                Verified::Missing => {
                    if must_be_there {
                        ending = ExitStatus::SomeFailed;
                    }
                    "missing".to_owned()
                }
                Verified::Wrong { expected, found } => {
                    ending = ExitStatus::SomeFailed;
                    format!("WRONG: SHA-256 is {found}, should be {expected}")
                }
            };
            output::print(&format!("{}/{}: {verdict}", set.manifest.name, file.path));
        }
    }
    Ok(ending)
}
