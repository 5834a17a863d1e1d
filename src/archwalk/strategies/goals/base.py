"""The contract of a search with several goals: one trial that proposes batches and learns their values."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials


class GoalSearcher(ABC):
    """One trial. `trial` is a `Trials` of one, with a generator of its own."""

    settings_class: ClassVar[type[Any] | None] = None
    """As that of `Strategy`."""

    query: ClassVar[str] = "an evaluated architecture, repeats included"

    def __init__(self, trial: Trials, goals: int, budget: int, settings: Any = None) -> None:
        self.trial, self.goals, self.budget = trial, goals, budget
        self.space, self.rng = trial.space, trial.rng
        self.settings: Any = settings or (self.settings_class() if self.settings_class else None)

    @abstractmethod
    def propose(self, left: int) -> Codes:
        """The next architectures (K, L) to evaluate, 1 <= K <= left."""

    @abstractmethod
    def learn(self, codes_KL: Codes, values_KG: Floats, violations_K: Floats) -> None:
        """What came of the last proposal: values of which higher is better, NaN where there is none, and by how much
        limits are broken (0: by nothing).
        """


class Archive:
    """All that a trial has evaluated, in order."""

    def __init__(self, code_length: int, goals: int) -> None:
        self.codes_EL: Codes = np.empty((0, code_length), np.int32)
        self.values_EG: Floats = np.empty((0, goals))
        self.violations_E: Floats = np.empty(0)
        self.first: dict[bytes, int] = {}
        """Where an architecture was evaluated first."""

    def __len__(self) -> int:
        return len(self.violations_E)

    def add(self, codes_KL: Codes, values_KG: Floats, violations_K: Floats) -> None:
        """Remember what was evaluated."""
        for place, code_L in enumerate(codes_KL, start=len(self)):
            self.first.setdefault(code_L.tobytes(), place)
        self.codes_EL = np.concatenate([self.codes_EL, codes_KL])
        self.values_EG = np.concatenate([self.values_EG, values_KG])
        self.violations_E = np.concatenate([self.violations_E, violations_K])

    def find(self, code_L: Codes) -> int | None:
        """Where an architecture was evaluated."""
        return self.first.get(code_L.tobytes())

    @property
    def allowed_E(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which of them have values and break no limit."""
        return (self.violations_E <= 0) & ~np.isnan(self.values_EG).any(axis=1)
