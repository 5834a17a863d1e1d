"""Regularised (aging) evolution: the oldest dies, whatever it was worth.

Source: Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture Search, AAAI 2019,
algorithm 1. First population and mutation are those of the code that ran it on NAS-Bench-101 (Klein et al.,
github.com/automl/nas_benchmarks, `run_regularized_evolution.py`): uniform strings of `space.choices`, and one
random decision that gets another random value (on NAS-Bench-101: one of 21 edges or of 5 operations).

Departures: that code counts a string that names no architecture as an evaluation of error 1, which may enter the
population; here it is drawn again and costs nothing. A mutation that changes only what pruning takes away (the
operation of an unused vertex, say) gives the parent's architecture again, and is a query, as there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.strings import Strings, draw_strings, mutate_strings


@dataclass(frozen=True)
class RegularizedEvolutionSettings:
    """`population` is how many live at a time, `sample` how many take part in a tournament."""

    population: Count = 100
    sample: Count = 10

    def __post_init__(self) -> None:
        check_settings(self)
        if self.sample > self.population:
            raise UsageError(f"sample {self.sample} must be at most population {self.population}")


class RegularizedEvolution(Strategy):
    """Regularised (aging) evolution: the best of a random sample is mutated, its child takes the place of the oldest.

    The first population is random, and its members are queries; a budget below it is random search. The sample is
    drawn with replacement (Real et al., algorithm 1). All trials go side by side: a member is the string (C,) in
    `strings_TPC` and its reward in `rewards_TP`, and the member at `told % population` is the oldest.
    """

    query = "an evaluated architecture: the first population and every child, repeats included"
    settings_class: ClassVar[type[RegularizedEvolutionSettings]] = RegularizedEvolutionSettings

    def __init__(self, trials: Trials, settings: RegularizedEvolutionSettings | None = None) -> None:
        super().__init__(trials)
        self.settings = settings or RegularizedEvolutionSettings()
        shape = trials.trials, self.settings.population
        strings_BC, _ = draw_strings(trials.space, trials.rng, shape[0] * shape[1], self._kept)
        self.strings_TPC = strings_BC.reshape(*shape, -1)
        self.rewards_TP = np.full(shape, -np.inf)
        self.told = 0

    def _propose(self, n: int) -> Codes:
        space, population = self.trials.space, self.settings.population
        if self.told < population:
            first_TNC = self.strings_TPC[:, self.told : self.told + n].astype(np.int32)
            codes_BL = space.from_choices(first_TNC.reshape(-1, first_TNC.shape[2]))
            return codes_BL.reshape(*first_TNC.shape[:2], -1)
        self._children_TC, codes_TL = mutate_strings(space, self.trials.rng, self._parents())
        return codes_TL[:, None]

    def _parents(self) -> Strings:
        """The winner (T, C) of a tournament in each trial: the first drawn of the best."""
        rows = np.arange(self.trials.trials)
        shape = self.trials.trials, self.settings.sample
        drawn_TS = self.trials.rng.integers(0, self.settings.population, shape)
        won_T = np.take_along_axis(self.rewards_TP, drawn_TS, axis=1).argmax(axis=1)
        parents_TC: Strings = self.strings_TPC[rows, drawn_TS[rows, won_T]].astype(np.int32)
        return parents_TC

    @property
    def _kept(self) -> np.dtype[Any]:
        """Of decisions in the populations: small, as there may be millions."""
        return np.min_scalar_type(max(self.trials.space.choices))

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        n = rewards_TN.shape[1]
        if self.told < self.settings.population:
            self.rewards_TP[:, self.told : self.told + n] = rewards_TN
        else:
            oldest = self.told % self.settings.population
            self.strings_TPC[:, oldest] = self._children_TC
            self.rewards_TP[:, oldest] = rewards_TN[:, 0]
        self.told += n

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        own = {"strings": self.strings_TPC.copy(), "rewards": self.rewards_TP.copy(), "told": self.told}
        return super().state_dict() | own

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.strings_TPC, self.rewards_TP = np.array(state["strings"], self._kept), np.array(state["rewards"])
        self.told = int(state["told"])
