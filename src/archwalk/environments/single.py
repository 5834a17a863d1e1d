"""One walk, step by step, without the price of arrays of one: what `Walks` of one does, to the bit."""

from typing import Any, Protocol

import numpy as np

from archwalk.environments.observations import Observation
from archwalk.environments.rewards import DIFFERENCE, FINAL
from archwalk.environments.walks import Walks, WalkSettings
from archwalk.errors import UsageError
from archwalk.estimators.ledger import TrainingLedger, paid
from archwalk.estimators.table import TableEstimator
from archwalk.jit import kernel, make_streams, random_below
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace


class Walk(Protocol):
    """A walk. What `reset` and `step` leave behind is observed; no array of an observation is written to later."""

    def seed(self, rng: np.random.Generator) -> None:
        """Draw from `rng` from here on."""

    def restart(self) -> None:
        """Begin anew from a sampled architecture."""

    def step(self, action: int) -> tuple[float, bool, bool]:
        """Reward, and whether the walk terminated and was truncated. Raises UsageError for an action that is none."""

    def observe(self) -> Observation:
        """The current architecture and its neighbours: see `IncrementalVectorEnv`."""

    @property
    def code_L(self) -> Codes:
        """The current architecture."""

    @property
    def score(self) -> float:
        """What it was paid; NaN where it was not."""

    @property
    def count(self) -> int:
        """How many neighbours are presented."""


def make_walk(
    space: SearchSpace,
    ledger: TrainingLedger,
    settings: WalkSettings,
    rng: np.random.Generator,
    *,
    features: bool,
) -> Walk:
    """A walk which observes features or codes; the fast one where the space is numbered and scores are a table's."""
    if isinstance(space, EnumerableSpace) and isinstance(ledger.evaluator.estimator, TableEstimator):
        return TableWalk(space, ledger, settings, rng, features=features)
    return GeneralWalk(space, ledger, settings, rng, features=features)


class GeneralWalk:
    """Anywhere: `Walks` of one."""

    def __init__(
        self, space: SearchSpace, ledger: TrainingLedger, settings: WalkSettings, rng: np.random.Generator,
        *, features: bool,
    ) -> None:  # fmt: skip
        self.walks = Walks(space, ledger, 1, settings, rng)
        self.features = features

    def seed(self, rng: np.random.Generator) -> None:
        """See `Walk`."""
        self.walks.rng, self.walks.streams_B = rng, make_streams(rng, 1)

    def restart(self) -> None:
        """See `Walk`."""
        self.walks.reset()

    def step(self, action: int) -> tuple[float, bool, bool]:
        """See `Walk`."""
        check_action(action, self.walks.settings.neighbours)
        step = self.walks.step(np.array([action]))
        return float(step.reward_B[0]), bool(step.terminated_B[0]), bool(step.truncated_B[0])

    def observe(self) -> Observation:
        """See `Walk`."""
        codes_KL = self.walks.codes_BKL[0]
        mask = (np.arange(len(codes_KL)) <= self.count).astype(np.int8)
        if self.features:
            return {"features": self.walks.space.features(codes_KL), "mask": mask}
        return {"codes": codes_KL.copy(), "mask": mask}

    @property
    def code_L(self) -> Codes:
        """See `Walk`."""
        code_L: Codes = self.walks.codes_BKL[0, 0].copy()
        return code_L

    @property
    def score(self) -> float:
        """See `Walk`."""
        return float(self.walks.score_B[0])

    @property
    def count(self) -> int:
        """See `Walk`."""
        return int(self.walks.count_B[0])


