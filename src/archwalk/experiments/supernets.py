"""Supernets of searches: kept in a folder, so that a search that was killed goes on, and watched by a progress bar."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import archwalk
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
    def total(self) -> int:
        """See `SharedWeights`."""
        return self.shared.total

    @property
    def done(self) -> int:
        """See `SharedWeights`."""
        return self.shared.done

    @property
    def seconds_before(self) -> float:
        """See `SharedWeights`."""
        return self.shared.seconds_before

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
    """Shared weights whose turns are kept in a file, once a minute and after the last.

    A search that is begun again asks for the same turns: those that are in the file are answered from it, and the
    weights go on behind them. If it asks for others, which only another version of archwalk does, they begin anew.
    """

    def __init__(self, fresh: Callable[[], Any], path: Path) -> None:
        """`fresh` makes the shared weights, which have `state_dict` and `load_state_dict`. Raises DataError if the file
        is damaged.
        """
        self.fresh, self.path = fresh, path
        self.shared = fresh()
        self.turns: list[tuple[list[int], float]] = []
        """Every turn with what it earned; the first `asked` of them were asked for by this process."""
        self.asked = 0
        self.seconds_before = 0.0
        """See `SharedWeights`."""
        self._began = time.process_time()
        self.saved = time.monotonic()
        if path.exists():
            state = read_state(path)
            self.shared.load_state_dict(state["shared"])
            self.turns = list(zip(state["codes"].tolist(), state["earned"].tolist(), strict=True))
            self.seconds_before = state["seconds"]

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
            if self.shared.done == self.total or time.monotonic() - self.saved > SAVE_SECONDS:
                self.save()
        self.asked += 1
        return self.turns[self.asked - 1][1]

    def scores(self, codes_BL: Codes, episodes: int, limit: int) -> Floats:
        """See `SharedWeights`."""
        if self.asked < len(self.turns):
            self._begin_anew()
        scores: Floats = self.shared.scores(codes_BL, episodes, limit)
        return scores

    def save(self) -> None:
        """Write the file."""
        codes, earned = zip(*self.turns, strict=True)
        seconds = self.seconds_before + time.process_time() - self._began
        state = {"codes": np.array(codes, np.int32), "earned": np.array(earned), "seconds": seconds}
        make_folder(self.path.parent)
        write_state(self.path, state | {"shared": self.shared.state_dict()})
        self.saved = time.monotonic()

    def _begin_anew(self) -> None:
        """Take the turns that were asked for once more, and forget the others."""
        self.shared, self.seconds_before = self.fresh(), 0.0
        asked = self.turns[: self.asked]
        self.turns = [(code, self.shared.learn(np.array(code, np.int32))) for code, _ in asked]


def watched(share_weights: WeightSharing, tell: Tell) -> WeightSharing:
    """The same supernets, watched. They do not go to other processes."""
    return lambda steps, seed: WatchedWeights(share_weights(steps, seed), tell)


def kept(share_weights: WeightSharing, folder: Path, identity: Any) -> WeightSharing:
    """The same supernets, a file in `folder` for each; `identity` is all that a supernet depends on, as JSON."""
    text = json.dumps([identity, archwalk.__version__], sort_keys=True, default=str)
    return partial(_keep, share_weights, folder, text)


def _keep(share_weights: WeightSharing, folder: Path, identity: str, steps: int, seed: int) -> KeptWeights:
    digest = hashlib.sha256(f"{identity} {steps} {seed}".encode()).hexdigest()[:12]
    return KeptWeights(partial(share_weights, steps, seed), folder / f"supernet-{digest}.safetensors")
