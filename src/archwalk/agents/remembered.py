"""What architectures are worth, remembered: a search meets the same ones again and again."""

from collections.abc import Callable

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes


class RememberedValues:
    """K numbers of each of N architectures of an enumerable space, given by a function of codes (B, 1) to (K, B).

    The function is asked once for each, so it must value an architecture by itself: alike whatever stands beside it.
    """

    def __init__(self, function: Callable[[Codes], Floats], size: int) -> None:
        self.function = function
        self.known_N = np.zeros(size, np.bool_)
        self.values_KN = np.empty((0, size))

    def __call__(self, codes_BL: Codes) -> Floats:
        """The numbers (K, B) of architectures."""
        ids_B = codes_BL[:, 0]
        new_M = np.unique(ids_B[~self.known_N[ids_B]])
        if len(new_M) or not len(self.values_KN):
            values_KM = self.function(new_M[:, None])
            if not len(self.values_KN):
                self.values_KN = np.empty((len(values_KM), len(self.known_N)))
            self.values_KN[:, new_M] = values_KM
            self.known_N[new_M] = True
        values_KB: Floats = self.values_KN[:, ids_B]
        return values_KB
