"""What a search remembers of where its episodes ended, so that no query is spent twice on one architecture."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.jit import kernel, make_streams
from archwalk.spaces.base import Codes, SearchSpace

Worth = Callable[[Codes], Floats]
"""What architectures (B, L) are taken to be worth, (B,): an opinion from features, no evaluation."""

_BEHIND_ALL = 1e12
"""Taken from the worth of known architectures, so that they come after all others."""


def step_aside(
    space: SearchSpace,
    worth: Worth,
    ends_TL: Codes,
    known_TQL: Codes,
    steps_T: NDArray[np.int32],
    rng: np.random.Generator,
    *,
    neighbours: int,
    limit: int,
) -> tuple[Codes, NDArray[np.int32]]:
    """Walk on where an episode would end at an architecture known to its trial: to the neighbour that is taken to be
    worth most, known ones only where there is no other, and on while there is a better one; nowhere twice (ours;
    Cassimon et al. 2024 does not say what an agent does where it has been before).

    `known_TQL` are the Q architectures that each of T trials knows, `steps_T` the steps of the episodes so far, of at
    most `limit`. Gives where the walks end (T, L) and the steps that they took (T,).
    """
    ends_TL, steps_T = ends_TL.copy(), steps_T.copy()
    streams_T = make_streams(rng, len(ends_TL))
    known_T = is_listed(ends_TL[:, None], known_TQL)[:, 0]
    rows, passed_TPL = np.flatnonzero(known_T), ends_TL[:, None]
    while len(rows := rows[steps_T[rows] < limit]):
        streams_R = streams_T[rows]
        codes_RNL, count_R = space.sample_neighbours(ends_TL[rows], neighbours, streams_R)
        streams_T[rows] = streams_R
        open_RN = (np.arange(neighbours) < count_R[:, None]) & ~is_listed(codes_RNL, passed_TPL[rows])
        known_RN = is_listed(codes_RNL, known_TQL[rows])
        worth_RN = np.full(open_RN.shape, -np.inf)
        worth_RN[open_RN] = worth(codes_RNL[open_RN])
        worth_RN[known_RN] -= _BEHIND_ALL
        here_R = np.where(known_T[rows], -np.inf, worth(ends_TL[rows]))
        best_R = worth_RN.argmax(axis=1)
        at_R = np.arange(len(rows))
        goes_R = worth_RN[at_R, best_R] > here_R
        ends_TL[rows[goes_R]] = codes_RNL[at_R, best_R][goes_R]
        known_T[rows[goes_R]] = known_RN[at_R, best_R][goes_R]
        rows = rows[goes_R]
        steps_T[rows] += 1
        passed_TPL = np.concatenate([passed_TPL, ends_TL[:, None]], axis=1)
    return ends_TL, steps_T


@kernel
def is_listed(codes_RNL, listed_RQL):  # type: ignore[no-untyped-def]
    """Whether each of a row's codes is one of those listed for the row, (R, N)."""
    rows, n, length = codes_RNL.shape
    found = np.zeros((rows, n), np.bool_)
    for r in range(rows):
        for i in range(n):
            for q in range(listed_RQL.shape[1]):
                same = True
                for k in range(length):
                    if codes_RNL[r, i, k] != listed_RQL[r, q, k]:
                        same = False
                        break
                if same:
                    found[r, i] = True
                    break
    return found
