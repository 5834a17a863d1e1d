"""Which DARTS architectures a surrogate is trusted on: those like the ones that it could be compared on.

YAHPO's surrogate scores degenerate cells far too high: all skip connections, which leave a network next to
nothing to learn with, come to 94 to 95 percent, more than the average architecture (94.4). On the 1,218
architectures whose official prediction is known it errs nowhere badly (its scores are 1.3 points higher all
along, and the rest of the difference has a deviation of 0.23). Those are random architectures, and degenerate
ones are not among them: no normal cell has more than 4 skip connections, no reduction cell more than 5, no
architecture fewer than 3 operations with weights. What lies beyond has been compared with nothing, and the
surrogate likes what lies beyond on the side of skip connections; so it is not trusted there.

Of architectures drawn uniformly, 0.3 percent lie beyond.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.darts.code import OPERATIONS, genotype_arrays

MOST_SKIPS = (4, 5)
"""Skip connections in a normal and in a reduction cell."""

FEWEST_WITH_WEIGHTS = 3
"""Convolutions among the 16 operations of an architecture."""

LOWEST_SCORE = 92.12
"""The lowest score of YAHPO's surrogate on the 1,218, in percent: what others are worth at most."""

MEANING = (
    f"architectures with more than {MOST_SKIPS[0]} skip connections in the normal cell or {MOST_SKIPS[1]} in the "
    f"reduction cell, or with fewer than {FEWEST_WITH_WEIGHTS} convolutions, score at most {LOWEST_SCORE}"
)

_SKIP = OPERATIONS.index("skip_connect")
_WITH_WEIGHTS = np.array(["conv" in name for name in OPERATIONS])


def is_trusted(codes_BL: Codes) -> NDArray[np.bool_]:
    """Whether each architecture (B,) is like those that the surrogate could be compared on."""
    _, operations_BCE = genotype_arrays(codes_BL)
    trusted_B = np.empty(len(codes_BL), np.bool_)
    _trust(operations_BCE, MOST_SKIPS, _SKIP, _WITH_WEIGHTS, FEWEST_WITH_WEIGHTS, trusted_B)
    return trusted_B


@kernel
def _trust(operations_BCE, most_C, skip, has_weights, fewest, trusted_B):  # type: ignore[no-untyped-def]
    for b in range(len(operations_BCE)):
        trusted_B[b], with_weights = True, 0
        for c in range(len(most_C)):
            skips = 0
            for operation in operations_BCE[b, c]:
                skips += operation == skip
                with_weights += has_weights[operation]
            trusted_B[b] &= skips <= most_C[c]
        trusted_B[b] &= with_weights >= fewest


def guarded(scores_B: Floats, codes_BL: Codes) -> Floats:
    """The scores, those of architectures that are not trusted cut to `LOWEST_SCORE`."""
    return np.where(is_trusted(codes_BL), scores_B, np.minimum(scores_B, LOWEST_SCORE))
