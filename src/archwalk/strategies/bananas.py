"""BANANAS: Bayesian optimisation with an ensemble of neural predictors (White, Neiswanger and Savani, AAAI 2021).

Rounds: train the ensemble on all that was evaluated, mutate the best architectures so far, and evaluate those
candidates of which independent Thompson sampling draws the highest rewards. The paper with its code (naszilla) is
followed in all but this ("ours"): a mutant is one or two of the space's own edits away, where the paper flips each bit
of a cell's matrix and operations with a probability; starts are the space's. The predictors are trained on the
distance to a bound that no reward passes, in units of the median distance; where none is set it follows from the
rewards, since the paper's (4.5 % error) holds on NAS-Bench-101 only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import unknown
from archwalk.estimators.base import Floats
from archwalk.learning.ensemble import Perceptrons, predict
from archwalk.learning.perceptron_training import fit_epochs
from archwalk.learning.seeding import made_from
from archwalk.spaces.base import Codes, Features, SearchSpace
from archwalk.spaces.capabilities import graphs_of
from archwalk.spaces.paths import path_encoding
from archwalk.strategies.base import Trials
from archwalk.strategies.by_proxy import ProxyFeatures, first_of, proxy_names
from archwalk.strategies.checks import Count, Positive, check_settings
from archwalk.strategies.history import History
from archwalk.strategies.per_trial import PerTrial, Searcher

ENCODINGS = ("path", "features")
LOSSES = ("mape", "mae")
_BETAS = (0.9, 0.99)  # naszilla
_MARGIN = 0.5


@dataclass(frozen=True)
class BananasSettings:
    """`initial` architectures, then `round` at a time, out of `candidates` mutants of the best `parents`, one
    to `edits` edits away.

    `members` predictors of `layers` hidden layers of `width` take `epochs` passes in minibatches of `batch`. Their
    `loss` is the paper's relative error (`mape`) of the distance to `bound` (a reward; none: from the rewards), or
    the absolute one (`mae`). They see paths of at most `path_length` operations, or the space's features; and beside
    them how high an architecture scores by each of `proxies` (commas between; ours, see `by_proxy`). `first_by` names
    a proxy: the first architectures are then the best by it of a sample, in place of the starts.
    """

    initial: Count = 10
    round: Count = 10
    candidates: Count = 100
    parents: Count = 5
    edits: Count = 2
    members: Count = 5
    layers: Count = 10
    width: Count = 20
    epochs: Count = 150
    batch: Count = 32
    learning_rate: Positive = 0.01
    loss: str = "mape"
    bound: float | None = None
    encoding: str = "path"
    path_length: Count = 3
    proxies: str = ""
    first_by: str = ""

    def __post_init__(self) -> None:
        check_settings(self)
        proxy_names(f"{self.proxies},{self.first_by}")
        for name, known in (("loss", LOSSES), ("encoding", ENCODINGS)):
            if getattr(self, name) not in known:
                raise unknown(name, getattr(self, name), known)


class BananasSearcher(Searcher):
    """One trial."""

    def __init__(self, trial: Trials, settings: BananasSettings) -> None:
        super().__init__(trial, settings)
        self.settings: BananasSettings = settings
        self.history = History(self.space)
        proxies = proxy_names(settings.proxies)
        self._by_proxy = ProxyFeatures(self.space, proxies) if proxies else None

    def propose(self) -> Codes:
        """The starts, then rounds."""
        settings = self.settings
        if not len(self.history):
            return first_of(self.trial, settings.initial, settings.first_by)
        candidates_NL = self.history.near_the_best(
            settings.candidates, settings.parents, [1 / settings.edits] * settings.edits, self.rng
        )
        if len(candidates_NL) <= settings.round:
            return candidates_NL
        chosen = thompson(self._predict(candidates_NL), settings.round, self.rng)
        chosen_KL: Codes = candidates_NL[chosen]
        return chosen_KL

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """The predictors are trained when they are asked."""
        self.history.add(codes_KL, rewards_K)

    def _predict(self, candidates_NL: Codes) -> Floats:
        """Rewards (K, N) that a newly trained ensemble predicts."""
        settings, history = self.settings, self.history
        rewards_E = history.targets()
        bound = reward_bound(rewards_E) if settings.bound is None else settings.bound
        distances_E = np.maximum(bound - rewards_E, 1e-3)
        unit = float(np.median(distances_E))
        features_EF = self._encode(history.codes_EL)
        members = made_from(
            int(self.rng.integers(2**31)),
            lambda: Perceptrons(
                settings.members, features_EF.shape[1], settings.width, settings.layers, start="glorot"
            ),
        )
        weights_E = (
            unit / distances_E if settings.loss == "mape" else None
        )  # what is near the bound weighs most
        fit_epochs(
            members, features_EF, distances_E / unit, self.rng, error="absolute", weights_E=weights_E,
            epochs=settings.epochs, batch=settings.batch, learning_rate=settings.learning_rate,
            betas=_BETAS,
        )  # fmt: skip
        return bound - unit * predict(members, self._encode(candidates_NL))

    def _encode(self, codes_BL: Codes) -> Features:
        seen_BF = encode(self.space, codes_BL, self.settings)
        if self._by_proxy is None:
            return seen_BF
        return np.concatenate([seen_BF, self._by_proxy(codes_BL)], axis=1)

    def state_dict(self) -> dict[str, Any]:
        """What was evaluated, and the draws: nothing of the predictors outlives a round."""
        return super().state_dict() | {"history": self.history.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.history.load_state_dict(state["history"])


class Bananas(PerTrial):
    """See the module."""

    settings_class: ClassVar[type[BananasSettings]] = BananasSettings
    searcher_class = BananasSearcher


def encode(space: SearchSpace, codes_BL: Codes, settings: BananasSettings) -> Features:
    """What the predictors see; the space's features where it shows no graphs, too."""
    graphs = graphs_of(space)
    if settings.encoding == "path" and graphs is not None:
        return path_encoding(graphs, codes_BL, settings.path_length)
    return space.features(codes_BL)


def thompson(predictions_KN: Floats, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Independent Thompson sampling (naszilla): each candidate's reward is drawn from the normal distribution
    of its predictions; places of the `wanted` highest draws, the highest first.
    """
    draws_N = rng.normal(predictions_KN.mean(axis=0), predictions_KN.std(axis=0))
    return np.argsort(-draws_N, kind="stable")[:wanted]


def reward_bound(rewards_E: Floats) -> float:
    """A reward that will hardly be passed: the best so far and half of what it is better than the median ("ours")."""
    best, median = float(rewards_E.max()), float(np.median(rewards_E))
    return best + max(_MARGIN * (best - median), 1e-3)
