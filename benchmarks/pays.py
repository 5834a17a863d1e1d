"""Whether training over source tasks pays: after how many new tasks, and what each source adds.

    python benchmarks/pays.py --family chains --json runs/pays.json --figure docs/assets/pays.svg

For each target of a family: agents that learned from one of the other tasks, from two, up to all (`archwalk transfer
--sources`); those of all with fewer samples a source too. To each number of queries belongs a level that the agent has
reached by then, in the mean over targets; the search from scratch needs more queries for it, and what is saved on a
task has to make up for what training has cost. Queries between those that are told are interpolated, linearly.

Seconds are of the processor: of one training of the agent, and of the trainings of networks that the tables tell.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch

from archwalk.agents.transfer.settings import TransferSettings
from archwalk.api.transferring import transfer
from archwalk.data.files import write_atomically
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.transfer import FAMILIES
from archwalk.experiments.transfer_records import Transfer
from archwalk.experiments.transfer_target import PRETRAINED, train_over
from archwalk.report.palette import BLUE, GREY, TEAL, VERMILION

SCRATCH = "graph-gp"
ORDER = "mean-rank"
TOLD = (5, 10, 20, 30, 50)
LEVEL = "10"
"""The queries of the agent whose level the right part of the figure is about."""
COLOURS = {PRETRAINED: VERMILION.light, ORDER: TEAL.light, SCRATCH: BLUE.light, "random-search": GREY.light}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--family", choices=FAMILIES, default="chains")
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 300, 100, 30])
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--agents", type=int, default=2)
    parser.add_argument("--json", type=Path, default=Path("runs/pays.json"))
    parser.add_argument("--figure", type=Path, default=Path("runs/pays.svg"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.json.exists():
        found = json.loads(options.json.read_text())
    else:
        found = measure(options.family, options.samples, options.trials, options.agents)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(options.json, json.dumps(found, indent=1) + "\n")
    for samples, row in found["samples"].items():
        for told, one in pays(row, found["scratch"], found["seconds_each"]).items():
            print(f"{samples} samples a source, level of {told} queries: {one}")
    draw(found, options.figure)


def measure(family: str, samples: list[int], trials: int, agents: int) -> dict[str, Any]:
    """Mean normalised rewards by queries: from scratch, by number of sources, by samples a source."""
    names, most = FAMILIES[family], max(TOLD)
    tasks = [load_benchmark(name) for name in names]

    def run(strategies: list[str], used: int, sources: int | None) -> dict[str, dict[int, list[float]]]:
        return levels(
            transfer(
                family, strategies, budget=most, trials=trials, seeds=range(agents), sources=sources,
                settings={"samples": used, "updates": 600}, progress=True,
            )
        )  # fmt: skip

    scratch = run([SCRATCH, "random-search"], samples[0], None)
    sources = {count: run([PRETRAINED, ORDER], samples[0], count) for count in range(1, len(names))}
    by_samples = {}
    for used in samples:
        settings = TransferSettings(samples=used, updates=600)
        started = time.process_time()
        agent = train_over(tasks[1:], settings, 0)
        seconds = time.process_time() - started
        rewards = sources[len(names) - 1] if used == samples[0] else run([PRETRAINED], used, None)
        by_samples[used] = {
            "queries": agent.paid.queries,
            "seconds": seconds,
            PRETRAINED: rewards[PRETRAINED],
        }
    columns = [task.estimator.seconds_N for task in tasks]  # type: ignore[attr-defined] # tables
    seconds_each = float(np.mean([column[np.isfinite(column)].mean() for column in columns]))
    found = {
        "family": family, "scratch": scratch, "sources": sources, "samples": by_samples, "seconds_each": seconds_each,
    }  # fmt: skip
    again: dict[str, Any] = json.loads(json.dumps(found))  # keys as they are read from a file
    return again


def levels(record: Transfer) -> dict[str, dict[int, list[float]]]:
    """Mean and interval by strategy and queries."""
    return {
        name: {told: [after[told].mean, *after[told].ci95] for told in TOLD}
        for name, after in record.overall.items()
    }


def pays(
    row: dict[str, Any], scratch: dict[str, Any], seconds_each: float
) -> dict[str, dict[str, float | None]]:
    """By the agent's queries: its level, queries from scratch to that level, tasks until training is paid."""
    of_scratch = [scratch[SCRATCH][str(told)][0] for told in TOLD]
    found: dict[str, dict[str, float | None]] = {}
    for told in TOLD:
        level = row[PRETRAINED][str(told)][0]
        needed = float(np.interp(level, of_scratch, TOLD)) if level <= of_scratch[-1] else None
        saved = None if needed is None else needed - told
        cost = row["queries"] * seconds_each + row["seconds"]
        found[str(told)] = {
            "level": round(level, 3), "from scratch": needed and round(needed, 1),
            "tasks, by queries": round(row["queries"] / saved, 1) if saved and saved > 0 else None,
            "tasks, by seconds": round(cost / (saved * seconds_each), 1) if saved and saved > 0 else None,
        }  # fmt: skip
    return found


def draw(found: dict[str, Any], path: Path) -> None:
    """What each source adds, and what is paid by the number of tasks that are searched."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    counts = [int(count) for count in found["sources"]]
    for told, dashes in ((10, (4, 2)), (30, (1, 0))):
        for name in (PRETRAINED, ORDER):
            rows = np.array([1 - np.array(found["sources"][str(count)][name][str(told)]) for count in counts])
            left.plot(counts, rows[:, 0], color=COLOURS[name], dashes=dashes, label=f"{name}, {told} queries")
            if name == PRETRAINED:
                left.fill_between(
                    counts, rows[:, 1], rows[:, 2], color=COLOURS[name], alpha=0.12, linewidth=0
                )
        level = 1 - found["scratch"][SCRATCH][str(told)][0]
        left.axhline(
            level, color=COLOURS[SCRATCH], dashes=dashes, linewidth=1.2, label=f"{SCRATCH}, {told} queries"
        )
    left.set(
        xlabel="source tasks seen",
        ylabel="mean normalised regret on held-out tasks",
        xticks=counts,
        ylim=(0, None),
    )
    left.legend(fontsize=7, frameon=False)
    tasks = np.unique(np.logspace(0, 4, 200).round())
    for number, (samples, row) in enumerate(found["samples"].items()):
        one = pays(row, found["scratch"], found["seconds_each"])[LEVEL]
        if one["from scratch"] is None:
            continue
        shade = 1 - 0.22 * number
        right.plot(
            tasks, row["queries"] + int(LEVEL) * tasks, color=COLOURS[PRETRAINED], alpha=shade,
            label=f"{PRETRAINED}, {samples} samples a source",
        )  # fmt: skip
        right.plot(tasks, one["from scratch"] * tasks, color=COLOURS[SCRATCH], alpha=shade, linewidth=1.2)
    right.plot([], [], color=COLOURS[SCRATCH], label=f"{SCRATCH}, to the same levels")
    right.set(
        xlabel="tasks searched", ylabel=f"queries in all, to the level of {LEVEL}", xscale="log", yscale="log"
    )
    right.legend(fontsize=7, frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
