"""The estimator that asks an objective of the user's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from archwalk.errors import UsageError, unknown
from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.jobs import Job
from archwalk.estimators.measurements import COSTS, costs_of_space
from archwalk.estimators.metrics import Metric, Objective
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.objectives.functions import function_digest, function_name
from archwalk.estimators.objectives.measuring import FAILED, FIRST, ONLY, ObjectiveFunction, measure
from archwalk.estimators.objectives.pool import ObjectivePool, pack
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import DONE, OBJECTIVE, Outcome, Problem
from archwalk.estimators.stored import StoredOutcomes
from archwalk.secrets import hide_secrets
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import default_size, described_as, network_settings

LOWER = "minimise-"
"""Before the name of an objective of which lower is better."""


class ObjectiveEstimator(StoredOutcomes):
    """Scores codes (B, L) by a function of an architecture, each architecture once.

    Without `workers` and `limit` the function is called in this process. Otherwise in `workers` processes (the engine
    `processes`) or actors of Ray (`ray`), whose batches come back in the order in which they were asked for. What
    fails scores NaN.
    """

    def __init__(
        self,
        space: SearchSpace,
        function: ObjectiveFunction,
        *,
        reward: str | None = None,
        report: str | None = None,
        higher_is_better: bool = True,
        worst: float | None = None,
        size: Any = None,
        store: Store | None = None,
        workers: int = 1,
        engine: str = "processes",
        limit_seconds: float | None = None,
        retries: int = 0,
        steps: int | None = None,
    ) -> None:
        """`reward` and `report` name metrics that the function returns (by default the first one, and the reward);
        `worst` is what counts in a walk for an architecture that has no reward. A function that yields is ended after
        so many `steps`.
        """
        if limit_seconds is not None and not 0 < limit_seconds < float("inf"):
            raise UsageError(f"a limit of seconds is above 0, not {limit_seconds:g}")
        if retries < 0:
            raise UsageError(f"retries must be at least 0, not {retries}")
        if steps is not None and isinstance(function, Command):
            function = replace(function, steps=steps)
        self.function, self.limit, self.retries, self.steps = function, limit_seconds, retries, steps
        self.size = default_size(space) if size is None else size
        self.searched = space
        self.reward, self.report, self.higher_is_better, self.worst_reward = (
            reward, report, higher_is_better, worst,
        )  # fmt: skip
        is_command = isinstance(function, Command)
        self.label = hide_secrets(function.line) if isinstance(function, Command) else function_name(function)
        self._first = "objective" if is_command else self.label
        limits = (
            f"limit {limit_seconds}"  # what failed for lack of time holds for searches of this limit alone
        )
        problem = Problem(
            described_as(space),
            self.label,
            function.digest if isinstance(function, Command) else function_digest(function),
            {
                "metric": OBJECTIVE,
                **({"steps": steps} if steps else {}),
                **network_settings(space, self.size),
            },
            0,
            limits,
        )
        super().__init__(space, problem, store, workers=workers, usual_workers=1, engine=engine)

    @property
    def objective(self) -> Objective:
        """Named after the metrics; after the function as long as it is not known which are returned."""
        reward = self.reward or self._first
        report = self.report or reward
        name = reward if self.higher_is_better else f"{LOWER}{reward}"
        up = self.higher_is_better
        return Objective(name, Metric(reward, "", up), Metric(report, "", up))

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, L). Raises UsageError for a metric that the function does not return."""
        outcomes = self.outcomes(codes_BL)
        done = [outcome for outcome in outcomes if outcome.status == DONE]
        if done and self.reward is None and (first := done[0].versions.get(FIRST, ONLY)):
            self._first = first
        reward_B = self._values(outcomes, self.reward)
        report_B = reward_B.copy() if self.report is None else self._values(outcomes, self.report)
        return Scores(reward_B, report_B, np.array([one.seconds for one in outcomes], np.float64))

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Those that were returned so far, each of the reward's direction, and what the space says; none before the
        first evaluation.
        """
        done = (outcome for outcome in self._known.values() if outcome.status == DONE)
        named = next((outcome.curves for outcome in done), {})
        names = [name or self._only for name in named]
        costs = {name: COSTS[name] for name in costs_of_space(self.searched)} if names else {}
        return costs | {name: Metric(name, "", self.higher_is_better) for name in names}

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """All that the function returns, and what the space says that is of another name."""
        outcomes = self.outcomes(codes_BL)
        names = dict.fromkeys(name for outcome in outcomes for name in outcome.curves)
        return (costs_of_space(self.searched, codes_BL) if names else {}) | {
            name or self._only: np.array([last_of(one.curves.get(name, [])) for one in outcomes])
            for name in names
        }

    @property
    def _only(self) -> str:
        """What a number without a name is called."""
        return self.reward or self.label

    def _values(self, outcomes: list[Outcome], metric: str | None) -> Floats:
        return np.array([self._value(one, metric) for one in outcomes], np.float64)

    def _value(self, outcome: Outcome, metric: str | None) -> float:
        if outcome.status != DONE:
            return np.nan
        if metric is None:
            metric = outcome.versions.get(FIRST, ONLY)
        if ONLY in outcome.curves:  # a bare number is called what the user says
            metric = ONLY
        if metric not in outcome.curves:
            raise unknown("metric of the objective", metric, outcome.curves)
        return last_of(outcome.curves[metric])

    def _do(self, jobs: Iterator[Job], finish: Callable[[Job, Outcome], None]) -> None:
        if self.workers > 1 or self.limit is not None or self.engine == "ray":
            super()._do(jobs, finish)
            return
        for job in jobs:
            architecture = Architecture(self.searched, job.code_L, size=self.size)
            for _ in range(1 + self.retries):
                outcome = measure(self.function, architecture, self.steps)
                if outcome.status != FAILED:
                    break
            finish(job, outcome)

    def _make_pool(self, workers: int, engine: str) -> ObjectivePool:
        return ObjectivePool(
            self.function, self.searched, self.size, steps=self.steps,
            limit=self.limit, retries=self.retries, workers=workers, engine=engine,
        )  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"function": pack(self.function)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        import pickle

        self.__dict__ |= state | {"function": pickle.loads(state["function"])}  # noqa: S301 - our own


def last_of(curve: Sequence[float]) -> float:
    """The number that counts: that of the last step; NaN where there is none."""
    return curve[-1] if curve else np.nan
