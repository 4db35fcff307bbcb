//! Counts of wins, and the win rate.

/// Blocks on which one method's score is higher than, equal to and lower than another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WinsTiesLosses {
    /// Blocks on which it is higher.
    pub wins: usize,
    /// Blocks on which both are equal.
    pub ties: usize,
    /// Blocks on which it is lower.
    pub losses: usize,
}

impl WinsTiesLosses {
    /// The same blocks, seen from the other method.
    pub fn reversed(self) -> Self {
        Self { wins: self.losses, losses: self.wins, ..self }
    }
}

/// Wins, ties and losses of method `a` against method `b`.
pub fn wins_ties_losses(blocks: &[Vec<f64>], a: usize, b: usize) -> WinsTiesLosses {
    blocks.iter().fold(WinsTiesLosses::default(), |counts, block| WinsTiesLosses {
        wins: counts.wins + usize::from(block[a] > block[b]),
        ties: counts.ties + usize::from(block[a] == block[b]),
        losses: counts.losses + usize::from(block[a] < block[b]),
    })
}

/// The share of blocks on which `method` beats another method, ties counted half, averaged over all
/// other methods; `None` without blocks or others.
///
/// Source: `rliable.metrics.probability_of_improvement` at one run per task (Agarwal et al. 2021),
/// averaged over the others.
pub fn win_rate(blocks: &[Vec<f64>], method: usize) -> Option<f64> {
    let methods = blocks.first()?.len();
    let won: f64 = (0..methods)
        .filter(|&other| other != method)
        .map(|other| wins_ties_losses(blocks, method, other))
        .map(|counts| counts.wins as f64 + counts.ties as f64 / 2.0)
        .sum();
    (1 < methods).then(|| won / (blocks.len() * (methods - 1)) as f64)
}
