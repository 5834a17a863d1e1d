"""What the agent expects of the architectures that it may ask for next."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.learning.transfer_kernel import GrowingPosterior, Singles, TransferKernel, matern
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.graph_features import Counts, Distances, GraphFeatures, featuriser
from archwalk.strategies.graph_gp import log_distance

_REMEMBERED_BYTES = 1 << 27  # of rows of the kernel that trials of one agent share

_MOST_COLUMNS = 65_521  # a prime


@dataclass(frozen=True)
class Described:
    """N architectures as the kernel sees them."""

    codes_NL: Codes
    features: GraphFeatures
    profiles_NK: Singles

    def __len__(self) -> int:
        return len(self.codes_NL)

    @classmethod
    def of(cls, space: SearchSpace, codes_NL: Codes, profiles_NK: Singles) -> "Described":
        """Codes (N, L) with their profiles."""
        features = featuriser(space)(codes_NL)
        blocks = tuple(map(_fold, features.blocks))
        return cls(codes_NL, GraphFeatures(features.statistics_BG, blocks), profiles_NK)

    def rows(self, places_K: NDArray[np.integer]) -> "Described":
        """Some of them."""
        return Described(self.codes_NL[places_K], self.features.rows(places_K), self.profiles_NK[places_K])


def _fold(counts: Counts) -> Counts:
    """Counts in fewer columns, some of which stand for several: rows of a kernel are computed one at a time, and each
    would first lay out all columns.
    """
    if counts.width <= _MOST_COLUMNS:
        return counts
    return replace(counts, columns_E=counts.columns_E % _MOST_COLUMNS, width=_MOST_COLUMNS)


class Pool:
    """Candidates, and the kernel of each with any other architecture, row by row."""

    def __init__(self, space: SearchSpace, kernel: TransferKernel, candidates: Described) -> None:
        self.kernel, self.candidates = kernel, candidates
        self._weights_S = kernel.description_weights_S / featuriser(space).units_S
        self.own_N = kernel.own(candidates.profiles_NK)
        self._rows: OrderedDict[Hashable, Singles] = OrderedDict()

    def row(self, one: Described) -> Singles:
        """The kernel (N,) of all candidates with one architecture."""
        return self._remembered(one.codes_NL.tobytes(), lambda: self.between(self.candidates, one)[:, 0])

    def description_row(self, place: int) -> Singles:
        """What the descriptions (N,) alone say of the candidate at a place, 1 where they are the same."""
        return self._remembered(place, lambda: self._description_row(self.candidates.rows(np.array([place]))))

    def _description_row(self, one: Described) -> Singles:
        squared_N1 = Distances(one.features, self._weights_S)(self.candidates.features)
        return matern(np.maximum(squared_N1[:, 0], 0))

    def _remembered(self, key: Hashable, compute: Callable[[], Singles]) -> Singles:
        if key in self._rows:
            self._rows.move_to_end(key)
        else:
            self._rows[key] = np.ascontiguousarray(compute())
            if len(self._rows) * self._rows[key].nbytes > _REMEMBERED_BYTES:
                self._rows.popitem(last=False)
        return self._rows[key]

    def between(self, some: Described, others: Described) -> Singles:
        """The kernel (N, E) of N architectures with E."""
        squared_NE = Distances(others.features, self._weights_S)(some.features)
        return self.kernel.cross(some.profiles_NK, others.profiles_NK, np.maximum(squared_NE, 0))


class Outlook:
    """A pool, and what a process that has seen some architectures, of the pool or not, expects of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.posterior = GrowingPosterior(pool.own_N, pool.kernel.noise)
        self.free_N = np.ones(len(pool.candidates), bool)

    def add_candidate(self, place: int, known_E: NDArray[np.integer]) -> None:
        """The candidate at a place was evaluated, after those at the places `known_E`."""
        row_N = self.pool.row(self.pool.candidates.rows(np.array([place])))
        self.posterior.add(row_N, row_N[known_E].astype(np.float64), float(self.pool.own_N[place]))
        self.free_N[place] = False

    def add(self, one: Described, known: Described) -> None:
        """An architecture was evaluated, after those `known`."""
        known_E = self.pool.between(known, one)[:, 0].astype(np.float64)
        self.posterior.add(self.pool.row(one), known_E, float(self.pool.kernel.own(one.profiles_NK)[0]))
        self.free_N[(self.pool.candidates.codes_NL == one.codes_NL).all(axis=1)] = False

    def bounds(self, targets_E: Floats, optimism: float) -> Floats:
        """Mean and so many deviations (N,), minus infinity where it was evaluated."""
        mean_N, deviation_N = self.posterior(targets_E)
        bound_N: Floats = np.where(self.free_N, mean_N + optimism * deviation_N, -np.inf)
        return bound_N


def to_targets(rewards_E: Floats, bound_share: float) -> Floats:
    """What the process learns of finite rewards, the same in any unit: minus the logarithm of the distance to a bound
    (see `graph_gp.log_distance`), with mean 0 and variance 1; zeros where all are alike.
    """
    targets_E = log_distance(rewards_E, len(rewards_E), bound_share)
    targets_E = targets_E - targets_E.mean()
    deviation = float(targets_E.std())
    scaled_E: Floats = targets_E / deviation if deviation > 0 else targets_E
    return scaled_E


def choose_first(profiles_NK: Singles, wanted: int) -> NDArray[np.int64]:
    """Places of architectures to begin with: the best by mean profile where one is wanted; else together good on every
    source, each added for what it adds to the mean of the best profiles.
    """
    if wanted == 1:
        return np.array([profiles_NK.mean(axis=1).argmax()])
    best_K = np.full(profiles_NK.shape[1], profiles_NK.min())
    places: list[int] = []
    for _ in range(min(wanted, len(profiles_NK))):
        gain_N = np.maximum(profiles_NK, best_K).mean(axis=1)
        gain_N[places] = -np.inf
        places.append(int(gain_N.argmax()))
        best_K = np.maximum(best_K, profiles_NK[places[-1]])
    return np.array(places)
