"""Supernets of searches: kept in a folder, so that a search that was killed goes on, and watched by a progress bar."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from archwalk.data.decoding import reading
from archwalk.data.files import make_folder
from archwalk.data.states import read_state, write_state
from archwalk.estimators.base import Floats, SharedWeights, WeightSharing
from archwalk.spaces.base import Codes

SAVE_SECONDS = 60.0


class Tell(Protocol):
    """Is told how much is done, of how much, and what it is."""

    def __call__(self, done: float, total: float | None = None, text: str = "") -> None:
        """See the class."""


@dataclass
class WatchedWeights:
    """Shared weights, `tell` being told of every turn and of every architecture that is scored by them."""

    shared: SharedWeights
    tell: Tell

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `SharedWeights`."""
        return self.shared.identity

    @property
    def total(self) -> int:
        """See `SharedWeights`."""
        return self.shared.total

    @property
    def done(self) -> int:
        """See `SharedWeights`."""
        return self.shared.done

    def learn(self, code_L: Codes) -> float:
        """See `SharedWeights`."""
        earned = self.shared.learn(code_L)
        self.tell(self.done, self.total, "training")
        return earned

    def scores(self, codes_BL: Codes, episodes: int, limit: int) -> Floats:
        """See `SharedWeights`."""
        score_B = np.empty(len(codes_BL))
        for b in range(len(codes_BL)):
            score_B[b] = self.shared.scores(codes_BL[b : b + 1], episodes, limit)[0]
            self.tell(b + 1, len(codes_BL), "scoring architectures")
        return score_B


class KeptWeights:
    """Shared weights whose turns and scores are kept in a file: once a minute, and after the last turn.

    A search that is begun again asks for the same: what is in the file is answered from it, and the weights go on
    behind it. If it asks for other turns, which only another version of archwalk does, they begin anew.
    """

    def __init__(self, fresh: Callable[[], Any], folder: Path, owner: Any) -> None:
        """`fresh` makes the shared weights, which have `state_dict` and `load_state_dict`; `owner` (JSON) tells the
        search apart from others that keep theirs in `folder`. Raises DataError if the file is damaged.
        """
        self.fresh, self.shared = fresh, fresh()
        self.path = folder / f"supernet-{_digest([owner, self.shared.identity])}.safetensors"
        self.turns: list[tuple[list[int], float]] = []
        """Every turn with what it earned; the first `asked` of them were asked for by this process."""
        self.asked = 0
        self.known: dict[tuple[int, ...], float] = {}
        """Scores by code, episodes and limit: those of the weights after all `turns`."""
        self.seconds_before = 0.0
        """Processor time that other processes, which were stopped, have spent on what is kept."""
        self._began = time.process_time()
        self.saved = time.monotonic()
        if self.path.exists():
            with reading(
                str(self.path), "is not a supernet of this search; delete it, and it is trained anew"
            ):
                self._restore(read_state(self.path))

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.shared.load_state_dict(state["shared"])
        self.turns = list(zip(state["codes"].tolist(), map(float, state["earned"]), strict=True))
        self.known = dict(zip(map(tuple, state["scored"].tolist()), map(float, state["scores"]), strict=True))
        self.seconds_before = float(state["seconds"])

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `SharedWeights`."""
        identity: Mapping[str, Any] = self.shared.identity
        return identity

    @property
    def total(self) -> int:
        """See `SharedWeights`."""
        return int(self.shared.total)

    @property
    def done(self) -> int:
        """See `SharedWeights`."""
        return self.asked

    def learn(self, code_L: Codes) -> float:
        """See `SharedWeights`."""
        code = code_L.tolist()
        if self.asked < len(self.turns) and self.turns[self.asked][0] != code:
            self._begin_anew()
        if self.asked == len(self.turns):
            self.turns.append((code, self.shared.learn(code_L)))
            self.known.clear()
            self._save_now_and_then(self.shared.done == self.total)
        self.asked += 1
        return self.turns[self.asked - 1][1]

    def scores(self, codes_BL: Codes, episodes: int, limit: int) -> Floats:
        """See `SharedWeights`."""
        if self.asked < len(self.turns):
            self._begin_anew()
        keys = [(*code, episodes, limit) for code in codes_BL.tolist()]
        for key, code_L in zip(keys, codes_BL, strict=True):
            if key not in self.known:
                self.known[key] = float(self.shared.scores(code_L[None], episodes, limit)[0])
                self._save_now_and_then()
        return np.array([self.known[key] for key in keys])

    def save(self) -> None:
        """Write the file."""
        codes, earned = zip(*self.turns, strict=True) if self.turns else ((), ())
        state = {
            "shared": self.shared.state_dict(),
            "codes": np.array(codes, np.int32),
            "earned": np.array(earned),
            "scored": np.array(list(self.known), np.int64),
            "scores": np.array(list(self.known.values())),
            "seconds": self.seconds_before + time.process_time() - self._began,
        }
        make_folder(self.path.parent)
        write_state(self.path, state)
        self.saved = time.monotonic()

    def _save_now_and_then(self, now: bool = False) -> None:
        if now or time.monotonic() - self.saved > SAVE_SECONDS:
            self.save()

    def _begin_anew(self) -> None:
        """Take the turns that were asked for once more, and forget all else."""
        self.shared, self.seconds_before = self.fresh(), 0.0
        asked = self.turns[: self.asked]
        self.turns = [(code, self.shared.learn(np.array(code, np.int32))) for code, _ in asked]
        self.known.clear()


def watched(share_weights: WeightSharing, tell: Tell) -> WeightSharing:
    """The same supernets, watched. They do not go to other processes."""
    return lambda steps, seed: WatchedWeights(share_weights(steps, seed), tell)


def kept(share_weights: WeightSharing, folder: Path, owner: Any) -> Callable[[int, int], KeptWeights]:
    """The same supernets, a file in `folder` for each; for `owner` see `KeptWeights`."""
    return partial(_keep, share_weights, folder, owner)


def _keep(share_weights: WeightSharing, folder: Path, owner: Any, steps: int, seed: int) -> KeptWeights:
    return KeptWeights(partial(share_weights, steps, seed), folder, owner)


def _digest(identity: Any) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()[:12]
