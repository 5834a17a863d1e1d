"""A space of declared cells: of any size walked and sampled, a small one numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.jit import Streams, kernel, make_streams, random_below
from archwalk.spaces.base import Codes, Features, Neighbours, remake, sample_places
from archwalk.spaces.dags import Dags
from archwalk.spaces.declared.cells.declaration import CellDeclaration
from archwalk.spaces.declared.cells.describing import describe_cell, diagram, parse_cell
from archwalk.spaces.declared.cells.edits import EDIT_KINDS, all_neighbours
from archwalk.spaces.declared.cells.enumeration import enumerate_cells
from archwalk.spaces.declared.cells.graphs import dags_of
from archwalk.spaces.declared.cells.limits import graph_room, read_code, write_code
from archwalk.spaces.declared.cells.sampling import sample_cells
from archwalk.spaces.declared.cells.strings import Strings
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.known import KnownSpace
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch


class CellSpace:
    """All cells of a declaration, of any number. Satisfies `SearchSpace`, `DagSpace` and `RewritingSpace`.

    A code is a cell's labels and edges in the one order that all ways to number its nodes share (see `Limits`).
    Features are these, one-hot. Neighbours are one edit away (`edits`).
    """

    made_as = "declared"
    edit_kinds = EDIT_KINDS

    def __init__(self, declaration: CellDeclaration) -> None:
        self.declaration = declaration
        self.cell = declaration.cell
        self.limits = self.cell.limits
        self.name = declaration.name
        self.code_length = self.limits.code_length
        self.feature_count = self.limits.nodes * self.limits.labels + self.limits.pairs * self.limits.kinds
        self._strings = Strings(self.limits)
        self.choices = self._strings.choices
        self.dag_operations = self.cell.operations
        self.dag_inputs = self.cell.inputs
        self.dag_depth = self.limits.nodes + (self.limits.reached if self.cell.on == "edges" else 0)

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.declaration)

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` cells, (n, L) (see `sampling`). Raises UsageError where none is found within the limits."""
        codes_NL = sample_cells(self.limits, make_streams(rng, n))
        lost_N = codes_NL[:, 0] < 0
        if lost_N.any():
            if lost_N.all():
                raise UsageError(f"no cell of {self.name!r} was found within its limits")
            codes_NL[lost_N] = codes_NL[~lost_N][rng.integers(0, (~lost_N).sum(), lost_N.sum())]
        return codes_NL

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All cells that are one edit away."""
        return Neighbours(*all_neighbours(self.limits, codes_BL))

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B)."""
        found = self.neighbours(codes_BL)
        codes_BNL = np.full((len(codes_BL), limit, self.code_length), -1, np.int32)
        count_B = np.empty(len(codes_BL), np.int32)
        _choose(found.codes_EL, found.offsets, streams_B, codes_BNL, count_B)
        return codes_BNL, count_B

    def features(self, codes: Codes) -> Features:
        """Features (..., F) of codes (..., L): labels and edges one-hot; rows of -1 give zeros."""
        limits = self.limits
        codes_BL = codes.reshape(-1, self.code_length)
        labels_BN, edges_BP = codes_BL[:, : limits.nodes], codes_BL[:, limits.nodes :]
        parts = [
            (each[:, :, None] == np.arange(1, values + 1)).reshape(len(codes_BL), -1)
            for each, values in ((labels_BN, limits.labels), (edges_BP, limits.kinds))
        ]
        return np.concatenate(parts, axis=1).astype(np.uint8).reshape(*codes.shape[:-1], self.feature_count)

    def rewritten_features(self, codes_BL: Codes, rng: np.random.Generator) -> Features:
        """Features (B, F) of cells, each with its nodes in a random order in which edges ascend."""
        written_BL = np.empty_like(codes_BL)
        _rewrite(
            self.limits, codes_BL, make_streams(rng, len(codes_BL)), *graph_room(self.limits), written_BL
        )
        return self.features(written_BL)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """See `Strings`."""
        return self._strings.write(codes_BL)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, L) of strings; -1 where they are no cell. Raises ValueError for a choice out of its range."""
        if ((choices_BC < 0) | (choices_BC >= np.array(self.choices))).any():
            raise ValueError("a choice is out of its range")
        return self._strings.read(choices_BC)

    def dags(self, codes_BL: Codes) -> Dags:
        """One graph each (see `Dags`); operations on edges are vertices there, of which one reads the other."""
        return dags_of(self.cell, codes_BL)

    def parse(self, description: object) -> Codes:
        """See `parse_cell`."""
        return parse_cell(self.cell, description)

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """See `describe_cell`."""
        return describe_cell(self.cell, code_L)

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> torch.nn.Module:
        """The network, by the declaration's template or function."""
        return self.declaration.make_network(code_L, task)

    @property
    def parameters(self) -> dict[str, Any]:
        """For a file: the declaration. None where it holds a Python function, which no file can."""
        try:
            return {"declaration": self.declaration.as_dict()}
        except UsageError:
            return {}

    @property
    def network_identity(self) -> dict[str, Any]:
        """What decides on networks beside description and task: how they are built."""
        return {"build": self.parameters.get("declaration", {}).get("build", "a Python function")}

    def draw(self, code_L: Codes) -> str:
        """The cell as SVG."""
        return draw_dag(*diagram(self.cell, code_L), title=f"cell of {self.name}")


class NumberedCellSpace(KnownSpace):
    """All cells of a declaration, numbered by nodes, then in the order of their codes. Starts are uniform."""

    def __init__(self, declaration: CellDeclaration) -> None:
        codes_NL = enumerate_cells(declaration.cell.limits)
        if codes_NL is None:
            raise UsageError(f"the space {declaration.name!r} is too large to be numbered")
        super().__init__(CellSpace(declaration), codes_NL)
        self.declaration = declaration

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.declaration)

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> torch.nn.Module:
        """See `CellSpace.build`."""
        return self.declaration.make_network(self.codes_NL[code_L[0]], task)


@kernel
def _choose(codes_EL, offsets, streams_B, codes_BNL, count_B):  # type: ignore[no-untyped-def]
    limit = codes_BNL.shape[1]
    picks = np.empty(limit, np.int64)
    for b in range(len(count_B)):
        degree = offsets[b + 1] - offsets[b]
        count_B[b] = min(degree, limit)
        sample_places(degree, limit, streams_B, b, picks)
        for j in range(count_B[b]):
            codes_BNL[b, j] = codes_EL[offsets[b] + picks[j]]


@kernel
def _rewrite(limits, codes_BL, streams_B, label, edge, written_BL):  # type: ignore[no-untyped-def]
    order = np.empty(len(label), np.int64)
    place = np.empty(len(label), np.int64)
    for b in range(len(codes_BL)):
        n = read_code(limits, codes_BL[b], label, edge)
        count = limits.inputs + n + limits.reached
        for v in range(count):
            order[v] = v
            place[v] = v if v < limits.inputs else -1
        for position in range(limits.inputs, limits.inputs + n):
            ready, chosen = 0, -1
            for v in range(limits.inputs, limits.inputs + n):
                free = place[v] < 0
                for u in range(limits.inputs, v):
                    free = free and not (edge[u, v] and place[u] < 0)
                if free:
                    ready += 1
                    if random_below(streams_B, b, ready) == 0:  # so that each has the same chance in the end
                        chosen = v
            place[chosen] = position
            order[position] = chosen
        write_code(limits, n, label, edge, order, written_BL[b])
