"""Rungs of a search by the clock, told to whoever watches, and kept for whoever explores them."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np

from archwalk.estimators.measurements import COSTS, MACS, PARAMETERS, SECONDS
from archwalk.estimators.metrics import VALIDATION, VALIDATION_ACCURACY, Metric
from archwalk.experiments.clock.search import Search, Step
from archwalk.experiments.evaluated import Batch, Evaluations, Searched
from archwalk.experiments.runs import now
from archwalk.experiments.watching import Watcher, Watchers
from archwalk.spaces.catalogue import SpaceReference
from archwalk.spaces.convnet.space import ConvNet

STRATEGY = "by the clock"
RUNG = "rung"


class Follower:
    """Looks now and then at what a search has done; tells each rung once, in the order of beginning as far as that is
    how they end.
    """

    def __init__(self, images: str, space: ConvNet, watchers: list[Watcher]) -> None:
        self.about = Searched(
            benchmark=f"images:{images}", objective=VALIDATION.name, space=SpaceReference.of(space),
            reward=VALIDATION_ACCURACY, report=VALIDATION_ACCURACY, strategies=[STRATEGY], created=now(),
            metrics={RUNG: Metric(RUNG), **{name: COSTS[name] for name in (PARAMETERS, MACS, SECONDS)}},
        )  # fmt: skip
        self._space = space
        self._watchers = Watchers(watchers, lambda: self.about)
        self._told: dict[int, Batch] = {}

    def watching(self) -> AbstractContextManager[None]:
        """Around the search."""
        return self._watchers.watching()

    def look(self, search: Search) -> None:
        """Tell what is done since."""
        for place, step in enumerate(search.steps):
            if step.outcome is not None and place not in self._told:
                self._told[place] = self._batch(place, step)
                self._watchers.evaluated(self._told[place])

    def evaluations(self) -> Evaluations:
        """All rungs, in the order of beginning."""
        return Evaluations(self.about, [self._told[place] for place in sorted(self._told)])

    def _batch(self, place: int, step: Step) -> Batch:
        outcome, costs = step.outcome, self._space.costs(step.trial.code_L[None])
        assert outcome is not None
        accuracy = np.array([[step.trial.accuracy or np.nan]])
        values = {
            RUNG: float(step.trial.rung), PARAMETERS: float(costs.parameters_B[0]), MACS: float(costs.macs_B[0]),
            SECONDS: outcome.seconds,
        }  # fmt: skip
        return Batch(
            STRATEGY, step.trial.code_L[None, None], accuracy, accuracy, query=place + 1,
            metrics_TN={name: np.array([[value]]) for name, value in values.items()},
        )  # fmt: skip
