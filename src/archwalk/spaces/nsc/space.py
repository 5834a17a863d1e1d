"""The search space of Neural Structure Codes (Gomez Robles and Vanschoren 2019, section 4.1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError
from archwalk.jit import Streams, make_streams
from archwalk.spaces.base import Codes, Features, Neighbours, sample_places
from archwalk.spaces.dags import NO_VERTEX, Dags
from archwalk.spaces.nsc import neighbours
from archwalk.spaces.nsc.code import FIRST, ROW, SECOND, TYPE, canonicalise_all, encode, rewrite
from archwalk.spaces.nsc.description import draw_layers, read_layers, write_layers
from archwalk.spaces.nsc.measuring import Layers, Measurement, measure, measure_all
from archwalk.spaces.nsc.size import SIZE, TASK, NSCSize
from archwalk.spaces.nsc.table import (
    ADDITION,
    MERGES,
    P3_KERNELS,
    CodeTable,
    Kernels,
    Kind,
    label_name,
    make_table,
)
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from archwalk.spaces.nsc.network import NSCNetwork


class NSC:
    """Networks of 1 to `depth` layers, chains or graphs. Satisfies `SearchSpace`.

    A code is depth x 4 integers (`code`, which also says what counts as the same architecture). Features are the
    one-hot rows of Gomez Robles and Vanschoren 2019, section 4.2.1. `choices` are the number of layers, the layers,
    and with branches two predecessors of each layer but the first; what a string says beyond its layers is ignored.
    Starts are uniform over these strings, so every depth is equally likely (ours). `table` gives other layers than
    Gomez Robles and Vanschoren's, and then depth and kind; `task` and `size` are those of `build` and `measure` where
    they are not told others.
    """

    def __init__(
        self,
        depth: int = 10,
        kind: Kind = "multi-branch",
        *,
        table: CodeTable | None = None,
        task: Task = TASK,
        size: NSCSize = SIZE,
    ) -> None:
        self.table = table or CodeTable(depth, kind)
        TASK.check(task, "networks of layers")
        self.default_task, self.default_size = task, size
        self.name = "nsc" if self.table.branches else "nsc-chain"
        self.code_length = ROW * self.table.depth
        self.feature_count = self.table.depth * self.table.row_width
        self.edit_kinds = neighbours.EDIT_KINDS if self.table.branches else neighbours.CHAIN_KINDS
        self.dag_operations = tuple(map(label_name, self.table.labels))
        self.dag_inputs = 1
        self.dag_depth = self.table.depth
        self.parameters = self.table.parameters
        depth, layers = self.table.depth, len(self.table.labels)
        predecessors = [i for i in range(2, depth + 1) for _ in range(2)] if self.table.branches else []
        self.choices = (*([depth] if depth > 1 else []), *depth * [layers], *predecessors)

    def layers(self, codes_BL: Codes) -> Layers:
        """Rows (type, kernel, predecessor 1, predecessor 2), (B, D, 4), zeros behind the last layer."""
        return np.ascontiguousarray(codes_BL).reshape(-1, self.table.depth, ROW)

    def from_layers(self, layers_BDR: Layers) -> Codes:
        """Codes (B, L) of layers (B, D, 4) numbered in any order without cycles; -1 where there is no layer."""
        out_BDR = np.empty(layers_BDR.shape, np.int32)
        canonicalise_all(np.ascontiguousarray(layers_BDR, np.int32), out_BDR)
        out_BDR[out_BDR[:, 0, TYPE] == 0] = -1
        return out_BDR.reshape(len(out_BDR), self.code_length)

    def vectors(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Gomez Robles and Vanschoren's states (B, D, 5): NSC vectors by index, right-aligned; in front of them rows
        of zeros.
        """
        return nsc_vectors(self.layers(codes_BL))

    def branched(self, codes_BL: Codes) -> NDArray[np.bool_]:
        """Which architectures (B,) are no chain: what Gomez Robles and Vanschoren 2019 counts as multi-branch in
        experiment 3.
        """
        layers_BDR = self.layers(codes_BL)
        there_BD = layers_BDR[:, :, TYPE] > 0
        straight_BD = (layers_BDR[:, :, FIRST] == np.arange(self.table.depth)) & (
            layers_BDR[:, :, TYPE] < ADDITION
        )
        branched: NDArray[np.bool_] = (there_BD & ~straight_BD).any(axis=1)
        return branched

    def sample(self, rng: np.random.Generator, n: int) -> Codes:
        """Draw `n` architectures, (n, L): strings of `choices`, uniformly."""
        return self.from_choices(rng.integers(0, self.choices, (n, len(self.choices)), dtype=np.int32))

    def fits(self, codes_BL: Codes) -> NDArray[np.bool_]:
        """Which architectures (B,) have a network for the space's own task, of no more weights than its size allows."""
        return measure_all(self.layers(codes_BL), self.default_task, self.default_size).fits_B(
            self.default_size
        )

    def neighbours(self, codes_BL: Codes) -> Neighbours:
        """All architectures that are one edit of a layer away, grouped by kind (see `neighbours`)."""
        found = list(self._find(codes_BL))
        offsets = np.cumsum([0, *(len(kinds) for _, kinds in found)], dtype=np.int64)
        if not found:
            return Neighbours(np.empty((0, self.code_length), np.int32), offsets, np.empty(0, np.uint8))
        codes_EL, kinds_E = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Neighbours(codes_EL, offsets, kinds_E)

    def sample_neighbours(
        self, codes_BL: Codes, limit: int, streams_B: Streams
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Up to `limit` neighbours of each row without replacement: (codes_BNL, count_B)."""
        codes_BNL = np.full((len(codes_BL), limit, self.code_length), -1, np.int32)
        count_B = np.empty(len(codes_BL), np.int32)
        for b, (found, _) in enumerate(self._find(codes_BL)):
            count_B[b] = count = min(len(found), limit)
            picks = np.empty(count, np.int64)
            sample_places(len(found), limit, streams_B, b, picks)
            codes_BNL[b, :count] = found[picks]
        return codes_BNL, count_B

    def features(self, codes: Codes) -> Features:
        """Features (..., D * width) of codes (..., L), the rows of Gomez Robles and Vanschoren 2019, section 4.2.1;
        rows of -1 give zeros.
        """
        return self.encode(self.layers(codes)).reshape(*codes.shape[:-1], self.feature_count)

    def encode(self, layers_BDR: Layers) -> Features:
        """One-hot rows (B, D, width) of layers (B, D, 4); the last of them may be a terminal."""
        table = self.table
        out = np.empty((len(layers_BDR), table.depth, table.row_width), np.uint8)
        encode(np.ascontiguousarray(layers_BDR), table.largest_kernel, table.branches, out)
        return out

    def rewritten_features(self, codes_BL: Codes, rng: np.random.Generator) -> Features:
        """Features (B, F), the layers of each in a random topological order, merges in either."""
        layers_BDR = self.layers(codes_BL)
        if self.table.branches:
            written_BDR = np.empty_like(layers_BDR)
            rewrite(layers_BDR, make_streams(rng, len(codes_BL)), written_BDR)
            layers_BDR = written_BDR
        return self.encode(layers_BDR).reshape(len(codes_BL), self.feature_count)

    def dags(self, codes_BL: Codes) -> Dags:
        """Layers between the image and the prediction, which reads what nobody else does (see `Dags`)."""
        layers_BDR, depth = self.layers(codes_BL), self.table.depth
        inside, output = len(self.table.labels), depth + 1
        there_BD = layers_BDR[:, :, TYPE] > 0
        labels_BV = np.full((len(codes_BL), depth + 2), NO_VERTEX, np.int32)
        same_BDK = (layers_BDR[:, :, None, :FIRST] == self.table.label_array).all(axis=3)
        labels_BV[:, 1:output][there_BD] = same_BDK.argmax(axis=2)[there_BD]
        labels_BV[:, 0], labels_BV[:, output] = inside + 1, inside
        edges_BVV = np.zeros((len(codes_BL), depth + 2, depth + 2), np.bool_)
        merges_BD = layers_BDR[:, :, TYPE] >= ADDITION
        for slot, reads_BD in ((FIRST, there_BD), (SECOND, merges_BD)):
            b, d = np.nonzero(reads_BD)
            edges_BVV[b, layers_BDR[b, d, slot], d + 1] = True
        edges_BVV[:, 1:output, output] = there_BD & ~edges_BVV[:, 1:output].any(axis=2)
        return Dags(labels_BV[:, None], edges_BVV[:, None])

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Strings (B, C) of the canonical form, zeros where the string is ignored."""
        layers_BDR, depth = self.layers(codes_BL), self.table.depth
        same_BDK = (layers_BDR[:, :, None, :FIRST] == self.table.label_array).all(axis=3)
        parts = [same_BDK.argmax(axis=2)]
        if depth > 1:
            parts.insert(0, np.count_nonzero(layers_BDR[:, :, TYPE], axis=1)[:, None] - 1)
        if self.table.branches:
            parts.append(layers_BDR[:, 1:, FIRST:].reshape(len(codes_BL), 2 * (depth - 1)))
        return np.concatenate(parts, axis=1).astype(np.int32)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, L); every string names an architecture. Raises ValueError if a choice is out of its range."""
        if ((choices_BC < 0) | (choices_BC >= self.choices)).any():
            raise ValueError("a choice is out of its range")
        depth, batch = self.table.depth, len(choices_BC)
        counted = depth > 1
        layers_BDR = np.zeros((batch, depth, ROW), np.int32)
        layers_BDR[:, :, :FIRST] = self.table.label_array[choices_BC[:, counted : counted + depth]]
        if self.table.branches:
            layers_BDR[:, 1:, FIRST:] = choices_BC[:, counted + depth :].reshape(batch, depth - 1, 2)
            layers_BDR[layers_BDR[:, :, TYPE] < ADDITION, SECOND] = 0
        else:
            layers_BDR[:, :, FIRST] = np.arange(depth)
        if counted:
            layers_BDR[np.arange(depth) > choices_BC[:, :1]] = 0
        return self.from_layers(layers_BDR)

    def parse(self, description: object) -> Codes:
        """The code (L,) of {"layers": [{"type": "convolution", "kernel_size": 3, "predecessors": [0]}, ...]}.

        Raises InvalidArchitectureError.
        """
        code_L: Codes = self.from_layers(read_layers(description, self.table)[None])[0]
        return code_L

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The canonical form as JSON (see `description`)."""
        return write_layers(self.layers(code_L)[0], self.table)

    def measure(self, code_L: Codes, task: Task | None = None, size: NSCSize | None = None) -> Measurement:
        """Shapes and weights of the network without building it. Raises InvalidArchitectureError as `build` does."""
        return measure(self._one(code_L), *self._network(task, size))

    def build(self, code_L: Codes, task: Task | None = None, size: NSCSize | None = None) -> NSCNetwork:
        """The network of the architecture.

        Raises InvalidArchitectureError, before anything is allocated, if an image is too small for a pool or the
        network has more than `max_parameters` weights, UsageError for a task without images.
        """
        from archwalk.spaces.nsc.network import NSCNetwork

        return NSCNetwork(self._one(code_L), *self._network(task, size))

    def draw(self, code_L: Codes) -> str:
        """The layers as SVG."""
        return draw_layers(self.layers(code_L)[0])

    def _find(self, codes_BL: Codes) -> Iterator[tuple[Codes, NDArray[np.uint8]]]:
        """Neighbours and kinds of each row, those of equal rows once."""
        known: dict[bytes, tuple[Codes, NDArray[np.uint8]]] = {}
        for code_L in codes_BL:
            key = code_L.tobytes()
            if key not in known:
                known[key] = neighbours.find_neighbours(code_L, self.table)
            yield known[key]

    def _network(self, task: Task | None, size: NSCSize | None) -> tuple[Task, NSCSize]:
        return self.default_task.check(task, f"networks of {self.name}"), size or self.default_size

    def _one(self, code_L: Codes) -> Layers:
        if code_L[0] < 0:
            raise InvalidArchitectureError("an architecture without layers is none")
        layers: Layers = self.layers(code_L)[0]
        return layers


