"""The architectures of a space that are known, as a space of their own: walks step through them alone."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import Codes, EnumerableSpace, Features, NeighbourGraph, SearchSpace
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch

NEAREST = "nearest"
"""The kind of the edits that lead to near architectures, where too few are one edit away."""

MOST_LINKED = 20_000
"""Architectures whose distances from each other are computed."""

_SHARED = (
    "dag_operations", "dag_inputs", "dag_depth", "default_task", "default_size", "check_task", "described_as",
    "network_identity", "parameters",
)  # fmt: skip
"""What says of the whole space's architectures what they are and can, known or not."""

_TRANSLATED = ("dags", "rewritten_features", "labelled_graph")
"""What the whole space says of codes, if it does."""

_ROWS = 4_096
_LINKS = 10


class KnownSpace(EnumerableSpace):
    """Some architectures of another space, numbered in the order of their codes there.

    Neighbours are the known ones among the neighbours there. `linked` adds to each the ten that are nearest by
    features, and whom it is nearest to, for tables in which hardly any two architectures are neighbours. Starts are
    uniform over what is known. All else is the other space's.
    """

    def __init__(self, whole: SearchSpace, codes_NL: Codes, linked: bool = False) -> None:
        self.whole = whole
        order_N = np.lexsort(codes_NL.T[::-1])
        self.codes_NL = np.ascontiguousarray(codes_NL[order_N], np.int32)
        self.order_N = order_N
        """The place in `codes_NL`, as handed in, of each architecture."""
        self.linked = linked
        self.name = whole.name
        self.choices = whole.choices
        self.edit_kinds = (*whole.edit_kinds, NEAREST) if linked else whole.edit_kinds
        self.made_as = getattr(whole, "made_as", whole.name)
        for name in _SHARED:
            if hasattr(whole, name):
                setattr(self, name, getattr(whole, name))
        for name in _TRANSLATED:
            if hasattr(whole, name):
                setattr(self, name, partial(self._in_whole, name))

    def __reduce__(self) -> tuple[Any, ...]:
        small = np.min_scalar_type(int(self.codes_NL.max(initial=0)))
        return KnownSpace, (self.whole, self.codes_NL.astype(small), self.linked)

    @property
    def size(self) -> int:
        """Number of known architectures."""
        return len(self.codes_NL)

    @cached_property
    def graph(self) -> NeighbourGraph:
        """The neighbours that are known."""
        return (
            _with_links(self._edits, self.feature_table, len(self.whole.edit_kinds))
            if self.linked
            else self._edits
        )

    @cached_property
    def _edits(self) -> NeighbourGraph:
        degrees, targets, kinds = [], [], []
        for first in range(0, self.size, _ROWS):
            found = self.whole.neighbours(self.codes_NL[first : first + _ROWS])
            ids_E = self.ids_of(found.codes_EL)
            known_E = ids_E >= 0
            row_E = np.repeat(np.arange(len(found.offsets) - 1), np.diff(found.offsets))
            degrees.append(np.bincount(row_E[known_E], minlength=len(found.offsets) - 1))
            targets.append(ids_E[known_E])
            kinds.append(found.kinds_E[known_E])
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(degrees))]).astype(np.int64)
        return NeighbourGraph(offsets, np.concatenate(targets), np.concatenate(kinds))

    @cached_property
    def connected(self) -> float:
        """The share of the known architectures in the largest part whose walks meet, by edits alone."""
        edits = self._edits
        matrix = csr_matrix(
            (np.ones(edits.edges, np.int8), edits.targets_E, edits.offsets), (self.size, self.size)
        )
        _, part_N = connected_components(matrix, directed=True, connection="weak")
        return float(np.bincount(part_N).max() / self.size)

    def ids_of(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Ids (B,) of codes of the whole space; -1 for those that are not known."""
        keys_B = _keys(codes_BL)
        at_B = np.minimum(np.searchsorted(self._keys_N[0], keys_B), self.size - 1)
        ids_B = self._keys_N[1][at_B]
        same_B = (self.codes_NL[ids_B] == codes_BL).all(axis=1)
        return np.where(same_B, ids_B, -1).astype(np.int32)

    @cached_property
    def _keys_N(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        keys_N = _keys(self.codes_NL)
        order_N = np.argsort(keys_N, kind="stable").astype(np.int32)
        return keys_N[order_N], order_N

    @cached_property
    def feature_table(self) -> Features:
        """Those of the whole space, (size, F)."""
        parts = [
            self.whole.features(self.codes_NL[first : first + _ROWS]) for first in range(0, self.size, _ROWS)
        ]
        return np.concatenate(parts)

    @cached_property
    def start_weights(self) -> NDArray[np.float64]:
        """Uniform over what is known."""
        return np.full(self.size, 1 / self.size)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Strings of decisions (B, C) of the whole space."""
        return self.whole.to_choices(self.codes_NL[codes_BL[:, 0]])

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 1) of strings; -1 for those that are not known."""
        codes_BL = self.whole.from_choices(choices_BC)
        return np.where(codes_BL[:, 0] >= 0, self.ids_of(codes_BL), -1).astype(np.int32)[:, None]

    def parse(self, description: object) -> Codes:
        """The code (1,) of a description. Raises InvalidArchitectureError for one that is not known."""
        code = self.ids_of(self.whole.parse(description)[None])
        if code[0] < 0:
            raise InvalidArchitectureError(f"the table of {self.name} does not hold this architecture")
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """What the whole space says."""
        return self.whole.describe(self.codes_NL[code_L[0]])

    def build(self, code_L: Codes, task: Task, size: Any) -> torch.nn.Module:
        """The whole space's network."""
        return self.whole.build(self.codes_NL[code_L[0]], task, size)

    def draw(self, code_L: Codes) -> str:
        """The whole space's drawing."""
        return self.whole.draw(self.codes_NL[code_L[0]])

    def _in_whole(self, name: str, codes: Codes, *rest: Any) -> Any:
        """A method of the whole space, of its codes (..., L) for ours (..., 1)."""
        return getattr(self.whole, name)(self.codes_NL[codes[..., 0]], *rest)


