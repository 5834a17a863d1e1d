"""What an agent that builds remembers of a trial: what became of every action, wherever it was taken (ours)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.builds import Builds
from archwalk.estimators.base import Floats
from archwalk.jit import kernel
from archwalk.strategies.seen import code_key, find_place

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FACTS = 5
"""How many numbers are shown of an action."""

STEEPNESS, FURTHEST = 10.0, 3.0
"""By how much a distance from the best is stretched, and where it is cut."""

_TABLES = ("key_BH", "best_BHA", "count_BHA")
_ARRAYS = (*_TABLES, "entries_B", "mean_B", "top_B", "path_BT", "action_BT", "sum_B", "step_B")


class Recollection:
    """In each of B environments, of all that was built in a trial and each of A actions that followed: the highest mean
    reward an action among the episodes that went on so, and how many there were.

    It is blank when a trial begins, and grows with it. Episodic control (Blundell et al. 2016, arXiv:1606.04460)
    remembers returns in the same way but acts by the highest; here a network is shown them and learns what to make of
    them. `top_B` is the highest reward of an action, `mean_B` the highest mean of an episode.

    What is built is a key of 64 bits in an open-addressed table of H places; T is the most actions of an episode.
    """

    def __init__(self, batch: int, actions: int, limit: int) -> None:
        self.actions = actions
        self.key_BH = np.zeros((batch, 64), np.uint64)
        self.best_BHA, self.count_BHA = (np.zeros((batch, 64, actions), np.float32) for _ in range(2))
        self.entries_B, self.step_B = (np.zeros(batch, np.int64) for _ in range(2))
        self.mean_B, self.top_B, self.sum_B = (np.zeros(batch) for _ in range(3))
        self.path_BT, self.action_BT = np.zeros((batch, limit), np.uint64), np.zeros((batch, limit), np.int64)

    @staticmethod
    def width(actions: int) -> int:
        """How many numbers `facts` gives."""
        return FACTS * actions + 1

    def begin(self) -> None:
        """A trial begins."""
        for name in ("key_BH", "best_BHA", "count_BHA", "entries_B", "mean_B", "top_B"):
            getattr(self, name)[:] = 0
        self.restart(np.ones(len(self.mean_B), bool))

    def restart(self, rows_B: Bools) -> None:
        """Episodes begin in these environments."""
        self.sum_B[rows_B], self.step_B[rows_B] = 0, 0

    def choose(self, builds: Builds, action_B: Ints) -> None:
        """Enter what is about to be done."""
        every = np.arange(len(action_B))
        self.path_BT[every, self.step_B], self.action_BT[every, self.step_B] = _keys(builds), action_B

    def add(self, reward_B: Floats, done_B: Bools) -> None:
        """Enter what came of it, before the environments that are done begin anew."""
        self.sum_B += reward_B
        self.step_B += 1
        self.top_B = np.maximum(self.top_B, reward_B)
        if not done_B.any():
            return
        mean_B = self.sum_B / self.step_B
        self.mean_B[done_B] = np.maximum(self.mean_B, mean_B)[done_B]
        if 2 * (self.entries_B.max() + self.path_BT.shape[1]) > self.key_BH.shape[1]:
            self._grow()
        _remember(
            done_B, mean_B, self.step_B, self.path_BT, self.action_BT,
            self.key_BH, self.best_BHA, self.count_BHA, self.entries_B,
        )  # fmt: skip

    def _grow(self) -> None:
        old = [getattr(self, name) for name in _TABLES]
        new = [np.zeros((one.shape[0], 2 * one.shape[1], *one.shape[2:]), one.dtype) for one in old]
        _move(*old, *new)
        for name, table in zip(_TABLES, new, strict=True):
            setattr(self, name, table)

    def facts(self, builds: Builds) -> NDArray[np.float32]:
        """(B, A * FACTS + 1), action by action: whether it was ever taken here; the best episode since, as a share of
        the best of the trial; how far that is from 1, stretched; whether it is the best; and how new it still is, one
        through the root of one and its count. Last the mean reward of the trial's best episode.
        """
        best_BA, count_BA = (np.zeros((len(self.mean_B), self.actions), np.float32) for _ in range(2))
        _recall(_keys(builds), self.key_BH, self.best_BHA, self.count_BHA, best_BA, count_BA)
        known_BA = count_BA > 0
        share_BA = _shares(best_BA, self.mean_B[:, None])
        gap_BA = np.where(known_BA, np.clip(STEEPNESS * (1 - share_BA), 0, FURTHEST), 0)
        is_best_BA = known_BA & (share_BA >= 1)
        facts_BAF = np.stack([known_BA, share_BA, gap_BA, is_best_BA, 1 / np.sqrt(1 + count_BA)], axis=2)
        batch = len(facts_BAF)
        return np.concatenate([facts_BAF.reshape(batch, -1), self.mean_B[:, None]], axis=1, dtype=np.float32)

    def relative(self, reward_B1: NDArray[Any]) -> NDArray[Any]:
        """Rewards (B, 1) as shares of the highest of the trial so far; 0 where there is none."""
        return _shares(reward_B1, self.top_B[:, None])

    def state_dict(self) -> dict[str, Any]:
        """Everything."""
        return {name: getattr(self, name).copy() for name in _ARRAYS}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name in _ARRAYS:
            setattr(self, name, np.array(state[name]))


def _shares(values_BX: NDArray[Any], whole_B1: Floats) -> NDArray[Any]:
    shares_BX = np.zeros_like(values_BX)
    np.divide(values_BX, whole_B1.astype(values_BX.dtype), out=shares_BX, where=whole_B1 > 0)
    return shares_BX


def _keys(builds: Builds) -> NDArray[np.uint64]:
    """Of what is built (B,), pointers and all."""
    built_BK = np.concatenate([builds.layers_BDR.reshape(builds.batch, -1), builds.pointers_B2], axis=1)
    key_B = np.empty(builds.batch, np.uint64)
    _fill_keys(built_BK, key_B)
    return key_B


@kernel
def _fill_keys(built_BK, key_B):  # type: ignore[no-untyped-def]
    for b in range(len(built_BK)):
        key_B[b] = code_key(built_BK[b])


@kernel
def _remember(done_B, mean_B, step_B, path_BT, action_BT, key_BH, best_BHA, count_BHA, entries_B):  # type: ignore[no-untyped-def]
    for b in range(len(done_B)):
        if not done_B[b]:
            continue
        for t in range(step_B[b]):
            place, action = find_place(key_BH[b], path_BT[b, t]), action_BT[b, t]
            if key_BH[b, place] == np.uint64(0):
                key_BH[b, place] = path_BT[b, t]
                entries_B[b] += 1
            best_BHA[b, place, action] = max(best_BHA[b, place, action], np.float32(mean_B[b]))
            count_BHA[b, place, action] += np.float32(1)


@kernel
def _recall(key_B, key_BH, best_BHA, count_BHA, best_BA, count_BA):  # type: ignore[no-untyped-def]
    for b in range(len(key_B)):
        place = find_place(key_BH[b], key_B[b])
        if key_BH[b, place] == key_B[b]:
            best_BA[b], count_BA[b] = best_BHA[b, place], count_BHA[b, place]


@kernel
def _move(key_BH, best_BHA, count_BHA, new_key_BH, new_best_BHA, new_count_BHA):  # type: ignore[no-untyped-def]
    for b in range(len(key_BH)):
        for h in range(key_BH.shape[1]):
            if key_BH[b, h] != np.uint64(0):
                place = find_place(new_key_BH[b], key_BH[b, h])
                new_key_BH[b, place] = key_BH[b, h]
                new_best_BHA[b, place], new_count_BHA[b, place] = best_BHA[b, h], count_BHA[b, h]
