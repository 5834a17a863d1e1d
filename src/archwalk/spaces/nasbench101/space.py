"""NAS-Bench-101 (Ying et al., 2019): all cells of up to 7 vertices and 9 edges, as a search space."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.jit import kernel, make_streams
from archwalk.spaces.base import Codes, EnumerableSpace, Features, NeighbourGraph, remake
from archwalk.spaces.dags import NO_VERTEX, Dags
from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.nasbench101 import features, hashing, neighbours, sampling
from archwalk.spaces.nasbench101.cell import OPERATIONS, Cell, read_cell, write_cell, write_naslib
from archwalk.spaces.nasbench101.enumeration import (
    LABELS,
    CellTables,
    cell_id,
    enumerate_cells,
    pair_bit,
    unpack_labels,
    unpack_matrix,
)
from archwalk.spaces.nasbench101.sampling import prune_pattern
from archwalk.spaces.nasbench101.size import PUBLISHED, NASBench101Size
from archwalk.spaces.task import CIFAR10, Task

if TYPE_CHECKING:
    from archwalk.spaces.nasbench101.network import CellNetwork

_STRING_ORDER = np.array(
    [1, 0, 2]
)  # Krishna et al.'s strings number the operations conv1x1, conv3x3, maxpool


class NASBench101(EnumerableSpace):
    """The 423,624 cells of NAS-Bench-101, numbered by vertices, then topology, then labels.

    `max_vertices` below 7 gives the smaller tables of EC-NAS (91 cells for 4, 2,532 for 5).

    Features (Cassimon et al. 2024, section 3.2.3): lower-triangular adjacency, row by row, then one-hot labels of
    each vertex, padded to `max_vertices`: 21 + 35 = 56. `choices` are Krishna et al.'s 26 categoricals: 21 edges
    (upper triangle, row- major), then 5 operations in the order conv1x1, conv3x3, maxpool. `sample` is Cassimon et
    al.'s size-uniform sampler.
    """

    name = "nasbench101"
    edit_kinds = neighbours.EDIT_KINDS
    dag_operations = OPERATIONS
    dag_inputs = 1
    default_task, default_size = CIFAR10, PUBLISHED

    def __init__(self, max_vertices: int = 7, max_edges: int = 9) -> None:
        if not 2 <= max_vertices <= 7 or not 1 <= max_edges <= 9:
            raise UsageError("NAS-Bench-101 has 2 to 7 vertices and 1 to 9 edges")
        self.max_vertices = max_vertices
        self.max_edges = max_edges
        self.pairs = max_vertices * (max_vertices - 1) // 2
        self.choices = (2,) * self.pairs + (LABELS,) * (max_vertices - 2)
        self.dag_depth = max_vertices - 2
        self.parameters = {"max_vertices": max_vertices, "max_edges": max_edges}

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.max_vertices, self.max_edges)

    @cached_property
    def tables(self) -> CellTables:
        """The enumeration."""
        return enumerate_cells(self.max_vertices, self.max_edges)

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.tables.size

    @cached_property
    def numbering(self) -> str:
        """Fingerprint of which cell each id is; a table made for another numbering must not be read."""
        tables = self.tables
        digest = hashlib.sha256()
        for column in (tables.vertices_N, tables.bits_N, tables.code_N):
            digest.update(column.tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def graph(self) -> NeighbourGraph:
        """Cassimon et al.'s neighbour relation (see `neighbours`)."""
        return neighbours.neighbour_graph(self.tables)

    @cached_property
    def start_weights(self) -> NDArray[np.float64]:
        """Cassimon et al.'s size-uniform sampler (see `sampling`)."""
        return sampling.size_uniform_weights(self.tables)

    @cached_property
    def banana_weights(self) -> NDArray[np.float64]:
        """Probabilities of BANANAS' sampler (see `sampling`)."""
        return sampling.banana_weights(self.tables)

    @cached_property
    def feature_table(self) -> Features:
        """Features (size, 56) of all cells."""
        return features.feature_table(self.tables, self.max_vertices)

    def rewritten_features(self, codes_BL: Codes, rng: np.random.Generator) -> Features:
        """Features (B, 56) of cells, each in a random topological order of its vertices."""
        streams_B = make_streams(rng, len(codes_BL))
        return features.rewritten_features(self.tables, self.max_vertices, codes_BL, streams_B)

    @cached_property
    def published_hashes(self) -> NDArray[np.uint8]:
        """Published MD5 digests (size, 16) of all cells; some seconds for the whole space."""
        return hashing.published_hashes(self.tables)

    def cell(self, code_L: Codes) -> Cell:
        """The canonical representative of a code."""
        i = int(code_L[0])
        n = int(self.tables.vertices_N[i])
        matrix, labels = np.zeros((n, n), np.int8), np.zeros(n, np.int64)
        unpack_matrix(n, int(self.tables.bits_N[i]), matrix)
        unpack_labels(n, int(self.tables.code_N[i]), labels)
        return Cell(matrix, tuple(labels.tolist()))

    def code_of(self, cell: Cell) -> Codes:
        """The code (1,) of a pruned cell. Raises InvalidArchitectureError if it is not in the space."""
        n = cell.vertices
        bits = sum(1 << pair_bit(a, b) for a, b in cell.edges)
        code = sum(label * LABELS**v for v, label in enumerate(cell.labels[-2:0:-1]))
        found = cell_id(n, bits, code, *self.tables.lookup)
        if found < 0:
            raise InvalidArchitectureError("the cell is not in the space")
        return np.array([found], np.int32)

    def parse(self, description: object) -> Codes:
        """Read the published specification, {"matrix": ..., "ops": ...}. Raises InvalidArchitectureError."""
        return self.code_of(read_cell(description, self.max_vertices, self.max_edges))

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The published specification of the canonical representative."""
        return write_cell(self.cell(code_L))

    @property
    def foreign_forms(self) -> dict[str, Callable[[Codes], str]]:
        """NASLib's tuple of matrix and operations."""
        return {"naslib": lambda code_L: write_naslib(self.cell(code_L))}

    def named_decisions(self, code_L: Codes) -> dict[str, int | str | None]:
        """Number of vertices, operations ("op1"), and edges ("in→1", "1→out"); None for those of vertices that a cell
        does not have.
        """
        cell, inner = self.cell(code_L), range(1, self.max_vertices - 1)
        at: dict[str, int] = {
            "in": 0,
            **{str(v): v for v in inner if v < cell.vertices - 1},
            "out": cell.vertices - 1,
        }
        found: dict[str, int | str | None] = {"vertices": cell.vertices}
        found |= {f"op{v}": cell.operations[v] if str(v) in at else None for v in inner}
        names = ["in", *map(str, inner), "out"]
        for place, source in enumerate(names):
            for target in names[place + 1 :]:
                known = source in at and target in at
                found[f"{source}→{target}"] = int(cell.matrix[at[source], at[target]]) if known else None
        return found

    def published_hash(self, code_L: Codes) -> str:
        """The published MD5 hash of one cell, 32 hex digits."""
        cell = self.cell(code_L)
        return hashing.md5_hash(cell.matrix, cell.labels)

    def dags(self, codes_BL: Codes) -> Dags:
        """The representatives, one graph each (see `Dags`)."""
        ids = codes_BL[:, 0]
        labels_BV = np.full((len(ids), self.max_vertices), NO_VERTEX, np.int32)
        edges_BVV = np.zeros((len(ids), self.max_vertices, self.max_vertices), np.bool_)
        rows = self.tables.vertices_N[ids], self.tables.bits_N[ids], self.tables.code_N[ids]
        _write_dags(*rows, labels_BV, edges_BVV)
        return Dags(labels_BV[:, None], edges_BVV[:, None])

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Strings (B, 26): the representative's interior vertices first, unused vertices without edges."""
        choices_BC = np.zeros((len(codes_BL), len(self.choices)), np.int32)
        ids = codes_BL[:, 0]
        rows = self.tables.vertices_N[ids], self.tables.bits_N[ids], self.tables.code_N[ids]
        _write_choices(*rows, self.max_vertices, _STRING_ORDER, choices_BC)
        return choices_BC

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 1) of strings after pruning; -1 where no path is left or too many edges are."""
        codes_BL = np.empty((len(choices_BC), 1), np.int32)
        _read_choices(choices_BC, self.max_vertices, _STRING_ORDER, self.tables.lookup, codes_BL)
        return codes_BL

    def build(
        self, code_L: Codes, task: Task | None = None, size: NASBench101Size | None = None
    ) -> CellNetwork:
        """The network around the cell. Raises UsageError for a task without images."""
        from archwalk.spaces.nasbench101.network import CellNetwork

        cell, task = self.cell(code_L), self.default_task.check(task, "networks of nasbench101")
        return CellNetwork(cell.matrix, cell.operations, task, size or self.default_size)

    def draw(self, code_L: Codes) -> str:
        """The cell as SVG."""
        cell = self.cell(code_L)
        return draw_dag([name.removesuffix("-bn-relu") for name in cell.operations], cell.edges)


@kernel
def _write_dags(vertices_B, bits_B, code_B, labels_BV, edges_BVV):  # type: ignore[no-untyped-def]
    matrix = np.zeros((8, 8), np.uint8)
    label = np.zeros(8, np.int64)
    for b in range(len(vertices_B)):
        n = vertices_B[b]
        unpack_matrix(n, bits_B[b], matrix)
        unpack_labels(n, code_B[b], label)
        for v in range(n):
            labels_BV[b, v] = label[v]
            for u in range(v):
                edges_BVV[b, u, v] = matrix[u, v]
        labels_BV[b, 0], labels_BV[b, n - 1] = LABELS + 1, LABELS


@kernel
def _write_choices(vertices_B, bits_B, code_B, max_vertices, order, choices_BC):  # type: ignore[no-untyped-def]
    matrix = np.zeros((8, 8), np.uint8)
    label = np.zeros(8, np.int64)
    for b in range(len(vertices_B)):
        n = vertices_B[b]
        unpack_matrix(n, bits_B[b], matrix)
        unpack_labels(n, code_B[b], label)
        p = 0
        for u in range(max_vertices):
            for v in range(u + 1, max_vertices):
                if u < n - 1:
                    if v < n - 1:
                        choices_BC[b, p] = matrix[u, v]
                    elif v == max_vertices - 1:
                        choices_BC[b, p] = matrix[u, n - 1]
                p += 1
        for v in range(1, n - 1):
            choices_BC[b, p + v - 1] = order[label[v]]


@kernel
def _read_choices(choices_BC, max_vertices, order, lookup, codes_BL):  # type: ignore[no-untyped-def]
    pairs = max_vertices * (max_vertices - 1) // 2
    for b in range(len(choices_BC)):
        bits = p = 0
        for u in range(max_vertices):
            for v in range(u + 1, max_vertices):
                bits |= int(choices_BC[b, p]) << pair_bit(u, v)
                p += 1
        kept, pattern = prune_pattern(max_vertices, bits)
        vertices = code = 0
        for v in range(max_vertices):
            if (kept >> v) & 1:
                vertices += 1
                if 0 < v < max_vertices - 1:
                    code = code * LABELS + order[choices_BC[b, pairs + v - 1]]
        codes_BL[b, 0] = cell_id(vertices, pattern, code, *lookup) if vertices >= 2 else -1