def _keys(codes_BL: Codes) -> NDArray[np.uint64]:
    """64 bits of each row, mixed; rows that share them are told apart by comparing."""
    rng = np.random.default_rng(0)
    factors_L = np.asarray(rng.integers(0, 2**64, codes_BL.shape[1], np.uint64), np.uint64) | np.uint64(1)
    keys_B = np.zeros(len(codes_BL), np.uint64)
    for place in range(codes_BL.shape[1]):
        keys_B = (keys_B ^ codes_BL[:, place].astype(np.uint64)) * factors_L[place]
        keys_B ^= keys_B >> np.uint64(29)
    return keys_B


def _with_links(edits: NeighbourGraph, features_NF: Features, kind: int) -> NeighbourGraph:
    """Beside the edits, the nearest by features in both directions; ties go to the lower id."""
    size = len(features_NF)
    pairs = {
        (int(s), int(t))
        for s, t in zip(np.repeat(np.arange(size), edits.degrees), edits.targets_E, strict=True)
    }
    table_NF = features_NF.astype(np.float32)
    squares_N = table_NF.sum(axis=1)
    links: set[tuple[int, int]] = set()
    for first in range(0, size, 512):
        part_BF = table_NF[first : first + 512]
        distance_BN = squares_N[first : first + 512, None] + squares_N - 2 * (part_BF @ table_NF.T)
        distance_BN[np.arange(len(part_BF)), first + np.arange(len(part_BF))] = np.inf
        near_BK = np.argsort(distance_BN, axis=1, kind="stable")[:, : min(_LINKS, size - 1)]
        for row, near_K in enumerate(near_BK.tolist(), start=first):
            links.update((row, one) for one in near_K)
            links.update((one, row) for one in near_K)
    new = np.array(sorted(links - pairs), np.int64).reshape(-1, 2)
    source_E = np.concatenate([np.repeat(np.arange(size), edits.degrees), new[:, 0]])
    target_E = np.concatenate([edits.targets_E, new[:, 1].astype(np.int32)])
    kind_E = np.concatenate([edits.kinds_E, np.full(len(new), kind, np.uint8)])
    order_E = np.argsort(source_E, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(source_E, minlength=size))]).astype(np.int64)
    return NeighbourGraph(offsets, target_E[order_E], kind_E[order_E])
