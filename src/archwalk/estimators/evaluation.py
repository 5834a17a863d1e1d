"""What a benchmark says of one architecture, for people: values with their names and units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from archwalk.estimators.metrics import Metric, Objective
from archwalk.spaces.architecture import Architecture


@dataclass(frozen=True)
class Evaluation:
    """Reward and report of an architecture, in the units of `objective`; None where there is none.

    `seconds` is what the evaluation cost, or would have cost if the network had been trained; None where the benchmark
    does not say.
    """

    architecture: Architecture
    objective: Objective
    reward: float | None
    report: float | None
    seconds: float | None

    @classmethod
    def of(
        cls, architecture: Architecture, objective: Objective, reward: float, report: float, seconds: float
    ) -> Evaluation:
        """From numbers of an estimator, in which NaN and infinity stand for what is not known."""
        known = (value if math.isfinite(value) else None for value in (reward, report, seconds))
        return cls(architecture, objective, *known)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "objective": self.objective.name,
            "reward": _value(self.objective.reward, self.reward),
            "report": _value(self.objective.report, self.report),
            "seconds": self.seconds,
        }

    def __str__(self) -> str:
        reward, report = self.objective.reward, self.objective.report
        parts = [f"{reward.name} {_shown(reward, self.reward)}"]
        if report != reward:
            parts.append(f"{report.name} {_shown(report, self.report)}")
        if self.seconds:
            parts.append(f"{self.seconds:,.1f} s of training")
        return ", ".join(parts)


def _value(metric: Metric, value: float | None) -> dict[str, Any]:
    return {
        "name": metric.name,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "value": value,
    }


def _shown(metric: Metric, value: float | None) -> str:
    if value is None:
        return "–"
    number = f"{value:,.2f}" if metric.unit == "%" else f"{value:,.4g}"
    return f"{number} {metric.unit}".rstrip()
