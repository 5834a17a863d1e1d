"""What an agent costs in evaluated cells: train with at most Q on NAS-Bench-101, test-mean, then walk.

For each Q and seed: mean accuracy of ONE episode from random starts, and of the best cell that was evaluated in
training or found by 50 episodes. `--ablations` varies the planner at one Q instead, a choice at a time.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch

from archwalk.agents.catalogue import TRAINERS
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.spaces.nasbench101.space import NASBench101
from nasbench101_agent import train_and_walk

PRICES = {
    300: ["initial=150", "round=30", "sharpness=8"],
    1_000: ["initial=300", "round=70", "sharpness=8"],
    4_236: ["initial=500", "round=300"],
    21_181: ["initial=1_000", "round=1_000", "updates=600"],
}
"""Evaluated cells, and what suits them: with few, a model that also tells lesser cells apart finds the best ones."""

SHORT = ["distil_updates=1_500", "last_updates=2_000"]
"""Of all ablations, which are compared with each other alone."""

ABLATIONS = {
    "as it is": [],
    "no upper bounds": ["optimism=0"],
    "one member": ["members=1"],
    "only samples": ["random=1", "optimism=0"],
    "sharpness 32": ["sharpness=32"],
    "step price 0.02": ["step_price=0.02"],
    "no last fit": ["last_updates=0"],
    "width 64": ["width=64"],
}


def variants(ablations: bool, evaluations: int) -> Iterator[tuple[str, list[str]]]:
    """Names and settings of what is to be trained."""
    if ablations:
        for name, changes in ABLATIONS.items():
            yield name, [f"evaluations={evaluations}", *PRICES[evaluations], *SHORT, *changes]
    else:
        for price, changes in PRICES.items():
            yield f"{price:,} cells", [f"evaluations={price}", *changes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--preset", default="archwalk-nasbench101")
    parser.add_argument("--ablations", action="store_true")
    parser.add_argument("--evaluations", type=int, choices=PRICES, default=1_000, help="with --ablations")
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark("nasbench101:test-mean")
    assert isinstance(benchmark.space, NASBench101)
    preset = load_preset(options.preset)
    settings_class = TRAINERS.load(preset.strategy)[0]
    print(f"nasbench101 test-mean, preset {options.preset}, seeds {options.seeds}; one episode / best known")
    for name, changes in variants(options.ablations, options.evaluations):
        settings = make_settings(settings_class, preset, changes)
        rows = [train_and_walk(benchmark, benchmark.space, preset, settings, seed) for seed in options.seeds]
        one, best, unique, seconds = (
            np.array([row[key] for row in rows]) for key in ("random", "best known", "unique", "seconds")
        )
        print(
            f"{name:16} {one.mean():.3f} ({' '.join(f'{v:.3f}' for v in one)}) / {best.mean():.3f} "
            f"({' '.join(f'{v:.3f}' for v in best)})  unique {unique.mean():,.0f}  {np.median(seconds):.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
