"""WeakNAS: a predictor trained anew in every round, on ever better architectures (Wu et al., NeurIPS 2021).

Rounds: train a predictor on all that was evaluated, rank the whole space by it, and evaluate some that are drawn, each
alike, from the `top` of that ranking. The predictor need not be right everywhere: what it learns from moves towards the
best.

The paper with its code (VITA-Group/WeakNAS) is followed in all but this ("ours"): the network is narrower
unless `width` says otherwise; rewards are standardised by those that were evaluated, where the code takes mean and
deviation of the whole table; what is drawn is new, where the code draws from the `top` and leaves out what it knows;
of a space that is not numbered, `pool` sampled architectures and mutants of the best are ranked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.learning.ensemble import Perceptrons, predict
from archwalk.learning.seeding import made_from
from archwalk.spaces.base import Codes, Features
from archwalk.spaces.capabilities import numbered
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, NotNegative, Positive, check_settings
from archwalk.strategies.history import History, distinct
from archwalk.strategies.per_trial import PerTrial, Searcher

_PARENTS = 20
"""Of the best, whose mutants are a half of the pool."""


@dataclass(frozen=True)
class WeakNASSettings:
    """`initial` sampled architectures, then `round` at a time, drawn from the `top` of the predictor's ranking.

    The predictor, `layers` hidden layers of `width`, takes `epochs` passes in minibatches of `batch` by Adam, on the
    squared error. Of a space that is not numbered `pool` architectures are ranked.
    """

    initial: Count = 100
    round: Count = 10
    top: Count = 100
    layers: Count = 4
    width: Count = 128
    epochs: Count = 100
    batch: Count = 200
    learning_rate: Positive = 1e-3
    penalty: NotNegative = 1e-4
    pool: Count = 10_000

    def __post_init__(self) -> None:
        check_settings(self)


class WeakNASSearcher(Searcher):
    """One trial."""

    def __init__(self, trial: Trials, settings: WeakNASSettings) -> None:
        super().__init__(trial, settings)
        self.settings: WeakNASSettings = settings
        self.history = History(self.space)

    def propose(self) -> Codes:
        """The starts, then rounds."""
        settings, history = self.settings, self.history
        if not len(history):
            return distinct(self.trial.next_starts(settings.initial)[0])
        candidates_NL = self._candidates()
        if not len(candidates_NL):
            return history.sampled(settings.round, self.rng)
        predicted_N = self._predict(candidates_NL)
        top = min(settings.top, len(candidates_NL))
        best = np.argpartition(-predicted_N, top - 1)[:top]
        chosen = self.rng.choice(np.sort(best), min(settings.round, top), replace=False)
        chosen_KL: Codes = candidates_NL[chosen]
        return chosen_KL

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """The predictor is trained when it is asked."""
        self.history.add(codes_KL, rewards_K)

    def _candidates(self) -> Codes:
        """What can be ranked: all that was not evaluated of a numbered space, else sampled ones and mutants."""
        if (whole := numbered(self.space)) is not None:
            ids = np.setdiff1d(np.arange(whole.size, dtype=np.int32), self.history.codes_EL[:, 0])
            return ids[:, None]
        half, even = self.settings.pool // 2, [0.5, 0.5]
        near_NL = self.history.around_the_best(max(1, half), _PARENTS, even, self.rng)
        anywhere_NL = self.space.sample(self.rng, max(1, half))
        return self.history.unseen(np.concatenate([near_NL, anywhere_NL]))

    def _predict(self, candidates_NL: Codes) -> Floats:
        """Standardised rewards (N,), by a predictor that is trained now."""
        rewards_E, seed = self.history.targets(), int(self.rng.integers(2**31))
        features_EF = self.space.features(self.history.codes_EL)
        network = made_from(
            seed,
            lambda: Perceptrons(
                1, features_EF.shape[1], self.settings.width, self.settings.layers, start="glorot"
            ),
        )
        targets_E = (rewards_E - rewards_E.mean()) / max(float(rewards_E.std()), 1e-9)
        fit(network, features_EF, targets_E, self.settings, self.rng)
        predicted_N: Floats = predict(network, self.space.features(candidates_NL), half=True)[0]
        return predicted_N

    def state_dict(self) -> dict[str, Any]:
        """What was evaluated, and the draws: nothing of a predictor outlives a round."""
        return super().state_dict() | {"history": self.history.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.history.load_state_dict(state["history"])


class WeakNAS(PerTrial):
    """See the module."""

    settings_class: ClassVar[type[WeakNASSettings]] = WeakNASSettings
    searcher_class = WeakNASSearcher


def fit(
    network: Perceptrons,
    features_EF: Features,
    targets_E: NDArray[np.float64],
    settings: WeakNASSettings,
    rng: np.random.Generator,
) -> None:
    """Train a predictor as scikit-learn's `MLPRegressor` is: Adam, minibatches in a new order every epoch, a penalty on
    squared weights.
    """
    features, targets = torch.from_numpy(features_EF).float(), torch.from_numpy(targets_E).float()
    optimiser = torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.penalty, fused=True
    )
    for _ in range(settings.epochs):
        order = torch.from_numpy(rng.permutation(len(targets)))
        for rows in torch.split(order, settings.batch):
            error = (network(features[rows])[0] - targets[rows]).square().mean()
            optimiser.zero_grad(set_to_none=True)
            error.backward()
            optimiser.step()
