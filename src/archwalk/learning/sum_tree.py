"""Numbers above 0 in numbered places, drawn in proportion to them: a binary tree of sums and of minima."""

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class SumTree:
    """`capacity` places, empty at first; setting and drawing cost O(log capacity) each.

    The tree lies in one array: the children of node i are 2i and 2i + 1, the root is 1, and the leaves are the
    second half. Every node is summed anew from its children, never corrected by a difference, so the leaves
    alone say what the tree is, to the bit, however they came about.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.leaves = 1 << max(0, capacity - 1).bit_length()
        self._sums = np.zeros(2 * self.leaves)
        self._minima = np.full(2 * self.leaves, np.inf)

    @property
    def values(self) -> Floats:
        """What is in each place (a view), (capacity,); 0 where it is empty."""
        return self._sums[self.leaves : self.leaves + self.capacity]

    @property
    def total(self) -> float:
        """Sum over all places."""
        return float(self._sums[1])

    @property
    def smallest(self) -> float:
        """Smallest number in any place; infinite when all are empty."""
        return float(self._minima[1])

    def set(self, rows_B: Rows, values_B: Floats) -> None:
        """Put a number into each of the places; the last one counts where a place is named twice.

        Raises ValueError, and changes nothing, for a number that is not above 0 and finite, or missing.
        """
        if rows_B.shape != values_B.shape:
            raise ValueError(f"{len(rows_B)} places and {len(values_B)} priorities do not pair")
        if not (np.isfinite(values_B) & (values_B > 0)).all():
            raise ValueError("priorities must be above 0 and finite")
        _set(self._sums, self._minima, rows_B, np.asarray(values_B, np.float64))

    def find(self, units_B: Floats) -> Rows:
        """The place (B,) of each share in [0, 1) of the total; never an empty one.

        Raises ValueError when all are empty.
        """
        if not self.total > 0:
            raise ValueError("nothing can be drawn: no place holds a priority")
        rows_B = np.empty(len(units_B), np.int64)
        _find(self._sums, units_B, rows_B)
        return rows_B


@kernel
def _set(sums, minima, rows_B, values_B):  # type: ignore[no-untyped-def]
    leaves = len(sums) // 2
    for b in range(len(rows_B)):
        node = leaves + rows_B[b]
        sums[node] = values_B[b]
        minima[node] = values_B[b]
        while node > 1:
            node //= 2
            sums[node] = sums[2 * node] + sums[2 * node + 1]
            minima[node] = min(minima[2 * node], minima[2 * node + 1])


@kernel
def _find(sums, units_B, rows_B):  # type: ignore[no-untyped-def]
    leaves = len(sums) // 2
    for b in range(len(units_B)):
        mass = units_B[b] * sums[1]
        node = 1
        while node < leaves:
            node *= 2
            # Rounding can leave a mass beyond the sum; what is right of it may then be empty.
            if mass >= sums[node] and sums[node + 1] > 0:
                mass -= sums[node]
                node += 1
        rows_B[b] = node - leaves
