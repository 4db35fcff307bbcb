"""Writes golden.json: what scipy, statsmodels and rliable say, and an independent max-T in numpy.

    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 rliable==1.2.0 && python golden.py
"""
import itertools
import json
import pathlib

import numpy as np
from rliable.metrics import probability_of_improvement
from scipy import stats
from statsmodels.stats.power import TTestPower

TABLE_2 = np.array([  # the report: prompts × (adadelta, adagrad, adam, adamw, rmsprop, sgd)
    [35.56, 39.09, 40.59, 38.19, 39.56, 37.78],
    [40.75, 41.41, 44.31, 44.28, 43.84, 38.78],
    [37.59, 36.28, 37.88, 37.91, 37.28, 35.59],
    [37.88, 37.91, 38.75, 38.25, 38.78, 37.16],
])


def max_t(blocks):
    """Adjusted p values, intervals and p values of being the best, by all sign flips."""
    n, k = blocks.shape
    pairs = list(itertools.combinations(range(k), 2))
    differences = np.stack([blocks[:, a] - blocks[:, b] for a, b in pairs])  # pairs × n
    signs = np.array(list(itertools.product([1, -1], repeat=n)))

    def t(samples):  # … × n → …
        with np.errstate(divide="ignore", invalid="ignore"):
            return stats.ttest_1samp(samples, 0, axis=-1).statistic

    observed = t(differences)
    flipped = t(differences[None] * signs[:, None])
    p = [(np.abs(flipped).max(1) >= abs(one) - 1e-9).mean() for one in observed]
    centered = differences - differences.mean(1, keepdims=True)
    largest = np.nanmax(np.abs(t(centered[None] * signs[:, None])), axis=1)
    critical = np.sort(largest)[int(np.ceil(0.95 * len(largest))) - 1]
    reach = critical * stats.sem(differences, axis=1)
    best = []
    for i in range(k):
        lead = np.stack([blocks[:, j] - blocks[:, i] for j in range(k) if j != i])
        best.append((t(lead[None] * signs[:, None]).max(1) >= t(lead).max() - 1e-9).mean())
    return {
        "blocks": blocks.tolist(), "t": observed.tolist(), "p": [float(one) for one in p],
        "low": (differences.mean(1) - reach).tolist(), "high": (differences.mean(1) + reach).tolist(),
        "best_p": [float(one) for one in best],
    }


def blocks_needed(difference, sd, alpha):
    return TTestPower().solve_power(effect_size=difference / sd, alpha=alpha, power=0.8)


def win_rates(blocks):
    k = blocks.shape[1]
    rate = lambda a, b: probability_of_improvement(blocks[None, :, a], blocks[None, :, b])
    return [float(np.mean([rate(a, b) for b in range(k) if b != a])) for a in range(k)]


def correlations(a, b):
    return [list(a), list(b), stats.spearmanr(a, b).statistic, stats.kendalltau(a, b, variant="b").statistic]


rng = np.random.default_rng(7)
others = [rng.normal(size=(8, 3)).round(2), rng.exponential(size=(10, 4)).round(2)]
golden = {
    "max_t": [max_t(blocks) for blocks in [TABLE_2, *others]],
    "blocks_needed": [
        [methods, sd, difference, float(blocks_needed(difference, sd, 0.05 / (methods * (methods - 1) / 2)))]
        for methods, sd, difference in [(2, 1.78, 0.5), (6, 1.78, 0.5), (6, 1.78, 1.0), (17, 0.85, 0.3)]
    ],
    "correlations": [
        correlations(TABLE_2[0], TABLE_2[1]),
        correlations(rng.integers(0, 4, 12).astype(float), rng.integers(0, 4, 12).astype(float)),
        correlations(rng.normal(size=30).round(2), rng.normal(size=30).round(2)),
    ],
    "win_rates": [[blocks.tolist(), win_rates(blocks)] for blocks in [TABLE_2, *others]],
}
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
