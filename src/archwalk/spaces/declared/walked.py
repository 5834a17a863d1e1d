"""A declared space of any size: architectures are strings of decisions, walked and sampled."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.jit import Streams, kernel, random_below
from archwalk.spaces.base import Codes, Features, Neighbours, remake
from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.declared.describing import describe_row, draw_row, parse_row
from archwalk.spaces.declared.enumeration import extend
from archwalk.spaces.declared.expressions import word
from archwalk.spaces.declared.rules import Bools
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch

_ROUNDS = 64  # of drawing what broke a rule again
_BEGINNINGS = (
    10_000,
    1_000_000,
    60_000_000,
)  # integers of beginnings that are followed where drawing finds none


class DeclaredSpace:
    """All architectures of a declaration, of any number. Satisfies `SearchSpace`.

    A code has an integer for every decision with two values or more, the index of its value; 0 where the decision does
    not exist. Neighbours differ in one decision; one that comes to exist thereby has its first value. Features are
    one-hot where a decision is categorical; of an ordered one with k values, k bits say which values are reached.
    Samples draw every decision uniformly and are drawn again where they break a constraint.
    """

    made_as = "declared"

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.name = declaration.name
        self.rules = declaration.rules
        self.free = np.array(declaration.free)
        """Which decisions are in a code."""
        self.decisions = [declaration.decisions[d] for d in declaration.free]
        self.choices = tuple(len(decision.values) for decision in self.decisions)
        self.code_length = len(self.choices)
        self.feature_count = sum(self.choices)
        self.edit_kinds = tuple(decision.name for decision in self.decisions)

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.declaration)

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, L)."""
        codes_NL = np.empty((n, self.code_length), np.int32)
        rows = np.arange(n)
        for _ in range(_ROUNDS):
            if not len(rows):
                return codes_NL
            drawn_RL = rng.integers(0, self.choices, (len(rows), self.code_length), dtype=np.int32)
            codes_NL[rows] = self.from_choices(drawn_RL)
            rows = rows[codes_NL[rows, 0] < 0]
        codes_NL[rows] = self._known_BL[rng.integers(0, len(self._known_BL), len(rows))]
        return codes_NL

    @cached_property
    def _known_BL(self) -> Codes:
        """Architectures that follow from beginnings drawn by lot: what is sampled where drawing finds next to none."""
        for attempt, cells in enumerate(_BEGINNINGS):
            rng = np.random.default_rng(attempt)
            rows_BD = extend(self.declaration, cells // len(self.declaration.decisions), rng)
            if rows_BD is not None and len(rows_BD):
                return rows_BD[:, self.free].astype(np.int32)
        rules = "; ".join(constraint.text for constraint in self.rules.constraints)
        raise UsageError(
            f"no architecture of {self.name!r} was found that satisfies its constraints: {rules[:300]}"
        )

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All architectures that differ in one decision, in the order of decisions and values."""
        at_M, _ = self.edits
        after_BM = self.after(codes_BL, self.exists(codes_BL))
        row_E, edit_E = np.nonzero(after_BM >= 0)
        codes_EL = codes_BL[row_E]
        codes_EL[np.arange(len(row_E)), at_M[edit_E]] = after_BM[row_E, edit_E]
        if not self.rules.plain:
            self._settle(codes_EL)
            valid_E = codes_EL[:, 0] >= 0
            codes_EL, row_E, edit_E = codes_EL[valid_E], row_E[valid_E], edit_E[valid_E]
        offsets = np.searchsorted(row_E, np.arange(len(codes_BL) + 1))
        return Neighbours(codes_EL, offsets, at_M[edit_E].astype(np.uint8))

    def after(self, codes_BL: Codes, exists_BL: Bools) -> NDArray[np.int32]:
        """The new value by each of M edits, (B, M); -1 where there is no such edit."""
        at_M, value_M = self.edits
        before_BM, sizes_M = codes_BL[:, at_M], np.array(self.choices, np.int32)[at_M]
        after_BM = value_M + np.where(self._ordered[at_M], before_BM, before_BM <= value_M)
        there_BM = (after_BM < sizes_M) & exists_BL[:, at_M]
        return np.where(there_BM, np.maximum(after_BM, -1), -1).astype(np.int32)

    @cached_property
    def edits(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Of every edit the decision that it changes; of an ordered one the step, else the new value, counted without
        the present one.
        """
        values = [
            [-1, 1] if decision.ordered else range(len(decision.values) - 1) for decision in self.decisions
        ]
        at_M = np.repeat(np.arange(self.code_length), [len(each) for each in values])
        return at_M, np.concatenate(values).astype(np.int32)

    @cached_property
    def deciding(self) -> Bools:
        """Whether a condition names the decision, (L,)."""
        named = {name for rule in self.rules.conditions if rule is not None for name in rule.names}
        return np.array([word(decision.name) in named for decision in self.decisions])

    @cached_property
    def _ordered(self) -> Bools:
        return np.array([decision.ordered for decision in self.decisions])

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B).

        The first of all edits in an order drawn by lot that lead to an architecture, so that few have to be tried.
        """
        after_BM = self.after(codes_BL, self.exists(codes_BL))
        order_BM, edits_B = np.empty(after_BM.shape, np.int32), np.empty(len(codes_BL), np.int32)
        _order_edits(after_BM, streams_B, order_BM, edits_B)
        codes_BNL = np.full((len(codes_BL), limit, self.code_length), -1, np.int32)
        count_B, tried_B = np.zeros(len(codes_BL), np.int32), np.zeros(len(codes_BL), np.int32)
        rows = np.flatnonzero(edits_B > 0)
        while len(rows):
            tries_R = np.minimum((limit - count_B[rows]) * 5 // 4 + 1, edits_B[rows] - tried_B[rows])
            row_E = np.repeat(rows, tries_R)
            at_E = np.arange(len(row_E)) - np.repeat(np.cumsum(tries_R) - tries_R - tried_B[rows], tries_R)
            edit_E = order_BM[row_E, at_E]
            codes_EL = codes_BL[row_E]
            codes_EL[np.arange(len(row_E)), self.edits[0][edit_E]] = after_BM[row_E, edit_E]
            if not self.rules.plain:
                self._settle(codes_EL)
            valid_E = codes_EL[:, 0] >= 0
            row_V, codes_VL = row_E[valid_E], codes_EL[valid_E]
            place_V = count_B[row_V] + np.arange(len(row_V)) - np.searchsorted(row_V, row_V)
            wanted_V = place_V < limit
            codes_BNL[row_V[wanted_V], place_V[wanted_V]] = codes_VL[wanted_V]
            np.add.at(count_B, row_V[wanted_V], 1)
            tried_B[rows] += tries_R
            rows = rows[(count_B[rows] < limit) & (tried_B[rows] < edits_B[rows])]
        return codes_BNL, count_B

    def exists(self, codes_BL: Codes) -> Bools:
        """Which decisions of architectures exist, (B, L)."""
        if all(condition is None for condition in self.rules.conditions):
            return np.ones(codes_BL.shape, np.bool_)
        return self.rules.settle(self.rows(codes_BL))[:, self.free]

    def rows(self, codes_BL: Codes) -> Codes:
        """Codes with the decisions of one value among them, (B, D)."""
        if len(self.free) == len(self.declaration.decisions):
            return codes_BL.copy()
        rows_BD = np.zeros((len(codes_BL), len(self.declaration.decisions)), np.int32)
        rows_BD[:, self.free] = codes_BL
        return rows_BD

    def features(self, codes: Codes) -> Features:
        """Features (..., F) of codes (..., L); rows of -1 give zeros."""
        codes_BL = codes.reshape(-1, self.code_length)
        there_B = codes_BL[:, 0] >= 0
        codes_BL = np.where(there_B[:, None], codes_BL, 0)
        exists_BL = self.exists(codes_BL) & there_B[:, None]
        features_BF = np.empty((len(codes_BL), self.feature_count), np.uint8)
        at = 0
        for c, size in enumerate(self.choices):
            reached = np.greater_equal if self._ordered[c] else np.equal
            part_BK = reached(codes_BL[:, c, None], np.arange(size, dtype=np.int32))
            np.logical_and(
                part_BK, exists_BL[:, c, None], out=features_BF[:, at : at + size], casting="unsafe"
            )
            at += size
        return features_BF.reshape(*codes.shape[:-1], self.feature_count)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """The code itself (B, C)."""
        return codes_BL.astype(np.int32)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, L) of strings; -1 where a constraint is broken. Raises ValueError for a choice out of its range."""
        if ((choices_BC < 0) | (choices_BC >= np.array(self.choices))).any():
            raise ValueError("a choice is out of its range")
        codes_BL = choices_BC.astype(np.int32)
        if not self.rules.plain:
            self._settle(codes_BL)
        return codes_BL

    def _settle(self, codes_BL: Codes) -> None:
        """Settle rows in place; -1 where they break a constraint."""
        rows_BD = self.rows(codes_BL)
        exists_BD = self.rules.settle(rows_BD)
        codes_BL[:] = rows_BD[:, self.free]
        codes_BL[~self.rules.allowed(rows_BD, exists_BD)] = -1

    def parse(self, description: object) -> Codes:
        """The code (L,) of an object of decisions, {"depth": 3, "activation": "relu"}, or of a list of their values in
        the order of the declaration. Raises InvalidArchitectureError.
        """
        code: Codes = parse_row(self.declaration, description)[self.free]
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The decisions that exist, with their values."""
        return describe_row(self.declaration, self.rows(code_L[None])[0])

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> torch.nn.Module:
        """The network, by the declaration's template or function."""
        return self.declaration.make_network(self.describe(code_L), task)

    @property
    def parameters(self) -> dict[str, Any]:
        """For a file: the declaration. None where it holds Python functions, which no file can."""
        try:
            return {"declaration": self.declaration.as_dict()}
        except UsageError:
            return {}

    @property
    def network_identity(self) -> dict[str, Any]:
        """What decides on networks beside description and task: how they are built."""
        return {"build": self.parameters.get("declaration", {}).get("build", "a Python function")}

    def draw(self, code_L: Codes) -> str:
        """The decisions as a table, an SVG."""
        return draw_row(self.declaration, self.rows(code_L[None])[0])


@kernel
def _order_edits(after_BM, streams_B, order_BM, edits_B):  # type: ignore[no-untyped-def]
    """The edits of each row that there are, in an order drawn by lot, and how many they are."""
    for b in range(len(after_BM)):
        n = 0
        for m in range(after_BM.shape[1]):
            if after_BM[b, m] >= 0:
                order_BM[b, n] = m
                n += 1
        edits_B[b] = n
        for i in range(n - 1, 0, -1):  # Fisher-Yates
            k = random_below(streams_B, b, i + 1)
            order_BM[b, i], order_BM[b, k] = order_BM[b, k], order_BM[b, i]
