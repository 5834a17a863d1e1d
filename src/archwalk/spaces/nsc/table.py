"""Which layers there are: the table of Neural Structure Codes.

Source: Gomez Robles and Vanschoren, Learning to reinforcement learn for Neural Architecture Search, 2019 (Gomez
Robles and Vanschoren 2019), table 1. An NSC vector is (index, type, kernel size, predecessor 1, predecessor 2);
predecessor 0 is the image, and what a type has no use for is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError, unknown

Kind = Literal["chain", "multi-branch"]
Kernels = Sequence[tuple[str, Sequence[int]]]
"""Types of layers with the sizes of their kernels."""

EMPTY, CONVOLUTION, MAX_POOLING, AVG_POOLING, IDENTITY, ADDITION, CONCATENATION, TERMINAL = range(8)
"""The types. Gomez Robles and Vanschoren 2019 keeps BlockQNN's number of the identity, but leaves it out; the
terminal is in no architecture.
"""

TYPES = 8
SINGLES = {"convolution": CONVOLUTION, "max-pooling": MAX_POOLING, "avg-pooling": AVG_POOLING}
"""Types that read one predecessor and have a kernel."""
MERGES = {"addition": ADDITION, "concatenation": CONCATENATION}
"""Types that read two."""
NAMES = {number: name for name, number in (SINGLES | MERGES).items()}

P3_KERNELS = (("convolution", (1, 3, 5)), ("max-pooling", (2, 3)), ("avg-pooling", (2, 3)))

DEEPEST = 16
LARGEST_KERNEL = 31


@dataclass(frozen=True)
class CodeTable:
    """The layers that may be stacked, at most `depth` of them; by default those of Gomez Robles and Vanschoren 2019,
    table 1.

    `kernels` pairs each type that reads one predecessor with its kernel sizes. A chain has no `merges`, and each
    of its layers reads the one before. Raises UsageError.
    """

    depth: int = 10
    kind: Kind = "chain"
    kernels: tuple[tuple[str, tuple[int, ...]], ...] = P3_KERNELS
    merges: tuple[str, ...] = tuple(MERGES)

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= DEEPEST:
            raise UsageError(f"the depth of a network must be 1 to {DEEPEST}, not {self.depth}")
        if self.kind not in ("chain", "multi-branch"):
            raise UsageError(f'the kind of a network must be "chain" or "multi-branch", not {self.kind!r}')
        for name, sizes in self.kernels:
            if name not in SINGLES:
                raise unknown("type of layer", name, SINGLES)
            if not sizes or not all(1 <= size <= LARGEST_KERNEL for size in sizes):
                raise UsageError(f"a {name} needs kernel sizes of 1 to {LARGEST_KERNEL}, not {list(sizes)}")
            if name == "convolution" and not all(size % 2 for size in sizes):
                raise UsageError(
                    f"convolutions keep the size of an image, so kernels are odd, not {list(sizes)}"
                )
        for name in self.merges:
            if name not in MERGES:
                raise unknown("type of layer", name, MERGES)
        if not self.branches:
            object.__setattr__(self, "merges", ())
        labels = self.labels
        if len(labels) < 2 or len(set(labels)) < len(labels):
            raise UsageError("a table of codes needs at least two layers, each once")

    @property
    def parameters(self) -> dict[str, Any]:
        """What differs from the paper's table, and the depth, as JSON; `make_table` reads it."""
        found: dict[str, Any] = {"depth": self.depth}
        if self.kernels != P3_KERNELS:
            found["kernels"] = [[name, list(sizes)] for name, sizes in self.kernels]
        if self.branches and self.merges != tuple(MERGES):
            found["merges"] = list(self.merges)
        return found

    @property
    def branches(self) -> bool:
        """Whether layers may read any earlier one."""
        return self.kind == "multi-branch"

    @cached_property
    def singles(self) -> tuple[tuple[int, int], ...]:
        """The layers (type, kernel) that read one predecessor."""
        return tuple((SINGLES[name], size) for name, sizes in self.kernels for size in sizes)

    @cached_property
    def labels(self) -> tuple[tuple[int, int], ...]:
        """All layers (type, kernel)."""
        merges = tuple((MERGES[name], 0) for name in self.merges)
        return self.singles + merges if self.branches else self.singles

    @cached_property
    def label_array(self) -> NDArray[np.int32]:
        """`labels` as an array (labels, 2)."""
        return np.array(self.labels, np.int32)

    @cached_property
    def largest_kernel(self) -> int:
        """Gomez Robles and Vanschoren's k."""
        return max(size for _, sizes in self.kernels for size in sizes)

    @cached_property
    def row_width(self) -> int:
        """Bits of an encoded layer (Gomez Robles and Vanschoren 2019, section 4.2.1): d + k + 10, with branches 2 d +
        k + 11.
        """
        predecessors = 2 if self.branches else 1
        return TYPES + self.largest_kernel + 1 + predecessors * (self.depth + 1)


def make_table(
    depth: int, kind: Kind, kernels: Kernels = P3_KERNELS, merges: Sequence[str] = tuple(MERGES)
) -> CodeTable:
    """A table from what JSON has, lists. Raises UsageError."""
    return CodeTable(depth, kind, tuple((name, tuple(sizes)) for name, sizes in kernels), tuple(merges))


def label_name(label: tuple[int, int]) -> str:
    """A layer for people, say `convolution 3`."""
    number, kernel = label
    return f"{NAMES[number]} {kernel}" if kernel else NAMES[number]
