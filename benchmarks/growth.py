"""How cost grows: with queries, trials, rows of the database and the size of the space. Prints tables, and plots them.

Processor seconds of one run each, one thread. A slope of 1 in a plot is linear growth.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch

from archwalk.environments.walks import Walks, WalkSettings
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.store import open_store
from archwalk.estimators.store.transfer import Exported
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.comparison import compare
from archwalk.spaces.nasbench101.space import NASBench101
from rows.experiments import make_export
from rows.names import load_methods
from rows.page import put
from rows.searchers import search
from rows.table import CELLS

Points = dict[int, float]


def timed(work: Callable[[], object]) -> float:
    """Processor seconds."""
    started = time.process_time()
    work()
    return time.process_time() - started


def queries(most: int) -> dict[str, Points]:
    """A trial of searchers, by queries."""
    sizes = [n for n in (100, 200, 400, 800, 1600, 3200) if n <= most]
    names = ("graph-gp", "tpe", "regularized-evolution")
    return {name: {n: timed(search(name, CELLS, n)[0]) for n in sizes} for name in names}


def trials(most: int) -> dict[str, Points]:
    """A comparison of two searchers over 150 queries, by trials."""
    problem = load_benchmark(CELLS)
    methods = load_methods(["random-search", "local-search"], problem.space, CELLS)
    compare(problem, methods, budget=20, trials=3, seed=0)
    sizes = [n for n in (10, 100, 1000, 10_000) if n <= most]
    return {
        "compare": {
            n: timed(lambda n=n: compare(problem, methods, budget=150, trials=n, seed=0))  # type: ignore[misc]
            for n in sizes
        }
    }


def rows(most: int) -> dict[str, Points]:
    """Importing into the database, and reading the best twenty, by rows."""
    imported, listed = Points(), Points()
    for n in [n for n in (1000, 10_000, 100_000, 1_000_000) if n <= most]:
        with TemporaryDirectory() as name:
            make_export(Path(name) / "rows.csv", n)
            store = open_store(str(Path(name) / "rows.sqlite"))
            imported[n] = timed(lambda: store.add(Exported(Path(name) / "rows.csv")))  # noqa: B023
            listed[n] = timed(lambda: [store.count(), *store.stream(best_first=True, limit=20)])  # noqa: B023
            store.close()
    return {"import": imported, "the best twenty": listed}


def sizes(most_vertices: int) -> dict[str, Points]:
    """100 steps of 1,024 walks, and building space and neighbours, by architectures of NAS-Bench-101."""
    steps, building = Points(), Points()
    NASBench101(3).graph  # noqa: B018 - compiles
    for vertices in range(4, most_vertices + 1):
        started = time.process_time()
        space = NASBench101(vertices)
        size = space.graph.offsets.shape[0] - 1
        building[size] = time.process_time() - started
        values = np.linspace(80, 95, size)
        ledger = TrainingLedger(TableEstimator(accuracies("made-up"), values, values))
        walks = Walks(space, ledger, 1024, WalkSettings(), np.random.default_rng(0))
        walks.reset()
        space.features(walks.codes_BKL)
        action_SB = np.random.default_rng(1).integers(1, 26, size=(100, 1024))

        def walk(walks: Walks = walks, action_SB: np.ndarray = action_SB) -> None:
            for action_B in action_SB:
                walks.restart(walks.step(action_B).done_B)
                walks.space.features(walks.codes_BKL)

        steps[size] = timed(walk)
    return {"100 steps of 1,024 walks": steps, "space and neighbours": building}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the small end of everything")
    parser.add_argument("--page", type=Path, help="docs/speed.md: its table, and its plot beside it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    limits = (200, 100, 1000, 5) if options.smoke else (1600, 10_000, 100_000, 7)
    measured = [
        ("queries", queries(limits[0])),
        ("trials", trials(limits[1])),
        ("rows", rows(limits[2])),
        ("architectures", sizes(limits[3])),
    ]
    figure, panels = plt.subplots(1, len(measured), figsize=(4 * len(measured), 3.2), layout="constrained")
    table = ["| by | work | processor seconds |", "|---|---|---|"]
    for panel, (what, lines) in zip(panels, measured, strict=True):
        for name, points in lines.items():
            table.append(f"| {what} | {name} | {'; '.join(f'{n:,}: {s:.2g}' for n, s in points.items())} |")
            print(table[-1])
            panel.loglog(list(points), list(points.values()), marker="o", label=name)
        panel.set(xlabel=what, ylabel="processor seconds")
        panel.legend()
    if options.page:
        put(options.page, "growth", table)
        figure.savefig(options.page.parent / "assets" / "growth.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
