"""SPOS: paths drawn uniformly share a supernet's weights, and the path that plays best with them is found (Mazyavkina
et al. 2020 4.3).

The proxy of an architecture is its agent's mean reward with inherited weights (Mazyavkina et al. 2020, section 5.3).
The search is full where the space is numbered, as Mazyavkina et al.'s; otherwise it is the evolution of Guo et al.
(Single Path One-Shot, ECCV 2020).
"""

from typing import Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats, SharedWeights
from archwalk.spaces.base import Codes
from archwalk.strategies.one_shot import OneShot, OneShotSearcher, everyone
from archwalk.strategies.per_trial import Searcher
from archwalk.strategies.spos.evolution import evolve
from archwalk.strategies.spos.settings import SPOSSettings


class SPOSSearcher(OneShotSearcher):
    """One trial."""

    def _fit(self, shared: SharedWeights) -> None:
        while shared.done < shared.total:
            strings_1C = self.rng.integers(
                0, self.space.choices, (1, len(self.space.choices)), dtype=np.int32
            )
            code_L = self.space.from_choices(strings_1C)[0]
            for _ in range(min(self.settings.path_rollouts, shared.total - shared.done)):
                shared.learn(code_L)

    def _candidates(self, shared: SharedWeights) -> tuple[Codes, Floats]:
        def scores(codes_BL: Codes) -> Floats:
            return shared.scores(codes_BL, self.settings.episodes, self.settings.episode_steps)

        codes_RL = everyone(self.space)
        if codes_RL is None:
            return evolve(self.space, scores, self.settings, self.rng)
        return codes_RL, scores(codes_RL)


class SPOS(OneShot):
    """See the module."""

    settings_class: ClassVar[type[Any]] = SPOSSettings
    searcher_class: ClassVar[type[Searcher]] = SPOSSearcher
