"""The landscape: what was evaluated and what is near it, in two dimensions.

Architectures that are one edit apart are to lie beside each other, others as far from each other as the number of
decisions in which they differ: places of least stress, found by stochastic gradient descent (Zheng, Pawar and Goodman
2018) from the first two principal components. A distance on the page is no more than a hint; edges are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.report.explorer.decisions import decisions_of, decisive
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.levels import levels_of
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import numbered

MOST_PLACED = 6_000
"""Architectures, evaluated ones first."""
MOST_AROUND = 800
"""Among them, such as were not evaluated."""
SMALL = 2_500
"""A space of so many architectures is shown as a whole."""
SIZE = 1_000
"""Of the square that holds them."""

_EPOCHS, _ROUNDS = 24, 8
_MOST_EDGES = 12_000
_ROWS_AT_ONCE = 256

Ints = NDArray[np.int64]


def landscape(explored: Explored) -> dict[str, Any] | None:
    """Places of architectures by number, of those around them, and edges between all of them (places in both lists, one
    after the other); None where there are fewer than three.
    """
    chosen = _chosen(explored)
    if len(chosen) < 3:
        return None
    rows = [explored.decisions[number] for number in chosen]
    edges_E2 = np.empty((0, 2), np.int64)
    names, around = list(explored.names), np.empty((0, 0), np.int32)
    if explored.space is not None and len(explored.codes) == len(explored.descriptions):
        codes_BL = np.stack([explored.codes[number] for number in chosen])
        around = _around(explored, explored.space, codes_BL)
        edges_E2 = _edges(explored.space, np.concatenate([codes_BL, around]) if len(around) else codes_BL)
        at = {name: place for place, name in enumerate(names)}
        naming = decisive(explored.space)
        for code_L in around:
            decisions = decisions_of(explored.space.describe(code_L), naming, code_L)
            row: list[Any] = [None] * len(names)
            for name, value in decisions.items():
                if name in at:
                    row[at[name]] = value
            rows.append(row)
    levels = levels_of(names, rows)
    levels_ND = (
        np.stack([one.at_U for one in levels], axis=1) if levels else np.zeros((len(rows), 1), np.int64)
    )
    places_N2 = _scaled(place(levels_ND, edges_E2))
    seen = len(chosen)
    return {
        "at": chosen.tolist(),
        "x": places_N2[:seen, 0].tolist(), "y": places_N2[:seen, 1].tolist(),
        "around": {"x": places_N2[seen:, 0].tolist(), "y": places_N2[seen:, 1].tolist()},
        "edges": edges_E2[:: -(-len(edges_E2) // _MOST_EDGES) or 1].reshape(-1).tolist(),
    }  # fmt: skip


def place(levels_ND: Ints, edges_E2: Ints) -> Floats:
    """Places (N, 2) of architectures by the values of their decisions and the edges between them; always the same."""
    places_N2 = _components(levels_ND)
    rng = np.random.default_rng(0)
    n = len(levels_ND)
    if n < 3:
        return places_N2
    apart = max(1.0, _typical(levels_ND, edges_E2))
    scale = max(1.0, levels_ND.shape[1] / apart)
    places_N2 *= scale / max(np.abs(places_N2).max(), 1e-9) / 2
    both_E2 = np.concatenate([edges_E2, edges_E2[:, ::-1]])
    both_E2 = both_E2[np.argsort(both_E2[:, 0], kind="stable")]
    degree_N = np.bincount(both_E2[:, 0], minlength=n)
    first_N = np.concatenate([[0], np.cumsum(degree_N)[:-1]])
    for rate in scale**2 * np.geomspace(1.0, 0.05 / scale**2, _EPOCHS):
        for _ in range(_ROUNDS):
            order = rng.permutation(n)
            half = n // 2
            one, other = order[:half], order[half : 2 * half]
            differ = (levels_ND[one] != levels_ND[other]).sum(axis=1)
            _step(places_N2, one, other, np.maximum(differ / apart, 0.25), rate)
            one = order[degree_N[order] > 0]
            picked = first_N[one] + (rng.random(len(one)) * degree_N[one]).astype(int)
            other = both_E2[picked, 1]
            owner_N = np.full(n, -1)
            owner_N[other] = one
            kept = (owner_N[other] == one) & (owner_N[one] < 0)
            _step(places_N2, one[kept], other[kept], np.ones(int(kept.sum())), rate)
    return places_N2


def _step(places_N2: Floats, one: Ints, other: Ints, wanted: Floats, rate: float) -> None:
    """Move both ends of pairs, in which nobody is twice, to the distance that is wanted."""
    between = places_N2[one] - places_N2[other]
    apart = np.maximum(np.linalg.norm(between, axis=1), 1e-9)
    share = np.minimum(1.0, rate / wanted**2)
    move = ((apart - wanted) / 2 / apart * share)[:, None] * between
    places_N2[one] -= move
    places_N2[other] += move


def _components(levels_ND: Ints) -> Floats:
    """The first two principal components of the decisions as zeros and ones."""
    one_hot = [column[:, None] == np.arange(column.max() + 1) for column in levels_ND.T]
    x_NF = np.concatenate(one_hot, axis=1).astype(np.float64)
    x_NF -= x_NF.mean(axis=0)
    _, vectors_FF = np.linalg.eigh(x_NF.T @ x_NF)
    first_F2 = vectors_FF[:, ::-1][:, :2]
    first_F2 *= np.sign(first_F2[np.abs(first_F2).argmax(axis=0), np.arange(first_F2.shape[1])])
    places_N2: Floats = x_NF @ first_F2
    if places_N2.shape[1] < 2:
        places_N2 = np.column_stack([places_N2, np.zeros(len(places_N2))])
    spread = 1e-3 * np.random.default_rng(1).standard_normal(
        places_N2.shape
    )  # equal rows are not to stay together
    return places_N2 + spread


def _typical(levels_ND: Ints, edges_E2: Ints) -> float:
    """In how many decisions those differ that are one edit apart, median."""
    if not len(edges_E2):
        return 1.0
    ends = edges_E2[:: max(1, len(edges_E2) // 2_000)]
    return float(np.median((levels_ND[ends[:, 0]] != levels_ND[ends[:, 1]]).sum(axis=1)))


def _chosen(explored: Explored) -> Ints:
    """Which evaluated architectures have a place: all, or those on walks, the best, and some of the others."""
    every = len(explored.descriptions)
    most = MOST_PLACED - MOST_AROUND
    if every <= most:
        return np.arange(every)
    walked = [number for walk in explored.walks for number in walk["architecture"]]
    ranked = sorted(range(every), key=lambda number: (-explored.best[number], number))
    others = np.linspace(0, every - 1, most // 2).astype(int).tolist()
    kept = list(dict.fromkeys([*walked, *ranked[: most // 2], *others]))[:most]
    return np.array(sorted(kept))


def _around(explored: Explored, space: SearchSpace, codes_BL: Codes) -> Codes:
    """Architectures that were not evaluated: all others of a small space, else neighbours of the best."""
    known = {code_L.tobytes() for code_L in codes_BL}
    whole = numbered(space)
    if whole is not None and whole.size <= SMALL:
        found = np.arange(whole.size, dtype=np.int32)[:, None]
    else:
        ranked = sorted(range(len(explored.codes)), key=lambda number: (-explored.best[number], number))
        best_BL = np.stack([explored.codes[number] for number in ranked[:12]])
        found = space.neighbours(best_BL).codes_EL
    fresh = list({code_L.tobytes(): code_L for code_L in found if code_L.tobytes() not in known}.values())
    if whole is None or whole.size > SMALL:
        fresh = fresh[:: max(1, -(-len(fresh) // MOST_AROUND))]
    return np.stack(fresh) if fresh else np.empty((0, codes_BL.shape[1]), np.int32)


def _edges(space: SearchSpace, codes_NL: Codes) -> Ints:
    """Pairs (E, 2) of places that are one edit apart, each once."""
    number = {code_L.tobytes(): place for place, code_L in enumerate(codes_NL)}
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(codes_NL), _ROWS_AT_ONCE):
        found = space.neighbours(codes_NL[start : start + _ROWS_AT_ONCE])
        rows = np.repeat(np.arange(start, start + len(found.offsets) - 1), np.diff(found.offsets))
        pairs += _known_pairs(rows, found.codes_EL, number)
    if not pairs:
        return np.empty((0, 2), np.int64)
    edges_E2: Ints = np.unique(np.sort(np.array(pairs), axis=1), axis=0)
    apart_E2: Ints = edges_E2[edges_E2[:, 0] != edges_E2[:, 1]]
    return apart_E2


def _known_pairs(rows: Ints, codes_EL: Codes, number: dict[bytes, int]) -> Sequence[tuple[int, int]]:
    width = codes_EL.shape[1] * codes_EL.itemsize
    content = np.ascontiguousarray(codes_EL).tobytes()
    ends = (number.get(content[at : at + width]) for at in range(0, len(content), width))
    return [(row, end) for row, end in zip(rows.tolist(), ends, strict=True) if end is not None]


def _scaled(places_N2: Floats) -> Ints:
    """Whole numbers from 0 to `SIZE`, the same scale for both."""
    low = places_N2.min(axis=0)
    scale = SIZE / max(np.ptp(places_N2, axis=0).max(), 1e-9)
    scaled: Ints = np.rint((places_N2 - low) * scale).astype(np.int64)
    return scaled
