"""Architectures as strings of categorical decisions (`space.choices`), for strategies that write them.

A string that names no valid architecture is drawn again and costs no query. P4 (ReMAADE) samples "valid
hyper-parameter strings" likewise.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes, SearchSpace

Strings = NDArray[np.int32]
"""Decisions, shape (..., C): decision c is an integer in [0, choices[c])."""

REDRAWS = 1_000
"""How often a mutation is drawn again before the parent stands in for its child (ours): on NAS-Bench-101 a few
redraws do; only in tiny spaces can a string be without valid mutations."""


def draw_strings(space: SearchSpace, rng: np.random.Generator, n: int) -> tuple[Strings, Codes]:
    """Draw `n` strings (n, C), uniform over those that name an architecture, and their codes (n, L)."""
    strings_NC = np.empty((n, len(space.choices)), np.int32)
    codes_NL = np.empty((n, space.code_length), np.int32)
    rows = np.arange(n)
    while len(rows):
        strings_NC[rows] = rng.integers(0, space.choices, (len(rows), len(space.choices)), dtype=np.int32)
        codes_NL[rows] = space.from_choices(strings_NC[rows])
        rows = rows[codes_NL[rows, 0] < 0]
    return strings_NC, codes_NL


def mutate_strings(
    space: SearchSpace, rng: np.random.Generator, parents_BC: Strings
) -> tuple[Strings, Codes]:
    """Give one random decision of each parent another random value: strings (B, C) and their codes (B, L)."""
    sizes_C = np.array(space.choices)
    children_BC, codes_BL = parents_BC.copy(), space.from_choices(parents_BC)
    rows = np.arange(len(parents_BC))
    for _ in range(REDRAWS):
        at_R = rng.integers(0, len(sizes_C), len(rows))
        trying_RC = parents_BC[rows]
        each = np.arange(len(rows))
        others_R = sizes_C[at_R] - 1
        step_R = np.where(others_R > 0, rng.integers(0, np.maximum(others_R, 1)) + 1, 0)
        trying_RC[each, at_R] = (trying_RC[each, at_R] + step_R) % sizes_C[at_R]
        found_RL = space.from_choices(trying_RC)
        valid_R = found_RL[:, 0] >= 0
        children_BC[rows[valid_R]], codes_BL[rows[valid_R]] = trying_RC[valid_R], found_RL[valid_R]
        rows = rows[~valid_R]
        if not len(rows):
            break
    return children_BC, codes_BL
