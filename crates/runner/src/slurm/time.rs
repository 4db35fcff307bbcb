use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A time limit as Slurm writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeLimit {
    text: String,
    seconds: u64,
}

/// The longest time between the warning and the limit, in seconds: enough to save any cell.
const LEAD: u64 = 120;

impl TimeLimit {
    /// Seconds before the limit at which Slurm warns a job: two minutes, or half of a short limit.
    pub fn lead(&self) -> u64 {
        LEAD.min(self.seconds / 2)
    }
}

impl Display for TimeLimit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = seconds(text).filter(|&seconds| 0 < seconds);
        let seconds = seconds.ok_or(
            "a time limit is written as Slurm takes it: MINUTES, HOURS:MINUTES:SECONDS, DAYS-HOURS:MINUTES:SECONDS",
        )?;
        Ok(Self { text: text.to_owned(), seconds })
    }
}

/// `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M` or `D-H:M:S`.
fn seconds(text: &str) -> Option<u64> {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.len() < 7 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        text.split(':').map(number).collect()
    };
    let total = |days: u64, hours: u64, minutes: u64, seconds: u64| {
        ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    };
    match text.split_once('-') {
        Some((days, rest)) => match (numbers(days)?.as_slice(), numbers(rest)?.as_slice()) {
            (&[d], &[h]) => Some(total(d, h, 0, 0)),
            (&[d], &[h, m]) => Some(total(d, h, m, 0)),
            (&[d], &[h, m, s]) => Some(total(d, h, m, s)),
            _ => None,
        },
        None => match *numbers(text)?.as_slice() {
            [m] => Some(total(0, 0, m, 0)),
            [m, s] => Some(total(0, 0, m, s)),
            [h, m, s] => Some(total(0, h, m, s)),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_slurm_takes() {
        let forms = [
            ("90", 5400),
            ("1:30", 90),
            ("4:00:00", 14_400),
            ("2-3", 183_600),
            ("1-0:30", 88_200),
            ("1-2:3:4", 93_784),
        ];
        for (text, expected) in forms {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for other in ["", "0", "0:00", "1h", "-1", "1:2:3:4", "1-", "-", "1-2-3", "+1", "9999999", "4:00:0x"]
        {
            assert!(other.parse::<TimeLimit>().is_err(), "{other}");
        }
    }

    #[test]
    fn short_limits_are_warned_of_in_their_middle() {
        assert_eq!("4:00:00".parse::<TimeLimit>().unwrap().lead(), 120);
        assert_eq!("1".parse::<TimeLimit>().unwrap().lead(), 30);
    }
}
