"""The result of a search or a comparison: looked at, drawn, saved, and read again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archwalk.console import plain_console
from archwalk.data.architectures import ArchitectureFile, Origin
from archwalk.data.files import alone_with, make_folder, remove_file, write_atomically
from archwalk.errors import DataError, UsageError, unknown
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import COMMAND, FUNCTION, Benchmark, load_benchmark
from archwalk.experiments.comparison import evaluations_of
from archwalk.experiments.drawn import with_drawings
from archwalk.experiments.evaluated import Evaluations
from archwalk.experiments.live import LIVE
from archwalk.experiments.protocol import Search
from archwalk.experiments.records import RESULT, Comparison, read_comparison, write_comparison
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas
    from torch import nn

PAGE, FOUND, DRAWING, EVALUATIONS = "report.html", "found.json", "found.svg", "evaluations.safetensors"


@dataclass(frozen=True)
class Found:
    """The architecture of best reward that a strategy met. Reward and report are in the units of the benchmark."""

    strategy: str
    architecture: Architecture
    reward: float | None
    report: float | None

    def network(self) -> nn.Module:
        """The network that was scored, as a fresh PyTorch module; see `Architecture.build`."""
        return self.architecture.build()

    def _repr_html_(self) -> str:
        return self.architecture.draw()


class Result:
    """What `archwalk.search` and `archwalk.compare` return, and `archwalk.load_result` reads.

    `record` is all that is known about it but the single evaluations (`docs/results.md`).
    """

    def __init__(
        self,
        record: Comparison,
        benchmark: Benchmark | None = None,
        searches: Mapping[str, Search] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.undrawn = record
        """The record without drawings, which a terminal does not show and which take a third of a second."""
        self.folder = folder
        self._benchmark = benchmark
        self._searches = searches
        self.written: list[Path] = []
        """Files that it was saved to last."""

    @cached_property
    def record(self) -> Comparison:
        """All that is known of it but the single evaluations."""
        return self.undrawn if self._searches is None else with_drawings(self.undrawn, self.benchmark.space)

    @property
    def strategies(self) -> list[str]:
        """Names of those that took part."""
        return list(self.undrawn.strategies)

    @cached_property
    def benchmark(self) -> Benchmark:
        """What was searched; loaded by its name where the result was read from a folder.

        Raises UsageError where that would run code which is not archwalk's: reading a result never does.
        """
        if self._benchmark is not None:
            return self._benchmark
        name = f"{self.undrawn.benchmark}:{self.undrawn.objective}"
        if name.partition(":")[0] in (FUNCTION, COMMAND):
            raise UsageError(
                "the objective of this result is code of yours; hand it in: "
                f"archwalk.load_result({str(self.folder)!r}, archwalk.load_benchmark({name!r}))"
            )
        return load_benchmark(name)

    @property
    def best(self) -> Found:
        """What the strategy found whose find has the best reward."""
        found = [self.found(name) for name in self.strategies]
        known = [one for one in found if one.reward is not None]
        upward = self.benchmark.objective.reward.upward
        return max(known or found, key=lambda one: upward(one.reward or 0.0))

    def found(self, strategy: str) -> Found:
        """What one strategy found. Raises UsageError for one that did not take part."""
        if strategy not in self.undrawn.strategies:
            raise unknown("strategy of this result", strategy, self.strategies)
        found = self.undrawn.strategies[strategy].found
        if found is None:
            raise DataError(f"this result does not say what {strategy} found")
        code_L = self.benchmark.space.parse(found.description)
        return Found(strategy, self.benchmark.architecture(code_L), found.reward, found.report)

    def frame(self) -> pandas.DataFrame:
        """A row for each evaluation, in order: strategy, agent, trial, number, reward, report, other metrics that are
        known of the architecture, the architecture (JSON).

        Needs pandas. Raises DataError where the evaluations were not saved.
        """
        from archwalk.api.frames import data_frame

        space = self._space or self.benchmark.space
        described: dict[bytes, str] = {}

        def describe(code_L: Codes) -> str:
            key = code_L.tobytes()
            if key not in described:
                described[key] = json.dumps(space.describe(code_L))
            return described[key]

        rows = [
            {
                "strategy": batch.strategy,
                "agent": batch.agent,
                "trial": trial,
                "evaluation": number + 1,
                "reward": reward,
                "report": report,
                **{name: float(values_TN[trial, number]) for name, values_TN in batch.metrics_TN.items()},
                "architecture": describe(code_L),
            }
            for batch in self.evaluations.batches
            for trial in range(len(batch.codes_TNL))
            for number, (code_L, reward, report) in enumerate(
                zip(
                    batch.codes_TNL[trial],
                    batch.reward_TN[trial].tolist(),
                    batch.report_TN[trial].tolist(),
                    strict=True,
                )
            )
        ]
        return data_frame(rows)

    @property
    def _has_evaluations(self) -> bool:
        return self._searches is not None or ((self.folder or Path()) / EVALUATIONS).exists()

    @cached_property
    def evaluations(self) -> Evaluations:
        """Every evaluation, as arrays. Raises DataError where they were not saved."""
        if self._searches is not None:
            return evaluations_of(self.benchmark, self._searches, self.undrawn.budget, self.undrawn.created)
        file = (self.folder or Path()) / EVALUATIONS
        if not file.exists():
            raise DataError(f"the evaluations of this result were not saved: there is no {file}")
        return Evaluations.read(file)

    @cached_property
    def _space(self) -> SearchSpace | None:
        """The space, as far as it is known without running code that is not archwalk's."""
        if self._benchmark is not None:
            return self._benchmark.space
        return self.evaluations.about.load_space() if self._has_evaluations else None

    def plot(
        self, path: str | Path | None = None, *, axes: matplotlib.axes.Axes | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the best so far against queries, the mean over trials with its 95 % interval, with matplotlib.

        It is drawn into `axes`, or a new figure, which is saved as `path` if there is one.
        """
        figure = None
        if axes is None:
            from matplotlib.figure import Figure

            figure = Figure(layout="constrained")
            axes = figure.subplots()
        for name, strategy in self.undrawn.strategies.items():
            curve = strategy.curve
            if curve is None:
                continue
            paid = f", after {strategy.training_queries:,} training queries" if strategy.trained else ""
            line = axes.plot(curve.queries, _floats(curve.mean), label=name + paid)[0]
            if self.undrawn.trials > 1:
                low, high = _floats(curve.lo), _floats(curve.hi)
                axes.fill_between(curve.queries, low, high, color=line.get_color(), alpha=0.2, lw=0)
        report = self.benchmark.objective.report
        unit = f" ({report.unit})" if report.unit else ""
        axes.set(xlabel="queries", ylabel=f"{report.name} of the best so far{unit}")
        axes.set_title(f"{self.undrawn.benchmark}, objective {self.undrawn.objective}")
        axes.legend()
        if figure is not None and path is not None:
            figure.savefig(make_folder(Path(path).absolute().parent) / Path(path).name)
        return axes

    def page(self, path: str | Path) -> Path:
        """Write the report as one HTML page that needs nothing else, with all that was evaluated to explore."""
        from archwalk.report.explorer.explored import Explored
        from archwalk.report.page import write_page

        explored = Explored.of(self.evaluations, self._space) if self._has_evaluations else None
        if explored is not None and self.record.fronts is not None:
            explored.front = self.record.fronts.exact
        write_page(self.record, Path(path), explored)
        return Path(path)

    def summary(self) -> str:
        """The result as a table for a terminal."""
        from archwalk.report.tables import print_summary

        text = io.StringIO()
        print_summary(self.undrawn, plain_console(file=text, width=100))
        return text.getvalue()

    def save(self, folder: str | Path) -> list[Path]:
        """Write it to a folder: `result.json`, the page, tables, every evaluation, and what was found.

        A result that is there already gives way, all of it. Raises DataError where it cannot be written.
        """
        with alone_with(make_folder(Path(folder))):
            return self._save(Path(folder))

    def _save(self, out: Path) -> list[Path]:
        from archwalk.report.tables import TABLES

        evaluations = self.evaluations if self._has_evaluations else None
        for name in (RESULT, PAGE, EVALUATIONS, FOUND, DRAWING, *TABLES):  # nothing of another result stays
            remove_file(out / name)
        written = []
        if evaluations is not None:
            evaluations.write(out / EVALUATIONS)
            written.append(out / EVALUATIONS)
        written += self.draw(out)
        if len(self.strategies) == 1:
            best = self.best
            ArchitectureFile.of(best.architecture, self._origin(best)).write(out / FOUND)
            write_atomically(out / DRAWING, best.architecture.draw())
            written += [out / FOUND, out / DRAWING]
        written.append(write_comparison(self.record, out))  # last: with it the result is whole
        remove_file(out / LIVE)
        self.folder = out
        self.written = written
        return written

    def _origin(self, found: Found) -> Origin:
        """Where it was found, for its file."""
        record = self.undrawn
        return Origin(
            record.benchmark, record.objective, record.seeds[0], found.strategy, found.reward, found.report,
            record.provenance,
        )  # fmt: skip

    def draw(self, folder: Path) -> list[Path]:
        """Write the page and the tables to a folder."""
        from archwalk.report.tables import TABLES

        written = [self.page(folder / PAGE)]
        for name, to_text in TABLES.items():
            write_atomically(folder / name, to_text(self.record))
            written.append(folder / name)
        return written

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        from archwalk.report.curves import draw_curves

        return f"<pre>{escape(self.summary())}</pre>{draw_curves(self.undrawn, width=700) or ''}"


def load_result(folder: str | Path, benchmark: Benchmark | None = None) -> Result:
    """A result that was saved, with its benchmark where that is no public one.

    Raises DataError where there is none, or it is damaged.
    """
    return Result(read_comparison(Path(folder)), benchmark, folder=Path(folder))


def _floats(values: Any) -> Floats:
    """A list in which None stands for what is not known."""
    return np.array([np.nan if value is None else value for value in values])
