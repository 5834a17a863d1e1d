"""Objectives that can also say what an architecture is worth after a shorter training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.objectives.estimator import ObjectiveEstimator
from archwalk.estimators.objectives.measuring import ObjectiveFunction
from archwalk.spaces.base import Codes, SearchSpace


class MultiFidelityObjective(ObjectiveEstimator):
    """Calls `function(architecture, fidelity=n)` with n one of `fidelities`, ascending; the last is the full training.

    Evaluations of each are kept for themselves. A shorter one has no report: that is of the full training.
    """

    def __init__(
        self, space: SearchSpace, function: Any, *, fidelities: Sequence[int], **settings: Any
    ) -> None:
        self.fidelities = tuple(fidelities)
        if (
            len(self.fidelities) < 2
            or any(n < 1 for n in fidelities)
            or [*fidelities] != sorted({*fidelities})
        ):
            raise UsageError(
                f"fidelities are two numbers or more, above 0 and ascending, not {[*fidelities]}"
            )
        super().__init__(space, _trained(function, fidelities[-1]), **settings)
        self.shorter = [ObjectiveEstimator(space, _trained(function, n), **settings) for n in fidelities[:-1]]

    def evaluate_at(self, codes_BL: Codes, fidelity: int) -> Scores:
        """Score codes (B, L) trained for `fidelities[fidelity]`."""
        place = range(len(self.fidelities))[fidelity]  # it may be counted from the end
        if place == len(self.shorter):
            return self.evaluate(codes_BL)
        shorter = self.shorter[place]
        scores = shorter.evaluate(codes_BL)
        self._first, self.trained = shorter._first, self.trained + shorter.trained
        shorter.trained = 0
        return replace(scores, report_B=np.full(len(codes_BL), np.nan))

    @property
    def failures(self) -> list[str]:
        """Why evaluations failed, at any fidelity."""
        return [reason for one in self.shorter for reason in one.failures] + super().failures

    def close(self) -> None:
        """End the workers of all."""
        super().close()
        for one in getattr(self, "shorter", []):
            one.close()


def _trained(function: Any, fidelity: int) -> ObjectiveFunction:
    if isinstance(function, Command):
        return replace(function, fidelity=fidelity)
    return partial(function, fidelity=fidelity)