class TableWalk:
    """In a numbered space, scored by a table: what architectures are paid is made ready for all of them."""

    def __init__(
        self, space: EnumerableSpace, ledger: TrainingLedger, settings: WalkSettings, rng: np.random.Generator,
        *, features: bool,
    ) -> None:  # fmt: skip
        self.space, self.ledger, self.settings = space, ledger, settings
        self._rule, self._rows = settings.reward, settings.neighbours + 1
        self._shape = (self._rows if features else 0, space.feature_count)
        self._graph = space.graph.offsets, space.graph.targets_E, space.feature_table
        self._room = np.empty(int(space.graph.degrees.max(initial=0)), np.int32)
        everything_N1 = np.arange(space.size, dtype=np.int32)[:, None]
        self._score_N = paid(TrainingLedger(ledger.evaluator.estimator), everything_N1)
        self._shaped_N = settings.shaping(self._score_N)
        self.code, self.count, self.steps = 0, 0, 0
        self.score, self.shaped = np.nan, 0.0
        self.seed(rng)

    def seed(self, rng: np.random.Generator) -> None:
        """See `Walk`."""
        self.rng, self._streams = rng, make_streams(rng, 1)

    def restart(self) -> None:
        """See `Walk`."""
        self.code, self.steps, self.score = int(self.space.sample(self.rng, 1)[0, 0]), 0, np.nan
        if self._rule.every_move:
            self._pay()
        self._present()

    def step(self, action: int) -> tuple[float, bool, bool]:
        """See `Walk`."""
        if not 0 <= action < self._rows:
            check_action(action, self.settings.neighbours)
        moved = 0 < action <= self.count
        if moved:
            self.code, self.score = self._codes_K.item(action), np.nan
        self.steps += 1
        terminated, truncated, reward = action == 0, self.steps >= self.settings.episode_limit, 0.0
        if self._rule.every_move:
            truncated = truncated and not terminated
        else:
            terminated, truncated = terminated or truncated, False
        if moved if self._rule.every_move else terminated:
            reward = self._gain(self.shaped, self._pay())
        self._present()
        return reward, terminated, truncated

    def _gain(self, before: float, after: float) -> float:
        if self._rule is DIFFERENCE:
            return after - before
        if self._rule is FINAL:
            return after
        return float(self._rule.rule(np.array([before]), np.array([after]))[0])

    def _pay(self) -> float:
        self.ledger.record_id(self.code)
        self.score, self.shaped = self._score_N.item(self.code), self._shaped_N.item(self.code)
        return self.shaped

    def _present(self) -> None:
        self._codes_K, self._mask_K = np.empty(self._rows, np.int32), np.empty(self._rows, np.int8)
        self._shown_KF = np.empty(self._shape, np.uint8)
        self.count = _present(
            *self._graph, self.code, self._streams, self._room, self._codes_K, self._mask_K, self._shown_KF
        )

    def observe(self) -> Observation:
        """See `Walk`."""
        if self._shape[0]:
            return {"features": self._shown_KF, "mask": self._mask_K}
        return {"codes": self._codes_K[:, None], "mask": self._mask_K}

    @property
    def code_L(self) -> Codes:
        """See `Walk`."""
        return self._codes_K[:1]


def check_action(action: Any, neighbours: int) -> None:
    """Raises UsageError for an action that there is not."""
    if not 0 <= action <= neighbours:
        raise UsageError(f"actions are 0 to {neighbours}, not {action}")


@kernel
def _present(offsets, targets_E, table_NF, code, streams, room, codes_K, mask_K, shown_KF):  # type: ignore[no-untyped-def]
    """Draw as `EnumerableSpace.sample_neighbours` does, and gather features; gives the number of neighbours."""
    limit, start = len(codes_K) - 1, offsets[code]
    degree = offsets[code + 1] - start
    count = min(degree, limit)
    codes_K[0] = code
    for j in range(degree):
        room[j] = targets_E[start + j]
    for j in range(count):
        if degree > limit:
            k = j + random_below(streams, 0, degree - j)
            codes_K[j + 1] = room[k]
            room[k] = room[j]
        else:
            codes_K[j + 1] = room[j]
    codes_K[count + 1 :] = -1
    mask_K[: count + 1] = 1
    mask_K[count + 1 :] = 0
    for k in range(len(shown_KF)):
        if k <= count:
            shown_KF[k] = table_NF[codes_K[k]]
        else:
            shown_KF[k] = 0
    return count
