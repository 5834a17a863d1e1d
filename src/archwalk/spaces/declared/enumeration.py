"""All architectures of a declaration, where they are few: decision after decision, what is forbidden left out."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.declared.rules import Digits

MOST_NUMBERED = 3_000_000
"""Architectures of a space that is numbered; a larger one is walked and sampled."""

MOST_KEYS = 1 << 62
"""Strings up to which one fits into 64 bits."""

_DRAWN, _ENOUGH, _SURELY = 4_096, 50, 100
_SAMPLE = 10_000

MOST_ROWS = 2 * MOST_NUMBERED
"""Beginnings of architectures that are kept at a time."""


@lru_cache(maxsize=1)
def enumerate_strings(declaration: Declaration) -> Digits | None:
    """Settled rows (N, D) of all architectures, in the order of their strings; None where they are too many."""
    if declaration.strings >= MOST_KEYS or estimate_size(declaration) > _SURELY * MOST_NUMBERED:
        return None
    rows_ND = extend(declaration, MOST_ROWS)
    if rows_ND is None or len(rows_ND) > MOST_NUMBERED:
        return None
    keys_N = keys_of(declaration, rows_ND)
    return rows_ND[np.argsort(keys_N, kind="stable")]


def estimate_size(declaration: Declaration) -> float:
    """About how many architectures there are, from strings drawn by lot: of those that settle alike only one counts.

    0 where hardly any drawn string is allowed.
    """
    rules, rng = declaration.rules, np.random.default_rng(0)
    sizes_D = np.array([len(decision.values) for decision in declaration.decisions])
    rows_BD = rng.integers(0, sizes_D, (_DRAWN, len(sizes_D)), dtype=np.int32)
    exists_BD = rules.settle(rows_BD)
    allowed_B = rules.allowed(rows_BD, exists_BD)
    if allowed_B.sum() < _ENOUGH:
        return 0.0
    alike_B = np.where(exists_BD, 1.0, sizes_D).prod(axis=1)
    return float(declaration.strings * (allowed_B / alike_B).mean())


def extend(declaration: Declaration, most: int, rng: np.random.Generator | None = None) -> Digits | None:
    """Settled rows of all architectures, in no order; where there are more than `most` beginnings of them, None, or, by
    `rng`, those that follow from beginnings drawn by lot, of which fewer do once no constraint is left.
    """
    rules = declaration.rules
    open_until = max(rules.last, default=-1)
    rows_ND = np.zeros((1, len(declaration.decisions)), np.int16)
    exists_ND = np.ones(rows_ND.shape, np.bool_)
    for place, d in enumerate(rules.order):
        rules.settle_one(d, rows_ND, exists_ND)
        size = len(declaration.decisions[d].values)
        copies_N = np.where(exists_ND[:, d], size, 1)
        limit = most if rng is None or place <= open_until else min(most, _SAMPLE)
        if int(copies_N.sum()) > limit:
            if rng is None:
                return None
            kept = np.sort(rng.permutation(len(rows_ND))[: max(1, limit // size)])
            rows_ND, exists_ND, copies_N = rows_ND[kept], exists_ND[kept], copies_N[kept]
        firsts_N = np.cumsum(copies_N) - copies_N
        rows_ND, exists_ND = np.repeat(rows_ND, copies_N, axis=0), np.repeat(exists_ND, copies_N, axis=0)
        rows_ND[:, d] = np.arange(len(rows_ND)) - np.repeat(firsts_N, copies_N)
        allowed_N = rules.allowed(rows_ND, exists_ND, place)
        if not allowed_N.all():
            rows_ND, exists_ND = rows_ND[allowed_N], exists_ND[allowed_N]
    return rows_ND


def strides_of(declaration: Declaration) -> NDArray[np.int64]:
    """By what each decision's index counts in a key (D,), the last decision by 1."""
    sizes = np.array([len(decision.values) for decision in declaration.decisions], np.int64)
    return np.append(np.cumprod(sizes[:0:-1])[::-1], 1).astype(np.int64)


def keys_of(declaration: Declaration, rows_BD: Digits) -> NDArray[np.int64]:
    """Rows as numbers of a mixed base, (B,)."""
    keys_B = np.zeros(len(rows_BD), np.int64)
    for d, stride in enumerate(strides_of(declaration).tolist()):  # no (B, D) array of 64 bits
        keys_B += stride * rows_BD[:, d].astype(np.int64)
    return keys_B
