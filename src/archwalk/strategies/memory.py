"""What a search remembers of where its episodes ended, so that no query is spent twice on one architecture."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.jit import kernel, make_streams
from archwalk.spaces.base import Codes, SearchSpace

Worth = Callable[[Codes], Floats]
"""What architectures (B, L) are taken to be worth, (B,): an opinion from features, no evaluation."""


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
    worth most and is neither known nor passed since, and on while there is a better one (ours; P1 does not say what
    an agent does where it has been before).

    `known_TQL` are the Q architectures that each of T trials knows, `steps_T` the steps of the episodes so far, of at
    most `limit`. Gives where the walks end (T, L) and the steps that they took (T,).
    """
    ends_TL, steps_T = ends_TL.copy(), steps_T.copy()
    streams_T = make_streams(rng, len(ends_TL))
    left_T = is_listed(ends_TL[:, None], known_TQL)[:, 0]  # known: left for any other
    rows, taboo_TPL = np.flatnonzero(left_T), known_TQL
    while len(rows := rows[steps_T[rows] < limit]):
        streams_R = streams_T[rows]
        codes_RNL, count_R = space.sample_neighbours(ends_TL[rows], neighbours, streams_R)
        streams_T[rows] = streams_R
        new_RN = np.arange(neighbours) < count_R[:, None]
        new_RN &= ~is_listed(codes_RNL, taboo_TPL[rows])
        worth_RN = np.full(new_RN.shape, -np.inf)
        worth_RN[new_RN] = worth(codes_RNL[new_RN])
        best_R = worth_RN.argmax(axis=1)
        here_R = np.where(left_T[rows], -np.inf, worth(ends_TL[rows]))
        goes_R = worth_RN[np.arange(len(rows)), best_R] > here_R
        rows, codes_RL = rows[goes_R], codes_RNL[goes_R, best_R[goes_R]]
        taboo_TPL = np.concatenate([taboo_TPL, ends_TL[:, None]], axis=1)
        ends_TL[rows] = codes_RL
        left_T[rows] = False
        steps_T[rows] += 1
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
