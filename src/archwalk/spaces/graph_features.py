"""Features of architectures as labelled graphs that are the same for all isomorphic ways to write one ("ours").

Three blocks. *Statistics*: numbers of operations, vertices and edges, degrees of inputs and output, longest and
shortest path, the most of each operation on a path, number of paths. *Paths*: how often each sequence of operations
is a path (White et al., BANANAS, 2021, ask only whether it is one). *Neighbourhoods*: how many vertices have a label
together with a multiset of labels that they read, and how many with one that they feed: one round of Weisfeiler and
Lehman's refinement (Shervashidze et al., JMLR 2011), each direction by itself, so that two cells share more of them.

The last two are counts of which nearly all are zero. Of a space that shows no graphs there is one block, the space's
features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import map_ranges
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import graphs_of, numbered
from archwalk.spaces.dags import DagSpace
from archwalk.spaces.graph_kernels import (
    PATH_COUNT,
    add_distances_of_counts,
    compute_statistics,
    count_hoods,
    count_paths,
)
from archwalk.spaces.paths import path_firsts

Singles = NDArray[np.float32]

_MOST_SEQUENCES = 2**20  # longer paths do not count where there were more of them
_MOST_HOODS = 2**22 - 3  # a prime: where there were more of them (12 labels and more), some share a column
_REFERENCE = 4096  # architectures that say how far apart two are
_PAIRS = 20_000


@dataclass(frozen=True)
class Counts:
    """Sparse counts (B, width): row b has `counts_E` of `columns_E` from `starts_B[b]` to `stops_B[b]`.

    Entries of different rows may lie in any order, and some may be in no row.
    """

    columns_E: NDArray[np.int32]
    counts_E: NDArray[np.uint8]
    starts_B: NDArray[np.int64]
    stops_B: NDArray[np.int64]
    width: int

    def __len__(self) -> int:
        return len(self.starts_B)

    def rows(self, rows_K: NDArray[np.integer]) -> "Counts":
        """The chosen rows, in that order; entries stay where they are."""
        return Counts(self.columns_E, self.counts_E, self.starts_B[rows_K], self.stops_B[rows_K], self.width)

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8]]:
        """Rows, columns and counts, row by row."""
        sizes_B = self.stops_B - self.starts_B
        firsts_B = np.cumsum(sizes_B) - sizes_B
        at_E = np.repeat(self.starts_B - firsts_B, sizes_B) + np.arange(sizes_B.sum())
        return np.repeat(np.arange(len(self)), sizes_B), self.columns_E[at_E], self.counts_E[at_E]

    def dense(self) -> Singles:
        """All of it, (B, width)."""
        out = np.zeros((len(self), self.width), np.float32)
        rows_E, columns_E, counts_E = self.entries()
        out[rows_E, columns_E] = counts_E
        return out


@dataclass(frozen=True)
class GraphFeatures:
    """Of B architectures: statistics (B, G), and blocks of counts."""

    statistics_BG: Singles
    blocks: tuple[Counts, ...]

    def __len__(self) -> int:
        return len(self.statistics_BG)

    @cached_property
    def squares_B(self) -> Singles:
        """Squared lengths of the statistics."""
        squares_B: Singles = np.square(self.statistics_BG).sum(axis=1)
        return squares_B

    def rows(self, rows_K: NDArray[np.integer]) -> "GraphFeatures":
        """The chosen rows, in that order."""
        return GraphFeatures(self.statistics_BG[rows_K], tuple(block.rows(rows_K) for block in self.blocks))


class Featuriser:
    """Features of a space's architectures: looked up where it is enumerable, else computed.

    Statistics have mean 0 and variance 1 over the space, and `units_S` are mean squared distances between two
    architectures in each block; of a space that is not enumerable, over the same sample in every search.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._table: GraphFeatures | None = None
        if (whole := numbered(space)) is not None:
            ids_N1 = np.arange(whole.size, dtype=np.int32)[:, None]
            parts = map_ranges(lambda start, stop: compute_features(space, ids_N1[start:stop]), whole.size)
            found = _join(parts)
        else:
            found = compute_features(space, space.sample(np.random.default_rng(0), _REFERENCE))
        self._centre_G = found.statistics_BG.mean(axis=0, dtype=np.float64)
        deviation_G = found.statistics_BG.std(axis=0, dtype=np.float64)
        self._scale_G = np.where(deviation_G > 1e-6, 1 / np.maximum(deviation_G, 1e-6), 0)
        found = self._standardise(found)
        if whole is not None:
            self._table = found = GraphFeatures(found.statistics_BG, tuple(map(_compact, found.blocks)))
        self.units_S = _mean_distances(found)

    def __call__(self, codes_BL: Codes) -> GraphFeatures:
        """Of codes (B, L)."""
        if self._table is not None:
            return self._table.rows(codes_BL[:, 0])
        return self._standardise(compute_features(self._space, codes_BL))

    def _standardise(self, found: GraphFeatures) -> GraphFeatures:
        statistics_BG = (found.statistics_BG - self._centre_G) * self._scale_G
        return GraphFeatures(statistics_BG.astype(np.float32), found.blocks)


