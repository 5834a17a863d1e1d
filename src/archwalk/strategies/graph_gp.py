"""Bayesian optimisation with a Gaussian process on isomorphism-invariant features of graphs ("ours").

Rounds: fit a Matern-5/2 process on three blocks of features (`spaces/graph_features.py`), one scale each, by the most
probable scales, variance and noise; look for the highest means and upper confidence bounds over the whole space;
evaluate a batch, in turn the best by the one and by the other. What the process learns is minus the logarithm of the
distance to a bound that follows from the rewards, so that differences among the best count as much as the large ones
among the rest (White et al., BANANAS, 2021, have the same aim).

Where a space is enumerable, candidates come from all of it: a part that is drawn anew every few rounds, of which the
most promising stay, beside all neighbours of the best. Elsewhere they are mutants of the best and samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import unknown
from archwalk.estimators.base import Floats
from archwalk.learning.gaussian_process import MaternBlocks, Posterior, fit_blocks
from archwalk.learning.shortlists import largest
from archwalk.spaces.base import Codes, EnumerableSpace
from archwalk.spaces.capabilities import numbered
from archwalk.spaces.graph_features import Distances, Featuriser, Singles, featuriser, squared_distances
from archwalk.strategies.base import Trials
from archwalk.strategies.by_proxy import first_of, proxy_names
from archwalk.strategies.checks import Count, CountOrZero, Positive, check_settings
from archwalk.strategies.history import History, mutants
from archwalk.strategies.per_trial import PerTrial, Searcher
from archwalk.strategies.recommending import recommendations

DEVIATIONS = (0.0, 2.0)
"""How many are added to the mean for the first of a batch, the second, and so on, in turn."""

BLOCKS = ("statistics", "paths", "neighbourhoods")
TRANSFORMS = ("log-distance", "none")
EDIT_CHANCES = (0.5, 0.3, 0.2)
"""Of mutants one, two and three edits away, where a space is not enumerable."""

_AT_ONCE = 256  # candidates: what is computed of them fits a cache
_SCALE_CENTRE, _SCALE_SPREAD = 0.0, 1.0  # a distance as between two random architectures counts 1
_VARIANCE_CENTRE, _VARIANCE_SPREAD = 0.0, 0.5
_NOISE_CENTRE, _NOISE_SPREAD = -4.0, 1.5
_SMALLEST_MARGIN = 0.01  # of the bound above the best, in units of all that was seen


@dataclass(frozen=True)
class GraphGPSettings:
    """`initial` architectures, then `batch` at a time. The process is fitted in every round until `early` evaluations,
    then every `refit` rounds, by `steps` of the optimiser. It is told of `most` evaluations (`choose_told`), so that a
    round costs the same however many there were.

    Every `rescan` rounds `scan` architectures are looked at, of which `keep` stay candidates, beside the neighbours of
    the best `parents`; where a space cannot be enumerated, `keep` mutants of the parents and samples. `bound_share`
    says how far above the best reward the bound of the `transform` lies, in units of its distance to the median
    of the starts. `without` names a block of features that is left out. `first_by` names a proxy: the first
    architectures are then the best by it of a sample, in place of the starts.
    """

    initial: Count = 10
    batch: Count = 5
    early: CountOrZero = 60
    refit: Count = 4
    steps: Count = 15
    most: Count = 256
    rescan: Count = 4
    scan: Count = 100_000
    keep: Count = 6_000
    parents: Count = 8
    transform: str = "log-distance"
    bound_share: Positive = 0.2
    without: str = ""
    first_by: str = ""

    def __post_init__(self) -> None:
        check_settings(self)
        proxy_names(self.first_by)
        if self.transform not in TRANSFORMS:
            raise unknown("transform", self.transform, TRANSFORMS)
        if self.without and self.without not in BLOCKS:
            raise unknown("block", self.without, BLOCKS)


class GraphGPSearcher(Searcher):
    """One trial."""

    def __init__(self, trial: Trials, settings: GraphGPSettings) -> None:
        super().__init__(trial, settings)
        self.settings: GraphGPSettings = settings
        self.history = History(self.space)
        self.featurise = featuriser(self.space)
        blocks = len(self.featurise.units_S)
        self._units_S = 1 / self.featurise.units_S
        if settings.without and blocks == len(BLOCKS):
            self._units_S[BLOCKS.index(settings.without)] = 0
        self._centre = np.array([*[_SCALE_CENTRE] * blocks, _VARIANCE_CENTRE, _NOISE_CENTRE])
        self._spread = np.array([*[_SCALE_SPREAD] * blocks, _VARIANCE_SPREAD, _NOISE_SPREAD])
        self.logs = self._centre
        self.round = 0
        self.pool_NL = self.history.codes_EL[:0]

    def propose(self) -> Codes:
        """The starts, then batches."""
        if not len(self.history):
            return first_of(self.trial, self.settings.initial, self.settings.first_by)
        outlook = self._condition()
        candidates_NL = self._candidates(outlook)
        self.round += 1
        return candidates_NL[outlook.choose_batch(candidates_NL, self.settings.batch)]

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """The process is conditioned when it is asked."""
        self.history.add(codes_KL, rewards_K)

    def _told(self) -> tuple[NDArray[np.int64], Floats]:
        """Which evaluations the process is told of, and as what."""
        rewards_E = self.history.targets()
        if self.settings.transform == "log-distance":
            rewards_E = log_distance(rewards_E, self.settings.initial, self.settings.bound_share)
        told_K = choose_told(rewards_E, self.settings.most)
        targets_K = rewards_E[told_K]
        scaled_K: Floats = (targets_K - targets_K.mean()) / max(float(targets_K.std()), 1e-9)
        return told_K, scaled_K

    def _condition(self) -> "Outlook":
        settings = self.settings
        told_K, targets_E = self._told()
        known = self.featurise(self.history.codes_EL[told_K])
        squared_SEE = squared_distances(known, known) * self._units_S[:, None, None]
        if len(self.history) <= settings.early or self.round % settings.refit == 0:
            found = fit_blocks(squared_SEE, targets_E, self.logs, self._centre, self._spread, settings.steps)
            self.logs = found.logs
        kernel = MaternBlocks(self.logs)
        distances = Distances(known, kernel.weights_S * self._units_S)
        return Outlook(self.featurise, distances, kernel.posterior(squared_SEE, targets_E))

    def _candidates(self, outlook: "Outlook") -> Codes:
        """Architectures (N, L) that were not evaluated yet; where none is found, one that was."""
        settings, space = self.settings, self.space
        best_PL = self.history.ranking()[: settings.parents]
        if (whole := numbered(space)) is not None:
            if self.round % settings.rescan == 0:
                self.pool_NL = self._scan(whole, outlook)
            near_NL = whole.neighbours(best_PL).codes_EL
            candidates_NL = self._unseen(whole, self.pool_NL, near_NL)
        else:
            turns_NL = best_PL[np.arange(settings.keep) % len(best_PL)]
            near_NL = mutants(space, turns_NL, EDIT_CHANCES, self.rng)
            sampled_NL = space.sample(self.rng, settings.keep // 4)
            candidates_NL = self.history.unseen(np.concatenate([near_NL, sampled_NL]))
        return candidates_NL if len(candidates_NL) else self.history.sampled(1, self.rng)

    def _scan(self, space: EnumerableSpace, outlook: "Outlook") -> Codes:
        """The most promising of the pool and of architectures drawn from the whole space, (N, 1)."""
        settings = self.settings
        if space.size > settings.scan:
            drawn = self.rng.choice(space.size, settings.scan, replace=False)
        else:
            drawn = np.arange(space.size)
        pool_NL = self._unseen(space, self.pool_NL, drawn[:, None].astype(np.int32))
        if len(pool_NL) <= settings.keep:
            return pool_NL
        return pool_NL[outlook.highest(pool_NL, deviations=1, wanted=settings.keep)]

    def _unseen(self, space: EnumerableSpace, *parts_NL: Codes) -> Codes:
        """What was not evaluated yet, (N, 1), each once, in the order of ids."""
        wanted = np.zeros(space.size, bool)
        for part_NL in parts_NL:
            wanted[part_NL[:, 0]] = True
        wanted[self.history.codes_EL[:, 0]] = False
        return np.flatnonzero(wanted).astype(np.int32)[:, None]

    def recommend(self) -> Codes:
        """Of what the process is told, the architecture (L,) of the highest mean: what noise adds is left out."""
        told_K, targets_E = self._told()
        known = self.featurise(self.history.codes_EL[told_K])
        kernel = MaternBlocks(self.logs)
        squared_SEE = squared_distances(known, known) * self._units_S[:, None, None]
        smooth_E = targets_E - kernel.noise * kernel.posterior(squared_SEE, targets_E).alpha_E
        best_L: Codes = self.history.codes_EL[told_K[int(smooth_E.argmax())]]
        return best_L

    def state_dict(self) -> dict[str, Any]:
        """What was evaluated, the candidates kept, and where the next fit starts."""
        return super().state_dict() | {
            "history": self.history.state_dict(), "pool": self.pool_NL.copy(), "logs": self.logs.copy(),
            "round": self.round,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.history.load_state_dict(state["history"])
        self.pool_NL, self.logs = np.array(state["pool"]), np.array(state["logs"])
        self.round = state["round"]


class Outlook:
    """What a process that has seen E architectures expects of others.

    Deviations are computed of those alone that may be among the highest.
    """

    def __init__(self, featurise: Featuriser, distances: Distances, posterior: Posterior) -> None:
        self._featurise, self._distances, self._posterior = featurise, distances, posterior

    def expect(self, codes_NL: Codes) -> tuple[Floats, Floats]:
        """Means and deviations (N,)."""
        parts = [slice(at, at + _AT_ONCE) for at in range(0, len(codes_NL), _AT_ONCE)]
        cross = [self._cross(codes_NL[part]) for part in parts]
        means, deviations = map(self._posterior.mean, cross), map(self._posterior.deviation, cross)
        return np.concatenate([*means]), np.concatenate([*deviations])

    def _cross(self, codes_NL: Codes) -> Singles:
        return self._posterior.kernel.of_sum(self._distances(self._featurise(codes_NL)))

    def _bounds(self, codes_NL: Codes) -> tuple[Floats, Floats]:
        """Means (N,), and what the deviations are not above."""
        mean_N, highest_N = np.empty(len(codes_NL)), np.empty(len(codes_NL))
        for at in range(0, len(codes_NL), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            cross_KE = self._cross(codes_NL[part])
            mean_N[part] = self._posterior.mean(cross_KE)
            highest_N[part] = self._posterior.highest_deviation(cross_KE)
        return mean_N, highest_N

    def _deviation(self, codes_NL: Codes) -> Floats:
        return self._posterior.deviation(self._cross(codes_NL))

    def highest(self, codes_NL: Codes, deviations: float, wanted: int) -> NDArray[np.int64]:
        """Places, ascending, of the `wanted` that are highest by mean and so many deviations."""
        return self._highest(codes_NL, *self._bounds(codes_NL), deviations, wanted)

    def _highest(
        self, codes_NL: Codes, mean_N: Floats, highest_N: Floats, deviations: float, wanted: int
    ) -> NDArray[np.int64]:
        return largest(
            mean_N + deviations * highest_N,
            lambda places_K: mean_N[places_K] + deviations * self._deviation(codes_NL[places_K]),
            wanted,
        )

    def choose_batch(self, codes_NL: Codes, wanted: int) -> NDArray[np.int64]:
        """Places of up to `wanted`, see `choose_batch`: some of those that are highest by one of `DEVIATIONS`."""
        bounds = self._bounds(codes_NL)
        places_K = np.unique([self._highest(codes_NL, *bounds, each, wanted) for each in DEVIATIONS])
        return places_K[choose_batch(bounds[0][places_K], self._deviation(codes_NL[places_K]), wanted)]


class GraphGP(PerTrial):
    """See the module."""

    settings_class: ClassVar[type[GraphGPSettings]] = GraphGPSettings
    searcher_class = GraphGPSearcher
    searchers: list[GraphGPSearcher]  # type: ignore[assignment]

    def findings(self, codes_TQL: Codes, rewards_TQ: Floats) -> list[Any]:
        """What is recommended of each trial."""
        return recommendations(self.searchers, codes_TQL, rewards_TQ)


def log_distance(rewards_E: Floats, initial: int, share: float) -> Floats:
    """Minus the logarithm of the distance to a bound, the same in any unit of reward up to a constant.

    The bound is as far above the best reward as `share` of what that is better than the median of the first
    `initial`: these are random, so that it does not come nearer when the search does.
    """
    best, usual = float(rewards_E.max()), float(np.median(rewards_E[:initial]))
    seen = best - float(rewards_E.min())
    bound = best + max(share * (best - usual), _SMALLEST_MARGIN * seen)
    values: Floats = -np.log(bound - rewards_E) if seen > 0 else np.zeros_like(rewards_E)
    return values


def choose_told(rewards_E: Floats, most: int) -> NDArray[np.int64]:
    """Places, ascending, of up to `most` evaluations: half are the best of all, the others are from the rest, evenly
    over time, so that what is bad is known as well.
    """
    if len(rewards_E) <= most:
        return np.arange(len(rewards_E))
    order_E = np.argsort(-rewards_E, kind="stable")
    best = most - most // 2
    rest = np.sort(order_E[best:])
    return np.sort(np.concatenate([order_E[:best], rest[np.arange(most // 2) * len(rest) // (most // 2)]]))


def choose_batch(mean_N: Floats, deviation_N: Floats, wanted: int) -> list[int]:
    """Places of up to `wanted` candidates: each the best not taken yet, by one of `DEVIATIONS` in turn."""
    free_N = np.zeros(len(mean_N))
    chosen: list[int] = []
    for k in range(min(wanted, len(mean_N))):
        bound_N = mean_N + DEVIATIONS[k % len(DEVIATIONS)] * deviation_N + free_N
        chosen.append(int(bound_N.argmax()))
        free_N[chosen[-1]] = -np.inf
    return chosen
