"""Comparing strategies over several goals."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.api.fronts import several
from archwalk.api.goal_methods import goal_methods
from archwalk.api.progress import progress_bar
from archwalk.data.files import make_folder, remove_file, write_atomically
from archwalk.errors import UsageError, unknown
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.front_comparison import compare_fronts as run
from archwalk.experiments.fronts import Evaluated
from archwalk.experiments.goals import read_problem, read_reference
from archwalk.experiments.records import (
    RESULT,
    Comparison,
    FrontPoint,
    Fronts,
    read_comparison,
    write_comparison,
)

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

PAGE = "report.html"


class FrontComparison:
    """What `archwalk.compare_fronts` returns, and `archwalk.load_front_comparison` reads.

    `record` is all that is known of it but the single evaluations: a `Comparison` whose report is the hypervolume.
    """

    def __init__(
        self,
        record: Comparison,
        benchmark: Benchmark | None = None,
        found: Mapping[str, Sequence[Evaluated]] | None = None,
    ) -> None:
        self.record = record
        self._benchmark = benchmark
        self._found = found
        self.written: list[Path] = []
        """Files that it was saved to last."""

    @property
    def strategies(self) -> list[str]:
        """Names of those that took part."""
        return list(self.record.strategies)

    @property
    def fronts(self) -> Fronts:
        """Goals, limits, the reference point, the exact front, and what each strategy found."""
        assert self.record.fronts is not None
        return self.record.fronts

    def front(self, strategy: str) -> list[FrontPoint]:
        """The front of all trials of a strategy. Raises UsageError for one that did not take part."""
        if strategy not in self.fronts.found:
            raise unknown("strategy of this comparison", strategy, self.fronts.found)
        return self.fronts.found[strategy]

    @property
    def hypervolumes(self) -> dict[str, float]:
        """By strategy, at the end, mean over trials; where the exact front is known, in percent of its."""
        budget = self.record.budget
        return {
            name: float(one.best_after[budget].mean or 0.0) for name, one in self.record.strategies.items()
        }

    def frame(self) -> pandas.DataFrame:
        """A row for each evaluation: strategy, trial, query, all metrics, whether it keeps the limits, architecture.

        Needs pandas. Raises UsageError for a comparison that was read from a folder.
        """
        from archwalk.api.frames import data_frame

        if self._found is None or self._benchmark is None:
            raise UsageError("the evaluations of a comparison over several goals are not saved")
        space = self._benchmark.space
        rows: list[dict[str, Any]] = []
        for name, trials in self._found.items():
            for place, one in enumerate(trials):
                agent, trial = divmod(place, self.record.trials)
                for query, code_L in enumerate(one.codes_EL):
                    rows.append(
                        {
                            "strategy": name,
                            "agent": agent,
                            "trial": trial,
                            "query": query + 1,
                            **{metric: float(values_E[query]) for metric, values_E in one.metrics_E.items()},
                            "within_limits": bool(one.violations_E[query] <= 0),
                            "architecture": json.dumps(space.describe(code_L)),
                        }
                    )
        return data_frame(rows)

    def plot(
        self, path: str | Path | None = None, *, axes: matplotlib.axes.Axes | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the fronts that the strategies found, and the exact one where it is known, by the first two goals.

        They are drawn into `axes`, or a new figure, which is saved as `path` if there is one.
        """
        from archwalk.report.fronts import plot_fronts

        return plot_fronts(self.record, Path(path) if path is not None else None, axes)

    def summary(self) -> str:
        """The result as a table for a terminal."""
        from rich.console import Console

        from archwalk.report.tables import print_summary

        text = io.StringIO()
        print_summary(self.record, Console(file=text, width=100))
        return text.getvalue()

    def save(self, folder: str | Path) -> list[Path]:
        """Write it to a folder: `result.json`, the page, the tables. A result that is there gives way."""
        from archwalk.report.page import write_page
        from archwalk.report.tables import TABLES

        out = make_folder(Path(folder))
        for name in (RESULT, PAGE, *TABLES):
            remove_file(out / name)
        write_page(self.record, out / PAGE)
        for name, to_text in TABLES.items():
            write_atomically(out / name, to_text(self.record))
        self.written = [out / PAGE, *(out / name for name in TABLES), write_comparison(self.record, out)]
        return self.written

    def __repr__(self) -> str:
        return self.summary()


def compare_fronts(
    strategies: Sequence[object] | Mapping[str, object],
    benchmark: Benchmark | str,
    *,
    maximise: str | Sequence[str] = (),
    minimise: str | Sequence[str] = (),
    limits: Mapping[str, float] | Sequence[str] = (),
    reference: Mapping[str, float] | None = None,
    budget: int,
    trials: int = 1,
    seed: int = 0,
    workers: int = 1,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    out: str | Path | None = None,
    command: str | None = None,
    progress: bool | None = None,
) -> FrontComparison:
    """Run several strategies from the same starts for several goals, and test whether the hypervolumes of their fronts
    differ.

    Goals, limits and the reference point are as in `search_front`; by default the reference point is that of the exact
    front, or of all that the strategies found together. `strategies` and `settings` are as in `compare`. Raises
    UsageError for a metric or a strategy that there is not.
    """
    problem_benchmark = load_benchmark(benchmark, seed) if isinstance(benchmark, str) else benchmark
    problem = read_problem(
        problem_benchmark.measurements, several(maximise), several(minimise),
        limits if isinstance(limits, Mapping) else several(limits),
    )  # fmt: skip
    if len(problem.goals) < 2:
        raise UsageError("fronts are compared over two goals or more; compare judges by one")
    reference_G = read_reference(reference or {}, problem)
    methods = goal_methods(strategies, problem_benchmark, problem, settings)
    total = budget * sum(len(method.makers) for method in methods)
    with progress_bar("queries a trial", total, progress) as bar:
        record, found = run(
            problem_benchmark, problem, methods, budget=budget, trials=trials, seed=seed, workers=workers,
            reference_G=reference_G, command=command, progress=bar.to,
        )  # fmt: skip
    result = FrontComparison(record, problem_benchmark, found)
    if out is not None:
        result.save(out)
    return result


def load_front_comparison(folder: str | Path) -> FrontComparison:
    """A comparison over several goals that was saved. Raises DataError where there is none, or it is damaged,
    UsageError for one over a single goal.
    """
    record = read_comparison(Path(folder))
    if record.fronts is None:
        raise UsageError(f"the result in {folder} is of one goal; archwalk.load_result reads it")
    return FrontComparison(record)