_FEATURISERS: "WeakKeyDictionary[SearchSpace, Featuriser]" = WeakKeyDictionary()


def featuriser(space: SearchSpace) -> Featuriser:
    """The featuriser of a space, made once."""
    if space not in _FEATURISERS:
        _FEATURISERS[space] = Featuriser(space)
    return _FEATURISERS[space]


class Distances:
    """Weighted sums, over the blocks, of squared distances to E known architectures."""

    def __init__(self, known: GraphFeatures, weights_S: NDArray[np.floating]) -> None:
        weights_S = weights_S.astype(np.float32)
        self._weight = weights_S[0]
        self._known_GE = (-2 * self._weight) * known.statistics_BG.T
        self._squares_E = self._weight * known.squares_B
        self._blocks = [
            (s, _KnownCounts(known.blocks[s], weight)) for s, weight in enumerate(weights_S[1:]) if weight > 0
        ]

    def __call__(self, features: GraphFeatures) -> Singles:
        """(N, E), none below zero."""
        found_NE: Singles = features.statistics_BG @ self._known_GE
        found_NE += self._squares_E
        found_NE += self._weight * features.squares_B[:, None]
        for s, known in self._blocks:
            known.add_distances(features.blocks[s], found_NE)
        return found_NE if self._blocks else np.maximum(found_NE, 0, out=found_NE)


class _KnownCounts:
    """Counts of E architectures, dense in the columns that they use."""

    def __init__(self, block: Counts, weight: np.float32) -> None:
        rows_E, columns_E, counts_E = block.entries()
        used, at_E = np.unique(columns_E, return_inverse=True)
        self._places = np.full(max(block.width, 1), -1, np.int32)
        self._places[used] = np.arange(len(used))
        self._known_UE = np.zeros((len(used), len(block)), np.uint8)
        self._known_UE[at_E, rows_E] = counts_E
        self._squares_E = np.square(self._known_UE, dtype=np.float32).sum(axis=0)
        self._most = int(counts_E.max(initial=0)) * np.iinfo(counts_E.dtype).max
        self._weight = weight

    def add_distances(self, block: Counts, out_NE: Singles) -> None:
        """Add those to the rows of a block."""
        most = int((block.stops_B - block.starts_B).max(initial=0)) * self._most
        products_E = np.empty(out_NE.shape[1], np.int16 if most <= np.iinfo(np.int16).max else np.int32)
        add_distances_of_counts(
            block.columns_E, block.counts_E, block.starts_B, block.stops_B,
            self._places, self._known_UE, self._squares_E, self._weight, products_E, out_NE,
        )  # fmt: skip


def squared_distances(one: GraphFeatures, other: GraphFeatures) -> Singles:
    """Between every two architectures in each block, (S, N, E)."""
    return np.stack([Distances(other, unit_S)(one) for unit_S in np.eye(1 + len(one.blocks))])


