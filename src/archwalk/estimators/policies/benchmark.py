"""Benchmarks whose agents are trained when they are asked for: `policy:MinAtar-Breakout` and the like."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from archwalk.data.files import working_folder
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.policies.estimator import OBJECTIVES, PolicyEstimator
from archwalk.estimators.policies.games import Game, find_game
from archwalk.estimators.policies.games.catalogue import ATARI, MINATAR
from archwalk.estimators.policies.games.images import SMALL
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.store.database import Store, usable_store
from archwalk.estimators.words import take_words
from archwalk.learning.ppo import PPOSettings
from archwalk.spaces import catalogue
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.policy_cnn import papers
from archwalk.spaces.policy_cnn.declaration import Declaration
from archwalk.spaces.policy_cnn.numbered import policy_space

SPACES = {
    "space-1": (papers.MINATAR_1, papers.ATARI_1),
    "space-2": (papers.MINATAR_2, papers.ATARI_2),
    "space-large": (None, papers.ATARI_LARGE),
}
"""By the word behind the game: for small images, and for those of 84 x 84."""

MINATAR_STEPS = {"space-1": 300_000, "space-2": 150_000}
"""Timesteps of one agent, ours; elsewhere it is Mazyavkina et al.'s 10 million."""

MINATAR_LEARNING_RATE = 1e-3
"""Ours: by Mazyavkina et al.'s 2.5e-4, which is for its 10 million timesteps, agents have hardly begun to learn after
so few. From one seed each, with five convolutions of 5 x 5 on Breakout, 6.4 against 3.3; the Nature CNN's blocks 6.7
against 4.0.
"""

_STEPS = re.compile("[0-9]{1,9}k")


def policy_benchmark(
    space: SearchSpace,
    game: Game,
    settings: PolicySettings | None = None,
    store: Store | None = None,
    *,
    size: Any = None,
    name: str | None = None,
    objective: str = "mean-return",
    seed: int = 0,
    workers: int | None = None,
    engine: str = "processes",
    device: str = "auto",
    keep_in: Path | None = None,
) -> Benchmark:
    """A search for the best network of an agent, of a given size (None: the space's own).

    The networks of a space that classifies images become agents with a further output for the value. `seed` is that of
    every training, `keep_in` see `PolicyTraining`.
    """
    estimator = PolicyEstimator(
        space, game, settings, size=size,
        objective=objective, seed=seed, store=store, workers=workers, engine=engine, device=device, keep_in=keep_in,
    )  # fmt: skip
    provenance = {
        "source": f"agents trained on {game.name} by archwalk",
        "space": space.name,
        "timesteps": str(estimator.policy_settings.steps),
        "game": game.fingerprint,
        "settings": estimator.problem.settings_json,
        "seed": str(seed),
        **({"store": store.name} if store else {}),
    }
    return Benchmark(name or f"policy:{game.name}", space, estimator, provenance, game.task, estimator.size)


def load_policy_benchmark(words: list[str], seed: int) -> Benchmark:
    """`policy:GAME`, with `:space-1` (the default), `:space-2`, `:space-large` or another space whose networks read
    images, timesteps such as `:20k`, and the objective behind it. What is trained goes into the default store.
    """
    place, chosen = _split(words)
    game = find_game(place)
    space_word = chosen.get("space", "space-1")
    space = (
        policy_space(declaration_for(game, space_word))
        if space_word in SPACES
        else catalogue.load_space(space_word)
    )
    steps_word = chosen.get("steps", "")
    steps = 1_000 * int(steps_word.removesuffix("k")) if steps_word else None
    name = ":".join(["policy", game.name, space_word, *([steps_word] if steps_word else [])])
    objective = chosen.get("objective", "mean-return")
    settings = settings_for(game, space_word, steps)
    return policy_benchmark(
        space, game, settings, usable_store(),
        name=name, objective=objective, seed=seed, keep_in=working_folder("trainings"),
    )  # fmt: skip


def settings_for(game: Game, word: str, steps: int | None = None) -> PolicySettings:
    """How agents with networks of one of `SPACES` are trained on a game: as Mazyavkina et al. 2020 does, but shorter,
    faster on MinAtar.
    """
    if game.family != "minatar":
        return PolicySettings() if steps is None else PolicySettings(steps)
    return PolicySettings(
        steps or MINATAR_STEPS.get(word, max(MINATAR_STEPS.values())),
        PPOSettings(learning_rate=MINATAR_LEARNING_RATE),
    )


def declaration_for(game: Game, word: str) -> Declaration:
    """The networks of one of `SPACES` for a game. Raises UsageError where there are none, or shapes do not fit."""
    planes = game.observation[1:]
    declaration = SPACES[word][0 if max(planes) <= SMALL else 1]
    if declaration is None:
        raise UsageError(f"{word} is for images of 84 x 84; {game.name} shows {planes[0]} x {planes[1]}")
    if declaration.observation[1:] == planes:
        return declaration  # the number of channels is the game's, see `PolicyCNN.build`
    return replace(
        declaration, name=f"policy-cnn-{planes[0]}x{planes[1]}-{word[-1]}", observation=game.observation
    )


def _split(words: list[str]) -> tuple[str, dict[str, str]]:
    """The game, which may have a colon in its name, and the words behind it."""
    spaces = {*SPACES, *catalogue.SPACES.names()}
    kinds = {"space": spaces.__contains__, "steps": _is_steps, "objective": OBJECTIVES.__contains__}
    place, chosen = take_words("policy", words, kinds)
    first, *rest = place.split(":")
    if not first:
        raise UsageError("which game? say policy:MinAtar-Breakout, policy:Atari-Breakout or a Gymnasium id")
    if rest and rest[-1].startswith("space-"):
        raise UsageError(f"unknown space {rest[-1]!r}; known: {', '.join(SPACES)}")
    if rest and first.startswith((MINATAR, ATARI)):  # only Gymnasium's names may have a colon
        raise UsageError(
            f"unknown {rest[-1]!r} behind {first}; there may be a space ({', '.join(SPACES)}), timesteps such as 20k "
            f"and an objective ({', '.join(OBJECTIVES)})"
        )
    return place, chosen


def _is_steps(word: str) -> bool:
    return bool(_STEPS.fullmatch(word) and int(word[:-1]))
