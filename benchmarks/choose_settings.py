"""Settings of our own searchers and agents, chosen on development benchmarks alone; the others are held out.

    python benchmarks/choose_settings.py --out runs/choice                      everything
    python benchmarks/choose_settings.py --out runs/choice --only graph-gp      one strategy

Development are NAS-Bench-201 (three tasks), the chains (five) and four graphs of NAS-Bench-Graph. NAS-Bench-101,
NAS-Bench-301 and the other graphs are not read. Every variant differs by one setting from our preset; a cell (variant,
benchmark) is the mean normalised reward (0 the benchmark's median, 1 its best) of the best so far after the numbers of
evaluations in TOLD, over trials; of an agent over the evaluations that its training pays for. Families count alike,
and so do the benchmarks of a family. Cells that are done are kept in OUT, so that a run that was stopped goes on.

Chosen is the variant of highest mean; the interval of its difference from the preset is a bootstrap interval over
benchmarks. Where that reaches zero the preset stays: what nothing tells apart is not chosen.
"""

import argparse
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import torch

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.protocol import spawn
from archwalk.experiments.running import run_trials
from archwalk.experiments.runs import load_methods
from archwalk.experiments.transfer_target import scale_of
from archwalk.strategies.base import Trials
from rows.kept import keep
from rows.names import chosen

FAMILIES = {
    "NAS-Bench-201": ["nasbench201:cifar10", "nasbench201:cifar100", "nasbench201:ImageNet16-120"],
    "chains": [f"chain-{name}" for name in ("digits", "dtd10", "fashion-mnist", "mnist5k", "omniglot")],
    "NAS-Bench-Graph": [f"nas-bench-graph:{name}" for name in ("arxiv", "citeseer", "computers", "cora")],
}
TOLD = (10, 30, 50, 100, 150)
TRIALS, SEEDS = 10, 3
"""Of a searcher, and of an agent's training."""
PRESET = "as it is"
VARIANTS: dict[str, dict[str, tuple[object, ...]]] = {
    "graph-gp": {
        "initial": (5, 20),
        "batch": (2, 10),
        "parents": (4, 16),
        "bound_share": (0.1, 0.5),
        "transform": ("none",),
        "early": (0,),
        "keep": (2_000,),
    },
    "planner": {
        "initial": (25, 100),
        "round": (10, 50),
        "random": (0.0, 0.2),
        "members": (2, 8),
        "sharpness": (16.0, 64.0),
        "updates": (75, 300),
    },
}
FIXED = {"planner": {"evaluations": 150, "initial": 50, "round": 25, "last_updates": 0, "distil_updates": 1}}
"""What a training of so few evaluations needs; nothing after it is looked at."""


def main() -> None:
    """Compute the cells that are not there yet, and print which variant is chosen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=VARIANTS, action="append", help="strategies, all by default")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    benchmarks = [name for family in FAMILIES.values() for name in family]
    for strategy in options.only or VARIANTS:
        variants = variants_of(strategy)
        cells = [
            (strategy, changes, benchmark, options.out / strategy / f"{label} {benchmark}.npy")
            for (label, changes), benchmark in product(variants.items(), benchmarks)
        ]
        with ProcessPoolExecutor(options.workers) as pool:
            for _, path in zip(pool.map(compute, *zip(*cells, strict=True)), cells, strict=True):
                print(path[-1].name, flush=True)
        values = {
            label: np.array(
                [np.load(options.out / strategy / f"{label} {name}.npy").mean() for name in benchmarks]
            )
            for label in variants
        }
        print("\n".join(table(strategy, values)), flush=True)


def variants_of(strategy: str) -> dict[str, dict[str, object]]:
    """The preset, and everything that differs from it by one setting."""
    changed = {
        f"{key}={value}": {key: value} for key, values in VARIANTS[strategy].items() for value in values
    }
    return {PRESET: {}, **changed}


def compute(strategy: str, changes: Mapping[str, object], benchmark: str, path: Path) -> None:
    """Keep the normalised rewards (T, len(TOLD)) of the best so far in a file."""
    torch.set_num_threads(1)
    settings = {**FIXED.get(strategy, {}), **changes}
    find = trained if strategy in FIXED else searched

    def normalised() -> Floats:
        best_TQ = find(strategy, [f"{key}={value}" for key, value in settings.items()], benchmark)
        median, best = scale_of(load_benchmark(benchmark))
        return (best_TQ[:, np.array(TOLD) - 1] - median) / (best - median)

    keep(path, normalised)


def searched(strategy: str, changes: list[str], name: str) -> Floats:
    """The best reward so far, (T, Q), of a searcher, turned upward."""
    benchmark = load_benchmark(name)
    (method,) = load_methods(
        [strategy], benchmark.space, name, [f"{strategy}.{change}" for change in changes]
    )
    made = method.factories[0](Trials(benchmark.space, TRIALS, spawn(0, 7)))
    curves = run_trials(benchmark.estimator, made, max(TOLD)).curves()
    best_TQ: Floats = benchmark.objective.reward.upward(curves.reward_TQ)
    return best_TQ


def trained(agent: str, changes: list[str], name: str) -> Floats:
    """The best reward so far, (T, Q), of what trainings evaluate, turned upward."""
    benchmark, trainer, settings = chosen(agent, name, *changes)
    rewards = []
    for seed in range(SEEDS):
        training = trainer(benchmark, settings, seed)
        for _ in training.run():
            if len(training.model) >= max(TOLD):
                break
        rewards.append(np.maximum.accumulate(training.model.accuracy_E[: max(TOLD)]))
    best_TQ: Floats = benchmark.objective.reward.upward(np.array(rewards))
    return best_TQ


def table(strategy: str, values: Mapping[str, Floats]) -> list[str]:
    """Means over families, and the difference from the preset with its interval."""
    sizes = np.array([len(names) for names in FAMILIES.values()])
    weights_B = np.repeat(1 / sizes, sizes) / len(sizes)
    draws_SB = spawn(0, 1).multinomial(len(weights_B), weights_B, 5_000) / len(weights_B)
    heads = [strategy, *FAMILIES, "mean", "above the preset"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    sure = {PRESET: 0.0}
    for label, value_B in values.items():
        above_B = value_B - values[PRESET]
        low, high = np.quantile(draws_SB @ above_B, (0.025, 0.975))
        if low > 0:
            sure[label] = float(weights_B @ above_B)
        families = [f"{part.mean():.3f}" for part in np.split(value_B, np.cumsum(sizes)[:-1])]
        lines.append(
            f"| {label} | {' | '.join(families)} | {weights_B @ value_B:.3f} "
            f"| {weights_B @ above_B:+.3f} [{low:+.3f}, {high:+.3f}] |"
        )
    return [*lines, "", f"chosen for {strategy}: {max(sure, key=lambda label: sure[label])}"]


if __name__ == "__main__":
    main()