def nsc(depth: int = 10, kernels: Kernels = P3_KERNELS, merges: Sequence[str] = tuple(MERGES)) -> NSC:
    """The space of Gomez Robles and Vanschoren 2019, experiment 3, or of other layers."""
    return NSC(table=make_table(depth, "multi-branch", kernels, merges))


def nsc_chain(depth: int = 10, kernels: Kernels = P3_KERNELS) -> NSC:
    """That of experiments 1 and 2: chains of up to 10 layers; or of other layers."""
    return NSC(table=make_table(depth, "chain", kernels))


def nsc_vectors(layers_BDR: Layers) -> NDArray[np.int32]:
    """Gomez Robles and Vanschoren's states (B, D, 5) of layers (B, D, 4): (index, type, kernel, predecessors),
    right-aligned.
    """
    batch, depth, _ = layers_BDR.shape
    vectors_BDV = np.concatenate([np.zeros((batch, depth, 1), np.int32), layers_BDR], axis=2)
    vectors_BDV[:, :, 0] = np.arange(1, depth + 1) * (layers_BDR[:, :, TYPE] > 0)
    count_B = np.count_nonzero(layers_BDR[:, :, TYPE] > 0, axis=1)
    order_BD = (np.arange(depth) + count_B[:, None]) % depth
    return np.take_along_axis(vectors_BDV, order_BD[:, :, None], axis=1)
