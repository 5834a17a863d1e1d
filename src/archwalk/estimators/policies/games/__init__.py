"""What agents play: MinAtar, Atari, and environments of Gymnasium that show images."""

from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.games.catalogue import find_game

__all__ = ["Game", "find_game"]
