"""Cells found by their published MD5 hash."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Digests = NDArray[np.uint8]
"""MD5 digests, shape (M, 16)."""


class HashedSpace(Protocol):
    """A space of NAS-Bench-101 cells, ids 0..size-1, with their published hashes."""

    @property
    def name(self) -> str:
        """The name in the provenance."""

    @property
    def size(self) -> int:
        """Number of cells."""

    @property
    def published_hashes(self) -> Digests:
        """The MD5 digest of every id, (size, 16)."""

    def parse(self, description: object) -> NDArray[np.int32]:
        """The code (1,) of {"matrix": ..., "ops": ...}. Raises InvalidArchitectureError."""


class HashIndex:
    """The digests of a space, sorted once."""

    def __init__(self, space: HashedSpace) -> None:
        keys = _keys(space.published_hashes)
        self.ids_by_hash = np.argsort(keys)
        """Ids in ascending order of the hash: the order of nasbench's `hash_iterator()`."""
        self._sorted_keys = keys[self.ids_by_hash]

    def find(self, digests_M: Digests) -> NDArray[np.int64]:
        """The ids (M,) of digests, -1 where the space has no such cell."""
        keys_M = _keys(digests_M)
        places = np.minimum(np.searchsorted(self._sorted_keys, keys_M), len(self._sorted_keys) - 1)
        return np.where(self._sorted_keys[places] == keys_M, self.ids_by_hash[places], -1)


def _keys(digests: Digests) -> NDArray[np.bytes_]:
    """Digests as 16-byte strings, which sort as hex digits do."""
    return np.ascontiguousarray(digests).view("S16")[:, 0]
