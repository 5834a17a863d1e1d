"""The chains of at most four of Gomez Robles and Vanschoren's layers, numbered: what tables of them are about."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes, EnumerableSpace, Features, NeighbourGraph, remake
from archwalk.spaces.dags import Dags
from archwalk.spaces.nsc.code import FIRST, ROW, TYPE
from archwalk.spaces.nsc.measuring import Layers, Measurement
from archwalk.spaces.nsc.neighbours import CHAIN_KINDS
from archwalk.spaces.nsc.size import SIZE, TASK, NSCSize
from archwalk.spaces.nsc.space import NSC
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from archwalk.spaces.nsc.network import NSCNetwork

DEEPEST = 6


class Chain(EnumerableSpace):
    """The chains of 1 to `depth` layers over the seven of Gomez Robles and Vanschoren 2019, table 1: 2,800 of at most
    four.

    Ids go by the number of layers, then by the layers as digits of base 7 in the order of Gomez Robles and Vanschoren
    2019, table 2 (convolutions 1, 3, 5, maximum pools 2, 3, average pools 2, 3), the first layer first: an id is the
    same at every depth that has it. Neighbours, features, JSON and networks are those of `NSC(depth, "chain")`.
    Starts: every number of layers is equally likely (ours). Source: Gomez Robles and Vanschoren 2019, section 4.1.1.
    """

    name = "chain"
    described_as = "nsc-chain"
    edit_kinds = CHAIN_KINDS
    numbering = "layers-then-base-7"
    """Which chain each id is; it stands in tables."""

    def __init__(self, depth: int = 4, task: Task = TASK, size: NSCSize = SIZE) -> None:
        if not 1 <= depth <= DEEPEST:
            raise UsageError(
                f"chains are numbered up to {DEEPEST} layers, not {depth}; nsc-chain has deeper ones"
            )
        self.nsc = NSC(depth, "chain", task=task, size=size)
        self.default_task, self.default_size = task, size
        self.parameters = {"depth": depth}
        self.table = self.nsc.table
        self.choices = self.nsc.choices
        self.dag_operations = self.nsc.dag_operations
        self.dag_inputs = self.nsc.dag_inputs
        self.dag_depth = depth
        counts = len(self.table.labels) ** np.arange(1, depth + 1)
        self._offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.table.depth, self.default_task, self.default_size)

    @property
    def size(self) -> int:
        """Number of architectures."""
        return int(self._offsets[-1])

    def layers(self, codes_BL: Codes) -> Layers:
        """Rows (type, kernel, predecessor 1, predecessor 2), (B, D, 4), zeros behind the last layer."""
        ids, base, depth = codes_BL[:, 0].astype(np.int64), len(self.table.labels), self.table.depth
        count_B = np.searchsorted(self._offsets, ids, side="right")
        place_BD = count_B[:, None] - 1 - np.arange(depth)
        there_BD = place_BD >= 0
        rest_B = ids - self._offsets[count_B - 1]
        digits_BD = rest_B[:, None] // base ** np.maximum(place_BD, 0) % base
        layers_BDR = np.zeros((len(ids), depth, ROW), np.int32)
        layers_BDR[:, :, :FIRST] = self.table.label_array[digits_BD]
        layers_BDR[:, :, FIRST] = np.arange(depth)
        layers_BDR[~there_BD] = 0
        return layers_BDR

    def from_layers(self, layers_BDR: Layers) -> Codes:
        """Codes (B, 1) of layers (B, D, 4); -1 where there is no layer."""
        there_BD = layers_BDR[:, :, TYPE] > 0
        count_B = there_BD.sum(axis=1)
        same_BDK = (layers_BDR[:, :, None, :FIRST] == self.table.label_array).all(axis=3)
        digits_BD, base = same_BDK.argmax(axis=2), len(self.table.labels)
        place_BD = np.maximum(count_B[:, None] - 1 - np.arange(self.table.depth), 0)
        value_B = (digits_BD * base**place_BD * there_BD).sum(axis=1)
        ids = np.where(count_B > 0, self._offsets[count_B - 1] + value_B, -1)
        return ids.astype(np.int32)[:, None]

    @cached_property
    def graph(self) -> NeighbourGraph:
        """All neighbours of all architectures."""
        found = self.nsc.neighbours(self._all)
        return NeighbourGraph(found.offsets, self._ids(found.codes_EL)[:, 0], found.kinds_E)

    @cached_property
    def feature_table(self) -> Features:
        """The one-hot rows of Gomez Robles and Vanschoren 2019, section 4.2.1, flat: (size, depth * (depth + 15))."""
        return self.nsc.features(self._all)

    @cached_property
    def start_weights(self) -> NDArray[np.float64]:
        """Uniform over numbers of layers, then over chains."""
        counts = np.diff(self._offsets)
        return np.repeat(1 / (self.table.depth * counts), counts)

    def fits(self, codes_BL: Codes) -> NDArray[np.bool_]:
        """Which chains (B,) have a network (see `NSC.fits`)."""
        return self.nsc.fits(self._rows(codes_BL))

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """Strings (B, C): the number of layers, less one, and the layers."""
        return self.nsc.to_choices(self._rows(codes_BL))

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 1); every string names a chain. Raises ValueError if a choice is out of its range."""
        return self._ids(self.nsc.from_choices(choices_BC))

    def parse(self, description: object) -> Codes:
        """The code (1,) of {"layers": [{"type": "convolution", "kernel_size": 3}, ...]}.

        Raises InvalidArchitectureError.
        """
        code: Codes = self._ids(self.nsc.parse(description)[None])[0]
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """What `parse` reads."""
        return self.nsc.describe(self._rows(code_L[None])[0])

    def encode(self, layers_BDR: Layers) -> Features:
        """One-hot rows (B, D, width) of layers (B, D, 4); the last of them may be a terminal."""
        return self.nsc.encode(layers_BDR)

    def measure(self, code_L: Codes, task: Task | None = None, size: NSCSize | None = None) -> Measurement:
        """Shapes and weights of the network without building it (see `NSC.measure`)."""
        return self.nsc.measure(self._rows(code_L[None])[0], task, size)

    def build(self, code_L: Codes, task: Task | None = None, size: NSCSize | None = None) -> NSCNetwork:
        """The network (see `NSC.build`)."""
        return self.nsc.build(self._rows(code_L[None])[0], task, size)

    def dags(self, codes_BL: Codes) -> Dags:
        """Layers between the image and the prediction (see `NSC.dags`)."""
        return self.nsc.dags(self._rows(codes_BL))

    def draw(self, code_L: Codes) -> str:
        """The layers as SVG."""
        return self.nsc.draw(self._rows(code_L[None])[0])

    @cached_property
    def _all(self) -> Codes:
        return self._rows(np.arange(self.size, dtype=np.int32)[:, None])

    def _rows(self, codes_BL: Codes) -> Codes:
        """The codes (B, 4 D) of `NSC`."""
        return self.layers(codes_BL).reshape(len(codes_BL), self.nsc.code_length)

    def _ids(self, codes_BL: Codes) -> Codes:
        return self.from_layers(self.nsc.layers(codes_BL))
