"""NASWOT on random cells of NAS-Bench-101: rank correlation with mean test accuracy, and seconds a cell, by the size of
the network and of what it sees. The last row has the paper's code's: 128 images of 32 x 32 (here random ones), three
cells at each resolution.
"""

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau, spearmanr

from archwalk.estimators.benchmarks import load_benchmark
from archwalk.strategies.zero_cost import NaswotSettings, scorer

SIZES: tuple[dict[str, Any], ...] = (
    {"channels": 8, "batch": 16, "resolution": 8},
    {"channels": 16},
    {"channels": 16, "cells": 3, "batch": 32, "resolution": 32},
    {"channels": 16, "cells": 3, "batch": 128, "resolution": 32},
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark("nasbench101:test-mean")
    codes_BL = benchmark.space.sample(np.random.default_rng(options.seed), options.cells)
    accuracy_B = benchmark.estimator.evaluate(codes_BL).reward_B
    for sizes in SIZES:
        settings = replace(NaswotSettings(), **sizes)
        start = time.perf_counter()
        score_B = scorer(benchmark.space, settings).scores(codes_BL)
        seconds = (time.perf_counter() - start) / options.cells
        told_B = np.isfinite(score_B)
        tau = kendalltau(score_B, accuracy_B).statistic
        rho = spearmanr(score_B, accuracy_B).statistic
        size = f"{settings.channels:2} channels, {settings.cells} cells at a resolution"
        images = f"{settings.batch:3} images of {settings.resolution:2} pixels"
        ranks = f"Kendall {tau:.3f}, Spearman {rho:.3f}, {told_B.sum()} finite"
        print(f"{size}, {images}: {ranks}, {seconds:.3f} s a cell")


if __name__ == "__main__":
    main()
