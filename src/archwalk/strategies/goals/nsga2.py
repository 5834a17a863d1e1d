"""NSGA-II: evolution towards the whole front, for any space.

Source: Deb, Pratap, Agarwal and Meyarivan, A fast and elitist multiobjective genetic algorithm: NSGA-II, IEEE
Transactions on Evolutionary Computation 2002: ranks of non-domination, crowding distances, limits by constrained
domination. Individuals are strings of decisions (`strategies/strings.py`); crossover is uniform, mutation gives one
decision another value (ours). A child that was evaluated before is made anew, some times, since the evaluation would
tell nothing.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, Share, check_settings
from archwalk.strategies.goals.base import Archive, GoalSearcher
from archwalk.strategies.goals.pareto import crowding, ranks
from archwalk.strategies.strings import Strings, draw_strings, mutate_strings

_TRIES = 20


@dataclass(frozen=True)
class NSGA2Settings:
    """`population` architectures live at a time and have as many children, of which a share `crossover` have two
    parents.
    """

    population: Count = 20
    crossover: Share = 0.9

    def __post_init__(self) -> None:
        check_settings(self)
        if self.population < 2:
            raise UsageError("population must be at least 2")


class NSGA2(GoalSearcher):
    """See the module."""

    settings_class: ClassVar[type[Any] | None] = NSGA2Settings
    query = "an evaluated architecture: the first population and every child"

    def __init__(self, trial: Trials, goals: int, budget: int, settings: Any = None) -> None:
        super().__init__(trial, goals, budget, settings)
        self.archive = Archive(self.space.code_length, goals)
        self.strings_EC: Strings = np.empty((0, len(self.space.choices)), np.int32)
        self.living: NDArray[np.int64] = np.empty(0, np.int64)
        self._asked_KC = self.strings_EC

    def propose(self, left: int) -> Codes:
        """The first population, then one generation after the other."""
        wanted = min(self.settings.population, left)
        if not len(self.archive):
            self._asked_KC, codes_KL = draw_strings(self.space, self.rng, wanted)
            return codes_KL
        self._asked_KC, codes_KL = self._children(wanted)
        return codes_KL

    def _children(self, wanted: int) -> tuple[Strings, Codes]:
        strings_KC, codes_KL = self._breed(wanted)
        for _ in range(_TRIES):
            taken = set(self.archive.first)
            known = [k for k, code_L in enumerate(codes_KL) if self._is_taken(code_L, taken)]
            if not known:
                break
            strings_KC[known], codes_KL[known] = self._breed(len(known))
        return strings_KC, codes_KL

    @staticmethod
    def _is_taken(code_L: Codes, taken: set[bytes]) -> bool:
        """Whether an architecture is among those taken; it is from now on."""
        key = code_L.tobytes()
        known = key in taken
        taken.add(key)
        return known

    def _breed(self, wanted: int) -> tuple[Strings, Codes]:
        mothers, fathers = self._tournament(wanted), self._tournament(wanted)
        both_K = self.rng.random(wanted) < self.settings.crossover
        mixed_KC = self.rng.random((wanted, self.strings_EC.shape[1])) < 0.5
        mixed_KC &= both_K[:, None]
        crossed_KC = np.where(mixed_KC, self.strings_EC[fathers], self.strings_EC[mothers])
        invalid_K = self.space.from_choices(crossed_KC)[:, 0] < 0
        crossed_KC[invalid_K] = self.strings_EC[mothers[invalid_K]]
        return mutate_strings(self.space, self.rng, crossed_KC)

    def _tournament(self, wanted: int) -> NDArray[np.int64]:
        """The better of two of the living, each time: by rank, then by crowding."""
        pairs_K2 = self.rng.integers(0, len(self.living), (wanted, 2))
        won_K: NDArray[np.int64] = self.living[pairs_K2.min(axis=1)]  # they are in the order of their worth
        return won_K

    def learn(self, codes_KL: Codes, values_KG: Floats, violations_K: Floats) -> None:
        """The best of parents and children live on."""
        born = np.arange(len(self.archive), len(self.archive) + len(codes_KL))
        self.archive.add(codes_KL, values_KG, violations_K)
        self.strings_EC = np.concatenate([self.strings_EC, self._asked_KC[: len(codes_KL)]])
        self.living = self._select(np.concatenate([self.living, born]))

    def _select(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The population, the best first, of these evaluations."""
        values_PG = self.archive.values_EG[places]
        ranks_P = ranks(values_PG, self.archive.violations_E[places])
        crowding_P = np.zeros(len(places))
        for rank in np.unique(ranks_P):
            layer = np.flatnonzero(ranks_P == rank)
            if not np.isnan(values_PG[layer]).any():
                crowding_P[layer] = crowding(values_PG[layer])
        order = np.lexsort((places, -crowding_P, ranks_P))
        kept: NDArray[np.int64] = places[order[: self.settings.population]]
        return kept
