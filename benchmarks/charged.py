"""From scratch, everything charged: the best so far over all architectures that were evaluated, those of training too.

    python benchmarks/charged.py --out runs/charged                                   NAS-Bench-101, test-mean
    python benchmarks/charged.py --out runs/charged --benchmark nasbench301:yahpo --budget 3000

An agent's curve is that of its training: after n evaluations, the best of the n. What it gives *after* training is
another question (`archwalk compare`). Searchers have all settings of their presets. Every cell (strategy, seed) is kept
in OUT when it is done, so that a run that was stopped goes on. Trials differ in everything drawn; p values are of
Mann-Whitney's test, corrected by Holm over all rows of a column, against the best of the searchers that are not
trained.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.stats import mannwhitneyu

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.bootstrap import mean_interval
from archwalk.experiments.protocol import spawn
from archwalk.experiments.running import run_trials
from archwalk.experiments.significance import holm
from archwalk.report.palette import colours_of
from archwalk.strategies.base import Trials
from rows.kept import keep
from rows.names import chosen, load_methods

TOLD = (50, 150, 300, 1_000, 3_000, 8_000)
REACHED = 1e-6
"""So near to the best of the table counts as it."""


@dataclass(frozen=True)
class Row:
    """A strategy: how many seeds, of how many trials each, and where it ends, being slow."""

    seeds: int
    trials: int = 1
    budget: int = 8_000
    agent: bool = False


ROWS = {
    "planner": Row(5, agent=True),
    "climber": Row(5, agent=True),
    "graph-gp": Row(5, budget=3_000),
    "bananas": Row(5, budget=1_000),
    "weaknas": Row(5, budget=1_000),
    "local-search-white": Row(5, 20),
    "local-search": Row(5, 20),
    "regularized-evolution": Row(5, 20),
    "random-search": Row(5, 20),
}


def main() -> None:
    """Compute the cells that are not there yet; print the table and draw the figure of what is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--benchmark", default="nasbench101:test-mean")
    parser.add_argument("--budget", type=int, default=8_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", choices=ROWS, action="append", help="rows, all by default")
    parser.add_argument("--figure", type=Path, help="an SVG file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark(options.benchmark)
    folder = options.out / options.benchmark.replace(":", "-")
    for name in options.only or ROWS:
        for cell, compute in _cells(benchmark, options.benchmark, name, options.budget):
            path = folder / f"{name}-{cell}.npy"
            if keep(path, partial(compute, cell)):
                print(path, flush=True)
    found = {
        name: np.concatenate([np.load(path) for path in sorted(folder.glob(f"{name}-[0-9]*.npy"))])
        for name in ROWS
        if any(folder.glob(f"{name}-[0-9]*.npy"))
    }
    print("\n".join(_table(found, _best(benchmark))))
    if options.figure:
        _draw(found, options.figure)


def _cells(
    benchmark: Benchmark, name: str, strategy: str, budget: int
) -> Iterator[tuple[int, Callable[[int], Floats]]]:
    row = ROWS[strategy]
    most = min(budget, row.budget)
    for seed in range(row.seeds):
        if row.agent:
            yield seed, lambda seed: _training(name, strategy, most, seed)
        else:
            yield seed, lambda seed: _search(benchmark, name, strategy, most, row.trials, seed)


def _training(name: str, agent: str, budget: int, seed: int) -> Floats:
    """Report of the best by reward after each evaluation of a training, (1, Q)."""
    benchmark, trainer, settings = chosen(agent, name, f"evaluations={budget}")
    training = trainer(benchmark, settings, seed)
    for _ in training.run():
        if len(training.model) == budget:
            break
    scores = benchmark.estimator.evaluate(training.model.codes_EL)
    return _best_so_far(benchmark.objective.reward.upward(scores.reward_B), scores.report_B)[None]


def _best_so_far(reward_Q: Floats, report_Q: Floats) -> Floats:
    at, best = [], 0
    for q in range(len(reward_Q)):
        best = q if reward_Q[q] > reward_Q[best] else best
        at.append(best)
    return report_Q[at]


def _search(benchmark: Benchmark, name: str, strategy: str, budget: int, trials: int, seed: int) -> Floats:
    (method,) = load_methods([strategy], benchmark.space, name)
    made = method.factories[0](Trials(benchmark.space, trials, spawn(seed, 7)))
    return run_trials(benchmark.estimator, made, budget).curves().report_TQ


def _best(benchmark: Benchmark) -> float:
    """The best report of a table, NaN where none is known."""
    reports = getattr(benchmark.estimator, "report_N", None)
    return float("nan") if reports is None else float(np.nanmax(reports))


def _table(found: dict[str, Floats], best: float) -> list[str]:
    head = [f"after {queries:,}" for queries in TOLD]
    lines = [
        "| strategy | trials | " + " | ".join([*head, "best found by"]) + " |",
        "|---" * (len(TOLD) + 3) + "|",
    ]
    columns = [_column(found, queries) for queries in TOLD]
    for name, report_TQ in found.items():
        share = "" if np.isnan(best) else _reached(report_TQ, best)
        lines.append(
            f"| `{name}` | {len(report_TQ)} | "
            + " | ".join([*(column[name] for column in columns), share])
            + " |"
        )
    return lines


def _reached(report_TQ: Floats, best: float) -> str:
    """In how many trials the best of the table was found, and after how many evaluations."""
    there_TQ = report_TQ >= best - REACHED
    first = np.sort(there_TQ.argmax(axis=1)[there_TQ.any(axis=1)]) + 1
    after = f", after {first[0]:,} to {first[-1]:,}" if len(first) else ""
    return f"{len(first)} of {len(report_TQ)}{after}"


def _column(found: dict[str, Floats], queries: int) -> dict[str, str]:
    """Mean and interval after so many evaluations, and the corrected p value against the best untrained one."""
    values = {name: rows[:, queries - 1] for name, rows in found.items() if rows.shape[1] >= queries}
    untrained = [name for name in values if not ROWS[name].agent]
    against = max(untrained, key=lambda name: values[name].mean(), default=None)
    others = [name for name in values if name != against]
    p_values = (
        holm([float(mannwhitneyu(values[name], values[against]).pvalue) for name in others])
        if against
        else []
    )
    p = dict(zip(others, p_values, strict=False))
    cells = dict.fromkeys(found, "")
    for name, report_T in values.items():
        mean, low, high = mean_interval(report_T[None, :, None], spawn(0, 1))
        cells[name] = f"{mean[0]:.3f} [{low[0]:.3f}, {high[0]:.3f}]" + (
            f" p {p[name]:.2g}" if name in p else ""
        )
    return cells


def _draw(found: dict[str, Floats], path: Path) -> None:
    """Means over evaluations, on a logarithmic axis."""
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    colours = colours_of(list(found), "planner")
    for name, report_TQ in found.items():
        mean, low, high = mean_interval(report_TQ[None], spawn(0, 1))
        queries = np.arange(1, len(mean) + 1)
        axes.plot(queries, mean, color=colours[name].light, label=name, lw=1.5)
        axes.fill_between(queries, low, high, color=colours[name].light, alpha=0.15, lw=0)
    axes.set(xscale="log", xlim=(10, None), xlabel="architectures evaluated, training included")
    axes.set(
        ylabel="report of the best so far (%)",
        ylim=(float(np.percentile(found["random-search"][:, 50], 5)), None),
    )
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