def compute_features(space: SearchSpace, codes_BL: Codes) -> GraphFeatures:
    """Features of codes (B, L), statistics as they are."""
    graphs = graphs_of(space)
    if graphs is None:
        bits_BF = space.features(codes_BL)
        rows_E, columns_E = np.nonzero(bits_BF)
        offsets = np.searchsorted(rows_E, np.arange(len(codes_BL) + 1))
        counts_E = bits_BF[rows_E, columns_E]
        block = Counts(columns_E.astype(np.int32), counts_E, offsets[:-1], offsets[1:], bits_BF.shape[1])
        return GraphFeatures(np.empty((len(codes_BL), 0), np.float32), (block,))
    dags = graphs.dags(codes_BL)
    batch, cells, vertices = dags.labels_BCV.shape
    labels_GV = dags.labels_BCV.reshape(-1, vertices)
    edges_GVV = dags.edges_BCVV.reshape(-1, vertices, vertices)
    operations, inputs = len(graphs.dag_operations), graphs.dag_inputs
    statistics_GS = np.zeros((batch * cells, 2 * operations + 2 * inputs + 6), np.float32)
    paths_G = np.zeros(batch * cells, np.int64)
    compute_statistics(labels_GV, edges_GVV, operations, inputs, statistics_GS, paths_G)
    firsts = _countable(graphs)
    width = cells * inputs * int(firsts[-1])
    scratch = np.empty(max(int(paths_G.max(initial=0)), 1), np.int64)
    paths = _fill(
        int(paths_G.sum()), cells, width, batch,
        lambda *arrays: count_paths(labels_GV, edges_GVV, operations, firsts, inputs, cells, scratch, *arrays),
    )  # fmt: skip
    labels = operations + 1 + inputs
    width = min(labels * (PATH_COUNT + 1) ** labels, _MOST_HOODS)
    hoods = _fill(
        2 * labels_GV.size, cells, 2 * width * cells, batch,
        lambda *arrays: count_hoods(labels_GV, edges_GVV, labels, width, cells, *arrays),
    )  # fmt: skip
    return GraphFeatures(statistics_GS.reshape(batch, -1), (paths, hoods))


def _countable(space: DagSpace) -> NDArray[np.int64]:
    firsts = path_firsts(space, space.dag_depth)
    return firsts[: max(2, int(np.searchsorted(firsts, _MOST_SEQUENCES, side="right")))]


def _fill(entries: int, cells: int, width: int, batch: int, count: Callable[..., int]) -> Counts:
    """Counts of up to so many entries, by a kernel that goes through all cells of one architecture after another."""
    columns_E, counts_E = np.empty(entries, np.int32), np.empty(entries, np.uint8)
    offsets = np.zeros(batch * cells + 1, np.int64)
    used = count(columns_E, counts_E, offsets)
    offsets = offsets[::cells].copy()
    return Counts(columns_E[:used].copy(), counts_E[:used].copy(), offsets[:-1], offsets[1:], width)


def _join(parts: Sequence[GraphFeatures]) -> GraphFeatures:
    statistics = np.concatenate([part.statistics_BG for part in parts])
    return GraphFeatures(
        statistics, tuple(map(_join_counts, zip(*(part.blocks for part in parts), strict=True)))
    )


def _join_counts(parts: Sequence[Counts]) -> Counts:
    firsts = np.cumsum([0, *(len(part.columns_E) for part in parts)])
    return Counts(
        np.concatenate([part.columns_E for part in parts]),
        np.concatenate([part.counts_E for part in parts]),
        np.concatenate([part.starts_B + first for part, first in zip(parts, firsts, strict=False)]),
        np.concatenate([part.stops_B + first for part, first in zip(parts, firsts, strict=False)]),
        parts[0].width,
    )


def _compact(counts: Counts) -> Counts:
    """Without the columns that no row has."""
    used = np.bincount(counts.columns_E, minlength=counts.width) > 0
    columns_E = (np.cumsum(used) - 1).astype(np.int32)[counts.columns_E]
    return Counts(columns_E, counts.counts_E, counts.starts_B, counts.stops_B, int(used.sum()))


def _mean_distances(found: GraphFeatures) -> NDArray[np.float64]:
    """Of two architectures, in each block; 1 where all are alike."""
    rng = np.random.default_rng(0)
    sample = found.rows(rng.choice(len(found), min(len(found), _REFERENCE // 8), replace=False))
    means_S = squared_distances(sample, sample).mean(axis=(1, 2), dtype=np.float64)
    return np.where(means_S > 0, means_S, 1)
