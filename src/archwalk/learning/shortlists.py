"""The largest of many values that are dear to compute, where upper bounds are cheap."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_AT_LEAST = 256


def largest(bound_N: Floats, compute: Callable[[Rows], Floats], wanted: int) -> Rows:
    """Places, ascending, of the `wanted` largest values, of equals the first.

    `compute` gives the values (K,) of places (K,), none above its bound. It is asked for those with the highest bounds
    first, and not for those that the bound rules out.
    """
    order_N = np.argsort(-bound_N)
    values_K = np.empty(0)
    at_once = max(_AT_LEAST, wanted // 4)
    for at in range(0, len(order_N), at_once):
        if len(values_K) >= wanted and bound_N[order_N[at]] < np.partition(values_K, -wanted)[-wanted]:
            break
        values_K = np.concatenate([values_K, compute(order_N[at : at + at_once])])
    places_K = order_N[: len(values_K)]
    return np.sort(places_K[np.lexsort((places_K, -values_K))[:wanted]])
