"""What the explorer shows, gathered batch by batch, and the form in which a page is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archwalk.data.decoding import WRONG_CONTENT, encode_json, reading
from archwalk.errors import ArchwalkError
from archwalk.estimators.metrics import Metric
from archwalk.experiments.evaluated import Batch, Evaluations, Searched, Walk
from archwalk.report.explorer.decisions import MOST_NAMES, Value, decisions_of, decisive
from archwalk.report.values import count
from archwalk.spaces.base import Codes, SearchSpace

MOST_ROWS = 100_000
"""Evaluations of a page."""

DIGITS = 10
"""Of values, as a page has them."""


class Explored:
    """Evaluations and the different architectures among them, in the order in which they came.

    `space` draws them and names their decisions; without one their descriptions must do.
    """

    def __init__(self, about: Searched, space: SearchSpace | None = None) -> None:
        self.about = about
        self.space = space
        self._decisive = decisive(space)
        self.strategies = list(about.strategies)
        shown = (about.reward, about.report)
        self.metrics: dict[str, Metric] = {key: one for key, one in about.metrics.items() if one not in shown}
        self.notes: list[str] = []
        self.names: dict[str, int] = {}
        """Decisions, with their places in a row of `decisions`."""
        self.descriptions: list[Any] = []
        self.decisions: list[list[Value]] = []
        self.codes: list[Codes | None] = []
        """Of each architecture; None where it is known by its description alone."""
        self.walks: list[dict[str, Any]] = []
        self.front: list[list[float]] | None = None
        """The exact front of a search with several goals, in their order, where it is known."""
        self.series: list[dict[str, Any]] = []
        self.rows = 0
        self.best: list[float] = []
        """The best reward of each architecture, turned so that higher is better; minus infinity where there is none."""
        self._sums: list[tuple[float, int]] = []
        self._numbers: dict[bytes, int] = {}

    @classmethod
    def of(cls, evaluations: Evaluations, space: SearchSpace | None, most: int = MOST_ROWS) -> Self:
        """All of them, or of as many of the first trials of each strategy as make `most` rows."""
        explored = cls(evaluations.about, space)
        rows = sum(batch.reward_TN.size for batch in evaluations.batches)
        for batch in evaluations.batches:
            trials = len(batch.reward_TN)
            kept = trials if rows <= most else max(1, trials * most // rows)
            explored.add(batch.first(kept))
        for walk in evaluations.walks:
            explored.add_walk(walk)
        if explored.rows < rows:
            explored.notes.append(
                f"The page holds {count(explored.rows)} of {count(rows)} evaluations, those of the first trials; "
                "result.frame() gives all."
            )
        return explored

    def add(self, batch: Batch) -> None:
        """Take in evaluations."""
        at_B = self._of_codes(batch.codes_TNL.reshape(-1, batch.codes_TNL.shape[2]))
        self._enter(batch.strategy, at_B, batch.reward_TN, batch.report_TN, batch.metrics_TN, {
            "agent": batch.agent, "trial": batch.trial, "query": batch.query, "trials": len(batch.codes_TNL),
        })  # fmt: skip

    def add_described(
        self, strategy: str, descriptions: Iterable[Any], reward_B: Any, report_B: Any,
        metrics_B: Mapping[str, Any], query: int,
    ) -> None:  # fmt: skip
        """Take in evaluations that are known by descriptions, of any space."""
        at_B = [self._of_description(one) for one in descriptions]
        place = {"agent": 0, "trial": 0, "query": query, "trials": 1}
        self._enter(strategy, at_B, reward_B, report_B, metrics_B, place)

    def add_walk(self, walk: Walk) -> None:
        """Take in an episode."""
        self.walks.append(
            {
                "strategy": self._strategy(walk.strategy),
                "architecture": self._of_codes(walk.codes_SL),
                "reward": plain(walk.reward_S),
                "report": plain(walk.report_S),
                "edits": list(walk.edits),
            }
        )

    def mean_upward(self) -> list[float]:
        """The mean reward of each architecture, turned so that higher is better; NaN where there is none."""
        return [total / number if number else math.nan for total, number in self._sums]

    def describe(self) -> dict[str, Any]:
        """What is searched, and by whom."""
        about = self.about
        return {
            "title": about.benchmark, "objective": about.objective, "space": about.space.name,
            "reward": _metric(about.reward), "report": _metric(about.report) if about.report != about.reward else None,
            "metrics": [{"key": key, **_metric(metric)} for key, metric in self.metrics.items()],
            "strategies": self.strategies, "budget": about.budget, "trials": about.trials, "goals": about.goals,
            "notes": self.notes,
        }  # fmt: skip

    def delta(self, series: int = 0, architectures: int = 0) -> dict[str, Any]:
        """What came after so many series and architectures."""
        return {
            "about": self.describe(),
            "names": list(self.names),
            "descriptions": self.descriptions[architectures:],
            "decisions": self.decisions[architectures:],
            "series": self.series[series:],
        }

    def _enter(
        self, strategy: str, at_B: list[int], reward: Any, report: Any, metrics: Mapping[str, Any],
        place: dict[str, int],
    ) -> None:  # fmt: skip
        reward_B = np.asarray(reward, np.float64).reshape(-1)
        for at, upward in zip(at_B, self.about.reward.upward(reward_B).tolist(), strict=True):
            if math.isfinite(upward):
                self.best[at] = max(self.best[at], upward)
                total, count = self._sums[at]
                self._sums[at] = total + upward, count + 1
        same = self.about.report == self.about.reward
        self.rows += len(at_B)
        self.series.append(
            {
                "strategy": self._strategy(strategy),
                **place,
                "architecture": at_B,
                "reward": plain(reward_B),
                **({} if same else {"report": plain(report)}),
                "metrics": {key: plain(values) for key, values in metrics.items() if key in self.metrics},
            }
        )

    def _of_codes(self, codes_BL: Codes) -> list[int]:
        return [self._number(code_L.tobytes(), partial(self._told, code_L)) for code_L in codes_BL]

    def _of_description(self, description: Any) -> int:
        return self._number(encode_json(description).encode(), partial(self._read, description))

    def _read(self, description: Any) -> tuple[Any, dict[str, Value]]:
        try:
            code_L = None if self.space is None else self.space.parse(description)
        except (ArchwalkError, *WRONG_CONTENT):  # it is of another space
            code_L = None
        if code_L is not None:
            return self._told(code_L)
        self.codes.append(None)
        return description, decisions_of(description)

    def _told(self, code_L: Codes) -> tuple[Any, dict[str, Value]]:
        self.codes.append(code_L)
        if self.space is None:
            return {"code": code_L.tolist()}, {}
        with reading(f"{code_L.tolist()}", f"is no architecture of {self.space.name}"):
            description = self.space.describe(code_L)
            return description, decisions_of(description, self._decisive, code_L)

    def _number(self, key: bytes, tell: Callable[[], tuple[Any, dict[str, Value]]]) -> int:
        """The number of an architecture, which is entered when it is met first."""
        found = self._numbers.get(key)
        if found is not None:
            return found
        number = self._numbers[key] = len(self.descriptions)
        description, decisions = tell()
        for name in decisions:
            if name not in self.names and len(self.names) < MOST_NAMES:
                self.names[name] = len(self.names)
        row: list[Value] = [None] * len(self.names)
        for name, value in decisions.items():
            if name in self.names:
                row[self.names[name]] = value
        self.descriptions.append(description)
        self.decisions.append(row)
        self.best.append(-math.inf)
        self._sums.append((0.0, 0))
        return number

    def _strategy(self, name: str) -> int:
        if name not in self.strategies:
            self.strategies.append(name)
        return self.strategies.index(name)


def plain(values: NDArray[Any] | Iterable[float]) -> list[float | None]:
    """Numbers of JSON, None for what is none."""
    flat = np.asarray(values, np.float64).reshape(-1)
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in flat.tolist()]


def _metric(metric: Metric) -> dict[str, Any]:
    return {"name": metric.name, "unit": metric.unit, "higher": metric.higher_is_better}
