//! The verdict in sentences.

use records::{AS_GIVEN, TunedOptimizer, counted};
use statistics::Pair;

use super::machines;
use super::rounding::{rounding_of_all, roundings};
use super::ruler::{Budget, Measure, Ruler};
use super::verdict::{MOST_COMPARED, Other, Verdict};
use super::words::{LISTED, capitalized, minus, number_word, p_value, rounded_up, signed, some};
use crate::study::Study;

/// The least number of prompts that can rule anything out at 5 %: 2⁻⁵.
const LEAST_PROMPTS: usize = 5;

/// The answer first, then how sure it is and what it rests on. Empty where there is nothing to
/// compare.
pub(crate) fn sentences(study: &Study, verdict: &Verdict) -> Vec<String> {
    if verdict.places.is_empty() || study.optimizers.len() < 2 {
        return Vec::new();
    }
    let mut said = vec![answer(verdict)];
    said.extend(leads(verdict));
    said.extend(told_apart(verdict));
    said.extend(same_within(study, verdict));
    said.extend(judge_says(verdict));
    said.extend(live(verdict));
    said.extend(earlier(verdict));
    said.extend(diverged(verdict));
    said.extend(machines::warning(study));
    said.extend(tuning(study));
    said.extend(settings_of_one(study, verdict));
    said.extend(coverage(study, verdict));
    said.extend(seeds(verdict));
    said.extend(rounding(study));
    said.extend(side_lines(verdict));
    said
}

fn answer(verdict: &Verdict) -> String {
    let places = &verdict.places;
    let first = &places[0].name;
    if places.len() == 1 {
        return format!("{first} is the only one that can be ranked: there is nothing to compare it with.");
    }
    let prompts = verdict.scores.blocks.len();
    let basis = basis(verdict);
    if MOST_COMPARED < places.len() {
        return format!(
            "{first} has the highest mean ({basis}). Which others may be the best is unknown: {} optimizers are too \
             many to compare every pair (at most {MOST_COMPARED}). Leave some out, or tune their settings on other \
             prompts (`[tuning]`).",
            places.len()
        );
    }
    if prompts < LEAST_PROMPTS {
        let count = capitalized(&number_word(prompts));
        let noun = if prompts == 1 { "prompt" } else { "prompts" };
        return format!(
            "{first} has the highest mean ({basis}). {count} {noun} cannot rule anything out: at least five are needed."
        );
    }
    let (kept, out): (Vec<_>, Vec<_>) = places.iter().partition(|place| place.may_be_best);
    let names =
        |places: Vec<&super::Place>| places.iter().map(|place| place.name.clone()).collect::<Vec<_>>();
    let (kept, out) = (names(kept), names(out));
    match (kept.as_slice(), out.as_slice()) {
        ([], _) => {
            format!("Every optimizer is ruled out as the best ({basis}): the scores contradict each other.")
        }
        ([best], _) => format!("With 95 % confidence, the best is {best} ({basis})."),
        (_, []) => {
            let any = if places.len() == 2 { "either" } else { "any" };
            format!(
                "No optimizer is ruled out: {any} of the {} may be the best ({basis}).",
                number_word(places.len())
            )
        }
        _ => format!(
            "With 95 % confidence, the best is one of {} ({basis}). Ruled out: {}.",
            some(&kept),
            some(&out)
        ),
    }
}

/// Such as "40 prompts, 1 seed each".
fn basis(verdict: &Verdict) -> String {
    let prompts = counted(verdict.scores.blocks.len(), "prompt");
    match verdict.scores.seeds_per_prompt() {
        (least, most) if least == most => format!("{prompts}, {} each", counted(most, "seed")),
        (least, most) => format!("{prompts}, {least} to {most} seeds each"),
    }
}

/// The first against the second, with its interval.
fn leads(verdict: &Verdict) -> Option<String> {
    let pair = verdict.pair(0, 1)?;
    let (first, second) = (&verdict.places[0].name, &verdict.places[1].name);
    let mut text = format!("{first} − {second}: {}", difference(&pair));
    if let (Some(last), true) = (verdict.pair(0, verdict.places.len() - 1), 2 < verdict.places.len()) {
        let name = &verdict.places[verdict.places.len() - 1].name;
        text += &format!(". {first} − {name}: {}", difference(&last));
    }
    Some(text + ".")
}

/// Such as "+1.60 (0.90 to 2.30)"; without an interval where nothing is known.
pub(crate) fn difference(pair: &Pair) -> String {
    let mean = signed(pair.difference);
    match interval(pair.interval) {
        Some(interval) => format!("{mean} ({interval})"),
        None => format!("{mean} (too few prompts for an interval)"),
    }
}

/// Such as "0.90 to 2.30"; `None` where an end is infinite.
pub(crate) fn interval((low, high): (f64, f64)) -> Option<String> {
    (low.is_finite() && high.is_finite()).then(|| format!("{} to {}", minus(low), minus(high)))
}

