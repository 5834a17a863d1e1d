"""Features of architectures as labelled graphs that are the same for all isomorphic ways to write one ("ours").

Three blocks. *Statistics*: numbers of operations, vertices and edges, degrees of inputs and output, longest and
shortest path, the most of each operation on a path, number of paths. *Paths*: how often each sequence of operations
is a path (White et al., BANANAS, 2021, ask only whether it is one). *Neighbourhoods*: how many vertices have a label
together with a multiset of labels that they read, and how many with one that they feed: one round of Weisfeiler and
Lehman's refinement (Shervashidze et al., JMLR 2011), each direction by itself, so that two cells share more of them.

The last two are counts of which nearly all are zero. Of a space that shows no graphs there is one block, the space's
features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import map_ranges
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import graphs_of, numbered
from archwalk.spaces.dags import DagSpace
from archwalk.spaces.graph_kernels import (
    PATH_COUNT,
    compute_statistics,
    count_hoods,
    count_paths,
    distances_of_counts,
)
from archwalk.spaces.paths import path_firsts

Singles = NDArray[np.float32]

_MOST_SEQUENCES = 2**20  # longer paths do not count where there were more of them
_MOST_HOODS = 2**22 - 3  # a prime: where there were more of them (12 labels and more), some share a column
_REFERENCE = 4096  # architectures that say how far apart two are
_PAIRS = 20_000


@dataclass(frozen=True)
class Counts:
    """Sparse counts (B, width): row b has `counts_E` of `columns_E` from `offsets[b]` to `offsets[b + 1]`."""

    columns_E: NDArray[np.int32]
    counts_E: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    width: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def rows(self, rows_K: NDArray[np.integer]) -> "Counts":
        """The chosen rows, in that order."""
        sizes_K = np.diff(self.offsets)[rows_K]
        offsets = np.concatenate([[0], np.cumsum(sizes_K)])
        entries_E = np.repeat(self.offsets[rows_K] - offsets[:-1], sizes_K) + np.arange(offsets[-1])
        return Counts(self.columns_E[entries_E], self.counts_E[entries_E], offsets, self.width)

    def dense(self) -> Singles:
        """All of it, (B, width)."""
        out = np.zeros((len(self), self.width), np.float32)
        out[np.repeat(np.arange(len(self)), np.diff(self.offsets)), self.columns_E] = self.counts_E
        return out


@dataclass(frozen=True)
class GraphFeatures:
    """Of B architectures: statistics (B, G), and blocks of counts."""

    statistics_BG: Singles
    blocks: tuple[Counts, ...]

    def __len__(self) -> int:
        return len(self.statistics_BG)

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


def squared_distances(one: GraphFeatures, other: GraphFeatures) -> Singles:
    """Between every two architectures in each block, (S, N, E)."""
    found = np.empty((1 + len(one.blocks), len(one), len(other)), np.float32)
    a_NG, b_EG = one.statistics_BG, other.statistics_BG
    found[0] = np.square(a_NG).sum(1)[:, None] + np.square(b_EG).sum(1) - 2 * (a_NG @ b_EG.T)
    for s, (a, b) in enumerate(zip(one.blocks, other.blocks, strict=True), start=1):
        used, at_E = np.unique(b.columns_E, return_inverse=True)
        places = np.full(max(a.width, 1), -1, np.int32)
        places[used] = np.arange(len(used))
        known_UE = np.zeros((len(used), len(b)), np.float32)
        known_UE[at_E, np.repeat(np.arange(len(b)), np.diff(b.offsets))] = b.counts_E
        squares_E = np.square(known_UE).sum(axis=0)
        distances_of_counts(a.columns_E, a.counts_E, a.offsets, places, known_UE, squares_E, found[s])
    return np.maximum(found, 0, out=found)


def compute_features(space: SearchSpace, codes_BL: Codes) -> GraphFeatures:
    """Features of codes (B, L), statistics as they are."""
    graphs = graphs_of(space)
    if graphs is None:
        bits_BF = space.features(codes_BL)
        rows_E, columns_E = np.nonzero(bits_BF)
        offsets = np.searchsorted(rows_E, np.arange(len(codes_BL) + 1))
        block = Counts(columns_E.astype(np.int32), bits_BF[rows_E, columns_E], offsets, bits_BF.shape[1])
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
    limits = np.concatenate([[0], np.cumsum(paths_G)])
    paths = _empty_counts(limits[-1], batch * cells, cells * inputs * int(firsts[-1]))
    scratch = np.empty(max(int(paths_G.max(initial=0)), 1), np.int64)
    used = count_paths(labels_GV, edges_GVV, operations, firsts, inputs, cells, scratch, *_arrays(paths))
    labels = operations + 1 + inputs
    width = min(labels * (PATH_COUNT + 1) ** labels, _MOST_HOODS)
    hoods = _empty_counts(2 * labels_GV.size, batch * cells, 2 * width * cells)
    hoods_used = count_hoods(labels_GV, edges_GVV, labels, width, cells, *_arrays(hoods))
    blocks = (_trim(paths, used, cells), _trim(hoods, hoods_used, cells))
    return GraphFeatures(statistics_GS.reshape(batch, -1), blocks)


def _countable(space: DagSpace) -> NDArray[np.int64]:
    firsts = path_firsts(space, space.dag_depth)
    return firsts[: max(2, int(np.searchsorted(firsts, _MOST_SEQUENCES, side="right")))]


def _empty_counts(entries: int, graphs: int, width: int) -> Counts:
    columns_E, counts_E = np.empty(entries, np.int32), np.empty(entries, np.uint8)
    return Counts(columns_E, counts_E, np.zeros(graphs + 1, np.int64), width)


def _arrays(counts: Counts) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int64]]:
    return counts.columns_E, counts.counts_E, counts.offsets


def _trim(counts: Counts, used: int, cells: int) -> Counts:
    """What was filled, all cells of an architecture in one row."""
    offsets = counts.offsets[::cells].copy()
    return Counts(counts.columns_E[:used].copy(), counts.counts_E[:used].copy(), offsets, counts.width)


def _join(parts: Sequence[GraphFeatures]) -> GraphFeatures:
    statistics = np.concatenate([part.statistics_BG for part in parts])
    return GraphFeatures(
        statistics, tuple(map(_join_counts, zip(*(part.blocks for part in parts), strict=True)))
    )


def _join_counts(parts: Sequence[Counts]) -> Counts:
    sizes = np.concatenate([np.diff(part.offsets) for part in parts])
    return Counts(
        np.concatenate([part.columns_E for part in parts]),
        np.concatenate([part.counts_E for part in parts]),
        np.concatenate([[0], np.cumsum(sizes)]),
        parts[0].width,
    )


def _compact(counts: Counts) -> Counts:
    """Without the columns that no row has."""
    used = np.bincount(counts.columns_E, minlength=counts.width) > 0
    columns_E = (np.cumsum(used) - 1).astype(np.int32)[counts.columns_E]
    return Counts(columns_E, counts.counts_E, counts.offsets, int(used.sum()))


def _mean_distances(found: GraphFeatures) -> NDArray[np.float64]:
    """Of two architectures, in each block; 1 where all are alike."""
    rng = np.random.default_rng(0)
    sample = found.rows(rng.choice(len(found), min(len(found), _REFERENCE // 8), replace=False))
    means_S = squared_distances(sample, sample).mean(axis=(1, 2), dtype=np.float64)
    return np.where(means_S > 0, means_S, 1)
