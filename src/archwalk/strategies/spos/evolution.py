"""The evolutionary search of Single Path One-Shot for spaces that are too large to look through."""

from collections.abc import Callable

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.spos.settings import SPOSSettings
from archwalk.strategies.strings import Strings, draw_strings


def evolve(
    space: SearchSpace,
    scores: Callable[[Codes], Floats],
    settings: SPOSSettings,
    rng: np.random.Generator,
) -> tuple[Codes, Floats]:
    """Everything that was looked at (R, L), each once, with its score (R,). Every string of the space must be valid."""
    strings_PC, _ = draw_strings(space, rng, settings.population)
    seen: dict[bytes, float] = {}
    for generation in range(settings.generations):
        fresh_PC = np.unique(strings_PC, axis=0)
        fresh_PC = fresh_PC[[row.tobytes() not in seen for row in fresh_PC]]
        if len(fresh_PC):
            found = scores(space.from_choices(fresh_PC))
            seen |= {row.tobytes(): score for row, score in zip(fresh_PC, found.tolist(), strict=True)}
        if generation + 1 < settings.generations:
            best = sorted(seen, key=lambda row: -seen[row])[: settings.parents]
            parents_KC = np.array([np.frombuffer(row, np.int32) for row in best])
            strings_PC = _children(space, parents_KC, settings, rng)
    strings_RC = np.array([np.frombuffer(row, np.int32) for row in seen])
    return space.from_choices(strings_RC), np.array(list(seen.values()))


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
