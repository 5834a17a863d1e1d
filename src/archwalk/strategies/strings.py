"""Architectures as strings of categorical decisions (`space.choices`), for strategies that write them.

A string that names no valid architecture is drawn again and costs no query. Krishna et al. 2020 (ReMAADE) samples
"valid hyper-parameter strings" likewise. Where next to no string is valid (ours), the space's own sampling takes
over.
"""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from archwalk.jit import make_streams
from archwalk.spaces.base import Codes, SearchSpace

Strings = NDArray[np.int32]
"""Decisions, shape (..., C): decision c is an integer in [0, choices[c])."""

REDRAWS = 100
"""How often a string is drawn again before the space is asked for an architecture or a neighbour (ours). On
NAS-Bench-101, where 73 % of the strings are valid, and of the mutations of any string 43 % or more, a few redraws do.
"""

_AT_ONCE = 65_536
"""Strings that are drawn at a time, so that memory is bounded."""


def draw_strings(
    space: SearchSpace, rng: np.random.Generator, n: int, dtype: DTypeLike = np.int32
) -> tuple[Strings, Codes]:
    """Draw `n` strings (n, C), uniform over those that name an architecture, and their codes (n, L).

    What is still invalid after `REDRAWS` draws is a sample of the space, which is uniform only where `sample` is.
    """
    strings_NC = np.empty((n, len(space.choices)), dtype)
    codes_NL = np.empty((n, space.code_length), np.int32)
    rows = np.arange(n)
    for _ in range(REDRAWS):
        if not len(rows):
            return strings_NC, codes_NL
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first : first + _AT_ONCE]
            drawn_BC = rng.integers(0, space.choices, (len(some), len(space.choices)), dtype=np.int32)
            strings_NC[some], codes_NL[some] = drawn_BC, space.from_choices(drawn_BC)
        rows = rows[codes_NL[rows, 0] < 0]
    codes_NL[rows] = space.sample(rng, len(rows))
    strings_NC[rows] = space.to_choices(codes_NL[rows])
    return strings_NC, codes_NL


def mutate_strings(
    space: SearchSpace, rng: np.random.Generator, parents_BC: Strings
) -> tuple[Strings, Codes]:
    """Give one random decision of each parent another random value: strings (B, C) and their codes (B, L).

    A parent whose mutations stay invalid over `REDRAWS` draws has a neighbour of the space as its child; one without
    neighbours, a sample.
    """
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
            return children_BC, codes_BL
    found_RNL, count_R = space.sample_neighbours(codes_BL[rows], 1, make_streams(rng, len(rows)))
    codes_BL[rows] = found_RNL[:, 0]
    alone = rows[count_R == 0]
    codes_BL[alone] = space.sample(rng, len(alone))
    children_BC[rows] = space.to_choices(codes_BL[rows])
    return children_BC, codes_BL
