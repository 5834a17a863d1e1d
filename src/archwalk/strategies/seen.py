"""Which architectures each trial has evaluated: one hash table a trial, looked up for all trials at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes


class SeenCodes:
    """A set of codes for each of T trials, as open-addressed tables `keys_TH` that grow together.

    A key is 64 bits: a code of one integer as it is, a longer one mixed (two different ones are taken for the same
    with a probability of about 2**-64). 0 is an empty place.
    """

    def __init__(self, trials: int) -> None:
        self.keys_TH = np.zeros((trials, 64), np.uint64)
        self.entries = 0

    def add(self, codes_TL: Codes) -> None:
        """Enter one code (L,) in each trial."""
        if 2 * self.entries >= self.keys_TH.shape[1]:
            grown_TH = np.zeros((len(self.keys_TH), 2 * self.keys_TH.shape[1]), np.uint64)
            _move_keys(self.keys_TH, grown_TH)
            self.keys_TH = grown_TH
        _add(self.keys_TH, codes_TL)
        self.entries += 1

    def contains(self, rows: NDArray[np.intp], codes_RL: Codes) -> NDArray[np.bool_]:
        """Whether trial `rows[r]` has code r."""
        found_R = np.empty(len(rows), np.bool_)
        _contains(self.keys_TH, rows, codes_RL, found_R)
        return found_R

    def next_unseen(
        self, codes_TML: Codes, at_T: NDArray[np.int64], chosen_T: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """For each chosen trial, the first index from `at_T` on of a valid code that it does not have; M if none."""
        rows = np.flatnonzero(chosen_T)
        next_R = at_T[rows]
        _next_unseen(self.keys_TH, rows, codes_TML, next_R)
        return next_R

    def state_dict(self) -> dict[str, Any]:
        """The tables."""
        return {"keys": self.keys_TH.copy(), "entries": self.entries}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.keys_TH = np.array(state["keys"])
        self.entries = int(state["entries"])


@kernel
def code_key(code_L):  # type: ignore[no-untyped-def]
    """64 bits, never 0: a code of one integer as it is, a longer one mixed."""
    if len(code_L) == 1:
        return np.uint64(code_L[0]) + np.uint64(1)
    key = np.uint64(0x9E3779B97F4A7C15)
    for value in code_L:
        key = (key ^ np.uint64(value)) * np.uint64(0xBF58476D1CE4E5B9)
        key ^= key >> np.uint64(29)
    return key | np.uint64(1)


@kernel
def find_place(keys_H, key):  # type: ignore[no-untyped-def]
    """The place of `key`, or the empty one where it belongs."""
    mask = np.uint64(len(keys_H) - 1)
    place = ((key * np.uint64(0x94D049BB133111EB)) >> np.uint64(32)) & mask
    while keys_H[place] != np.uint64(0) and keys_H[place] != key:
        place = (place + np.uint64(1)) & mask
    return place


@kernel
def _add(keys_TH, codes_TL):  # type: ignore[no-untyped-def]
    for t in range(len(keys_TH)):
        key = code_key(codes_TL[t])
        keys_TH[t, find_place(keys_TH[t], key)] = key


@kernel
def _move_keys(keys_TH, grown_TH):  # type: ignore[no-untyped-def]
    for t in range(len(keys_TH)):
        for key in keys_TH[t]:
            if key != np.uint64(0):
                grown_TH[t, find_place(grown_TH[t], key)] = key


@kernel
def _contains(keys_TH, rows, codes_RL, found_R):  # type: ignore[no-untyped-def]
    for r in range(len(rows)):
        key = code_key(codes_RL[r])
        found_R[r] = keys_TH[rows[r], find_place(keys_TH[rows[r]], key)] == key


@kernel
def _next_unseen(keys_TH, rows, codes_TML, next_R):  # type: ignore[no-untyped-def]
    for r in range(len(rows)):
        t = rows[r]
        while next_R[r] < codes_TML.shape[1]:
            code_L = codes_TML[t, next_R[r]]
            if code_L[0] >= 0:
                key = code_key(code_L)
                if keys_TH[t, find_place(keys_TH[t], key)] != key:
                    break
            next_R[r] += 1
