"""A declared space that is small enough to number: architectures are ids, their neighbours a graph."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes, EnumerableSpace, Features, NeighbourGraph, remake
from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.declared.enumeration import enumerate_strings, keys_of, strides_of
from archwalk.spaces.declared.walked import DeclaredSpace
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch

MOST_DENSE = 1 << 25
"""Strings up to which ids are looked up in a table; beyond it they are searched for."""

_ROWS = 1 << 15  # architectures at a time, so that memory is bounded


class NumberedSpace(EnumerableSpace):
    """All architectures of a declaration, numbered in the order of their strings of decisions.

    Neighbours, features, JSON, drawings and networks are those of `DeclaredSpace`. Starts are uniform.
    """

    made_as = "declared"

    def __init__(self, declaration: Declaration) -> None:
        rows_ND = enumerate_strings(declaration)
        if rows_ND is None:
            raise UsageError(f"the space {declaration.name!r} is too large to be numbered")
        self.declaration = declaration
        self.walked = DeclaredSpace(declaration)
        self.name = declaration.name
        self.choices = self.walked.choices
        self.edit_kinds = self.walked.edit_kinds
        self._rows_ND = rows_ND
        self._keys_N = keys_of(declaration, rows_ND)

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.declaration)

    @property
    def size(self) -> int:
        """Number of architectures."""
        return len(self._rows_ND)

    @cached_property
    def graph(self) -> NeighbourGraph:
        """The architectures that differ in one decision."""
        parts = [self._part_of_graph(first) for first in range(0, self.size, _ROWS)]
        degrees, targets, kinds = (np.concatenate(column) for column in zip(*parts, strict=True))
        return NeighbourGraph(np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64), targets, kinds)

    def _part_of_graph(self, first: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
        """Degrees, targets and kinds of some architectures. Edits of what no condition names add to keys."""
        walked, codes_BL = self.walked, self._strings(slice(first, first + _ROWS))
        at_M, _ = walked.edits
        exists_BL = walked.exists(codes_BL)
        after_BM = walked.after(codes_BL, exists_BL)
        strides_L = strides_of(self.declaration)[walked.free]
        targets_BM = np.full(after_BM.shape, -1, np.int32)
        keys_B = self._keys_N[first : first + _ROWS]
        for m, c in enumerate(at_M.tolist()):
            rows = np.flatnonzero(after_BM[:, m] >= 0)
            if walked.deciding[c]:
                edited_RL = codes_BL[rows]
                edited_RL[:, c] = after_BM[rows, m]
                found_R = self.from_choices(edited_RL)[:, 0]
            else:
                steps_R = (after_BM[rows, m] - codes_BL[rows, c]).astype(np.int64)
                found_R = self._ids_of(keys_B[rows] + steps_R * strides_L[c])
            targets_BM[rows, m] = found_R
        there_BM = targets_BM >= 0
        kinds_BM = np.broadcast_to(at_M.astype(np.uint8), there_BM.shape)
        return there_BM.sum(axis=1, dtype=np.int32), targets_BM[there_BM], kinds_BM[there_BM]

    @cached_property
    def feature_table(self) -> Features:
        """Features of all architectures, (size, F)."""
        table_NF = np.empty((self.size, self.walked.feature_count), np.uint8)
        for first in range(0, self.size, _ROWS):
            part = slice(first, first + _ROWS)
            table_NF[part] = self.walked.features(self._strings(part))
        return table_NF

    @cached_property
    def start_weights(self) -> NDArray[np.float64]:
        """Uniform over architectures."""
        return np.full(self.size, 1 / self.size)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """The strings of decisions (B, C); 0 for those that do not exist."""
        return self._strings(codes_BL[:, 0])

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 1) of strings; -1 where a constraint is broken. Raises ValueError for a choice out of its range."""
        codes_BL = self.walked.from_choices(choices_BC)
        ids_B = self._ids_of(keys_of(self.declaration, self.walked.rows(codes_BL)))
        return np.where(codes_BL[:, 0] >= 0, ids_B, -1).astype(np.int32)[:, None]

    def parse(self, description: object) -> Codes:
        """See `DeclaredSpace.parse`."""
        row_D = self.walked.rows(self.walked.parse(description)[None])
        return self._ids_of(keys_of(self.declaration, row_D))

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The decisions that exist, with their values."""
        return self.walked.describe(self._strings(code_L)[0])

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> torch.nn.Module:
        """See `DeclaredSpace.build`."""
        return self.walked.build(self._strings(code_L)[0], task)

    @property
    def parameters(self) -> dict[str, Any]:
        """See `DeclaredSpace.parameters`."""
        return self.walked.parameters

    @property
    def network_identity(self) -> dict[str, Any]:
        """See `DeclaredSpace.network_identity`."""
        return self.walked.network_identity

    def draw(self, code_L: Codes) -> str:
        """The decisions as a table, an SVG."""
        return self.walked.draw(self._strings(code_L)[0])

    def _strings(self, ids: Any) -> Codes:
        codes: Codes = self._rows_ND[ids][:, self.walked.free].astype(np.int32)
        return codes

    def _ids_of(self, keys_B: NDArray[np.int64]) -> NDArray[np.int32]:
        """Ids of keys; -1 where a key is no architecture's."""
        if self._dense is not None:
            return self._dense[keys_B]
        ids_B = np.minimum(np.searchsorted(self._keys_N, keys_B), self.size - 1).astype(np.int32)
        return np.where(self._keys_N[ids_B] == keys_B, ids_B, -1).astype(np.int32)

    @cached_property
    def _dense(self) -> NDArray[np.int32] | None:
        if self.declaration.strings > MOST_DENSE:
            return None
        ids_K = np.full(self.declaration.strings, -1, np.int32)
        ids_K[self._keys_N] = np.arange(self.size, dtype=np.int32)
        return ids_K
