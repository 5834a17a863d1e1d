"""What architectures are worth, remembered: a search meets the same ones again and again."""

from collections.abc import Callable

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.strategies.seen import code_key, find_place

MOST = 1 << 20
"""Architectures that are remembered; with more, all are forgotten. 32 MB at most."""


class RememberedValues:
    """K numbers of each architecture, given by a function of codes (B, L) to (K, B), asked once for each.

    The function must value an architecture by itself: the same whatever stands beside it. Architectures are told apart
    by 64 bits (see `SeenCodes`).
    """

    def __init__(self, function: Callable[[Codes], Floats], most: int = MOST) -> None:
        self.function = function
        self.most = most
        self._forget()

    def _forget(self) -> None:
        self.key_H, self.slot_H = np.zeros(1024, np.uint64), np.zeros(1024, np.int32)
        self.values_KS: Floats | None = None
        self.entries = 0

    def __call__(self, codes_BL: Codes) -> Floats:
        """The numbers (K, B) of architectures."""
        if self.entries + len(codes_BL) > self.most:
            self._forget()
        self._make_room(len(codes_BL))
        slot_B, new_B = np.empty(len(codes_BL), np.int32), np.empty(len(codes_BL), np.bool_)
        _enter(self.key_H, self.slot_H, codes_BL, self.entries, slot_B, new_B)
        if self.values_KS is None or new_B.any():
            self._learn(codes_BL[new_B])
        assert self.values_KS is not None
        values_KB: Floats = self.values_KS[:, slot_B]
        return values_KB

    def _learn(self, codes_NL: Codes) -> None:
        """Value architectures that were entered; the array of values doubles when it is full."""
        values_KN = self.function(codes_NL)
        after = self.entries + len(codes_NL)
        if self.values_KS is None:
            self.values_KS = np.empty((len(values_KN), 0))
        if after > self.values_KS.shape[1]:
            grown_KS = np.empty((len(values_KN), max(2 * self.values_KS.shape[1], after)))
            grown_KS[:, : self.entries] = self.values_KS[:, : self.entries]
            self.values_KS = grown_KS
        self.values_KS[:, self.entries : after] = values_KN
        self.entries = after

    def _make_room(self, more: int) -> None:
        """A table that is at most half full after so many more."""
        size = len(self.key_H)
        while size < 2 * (self.entries + more):
            size *= 2
        if size > len(self.key_H):
            key_H, slot_H = np.zeros(size, np.uint64), np.zeros(size, np.int32)
            _move(self.key_H, self.slot_H, key_H, slot_H)
            self.key_H, self.slot_H = key_H, slot_H


@kernel
def _enter(key_H, slot_H, codes_BL, entries, slot_B, new_B):  # type: ignore[no-untyped-def]
    for b in range(len(codes_BL)):
        key = code_key(codes_BL[b])
        place = find_place(key_H, key)
        new_B[b] = key_H[place] == np.uint64(0)
        if new_B[b]:
            key_H[place], slot_H[place] = key, entries
            entries += 1
        slot_B[b] = slot_H[place]


@kernel
def _move(key_H, slot_H, new_key_H, new_slot_H):  # type: ignore[no-untyped-def]
    for h in range(len(key_H)):
        if key_H[h] != np.uint64(0):
            place = find_place(new_key_H, key_H[h])
            new_key_H[place], new_slot_H[place] = key_H[h], slot_H[h]
