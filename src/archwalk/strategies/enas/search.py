"""ENAS: children with shared weights play in turns, and a controller learns which to draw (Mazyavkina et al. 2020,
section 4.2).

The proxy of an architecture is its probability under the controller (Mazyavkina et al. 2020, section 5.3), or its
score with inherited weights (Pham et al. 2018, section 2.3).
"""

from typing import Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats, SharedWeights
from archwalk.spaces.base import Codes
from archwalk.strategies.enas.controller import Controller
from archwalk.strategies.enas.settings import ENASSettings
from archwalk.strategies.one_shot import OneShot, OneShotSearcher, everyone
from archwalk.strategies.per_trial import Searcher


class ENASSearcher(OneShotSearcher):
    """One trial."""

    controller: Controller

    def _fit(self, shared: SharedWeights) -> None:
        settings = self.settings
        updates = shared.total // (settings.child_rollouts * settings.children)
        seed = int(self.rng.integers(2**62))
        self.controller = Controller(self.space.choices, settings, updates, seed)
        while shared.done < shared.total:
            code_L = self.space.from_choices(self.controller.draw()[None])[0]
            turns = min(settings.child_rollouts, shared.total - shared.done)
            earned = [shared.learn(code_L) for _ in range(turns)]
            self.controller.reward(float(np.mean(earned)))

    def _candidates(self, shared: SharedWeights) -> tuple[Codes, Floats]:
        codes_RL = everyone(self.space)
        if codes_RL is None:
            strings_RC = np.unique(self.controller.sample(self.settings.candidates), axis=0)
            codes_RL = self.space.from_choices(strings_RC)
        if self.settings.proxy == "score":
            return codes_RL, shared.scores(codes_RL, self.settings.episodes, self.settings.episode_steps)
        return codes_RL, self.controller.log_probabilities(self.space.to_choices(codes_RL))


class ENAS(OneShot):
    """See the module."""

    settings_class: ClassVar[type[Any]] = ENASSettings
    searcher_class: ClassVar[type[Searcher]] = ENASSearcher
