"""Searches with several goals, and the fronts that they find."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.api.goal_methods import goal_method
from archwalk.api.progress import progress_bar
from archwalk.data.files import make_folder, write_atomically
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.fronts import Evaluated, front_record, search_trials
from archwalk.experiments.goals import read_problem, read_reference
from archwalk.experiments.records import Front, FrontPoint, read_front, write_front
from archwalk.spaces.architecture import Architecture

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

PLOT, TABLE = "front.svg", "evaluations.csv"


class FrontResult:
    """What `archwalk.search_front` returns and `archwalk.load_front` reads. `record` is all that is known of it but the
    single evaluations.
    """

    def __init__(
        self, record: Front, benchmark: Benchmark | None = None, found: Sequence[Evaluated] | None = None
    ) -> None:
        self.record = record
        self._benchmark = benchmark
        self._found = found
        self.written: list[Path] = []
        """Files that it was saved to last."""

    @property
    def points(self) -> list[FrontPoint]:
        """The front of all trials, from the worst of the first goal to the best; empty where none keeps the limits."""
        return self.record.points

    @property
    def architectures(self) -> list[Architecture]:
        """Those of the points."""
        if self._benchmark is None:
            self._benchmark = load_benchmark(f"{self.record.benchmark}:{self.record.objective}")
        space = self._benchmark.space
        return [self._benchmark.architecture(space.parse(point.description)) for point in self.points]

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

        Needs pandas. Raises UsageError for a result that was read from a folder, which has them as a table.
        """
        from archwalk.api.frames import data_frame

        return data_frame(list(self._rows()))

    def _rows(self) -> Iterable[dict[str, Any]]:
        if self._found is None or self._benchmark is None:
            raise UsageError(f"the evaluations of a front that was read are in its {TABLE}")
        space = self._benchmark.space
        for trial, one in enumerate(self._found):
            for query, code_L in enumerate(one.codes_EL):
                yield {
                    "trial": trial,
                    "query": query + 1,
                    **{name: float(column_E[query]) for name, column_E in one.metrics_E.items()},
                    "within_limits": bool(one.violations_E[query] <= 0),
                    "architecture": json.dumps(space.describe(code_L)),
                }

    def plot(
        self, path: str | Path | None = None, *, axes: matplotlib.axes.Axes | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the first two goals with matplotlib: all that was evaluated, the front, and the exact front where it is
        known. It is drawn into `axes`, or a new figure, which is saved as `path` if there is one.
        """
        from archwalk.report.fronts import plot_front

        values = None
        if self._found is not None:
            values = [(one.values_EG, one.allowed_E) for one in self._found]
        return plot_front(self.record, values, Path(path) if path is not None else None, axes)

    def summary(self) -> str:
        """The result as text for a terminal."""
        from archwalk.report.fronts import front_lines

        return "\n".join(front_lines(self.record))

    def save(self, folder: str | Path) -> list[Path]:
        """Write it to a folder: `front.json`, a plot, every evaluation."""
        import csv
        import io

        out = make_folder(Path(folder))
        self.written = [write_front(self.record, out)]
        if len(self.record.goals) > 1:
            self.plot(out / PLOT)
            self.written.append(out / PLOT)
        if self._found is not None:
            rows, text = list(self._rows()), io.StringIO()
            writer = csv.DictWriter(text, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            write_atomically(out / TABLE, text.getvalue())
            self.written.append(out / TABLE)
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
    began = time.perf_counter()
    with progress_bar("queries a trial", budget * len(method.makers), progress) as bar:
        found = search_trials(
            problem_benchmark, problem, method, budget=budget, trials=trials, seed=seed, workers=workers,
            progress=bar.to,
        )  # fmt: skip
    record = front_record(
        problem_benchmark, problem, method, found, budget=budget, seed=seed, began=began,
        reference_G=reference_G, command=command,
    )  # fmt: skip
    result = FrontResult(record, problem_benchmark, found)
    if out is not None:
        result.save(out)
    return result


def load_front(folder: str | Path) -> FrontResult:
    """A front that was saved. Raises DataError where there is none, or it is damaged."""
    return FrontResult(read_front(Path(folder)))


def several(words: str | Sequence[str]) -> Sequence[str]:
    """Names, of which one alone needs no list."""
    return (words,) if isinstance(words, str) else words
