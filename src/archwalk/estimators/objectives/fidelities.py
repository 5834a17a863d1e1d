"""Objectives that can also say what an architecture is worth after a shorter training."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.objectives.estimator import ObjectiveEstimator
from archwalk.estimators.objectives.functions import FunctionReference
from archwalk.estimators.store.records import DONE, Outcome
from archwalk.spaces.base import Codes, SearchSpace

_FIDELITY = "fidelity"


class MultiFidelityObjective(ObjectiveEstimator):
    """Calls `function(architecture, fidelity=n)` with n one of `fidelities`, ascending; the last is the full training.

    A function that yields and takes no `fidelity`, or a command without `{fidelity}`, is ended after its n-th step; a
    longer training then says what the shorter ones of the same architecture are worth, which are not made any more.
    Evaluations of each fidelity are kept for themselves. A shorter one has no report: that is of the full training.
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
        self.by_steps = _yields(function)
        super().__init__(space, **self._trained(function, fidelities[-1]), **settings)
        self.shorter = [
            ObjectiveEstimator(space, **self._trained(function, n), **settings) for n in fidelities[:-1]
        ]
        self._hear()

    def _hear(self) -> None:
        """Learn from a longer training what the shorter ones came to."""
        for place, one in enumerate([*self.shorter, self] if self.by_steps else []):
            one.on_done = partial(self._enter_shorter, place)

    def _trained(self, function: Any, fidelity: int) -> dict[str, Any]:
        """What an estimator of one fidelity is made with."""
        if self.by_steps:
            return {"function": function, "steps": fidelity}
        if isinstance(function, Command):
            return {"function": replace(function, fidelity=fidelity)}
        return {"function": partial(function, fidelity=fidelity)}

    def _enter_shorter(self, place: int, architecture: str, outcome: Outcome) -> None:
        """Enter what a training has come to on its way."""
        if outcome.status != DONE:
            return
        for one, steps in zip(self.shorter[:place], self.fidelities, strict=False):
            part = {name: curve[:steps] for name, curve in outcome.curves.items() if len(curve) >= steps}
            if all(name in part for name in outcome.curves if outcome.curves[name]) and not one.is_named(
                architecture
            ):
                share = steps / max(map(len, outcome.curves.values()))
                known = part[next(iter(part))][-1]
                one.enter(
                    architecture,
                    replace(
                        outcome, validation=known, test=known, curves=part, seconds=share * outcome.seconds
                    ),
                )

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

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._hear()

    @property
    def failures(self) -> list[str]:
        """Why evaluations failed, at any fidelity."""
        return [reason for one in self.shorter for reason in one.failures] + super().failures

    def close(self) -> None:
        """End the workers of all."""
        super().close()
        for one in getattr(self, "shorter", []):
            one.close()


def _yields(function: Any) -> bool:
    """Whether an objective says by steps, and not by a parameter, how far it has trained.

    Raises UsageError for one that does neither.
    """
    if isinstance(function, Command):
        return f"{{{_FIDELITY}}}" not in function.line
    known = function.function if isinstance(function, FunctionReference) else function
    try:
        parameters = inspect.signature(known).parameters
    except (TypeError, ValueError):
        return False
    if _FIDELITY in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return False
    if not inspect.isgeneratorfunction(inspect.unwrap(known)):
        raise UsageError(
            "with fidelities the objective takes fidelity=n, or yields what an architecture is worth after each step"
        )
    return True
