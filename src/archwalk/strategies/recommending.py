"""What a search recommends at its end: not always the architecture of highest reward, where rewards are noisy."""

from collections.abc import Sequence
from typing import Any, Protocol

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.history import History


class Recommending(Protocol):
    """One trial of a search that has a model."""

    history: History

    def recommend(self) -> Codes:
        """One (L,) of the architectures that it was told of; it has seen rewards alone, no reports."""


def recommendations(
    searchers: Sequence[Recommending], codes_TQL: Codes, rewards_TQ: Floats
) -> list[dict[str, Any]]:
    """The findings of a strategy that recommends, one a trial: the best by reward where the model was told of none."""
    found = []
    for searcher, codes_QL, rewards_Q in zip(searchers, codes_TQL, rewards_TQ, strict=True):
        code_L = searcher.recommend() if len(searcher.history) else codes_QL[int(rewards_Q.argmax())]
        found.append({"recommended": code_L.tolist()})
    return found
