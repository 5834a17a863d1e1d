"""Spaces whose every string of decisions is an architecture: an id is the string as a number of mixed base."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes, EnumerableSpace


class MixedBaseSpace(EnumerableSpace):
    """An id is the decisions as digits, the first decision first, of as many values as `choices` says.

    Starts are uniform.
    """

    @cached_property
    def start_weights(self) -> NDArray[np.float64]:
        """Uniform."""
        return np.full(self.size, 1 / self.size)

    def to_choices(self, codes_BL: Codes) -> NDArray[np.int32]:
        """The decisions (B, C)."""
        return np.stack(np.unravel_index(codes_BL[:, 0], self.choices), axis=1).astype(np.int32)

    def from_choices(self, choices_BC: NDArray[np.int32]) -> Codes:
        """Codes (B, 1); every string is an architecture. Raises ValueError if a choice is out of its range."""
        ids: NDArray[np.intp] = np.ravel_multi_index(tuple(choices_BC.T), self.choices)
        return ids.astype(np.int32)[:, None]

    @cached_property
    def _everyone(self) -> Codes:
        return np.arange(self.size, dtype=np.int32)[:, None]
