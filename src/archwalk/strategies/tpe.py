"""Tree-structured Parzen estimators over the decisions of a space.

Source: Bergstra, Bardenet, Bengio and Kégl, Algorithms for Hyper-Parameter Optimization, NeurIPS 2011. Klein et al.
(github.com/automl/nas_benchmarks, `run_tpe.py`) ran hyperopt's, with 20 random trials first and 24 candidates, each
decision on its own. Densities, and what counts as good, are those of `optuna.samplers.TPESampler` (the best 10 %, 25
at most; hyperopt: the best sqrt(n) / 4); where all decisions are categorical they are a few products of arrays.

A string that names no architecture costs no query. It ranks behind all that were evaluated, as a pruned trial does in
Optuna, and as the error of 1 did that Klein et al. gave it. Were nothing learned of it, the model would not change, and
where the most promising string is invalid it would be proposed for ever (seen on NAS-Bench-101).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.parzen import Parzen
from archwalk.strategies.per_trial import PerTrial, Searcher
from archwalk.strategies.strings import Strings, draw_strings

_GOOD_SHARE, _MOST_GOOD = 0.1, 25
_REDRAWS = 100  # invalid strings in a row before a uniform valid one is taken (ours)


@dataclass(frozen=True)
class TPESettings:
    """`startup` uniform strings come first; then the best of `candidates` from the model of the good.

    `multivariate`: one density over all decisions instead of one for each.
    """

    startup: Count = 20
    candidates: Count = 24
    multivariate: bool = False

    def __post_init__(self) -> None:
        check_settings(self)


class TPESearcher(Searcher):
    """One trial. Its state is every string so far, with its reward (NaN: invalid, no query), and the generator."""

    settings: TPESettings

    def __init__(self, trial: Trials, settings: TPESettings) -> None:
        super().__init__(trial, settings)
        self.sizes_C = np.array(self.space.choices)
        self.strings_EC: Strings = np.empty((0, len(self.sizes_C)), np.int32)
        self.rewards_E = np.empty(0)
        self.asked_KC = self.strings_EC

    def propose(self) -> Codes:
        """The random strings of the start (K, L), later one string of the model."""
        if not len(self.rewards_E):
            self.asked_KC, codes_KL = draw_strings(self.space, self.rng, self.settings.startup)
            return codes_KL
        for _ in range(_REDRAWS):
            string_1C = self._sample()
            code_1L = self.space.from_choices(string_1C)
            if code_1L[0, 0] >= 0:
                self.asked_KC = string_1C
                return code_1L
            self._enter(string_1C, np.array([np.nan]))
        self.asked_KC, code_1L = draw_strings(self.space, self.rng, 1)
        return code_1L

    def _sample(self) -> Strings:
        """Of the candidates, the one (1, C) that the good make more likely than the rest do, or its decisions."""
        jointly = self.settings.multivariate
        good, rest = (Parzen(strings_KC, self.sizes_C) for strings_KC in self._split())
        candidates_NC = good.draw(self.rng, self.settings.candidates, jointly=jointly)
        gains_NX = good.logs(candidates_NC, jointly=jointly) - rest.logs(candidates_NC, jointly=jointly)
        string_C: Strings = candidates_NC[gains_NX.argmax(axis=0), np.arange(len(self.sizes_C))]
        return string_C[None]

    def _split(self) -> tuple[Strings, Strings]:
        """The good strings and the rest, each in the order of time."""
        good = min(int(np.ceil(_GOOD_SHARE * len(self.rewards_E))), _MOST_GOOD)
        is_good_E = np.zeros(len(self.rewards_E), bool)
        is_good_E[np.argsort(-self.rewards_E, kind="stable")[:good]] = True  # invalid ones are the last
        return self.strings_EC[is_good_E], self.strings_EC[~is_good_E]

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Add the last strings with their rewards."""
        self._enter(self.asked_KC, rewards_K)

    def _enter(self, strings_KC: Strings, rewards_K: Floats) -> None:
        self.strings_EC = np.concatenate([self.strings_EC, strings_KC])
        self.rewards_E = np.concatenate([self.rewards_E, rewards_K])

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next proposal depends on."""
        own = {
            "strings": self.strings_EC.copy(),
            "rewards": self.rewards_E.copy(),
            "asked": self.asked_KC.copy(),
        }
        return super().state_dict() | own

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.strings_EC, self.rewards_E = np.array(state["strings"]), np.array(state["rewards"])
        self.asked_KC = np.array(state["asked"])


class TPE(PerTrial):
    """See the module."""

    query = "an evaluated architecture, repeats included; invalid strings are no query"
    settings_class: ClassVar[type[TPESettings]] = TPESettings
    searcher_class = TPESearcher
