"""What is to be high, what is to be low, and what must be kept, in words that a user says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.measurements import Choosing, Measurements, find_metric
from archwalk.estimators.metrics import Metric
from archwalk.experiments.records import Bound, Goal

_LIMIT = re.compile(r"^\s*(?P<name>[^<>=]+?)\s*(?P<sign><=|>=|=)\s*(?P<value>\S+)\s*$")


@dataclass(frozen=True)
class Problem:
    """Goals and limits of a search; names are those of the benchmark's metrics."""

    goals: tuple[Goal, ...]
    limits: tuple[Bound, ...]

    def values(self, measured: Mapping[str, Floats], rows: int) -> Floats:
        """Values (B, G) of the goals, turned so that higher is better; NaN where there is none."""
        columns = [goal.metric.upward(_column(measured, goal.name, rows)) for goal in self.goals]
        return np.stack(columns, axis=1)

    def violations(self, measured: Mapping[str, Floats], rows: int) -> Floats:
        """By how much limits are broken, in units of each, summed (B,): 0 for none, infinite where that is unknown."""
        total_B = np.zeros(rows)
        for limit in self.limits:
            value_B = _column(measured, limit.name, rows)
            over_B = value_B - limit.value if limit.at_most else limit.value - value_B
            total_B += np.where(np.isnan(over_B), np.inf, np.maximum(over_B, 0) / max(abs(limit.value), 1e-9))
        return total_B


def _column(measured: Mapping[str, Floats], name: str, rows: int) -> Floats:
    if not measured:  # nothing could be evaluated
        return np.full(rows, np.nan)
    return measured[find_metric(measured, name)]


def read_problem(
    measurements: Measurements,
    maximise: Sequence[str],
    minimise: Sequence[str],
    limits: Iterable[str] | Mapping[str, float],
) -> Problem:
    """Goals and limits by their words. Raises UsageError for a metric that there is not, one that is named twice, and a
    limit that is none.
    """
    known = measurements.metrics
    goals: list[Goal] = []
    for words, up in ((maximise, True), (minimise, False)):
        for word in words:
            name = find_metric(known, word) if known else word
            metric = known[name] if known else Metric(word)
            goals.append(Goal(name=name, metric=msgspec.structs.replace(metric, higher_is_better=up)))
    names = [goal.name for goal in goals]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{twice} is a goal twice")
    if not goals:
        raise UsageError("which goals? say what is maximised or minimised")
    written = [f"{name}={value}" for name, value in limits.items()] if isinstance(limits, Mapping) else limits
    bounds = tuple(read_limit(one, known) for one in written)
    if isinstance(measurements, Choosing):
        measurements.want([*names, *(bound.name for bound in bounds)])
    return Problem(tuple(goals), bounds)


def read_limit(text: str, known: Mapping[str, Metric]) -> Bound:
    """`parameters=100000` (at most; of a metric of which higher is better at least), `accuracy>=70`, `latency_ms<=5`.

    Raises UsageError for what is none.
    """
    found = _LIMIT.match(text)
    try:
        value = float(found["value"]) if found else np.nan
    except ValueError:
        value = np.nan
    if found is None or not np.isfinite(value):
        raise UsageError(f"a limit is METRIC=NUMBER, METRIC<=NUMBER or METRIC>=NUMBER, not {text!r}")
    name = find_metric(known, found["name"]) if known else found["name"]
    higher = known[name].higher_is_better if known else False
    at_most = not higher if found["sign"] == "=" else found["sign"] == "<="
    return Bound(name=name, unit=known[name].unit if known else "", value=value, at_most=at_most)


def read_reference(reference: Mapping[str, float], problem: Problem) -> Floats | None:
    """A reference point (G,), turned so that higher is better; None where none is given."""
    if not reference:
        return None
    names = [goal.name for goal in problem.goals]
    given = {find_metric(names, name): value for name, value in reference.items()}
    if lacking := next((name for name in names if name not in given), None):
        raise UsageError(f"a reference point has a value for each goal, so for {lacking} too")
    return np.array([goal.metric.upward(float(given[goal.name])) for goal in problem.goals])
