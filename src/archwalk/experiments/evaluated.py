"""What a search has evaluated, one by one: what is watched, tracked, saved and explored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from archwalk.data.decoding import decode_json, encode_json, reading
from archwalk.data.states import read_state, write_state
from archwalk.errors import ArchwalkError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Choosing, Scored
from archwalk.estimators.metrics import Metric
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.catalogue import SpaceReference, load_space

EPOCHS = "epochs"
"""The metric by which evaluations at several fidelities are told apart."""


class Searched(Struct, frozen=True, kw_only=True):
    """What is searched, by whom: all that is needed to read evaluations, of a search that goes on or is over."""

    benchmark: str
    """Its name without the objective."""
    objective: str
    """The name of what reward and report are."""
    space: SpaceReference
    reward: Metric
    report: Metric
    metrics: dict[str, Metric] = {}
    """What is known of architectures beside them."""
    strategies: list[str] = []
    """Who searches, in order."""
    budget: int = 0
    """Queries in each trial; 0 where that is open."""
    trials: int = 1
    seed: int = 0
    settings: dict[str, dict[str, Any]] = {}
    """Of each strategy, where it has some."""
    agents: dict[str, int] = {}
    """How many agents a strategy has, where these are several."""
    goals: list[str] = []
    """Metrics that a search with several goals makes high or low."""
    created: str = ""

    @classmethod
    def of(cls, benchmark: Benchmark, **about: Any) -> Searched:
        """That of a benchmark."""
        objective = benchmark.objective
        more = {EPOCHS: Metric("epochs")} if len(benchmark.fidelities) > 1 else {}
        return cls(
            benchmark=benchmark.name, objective=objective.name, space=SpaceReference.of(benchmark.space),
            reward=objective.reward, report=objective.report,
            metrics={**free_metrics(benchmark), **more}, **about,
        )  # fmt: skip

    def load_space(self) -> SearchSpace | None:
        """The space, as far as it follows from its name and parameters; no code of the user's is run for it."""
        try:
            return self.space.load()
        except ArchwalkError:
            pass
        try:
            return None if ":" in self.space.name else load_space(self.space.name)
        except ArchwalkError:
            return None


@dataclass(frozen=True)
class Batch:
    """Evaluations of N architectures in each of T trials of one agent of a strategy, values as they are."""

    strategy: str
    codes_TNL: Codes
    reward_TN: Floats
    report_TN: Floats
    agent: int = 0
    trial: int = 0
    """The first of the T."""
    query: int = 1
    """The number of the first evaluation of each trial."""
    metrics_TN: Mapping[str, Floats] = field(default_factory=dict)
    """By name, as in `Searched.metrics`."""

    def __post_init__(self) -> None:
        shape = self.codes_TNL.shape[:2]
        others = (self.reward_TN, self.report_TN, *self.metrics_TN.values())
        if self.codes_TNL.ndim != 3 or any((values_TN + 0.0).shape != shape for values_TN in others):
            raise ValueError("codes, rewards, reports and metrics are not of the same evaluations")
        if self.codes_TNL.dtype.kind not in "iu":
            raise ValueError("architectures are rows of integers")
        _require_words(self.strategy, *self.metrics_TN)

    def first(self, trials: int) -> Batch:
        """Only the first trials."""
        return replace(
            self,
            codes_TNL=self.codes_TNL[:trials],
            reward_TN=self.reward_TN[:trials],
            report_TN=self.report_TN[:trials],
            metrics_TN={name: values_TN[:trials] for name, values_TN in self.metrics_TN.items()},
        )


@dataclass(frozen=True)
class Walk:
    """An episode: where it set out, and where each edit led; rewards as they are, NaN where nobody asked."""

    strategy: str
    codes_SL: Codes
    reward_S: Floats
    report_S: Floats
    edits: tuple[str, ...]
    """S - 1 names of edits."""

    def __post_init__(self) -> None:
        if (
            not len(self.codes_SL)
            == len(self.reward_S + 0.0)
            == len(self.report_S + 0.0)
            == len(self.edits) + 1
        ):
            raise ValueError(
                "a walk has a reward and a report for each architecture, and an edit between two"
            )
        if self.codes_SL.dtype.kind not in "iu":
            raise ValueError("architectures are rows of integers")
        _require_words(self.strategy, *self.edits)


def _require_words(*names: object) -> None:
    if not all(isinstance(name, str) for name in names):
        raise ValueError("names of strategies, metrics and edits are words")


@dataclass(frozen=True)
class Evaluations:
    """Everything that a search, or several from the same starts, evaluated."""

    about: Searched
    batches: Sequence[Batch]
    """One an agent of a strategy, of all its trials."""
    walks: Sequence[Walk] = ()

    def write(self, path: Path) -> None:
        """Write them to a file, whole or not at all."""
        batches = [
            {
                "strategy": one.strategy, "agent": one.agent, "trial": one.trial, "codes": one.codes_TNL,
                "rewards": one.reward_TN, "reports": one.report_TN, "metrics": dict(one.metrics_TN),
            }
            for one in self.batches
        ]  # fmt: skip
        walks = [
            {
                "strategy": one.strategy, "codes": one.codes_SL, "rewards": one.reward_S, "reports": one.report_S,
                "edits": list(one.edits),
            }
            for one in self.walks
        ]  # fmt: skip
        write_state(path, {"about": encode_json(self.about), "batches": batches, "walks": walks})

    @classmethod
    def read(cls, path: Path) -> Evaluations:
        """What `write` wrote. Raises DataError where it is damaged or of another version."""
        with reading(str(path), "does not hold the evaluations of a result of this version of archwalk"):
            state = read_state(path)
            about = decode_json(state["about"], Searched, str(path), "what was searched")
            batches = [
                Batch(
                    one["strategy"], one["codes"], one["rewards"], one["reports"], int(one["agent"]),
                    int(one["trial"]), metrics_TN=dict(one["metrics"]),
                )
                for one in state["batches"]
            ]  # fmt: skip
            walks = [
                Walk(one["strategy"], one["codes"], one["rewards"], one["reports"], tuple(one["edits"]))
                for one in state["walks"]
            ]
        return cls(about, batches, walks)


def free_metrics(benchmark: Benchmark) -> Mapping[str, Metric]:
    """Metrics that nothing is evaluated for: of a table, of architectures themselves, or of what is remembered."""
    measurements = benchmark.measurements
    if isinstance(measurements, Choosing):
        return {name: measurements.metrics[name] for name in measurements.wanted}
    return {} if isinstance(measurements, Scored) else measurements.metrics


def measure_freely(benchmark: Benchmark, codes_TNL: Codes) -> dict[str, Floats]:
    """Values (T, N) of `free_metrics`, of architectures that were evaluated."""
    measurements = benchmark.measurements
    if isinstance(measurements, Scored):
        return {}
    rows_BL = codes_TNL.reshape(-1, codes_TNL.shape[2])
    return {
        name: values_B.reshape(codes_TNL.shape[:2])
        for name, values_B in measurements.measure(rows_BL).items()
    }