fn told_apart(verdict: &Verdict) -> Option<String> {
    let comparison = verdict.comparison.as_ref()?;
    let name = |column: usize| {
        verdict.places.iter().find(|place| place.column == column).map_or("", |place| place.name.as_str())
    };
    let told: Vec<String> = comparison
        .pairs
        .iter()
        .filter_map(|pair| {
            let better = pair.better()?;
            let worse = if better == pair.a { pair.b } else { pair.a };
            Some(format!("{} > {}", name(better), name(worse)))
        })
        .collect();
    let all = comparison.pairs.len();
    let known = comparison.pairs.iter().any(|pair| interval(pair.interval).is_some());
    let intervals = if known { " (95 % intervals in parentheses hold for all pairs at once)" } else { "" };
    Some(match (told.len(), all) {
        (0, 1) => format!("The two cannot be told apart{intervals}."),
        (0, _) => format!("No pair can be told apart{intervals}."),
        (1, 1) => format!("The two can be told apart{intervals}."),
        (told, all) if told == all => format!("All {all} pairs can be told apart{intervals}."),
        _ => format!("Of {all} pairs, these can be told apart: {}{intervals}.", some(&told)),
    })
}

/// Pairs whose whole interval is within the margin.
fn same_within(study: &Study, verdict: &Verdict) -> Option<String> {
    let margin = study.asked.margin?;
    let comparison = verdict.comparison.as_ref()?;
    let within = |pair: &&Pair| -margin < pair.interval.0 && pair.interval.1 < margin;
    let name = |column: usize| {
        verdict.places.iter().find(|place| place.column == column).map_or("", |place| place.name.as_str())
    };
    let alike = comparison.pairs.iter().filter(within);
    let alike: Vec<String> = alike.map(|pair| format!("{} and {}", name(pair.a), name(pair.b))).collect();
    Some(match alike.as_slice() {
        [] => format!("No two optimizers are shown to be equivalent within the margin of {margin}."),
        alike => format!("Equivalent within the margin of {margin}: {}.", some(alike)),
    })
}

/// On what settings were chosen, and which of them may lie beyond what was tried.
fn tuning(study: &Study) -> Option<String> {
    let tuned = study.tuned.as_ref()?;
    let trials = |one: &TunedOptimizer| (!one.chosen.is_empty()).then_some(one.trials.len());
    let counts: Vec<usize> = tuned.optimizers.iter().filter_map(trials).collect();
    let (least, most) = (counts.iter().min()?, counts.iter().max()?);
    let trials = if least == most { counted(*least, "trial") } else { format!("{least} to {most} trials") };
    let prompts = counted(tuned.prompts.len(), "prompt");
    let mut said = format!("Settings were chosen from {trials} each, on {prompts} that are not tested.");
    for one in &tuned.optimizers {
        let names: Vec<&str> = one.chosen.keys().map(String::as_str).collect();
        if one.edge.is_some() {
            said += &format!(
                " The best {} of {} is at the edge of what was tried.",
                names.join(", "),
                one.optimizer
            );
        }
        if one.as_given {
            said += &format!(
                " What was chosen for {0} is what {0} has as given: it is tested once.",
                one.optimizer
            );
        }
    }
    Some(said)
}

/// The held-out judge's first, beside the perceptor's; nothing where it has not measured all.
pub(crate) fn judge_says(verdict: &Verdict) -> Option<String> {
    let judge = verdict.by(Ruler::JUDGE)?;
    let (ours, first) = (&verdict.places[0].name, judge.order.first()?);
    let tau =
        judge.tau.map(|tau| format!(" (Kendall's τ of the two orders {})", signed(tau))).unwrap_or_default();
    Some(if first == ours {
        format!("The held-out judge agrees: it also puts {first} first{tau}{}.", set_of(judge, verdict))
    } else {
        format!("The held-out judge disagrees: it puts {first} first{tau}{}.", set_of(judge, verdict))
    })
}

/// The set that may be the best by another ruler, if it is known and there are enough prompts to
/// rule anything out.
fn set_of(other: &Other, verdict: &Verdict) -> String {
    if verdict.scores.blocks.len() < LEAST_PROMPTS || verdict.comparison.is_none() {
        return String::new();
    }
    match other.may_be_best.as_slice() {
        [one] => format!("; by its scores, the best is {one}"),
        all if all.len() == other.order.len() => "; by its scores, no optimizer is ruled out".to_owned(),
        some_of => format!("; by its scores, the best is one of {}", some(some_of)),
    }
}

fn live(verdict: &Verdict) -> Option<String> {
    let live = verdict.by(Ruler::LIVE)?;
    let first = live.order.first()?;
    (*first != verdict.places[0].name)
        .then(|| format!("Scored by the live latents instead of the averaged ones, {first} comes first."))
}

/// Who is first with fewer steps, where that is another.
fn earlier(verdict: &Verdict) -> Option<String> {
    let at = |budget: Budget, share: &str| {
        let first = verdict.by(Ruler { measure: Measure::Averaged, budget })?.order.first()?;
        (*first != verdict.places[0].name).then(|| format!("At {share} of the steps, {first} comes first."))
    };
    let said = [at(Budget::Quarter, "a quarter"), at(Budget::Half, "half")];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}

