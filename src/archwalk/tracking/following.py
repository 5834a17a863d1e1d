"""From what a search or a training tells to steps of runs, each once."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from archwalk.data.decoding import to_plain
from archwalk.experiments.evaluated import Batch, Searched
from archwalk.experiments.runs import RunConfig
from archwalk.experiments.watching import Watcher, tell_safely
from archwalk.spaces.base import SearchSpace
from archwalk.tracking.step import (
    BEST_REPORT,
    BEST_REWARD,
    FAILED,
    METRICS,
    REPORT,
    REWARD,
    TRAINING,
    Callback,
    Run,
    Step,
    as_tracker,
)

_log = logging.getLogger(__name__)

MOST_TRIALS = 20
"""Of one agent of a strategy that become runs; more would make more files and threads than they are worth."""

_PAID = ("queries", "unique", "seconds")


@dataclass
class _Course:
    """How far a trial is."""

    run: Run
    tracked: int
    """The last step that was written before."""
    best: float = -math.inf
    metrics: dict[str, float] = field(default_factory=dict)
    """Of the best so far."""
    failed: int = 0


class SearchFollower(Watcher):
    """Hands the evaluations of a search to a callback, a run for each trial."""

    def __init__(self, callback: Callback, space: SearchSpace) -> None:
        self.tracker = as_tracker(callback)
        self.name = self.tracker.name
        self._space = space
        self._about: Searched | None = None
        self._courses: dict[tuple[str, int, int], _Course] = {}
        self._left_out = False

    def begin(self, about: Searched) -> None:
        """What is searched."""
        self._about = about

    def evaluated(self, batch: Batch) -> None:
        """Make steps of evaluations."""
        trials, evaluations = batch.reward_TN.shape
        for t in range(trials):
            course = self._course(batch.strategy, batch.agent, batch.trial + t)
            for n in range(evaluations if course is not None else 0):
                assert course is not None
                step = self._step(course, batch, t, n)
                if step.number > course.tracked:
                    self.tracker.step(step)

    def end(self) -> None:
        """The runs are over."""
        for course in self._courses.values():
            self.tracker.end(course.run)
        self._courses = {}

    def _course(self, strategy: str, agent: int, trial: int) -> _Course | None:
        key = strategy, agent, trial
        if key in self._courses:
            return self._courses[key]
        if trial >= MOST_TRIALS:
            if not self._left_out:
                self._left_out = True
                _log.warning("archwalk: %s is told of the first %d trials alone", self.name, MOST_TRIALS)
            return None
        run = self._run(strategy, agent, trial)
        self._courses[key] = _Course(run, self.tracker.begin(run))
        return self._courses[key]

    def _run(self, strategy: str, agent: int, trial: int) -> Run:
        about = self._about
        assert about is not None
        told = {
            "benchmark": about.benchmark, "objective": about.objective, "strategy": strategy, "agent": agent,
            "trial": trial, "trials": about.trials, "budget": about.budget, "seed": about.seed,
            "settings": about.settings.get(strategy, {}), "goals": about.goals,
        }  # fmt: skip
        several = about.agents.get(strategy, 1) > 1
        parts = [about.benchmark, strategy, *([f"agent-{agent}"] if several else []), f"trial-{trial}"]
        return Run("search", "/".join(part.replace("/", "-") for part in parts), to_plain(told))

    def _step(self, course: _Course, batch: Batch, t: int, n: int) -> Step:
        assert self._about is not None
        reward, report = float(batch.reward_TN[t, n]), float(batch.report_TN[t, n])
        worth = self._about.reward.upward(reward)
        if math.isnan(reward):
            course.failed += 1
        elif worth > course.best:
            course.best = worth
            course.metrics = {BEST_REWARD: reward, BEST_REPORT: report}
        known = {name: float(values_TN[t, n]) for name, values_TN in batch.metrics_TN.items()}
        metrics = {
            REWARD: reward, REPORT: report, **course.metrics, FAILED: float(course.failed),
            **{f"{METRICS}{name}": value for name, value in known.items()},
        }  # fmt: skip
        return Step(course.run, batch.query + n, _finite(metrics), self._space, batch.codes_TNL[t, n])


class TrainingFollower:
    """Hands the lines of a training's log to callbacks; `tell` is called with each."""

    def __init__(self, callbacks: Sequence[Callback], config: RunConfig) -> None:
        about = {
            "benchmark": config.asked or f"{config.benchmark}:{config.objective}", "agent": config.strategy,
            "settings": config.settings, "seed": config.seed, "created": config.created,
        }  # fmt: skip
        self._run = Run(
            "training", f"{config.benchmark}/{config.strategy}/seed-{config.seed}", to_plain(about)
        )
        self._trackers = [as_tracker(one) for one in callbacks]
        self._tracked: dict[int, int] = {}

    def tell(self, row: Mapping[str, Any]) -> None:
        """Make a step of a line."""
        number = int(row["steps"])
        metrics = {
            f"{TRAINING}{name}" if name in _PAID else name: float(value)
            for name, value in row.items()
            if name != "steps" and value is not None
        }
        step = Step(self._run, number, _finite(metrics))

        def write(tracker: Any) -> None:
            if id(tracker) not in self._tracked:
                self._tracked[id(tracker)] = tracker.begin(self._run)
            if number > self._tracked[id(tracker)]:
                tracker.step(step)

        tell_safely(self._trackers, write)

    def end(self) -> None:
        """The training is over, or stopped."""
        begun = [one for one in self._trackers if id(one) in self._tracked]
        tell_safely(begun, lambda tracker: tracker.end(self._run))


@contextmanager
def following(
    callbacks: Sequence[Callback],
) -> Iterator[Callable[[RunConfig, Mapping[str, Any]], None] | None]:
    """Around a training: what hands the lines of its log to callbacks; None where there are none."""
    if not callbacks:
        yield None
        return
    followers: list[TrainingFollower] = []

    def tell(config: RunConfig, row: Mapping[str, Any]) -> None:
        if not followers:
            followers.append(TrainingFollower(callbacks, config))
        followers[0].tell(row)

    try:
        yield tell
    finally:
        for one in followers:
            one.end()


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
