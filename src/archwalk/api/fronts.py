"""Searches with several goals, and the fronts that they find."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archwalk.api.goal_methods import goal_method
from archwalk.api.progress import progress_bar
from archwalk.api.results import EVALUATIONS, PAGE
from archwalk.data.files import alone_with, make_folder, remove_file, write_atomically
from archwalk.errors import DataError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.evaluated import Batch, Evaluations
from archwalk.experiments.fronts import (
    WITHIN,
    front_evaluations,
    front_record,
    search_trials,
    searched,
)
from archwalk.experiments.goals import read_problem, read_reference
from archwalk.experiments.live import LIVE, LiveJournal
from archwalk.experiments.records import FRONT, Front, FrontPoint, read_front, write_front
from archwalk.experiments.runs import now
from archwalk.experiments.watching import Watcher, Watchers
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import SearchSpace
from archwalk.tracking.following import SearchFollower

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

    from archwalk.tracking.step import Callback

PLOT, TABLE = "front.svg", "evaluations.csv"


class FrontResult:
    """What `archwalk.search_front` returns and `archwalk.load_front` reads. `record` is all that is known of it but the
    single evaluations.
    """

    def __init__(
        self,
        record: Front,
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
    def benchmark(self) -> Benchmark:
        """What was searched; loaded by its name where the result was read from a folder."""
        if self._benchmark is None:
            self._benchmark = load_benchmark(f"{self.record.benchmark}:{self.record.objective}")
        return self._benchmark

    @property
    def evaluations(self) -> Evaluations:
        """Every evaluation, as arrays. Raises DataError where they were not saved."""
        if self._evaluations is None:
            file = (self.folder or Path()) / EVALUATIONS
            if not file.exists():
                raise DataError(f"the evaluations of this front were not saved: there is no {file}")
            self._evaluations = Evaluations.read(file)
        return self._evaluations

    @property
    def _space(self) -> SearchSpace | None:
        return self._benchmark.space if self._benchmark is not None else self.evaluations.about.load_space()

    @property
    def points(self) -> list[FrontPoint]:
        """The front of all trials, from the worst of the first goal to the best; empty where none keeps the limits."""
        return self.record.points

    @property
    def architectures(self) -> list[Architecture]:
        """Those of the points."""
        benchmark = self.benchmark
        return [benchmark.architecture(benchmark.space.parse(point.description)) for point in self.points]

    @property
    def hypervolume(self) -> float:
        """At the end, mean over trials."""
        return float(self.record.hypervolume[-1] or 0.0)

    @property
    def share_of_exact(self) -> float | None:
        """The hypervolume over that of the exact front; None where that is not known."""
        exact = self.record.exact_hypervolume
        return self.hypervolume / exact if exact else None

    def frame(self) -> pandas.DataFrame:
        """A row for each evaluation: trial, query, all metrics, whether it keeps the limits, architecture (JSON).

        Needs pandas. Raises DataError where the evaluations were not saved.
        """
        from archwalk.api.frames import data_frame

        return data_frame(list(self._rows()))

    def _rows(self) -> Iterable[dict[str, Any]]:
        space = self._space or self.benchmark.space
        for batch in self.evaluations.batches:
            for query, code_L in enumerate(batch.codes_TNL[0]):
                values = {name: float(values_TN[0, query]) for name, values_TN in batch.metrics_TN.items()}
                within = bool(values.pop(WITHIN))
                yield {
                    "trial": batch.trial,
                    "query": query + 1,
                    **values,
                    WITHIN: within,
                    "architecture": json.dumps(space.describe(code_L)),
                }

    def plot(
        self, path: str | Path | None = None, *, axes: matplotlib.axes.Axes | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the first two goals with matplotlib: all that was evaluated, the front, and the exact front where it is
        known. It is drawn into `axes`, or a new figure, which is saved as `path` if there is one.
        """
        from archwalk.report.fronts import plot_front

        values = [(self._values(batch), batch.metrics_TN[WITHIN][0] > 0) for batch in self._batches]
        return plot_front(self.record, values, Path(path) if path is not None else None, axes)

    def page(self, path: str | Path) -> Path:
        """Write the report as one HTML page that needs nothing else, with all that was evaluated to explore."""
        from archwalk.report.explorer.explored import Explored
        from archwalk.report.front_page import write_front_page

        explored = None
        if self._batches:
            explored = Explored.of(self.evaluations, self._space)
            explored.front = self.record.exact
        write_front_page(self.record, Path(path), explored)
        return Path(path)

    @property
    def _batches(self) -> Sequence[Batch]:
        """Evaluations of each trial; none where they were not saved."""
        is_there = self._evaluations is not None or ((self.folder or Path()) / EVALUATIONS).exists()
        return self.evaluations.batches if is_there else ()

    def _values(self, batch: Batch) -> Floats:
        """Of the goals (E, G), turned so that higher is better."""
        goals = self.record.goals
        return np.stack([goal.metric.upward(batch.metrics_TN[goal.name][0]) for goal in goals], axis=1)

    def summary(self) -> str:
        """The result as text for a terminal."""
        from archwalk.report.fronts import front_lines

        return "\n".join(front_lines(self.record))

    def save(self, folder: str | Path) -> list[Path]:
        """Write it to a folder: `front.json`, the page, a plot, every evaluation.

        A front that is there already gives way, all of it.
        """
        with alone_with(make_folder(Path(folder))):
            return self._save(Path(folder))

    def _save(self, out: Path) -> list[Path]:
        import csv
        import io

        evaluations = self.evaluations if self._batches else None
        for name in (FRONT, PAGE, PLOT, TABLE, EVALUATIONS):
            remove_file(out / name)
        self.written = [self.page(out / PAGE)]
        if len(self.record.goals) > 1:
            self.plot(out / PLOT)
            self.written.append(out / PLOT)
        if evaluations is not None:
            rows, text = list(self._rows()), io.StringIO()
            writer = csv.DictWriter(text, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            write_atomically(out / TABLE, text.getvalue())
            evaluations.write(out / EVALUATIONS)
            self.written += [out / TABLE, out / EVALUATIONS]
        self.written.append(write_front(self.record, out))  # last: with it the result is whole
        remove_file(out / LIVE)
        self.folder = out
        return self.written

    def __repr__(self) -> str:
        return self.summary()


def search_front(
    strategy: str | object,
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
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    command: str | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> FrontResult:
    """Search for the best trade-offs between metrics of architectures.

    `maximise` and `minimise` name metrics of the benchmark (`benchmark.measurements.metrics`; of an objective of your
    own, what it returns). Of `limits`, {"parameters": 100000} is at most that (at least, of a metric of which higher is
    better); texts such as "accuracy>=70" say which. What breaks a limit is no answer. Hypervolumes are taken from the
    `reference` point, by default a tenth of its range beyond the exact front, or the one that was found.

    `strategy` is `nsga2`, `graph-gp` (two goals, by expected hypervolume), or any other strategy, which is then given
    rewards that weigh the goals, with other weights every so many queries (the setting `every`). `workers` processes
    share the trials, with the same result. Raises UsageError for a metric that there is not.
    """
    problem_benchmark = load_benchmark(benchmark, seed) if isinstance(benchmark, str) else benchmark
    problem = read_problem(
        problem_benchmark.measurements, several(maximise), several(minimise),
        limits if isinstance(limits, Mapping) else several(limits),
    )  # fmt: skip
    reference_G = read_reference(reference or {}, problem)
    method = goal_method(strategy, problem_benchmark, problem, settings or {})
    began, about = time.perf_counter(), {"budget": budget, "created": now(), "seed": seed}
    told: list[Watcher] = [SearchFollower(one, problem_benchmark.space) for one in callbacks]
    if out is not None:
        told.append(LiveJournal(make_folder(Path(out))))
    watchers = Watchers(
        told,
        lambda: searched(problem_benchmark, problem, strategies=[method.name], trials=trials, **about),
    )
    with progress_bar("queries a trial", budget * len(method.makers), progress) as bar, watchers.watching():
        found = search_trials(
            problem_benchmark, problem, method, budget=budget, trials=trials, seed=seed, workers=workers,
            progress=bar.to, watchers=watchers,
        )  # fmt: skip
    record = front_record(
        problem_benchmark, problem, method, found, budget=budget, seed=seed, began=began,
        reference_G=reference_G, command=command,
    )  # fmt: skip
    evaluations = front_evaluations(problem_benchmark, problem, {method.name: found}, trials, **about)
    result = FrontResult(record, problem_benchmark, evaluations)
    if out is not None:
        result.save(out)
    return result


def load_front(folder: str | Path) -> FrontResult:
    """A front that was saved. Raises DataError where there is none, or it is damaged."""
    return FrontResult(read_front(Path(folder)), folder=Path(folder))


def several(words: str | Sequence[str]) -> Sequence[str]:
    """Names, of which one alone needs no list."""
    return (words,) if isinstance(words, str) else words