fn diverged(verdict: &Verdict) -> Option<String> {
    let said: Vec<String> = verdict
        .places
        .iter()
        .filter(|place| 0 < place.diverged.0)
        .map(|place| {
            let (diverged, runs) = place.diverged;
            let (counts, its) = if diverged == 1 { ("it counts", "its") } else { ("they count", "their") };
            format!(
                "{diverged} of {} of {} diverged; {counts} as the worst image of {its} prompt and seed.",
                counted(runs, "run"),
                place.name
            )
        })
        .collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// A list of settings of one optimizer competes with itself: the best of many looks better than it
/// is.
fn settings_of_one(study: &Study, verdict: &Verdict) -> Option<String> {
    let base = |name: &str| name.split(' ').next().unwrap_or(name).to_owned();
    let mut names: Vec<String> = verdict
        .scores
        .optimizers
        .iter()
        .map(|&optimizer| &study.optimizers[optimizer])
        .filter(|name| !name.ends_with(AS_GIVEN)) // no rival: it was not chosen by what is tested
        .map(|name| base(name))
        .collect();
    names.sort();
    let mut several: Vec<String> =
        names.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0].clone()).collect();
    several.dedup();
    (!several.is_empty()).then(|| {
        format!(
            "Several settings of {} compete with each other here: the best of them, chosen and tested on the same prompts, \
             looks better than it is.",
            some(&several)
        )
    })
}

/// Runs and optimizers that do not count, and what is averaged over.
fn coverage(study: &Study, verdict: &Verdict) -> Option<String> {
    let scores = &verdict.scores;
    let mut said = Vec::new();
    for one in scores.unranked.iter().take(LISTED) {
        let name = &study.optimizers[one.optimizer];
        said.push(format!(
            "{name} is not ranked: only {} of its {} planned runs gave a result.",
            one.ended, one.planned
        ));
    }
    if let more @ 1.. = scores.unranked.len().saturating_sub(LISTED) {
        said.push(format!("Not ranked either: {more} more."));
    }
    if !scores.left_out.is_empty() {
        let names: Vec<String> = scores.left_out.iter().map(|&p| study.prompts[p].text.clone()).collect();
        said.push(format!(
            "Prompts left out because some ranked optimizer has no result on them: {}.",
            some(&names)
        ));
    }
    let (counted_runs, planned) = scores.counted;
    if counted_runs < planned {
        said.push(format!(
            "{counted_runs} of {planned} planned pairs of a prompt and a seed count: on the others, some optimizer has no result."
        ));
    }
    if study.has_axes() {
        said.push("Scores are averaged over the further settings of the grid.".to_owned());
    }
    (!said.is_empty()).then(|| said.join(" "))
}

fn seeds(verdict: &Verdict) -> Option<String> {
    let (_, most) = verdict.scores.seeds_per_prompt();
    let shared = verdict.scores.shared_seeds();
    Some(match (most, shared) {
        (1, Some(_)) => "All prompts share one seed: the answer holds only for this seed.".to_owned(),
        (1, None) => "Each prompt has one seed of its own: the variation between prompts includes that between seeds.".to_owned(),
        (_, Some(_)) if verdict.crossed => {
            "All prompts share the same seeds: intervals allow for other seeds, but p values hold only for these."
                .to_owned()
        }
        (_, Some(seeds)) => {
            format!("All prompts share {}: the answer holds only for these.", counted(seeds.len(), "seed"))
        }
        (_, None) => return None,
    })
}

/// How much of a score is rounding, which other hardware does otherwise.
fn rounding(study: &Study) -> Option<String> {
    let all = rounding_of_all(study)?;
    let each = roundings(study);
    let most = each.iter().max_by(|a, b| a.sd.total_cmp(&b.sd)).filter(|_| 1 < each.len())?;
    let least = each.iter().min_by(|a, b| a.sd.total_cmp(&b.sd))?;
    Some(format!(
        "Rounding alone, as on other hardware, moves a score by {all:.2} (standard deviation; {} {:.2} to {} {:.2}).",
        least.optimizer, least.sd, most.optimizer, most.sd
    ))
}

fn side_lines(verdict: &Verdict) -> Option<String> {
    let mut said = Vec::new();
    if let Some(p) = verdict.friedman {
        said.push(format!("Friedman test of equal optimizers, by permutation: {}.", p_value(p)));
    }
    let told = verdict.pair(0, 1).is_some_and(|pair| pair.is_told_apart());
    if let Some(needed) = verdict.prompts_needed().filter(|_| !told) {
        let (first, second) = (&verdict.places[0].name, &verdict.places[1].name);
        said.push(format!(
            "Telling {first} from {second} with 80 % power takes about {} prompts if they differ as they do here.",
            rounded_up(needed)
        ));
    }
    (!said.is_empty()).then(|| said.join(" "))
}
