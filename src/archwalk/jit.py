"""One way to compile kernels, and the random streams that kernels draw from.

A *stream* is one uint64 of SplitMix64 state (Steele et al., 2014). Each row of a batch owns one, so a
row's draws do not depend on how many rows there are, and the state is an array that a checkpoint can hold.
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
from numba.core import event
from numpy.typing import NDArray

from archwalk.home import has_home, temporary_home

P = ParamSpec("P")
R = TypeVar("R")

Streams = NDArray[np.uint64]


if not has_home():  # numba would make a folder of the name ~
    numba.config.CACHE_DIR = str(temporary_home() / "numba")


def kernel(function: Callable[P, R], fastmath: bool | set[str] = False) -> Callable[P, R]:
    """Compile `function` with numba: no GIL while it runs, cached on disk where a disk can be written.

    `fastmath` names liberties of LLVM's that floating-point arithmetic may take.
    """
    try:
        compiled = numba.njit(cache=True, nogil=True, fastmath=fastmath)(function)
    except RuntimeError:  # no cache folder can be written: compile anew in each process
        compiled = numba.njit(nogil=True, fastmath=fastmath)(function)
    return compiled  # type: ignore[no-any-return]


class _AnnounceCompilation(event.Listener):  # type: ignore[misc]
    """Says once, on a terminal's stderr, why a first call takes seconds."""

    said = False

    def on_start(self, event: Any) -> None:
        if not self.said:
            type(self).said = True
            print("archwalk: compiling kernels (first run after an install, some seconds)", file=sys.stderr)

    def on_end(self, event: Any) -> None:
        """Nothing to say at the end."""


event.register("numba:compile", _AnnounceCompilation())


@kernel
def next_uint64(streams: Streams, row: int) -> Any:
    """Advance the stream of `row` and return 64 random bits."""
    streams[row] += np.uint64(0x9E3779B97F4A7C15)
    z = streams[row]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def random_below(streams: Streams, row: int, limit: int) -> Any:
    """Return an integer in [0, limit), limit < 2**32, by Lemire's multiply-shift (bias below 2**-32 * limit)."""
    high = next_uint64(streams, row) >> np.uint64(32)
    return np.int64((high * np.uint64(limit)) >> np.uint64(32))


@kernel
def random_unit(streams: Streams, row: int) -> Any:
    """Return a float in [0, 1) with 53 random bits."""
    return np.float64(next_uint64(streams, row) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def draws_at(streams: Streams, first: int, n: int) -> Any:
    """Return the next draws of every stream but for the `first` ones, (S, n); no stream advances."""
    ahead = streams + np.uint64(first) * np.uint64(0x9E3779B97F4A7C15)
    draws = np.empty((len(ahead), n), np.uint64)
    for row in range(len(ahead)):
        for i in range(n):
            draws[row, i] = next_uint64(ahead, row)
    return draws


def make_streams(rng: np.random.Generator, n: int) -> Streams:
    """Draw the states of `n` independent streams from `rng`."""
    return rng.integers(0, 2**64, size=n, dtype=np.uint64)


def map_ranges(function: Callable[[int, int], R], n: int, size: int = 16_384) -> list[R]:
    """Apply `function(start, stop)` to consecutive ranges of [0, n) on all cores; results in order.

    For kernels, which release the GIL.
    """
    starts = range(0, n, size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, starts, [min(start + size, n) for start in starts]))
