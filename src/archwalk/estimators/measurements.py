"""All that is known of an architecture beside its reward: what a search with several goals goes by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np

from archwalk.errors import unknown
from archwalk.estimators.base import Estimator, Floats
from archwalk.estimators.metrics import Metric
from archwalk.spaces.base import Codes


class Measurements(Protocol):
    """Metrics of the architectures of a space, by names without blanks."""

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What there is, as far as that is known before anything was evaluated."""

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """Values (B,) by name, in the units of the metrics; NaN where there is none."""


@runtime_checkable
class Choosing(Protocol):
    """Measurements that cost something each, so that only those that are `wanted` are made."""

    @property
    def wanted(self) -> Sequence[str]:
        """Names of those."""

    def want(self, names: Iterable[str]) -> None:
        """From now on these are measured too."""


@dataclass(frozen=True)
class Columns:
    """Those of a table: a value for each numbered architecture."""

    metrics: Mapping[str, Metric]
    columns: Mapping[str, Floats]

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """Look codes (B, 1) up."""
        return {name: np.asarray(self.columns[name], np.float64)[codes_BL[:, 0]] for name in self.metrics}


@dataclass(frozen=True)
class Computed:
    """Those that follow from an architecture itself, each by a function of codes (B, L)."""

    metrics: Mapping[str, Metric]
    functions: Mapping[str, Callable[[Codes], Floats]]

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """Compute them."""
        return {name: self.functions[name](codes_BL) for name in self.metrics}


class Scored:
    """Those of an estimator that says no more: its reward and its report, under the names of their metrics."""

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Reward and report."""
        return {word(metric): metric for metric in self._scored}

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """What the estimator gives."""
        scores = self.estimator.evaluate(codes_BL).checked()
        return dict(zip(map(word, self._scored), (scores.reward_B, scores.report_B), strict=True))

    @property
    def _scored(self) -> tuple[Metric, Metric]:
        return self.estimator.objective.reward, self.estimator.objective.report


def word(metric: Metric) -> str:
    """A metric's name as one word."""
    return re.sub(r"\W+", "_", metric.name).strip("_").lower()


def find_metric(known: Iterable[str], name: str) -> str:
    """The metric that a user means. Raises UsageError, with the nearest right one, where there is none."""
    names = list(known)
    wanted = name.replace("-", "_").replace(" ", "_").lower()
    found = next((one for one in names if wanted == one.replace("-", "_").replace(" ", "_").lower()), None)
    if found is None:
        raise unknown("metric", name, names)
    return found


ACCURACY, TEST_ACCURACY, PARAMETERS, MACS, LATENCY, ENERGY, SECONDS = (
    "accuracy", "test_accuracy", "parameters", "macs", "latency_ms", "energy_kwh", "seconds",
)  # fmt: skip
COSTS = {
    PARAMETERS: Metric("parameters", "", higher_is_better=False),
    MACS: Metric("multiplications", "", higher_is_better=False),
    LATENCY: Metric("latency", "ms", higher_is_better=False),
    ENERGY: Metric("energy of training", "kWh", higher_is_better=False),
    SECONDS: Metric("training time", "s", higher_is_better=False),
}
"""Metrics of which lower is better, by the names that benchmarks give them."""


class CostlySpace(Protocol):
    """A space that says what its networks cost."""

    def costs(self, codes_BL: Codes) -> Any:
        """Something with `parameters_B` and `macs_B` of codes (B, L)."""


def costs_of_space(space: object, codes_BL: Codes | None = None) -> dict[str, Floats]:
    """What a space says that its networks cost, by the names of `COSTS`: arrays (B,), empty ones without codes. Nothing
    where it does not say it.
    """
    if not hasattr(space, "costs"):
        return {}
    if codes_BL is None:
        return {PARAMETERS: np.empty(0), MACS: np.empty(0)}
    costs = cast(CostlySpace, space).costs(codes_BL)
    return {PARAMETERS: costs.parameters_B.astype(np.float64), MACS: costs.macs_B.astype(np.float64)}
