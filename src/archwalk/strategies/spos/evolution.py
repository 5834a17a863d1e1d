"""The evolutionary search of Single Path One-Shot for spaces that are too large to look through."""

from collections.abc import Callable, Container
from functools import partial

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.spos.settings import SPOSSettings
from archwalk.strategies.strings import Strings, draw_strings

_ATTEMPTS = 10
"""Generations that are drawn, at most, until as many strings as a population has were not seen before."""


def evolve(
    space: SearchSpace,
    scores: Callable[[Codes], Floats],
    settings: SPOSSettings,
    rng: np.random.Generator,
) -> tuple[Codes, Floats]:
    """Everything that was looked at (R, L), each once, with its score (R,). Every string of the space must be valid."""
    seen: dict[bytes, float] = {}
    parents_KC: Strings | None = None
    for _ in range(settings.generations):
        fresh_PC = _unseen(seen, partial(_generation, space, parents_KC, settings, rng), settings.population)
        if not len(fresh_PC):  # nothing new is near
            break
        found = scores(space.from_choices(fresh_PC))
        seen |= {row.tobytes(): score for row, score in zip(fresh_PC, found.tolist(), strict=True)}
        best = sorted(seen, key=lambda row: -seen[row])[: settings.parents]
        parents_KC = _strings(best)
    strings_RC = _strings(list(seen))
    return space.from_choices(strings_RC), np.array(list(seen.values()))


def _unseen(seen: Container[bytes], generation: Callable[[], Strings], size: int) -> Strings:
    """So many different strings that were not seen, of as many generations as it takes; fewer after `_ATTEMPTS`."""
    fresh: dict[bytes, None] = {}
    for _ in range(_ATTEMPTS):
        rows = (row.tobytes() for row in generation())
        fresh |= dict.fromkeys(row for row in rows if row not in seen)
        if len(fresh) >= size:
            break
    return _strings(list(fresh)[:size])


def _strings(rows: list[bytes]) -> Strings:
    return np.array([np.frombuffer(row, np.int32) for row in rows])


def _generation(
    space: SearchSpace, parents_KC: Strings | None, settings: SPOSSettings, rng: np.random.Generator
) -> Strings:
    """The first by lot, those that follow from parents."""
    if parents_KC is None:
        return draw_strings(space, rng, settings.population)[0].astype(np.int32)
    return _children(space, parents_KC, settings, rng)


def _children(
    space: SearchSpace, parents_KC: Strings, settings: SPOSSettings, rng: np.random.Generator
) -> Strings:
    """A new generation: half of it crossings of two parents each, half of it mutations of one."""
    size, length = settings.population, parents_KC.shape[1]
    one_PC, two_PC = (parents_KC[rng.integers(0, len(parents_KC), size)] for _ in range(2))
    crossed_PC = np.where(rng.random((size, length)) < 0.5, one_PC, two_PC)
    drawn_PC = rng.integers(0, space.choices, (size, length), dtype=np.int32)
    mutated_PC = np.where(rng.random((size, length)) < settings.mutation, drawn_PC, one_PC)
    return np.concatenate([crossed_PC[: size // 2], mutated_PC[size // 2 :]]).astype(np.int32)
