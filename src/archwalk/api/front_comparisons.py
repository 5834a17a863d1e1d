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
from archwalk.api.results import EVALUATIONS, PAGE
from archwalk.data.files import make_folder, remove_file, write_atomically
from archwalk.errors import UsageError, unknown
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.evaluated import Evaluations
from archwalk.experiments.front_comparison import compare_fronts as run
from archwalk.experiments.fronts import WITHIN, front_evaluations, searched
from archwalk.experiments.goals import read_problem, read_reference
from archwalk.experiments.live import LIVE, LiveJournal
from archwalk.experiments.records import (
    RESULT,
    Comparison,
    FrontPoint,
    Fronts,
    read_comparison,
    write_comparison,
)
from archwalk.experiments.runs import now
from archwalk.experiments.watching import Watcher, Watchers
from archwalk.spaces.base import SearchSpace
from archwalk.tracking.following import SearchFollower

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

    from archwalk.tracking.step import Callback


class FrontComparison:
    """What `archwalk.compare_fronts` returns, and `archwalk.load_front_comparison` reads.

    `record` is all that is known of it but the single evaluations: a `Comparison` whose report is the hypervolume.
    """

    def __init__(
        self,
        record: Comparison,
        benchmark: Benchmark | None = None,
        evaluations: Evaluations | None = None,
        folder: Path | None = None,
    ) -> None:
        self.record = record
        self.folder = folder
        self._benchmark = benchmark
        self._evaluations = evaluations
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

    @property
    def evaluations(self) -> Evaluations:
        """Every evaluation, as arrays. Raises DataError where they were not saved."""
        if self._evaluations is None:
            self._evaluations = Evaluations.read((self.folder or Path()) / EVALUATIONS)
        return self._evaluations

    @property
    def _space(self) -> SearchSpace | None:
        return self._benchmark.space if self._benchmark is not None else self.evaluations.about.load_space()

    def frame(self) -> pandas.DataFrame:
        """A row for each evaluation: strategy, agent, trial, query, all metrics, whether it keeps the limits, and the
        architecture (JSON; the code where the space is code of the user's that is not at hand).

        Needs pandas. Raises DataError where the evaluations were not saved.
        """
        from archwalk.api.frames import data_frame

        space, rows = self._space, list[dict[str, Any]]()
        for batch in self.evaluations.batches:
            for query, code_L in enumerate(batch.codes_TNL[0]):
                values = {name: float(values_TN[0, query]) for name, values_TN in batch.metrics_TN.items()}
                described = space.describe(code_L) if space is not None else code_L.tolist()
                rows.append(
                    {
                        "strategy": batch.strategy,
                        "agent": batch.agent,
                        "trial": batch.trial,
                        "query": query + 1,
                        **values,
                        WITHIN: bool(values[WITHIN]),
                        "architecture": json.dumps(described),
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

    def page(self, path: str | Path) -> Path:
        """Write the report as one HTML page that needs nothing else, with all that was evaluated to explore."""
        from archwalk.report.explorer.explored import Explored
        from archwalk.report.page import write_page

        explored = Explored.of(self.evaluations, self._space)
        explored.front = self.fronts.exact
        write_page(self.record, Path(path), explored)
        return Path(path)

    def save(self, folder: str | Path) -> list[Path]:
        """Write it to a folder: `result.json`, the page, the tables, every evaluation. A result that is there gives
        way.
        """
        from archwalk.report.tables import TABLES

        out = make_folder(Path(folder))
        evaluations = self.evaluations
        for name in (RESULT, PAGE, EVALUATIONS, *TABLES):
            remove_file(out / name)
        self.written = [self.page(out / PAGE)]
        for name, to_text in TABLES.items():
            write_atomically(out / name, to_text(self.record))
            self.written.append(out / name)
        evaluations.write(out / EVALUATIONS)
        self.written += [
            out / EVALUATIONS,
            write_comparison(self.record, out),
        ]  # last: with it the result is whole
        remove_file(out / LIVE)
        self.folder = out
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
    callbacks: Sequence[Callback] = (),
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
    total, about = (
        budget * sum(len(method.makers) for method in methods),
        {"budget": budget, "created": now(), "seed": seed},
    )
    names = [method.name for method in methods]
    told: list[Watcher] = [SearchFollower(one, problem_benchmark.space) for one in callbacks]
    if out is not None:
        told.append(LiveJournal(make_folder(Path(out))))
    watchers = Watchers(
        told,
        lambda: searched(problem_benchmark, problem, strategies=names, trials=trials, **about),
    )
    with progress_bar("queries a trial", total, progress) as bar, watchers.watching():
        record, found = run(
            problem_benchmark, problem, methods, budget=budget, trials=trials, seed=seed, workers=workers,
            reference_G=reference_G, command=command, progress=bar.to, watchers=watchers,
        )  # fmt: skip
    evaluations = front_evaluations(problem_benchmark, problem, found, trials, **about)
    result = FrontComparison(record, problem_benchmark, evaluations)
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
    return FrontComparison(record, folder=Path(folder))
