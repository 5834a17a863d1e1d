"""The estimator that trains agents from scratch."""

from pathlib import Path
from typing import Any

import numpy as np

from archwalk.errors import unknown
from archwalk.estimators.base import Scores
from archwalk.estimators.metrics import Metric, single
from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.sharing import PolicySupernet
from archwalk.estimators.policies.training import PolicyTraining
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import DONE, RETURN, Problem
from archwalk.estimators.trainings.stored import StoredTrainings, find_device
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import check_task, default_size, described_as, network_settings

MEAN_RETURN = single(
    "mean-return",
    Metric("raw score of the last 100 episodes of an agent trained from scratch"),
    "reward and report: mean raw score of the last 100 episodes of an agent trained from scratch",
)
MAX_RETURN = single(
    "max-return",
    Metric("highest mean raw score of 100 episodes in an agent's training"),
)
OBJECTIVES = {MEAN_RETURN.name: MEAN_RETURN, MAX_RETURN.name: MAX_RETURN}
_FIELDS = {MEAN_RETURN: "validation", MAX_RETURN: "test"}
"""Of each the field of the outcome."""


class PolicyEstimator(StoredTrainings):
    """Trains the agents of codes (B, L) on a game; reward and report are one metric, in raw scores.

    `mean-return`: the mean of the last 100 episodes, `max-return`: the highest such mean in training
    (`learning/episodes.py`; Mazyavkina et al. 2020 names both without saying what they are). What fails scores the
    game's `lowest`.
    """

    def __init__(
        self,
        space: SearchSpace,
        game: Game,
        settings: PolicySettings | None = None,
        *,
        size: Any = None,
        objective: str = "mean-return",
        seed: int = 0,
        store: Store | None = None,
        workers: int | None = None,
        engine: str = "processes",
        device: str = "auto",
        keep_in: Path | None = None,
    ) -> None:
        """`size` is that of all networks (None: the space's own); for `keep_in` see `PolicyTraining`, for the rest
        `StoredTrainings`.
        """
        if objective not in OBJECTIVES:
            raise unknown("objective", objective, OBJECTIVES)
        check_task(space, game.task)
        self.objective, self.game, self.policies, self.keep_in = OBJECTIVES[objective], game, space, keep_in
        self.size = default_size(space) if size is None else size
        self.policy_settings = settings or PolicySettings()
        training = PolicyTraining(space, game, self.policy_settings, find_device(device), keep_in, self.size)
        problem = Problem(
            described_as(space),
            game.name,
            game.fingerprint,
            {"metric": RETURN, "training": self.policy_settings.as_dict()}
            | network_settings(space, self.size),
            seed,
        )
        super().__init__(space, training, dict, problem, store=store, workers=workers, engine=engine)

    @property
    def worst_reward(self) -> float:
        """What fails scores this."""
        return self.game.lowest

    def with_seed(self, seed: int, workers: int | None = None) -> "PolicyEstimator":
        """The same estimator under another seed, by so many workers."""
        return PolicyEstimator(
            self.policies, self.game, self.policy_settings, size=self.size, objective=self.objective.name, seed=seed,
            store=self.store, workers=workers, engine=self.engine, device=self.training.device, keep_in=self.keep_in,
        )  # fmt: skip

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Train what was never trained under these settings; equal architectures are trained once."""
        outcomes, field = self.outcomes(codes_BL), _FIELDS[self.objective]
        score_B = np.array(
            [getattr(one, field) if one.status == DONE else self.worst_reward for one in outcomes], np.float64
        )
        return Scores(score_B, score_B.copy(), np.array([one.seconds for one in outcomes], np.float64))

    def share_weights(self, steps: int, seed: int) -> PolicySupernet:
        """A fresh supernet on the game, to be trained for so many timesteps (0: as one agent from scratch)."""
        settings = self.policy_settings
        shared = PolicySettings(steps or settings.steps, settings.ppo)
        return PolicySupernet(self.policies, self.game, shared, seed, self.training.device)
