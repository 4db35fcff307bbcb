"""Writes golden.json: Friedman's test, Nemenyi's quantiles, Spearman's and Kendall's correlations by SciPy 1.16.3."""
import json
import pathlib

import numpy as np
from scipy.stats import friedmanchisquare, kendalltau, spearmanr, studentized_range

TABLE_2 = [
    [35.56, 39.09, 40.59, 38.19, 39.56, 37.78],
    [40.75, 41.41, 44.31, 44.28, 43.84, 38.78],
    [37.59, 36.28, 37.88, 37.91, 37.28, 35.59],
    [37.88, 37.91, 38.75, 38.25, 38.78, 37.16],
]
rng = np.random.default_rng(0)
ties = rng.integers(0, 4, (9, 5)).astype(float).tolist()
wide = rng.normal(size=(30, 12)).round(3).tolist()


def friedman(blocks):
    result = friedmanchisquare(*np.array(blocks).T)
    return {"blocks": blocks, "chi_squared": result.statistic, "p": result.pvalue}


def kendall(a, b):
    return [a, b, kendalltau(a, b, variant="b").statistic]


golden = {
    "friedman": [friedman(blocks) for blocks in (TABLE_2, ties, wide)],
    "spearman": [ties[0] + ties[1], ties[2] + ties[3], spearmanr(ties[0] + ties[1], ties[2] + ties[3]).statistic],
    "kendall": [
        kendall(TABLE_2[0], TABLE_2[1]),
        kendall(TABLE_2[2], TABLE_2[3]),
        kendall(ties[0] + ties[1], ties[2] + ties[3]),
        kendall(wide[0] + wide[1], wide[2] + wide[3]),
    ],
    "nemenyi_q": [studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) for k in range(2, 21)],
}
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
