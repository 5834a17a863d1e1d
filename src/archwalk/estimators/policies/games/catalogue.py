"""Games by name."""

import hashlib
from functools import partial

from archwalk.errors import UsageError, unknown
from archwalk.estimators.policies.games.base import Game

MINATAR, ATARI = "MinAtar-", "Atari-"

_RULES_VERSION = 1
"""Of our MinAtar games: it grows when scores change."""


def find_game(name: str) -> Game:
    """The game of a name: `MinAtar-Breakout`, `Atari-Breakout`, or an id of Gymnasium.

    Raises UsageError for a name that is unknown or an environment that is not supported, MissingExtraError or
    DataError where something that it needs is not here.
    """
    if name.startswith(MINATAR):
        return _minatar(name.removeprefix(MINATAR))
    if name.startswith(ATARI):
        from archwalk.estimators.policies.games.atari import atari_game

        return atari_game(name.removeprefix(ATARI))
    if name.startswith("ALE/"):
        title = name.removeprefix("ALE/").rpartition("-v")[0] or name.removeprefix("ALE/")
        raise UsageError(f"say {ATARI}{title} for an Atari game with the standard preprocessing, not {name}")
    from archwalk.estimators.policies.games.images import image_game

    return image_game(name)


def _minatar(title: str) -> Game:
    from archwalk.estimators.policies.games.minatar import RULES, SIDE, STICKY, MinAtarVectorEnv

    if title not in RULES:
        raise unknown("game of MinAtar", title, RULES)
    rules = RULES[title]
    return Game(
        f"{MINATAR}{title}",
        "minatar",
        (len(rules.CHANNELS), SIDE, SIDE),
        len(rules.ACTIONS),
        False,
        hashlib.sha256(f"minatar {title}, sticky {STICKY}, {_RULES_VERSION}".encode()).hexdigest(),
        0.0,
        partial(MinAtarVectorEnv, title),
    )
