"""The ledger: what a search has paid, and the only source of its curves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.estimators.base import Estimator, Floats, Scores
from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.metrics import Objective
from archwalk.estimators.table import TableEstimator
from archwalk.jit import Streams, make_streams
from archwalk.spaces.base import Codes


@dataclass(frozen=True)
class Curves:
    """Best so far after each of Q queries in T trials, values as they are: chosen by the reward, shown by the report.

    The reward is the worst there is (infinite) as long as none was a number.
    """

    reward_TQ: Floats
    report_TQ: Floats


class QueryLedger:
    """Wraps an estimator for a search of `trials` trials side by side with `budget` queries each.

    What one query is belongs to the protocol and stands in `query` beside every figure. A strategy is handed
    rewards; reports stay here.

    Where an estimator has several fidelities, a query is one full training. A shorter one costs its share of the
    epochs, whatever was trained before (the shorter trainings of NAS-Bench-101 have schedules of their own and are
    not continued). The best so far is chosen among the architectures trained longest by then.

    `streams_T` is what a noisy estimator draws by, one a trial (see `Evaluator`).
    """

    def __init__(
        self,
        estimator: Estimator,
        budget: int,
        trials: int = 1,
        query: str = "an architecture",
        streams_T: Streams | None = None,
    ) -> None:
        if budget < 1 or trials < 1:
            raise UsageError("a search needs a budget of at least 1 query and at least 1 trial")
        if streams_T is None:
            streams_T = make_streams(np.random.default_rng(0), trials)
        self.evaluator = Evaluator(estimator, streams_T)
        self.objective = estimator.objective
        self.budget = budget
        self.trials = trials
        self.query = query
        self._codes: list[Codes] = []
        self._scores: list[Scores] = []
        self.fidelities = self.evaluator.fidelities
        self._fidelity: list[NDArray[np.int64]] = []
        self._epochs = 0
        self._started = time.perf_counter()
        self._closed: float | None = None

    @property
    def queries(self) -> int:
        """Queries that each trial has paid, one begun as a whole."""
        return -(-self._epochs // self.fidelities[-1])

    @property
    def remaining(self) -> int:
        """Queries left to each trial."""
        return self.budget - self.queries

    def affordable(self, fidelity: int = -1) -> int:
        """Architectures that each trial can still evaluate at a fidelity."""
        return (self.budget * self.fidelities[-1] - self._epochs) // self.fidelities[fidelity]

    @property
    def seconds(self) -> float:
        """Wall time from the opening of the ledger to `close`, or until now."""
        return (self._closed or time.perf_counter()) - self._started

    def close(self) -> None:
        """The search is over: stop the clock."""
        self._closed = time.perf_counter()

    def evaluate(self, codes_TNL: Codes, fidelity: int = -1) -> Floats:
        """Pay for N architectures in each trial and return their rewards (T, N), turned so that higher is better.

        Raises UsageError past the budget. `fidelity` is an index into `fidelities`; the last is the full training.
        """
        trials, n, length = codes_TNL.shape
        if trials != self.trials:
            raise UsageError(f"the ledger keeps {self.trials} trials, the strategy asked for {trials}")
        if n > self.affordable(fidelity):
            raise UsageError(f"{n} queries asked for, {self.remaining} of {self.budget} left")
        scores = self.evaluator.scores(codes_TNL.reshape(-1, length), fidelity)
        self._codes.append(codes_TNL.copy())
        self._scores.append(scores)
        self._fidelity.append(np.full(n, fidelity % len(self.fidelities)))
        self._epochs += n * self.fidelities[fidelity]
        return self.evaluator.told(scores).reshape(trials, n).copy()

    def join(self, parts: Sequence["QueryLedger"]) -> None:
        """Enter the trials of others, in order, which together are this ledger's: their queries, codes and scores."""
        if sum(part.trials for part in parts) != self.trials or len({part.queries for part in parts}) != 1:
            raise UsageError(
                "the parts of a ledger must have all of its trials, and equally many queries each"
            )
        names = ("reward_B", "report_B", "seconds_B")
        self._codes = [np.concatenate([part.codes_TQL for part in parts])]
        self._scores = [
            Scores(*(np.concatenate([part._history(name) for part in parts]).reshape(-1) for name in names))
        ]
        self.query, self._fidelity, self._epochs = parts[0].query, parts[0]._fidelity, parts[0]._epochs

    @property
    def codes_TQL(self) -> Codes:
        """Every architecture paid for, in order; where there are several fidelities, Q counts evaluations."""
        return np.concatenate(self._codes, axis=1)

    @property
    def rewards_TQ(self) -> Floats:
        """Their rewards, as the strategy was told them: higher is better."""
        return self.objective.reward.upward(self._history("reward_B"))

    @property
    def scores_TQ(self) -> tuple[Floats, Floats]:
        """Rewards and reports of all that was paid for, as they are."""
        return self._history("reward_B"), self._history("report_B")

    @property
    def latest_TN(self) -> tuple[Floats, Floats]:
        """Rewards and reports of what was paid for last, as they are."""
        last, shape = self._scores[-1], (self.trials, -1)
        return last.reward_B.reshape(shape), last.report_B.reshape(shape)

    @property
    def epochs_E(self) -> NDArray[np.int64]:
        """For how long each of a trial's evaluations trained, in the unit of `fidelities`."""
        return np.array(self.fidelities)[np.concatenate(self._fidelity)]

    def _history(self, name: str) -> Floats:
        return np.concatenate([getattr(s, name).reshape(self.trials, -1) for s in self._scores], axis=1)

    def curves(self) -> Curves:
        """Best so far: the incumbent changes when a better reward arrives, and with it the report."""
        reward_TE = self.objective.reward.upward(_worst_for_unknown(self.rewards_TQ))
        spent_E = np.cumsum(self.epochs_E)
        paid_Q = self.fidelities[-1] * np.arange(1, self.queries + 1)
        at_TQ = self._incumbents()[:, np.searchsorted(spent_E, paid_Q, side="right") - 1]
        return Curves(
            np.take_along_axis(reward_TE, at_TQ, axis=1),
            np.take_along_axis(self._history("report_B"), at_TQ, axis=1),
        )

    def _incumbents(self) -> NDArray[np.intp]:
        """Which evaluation is the best after each of E, (T, E): the first of best reward at the highest fidelity."""
        reward_TE = _worst_for_unknown(self.rewards_TQ)
        fidelity_E = np.concatenate(self._fidelity)
        reached_E = np.maximum.accumulate(fidelity_E)
        parts = []
        for fidelity in np.unique(reached_E):  # a higher one begins anew
            part = np.flatnonzero(reached_E == fidelity)
            counted_TE = np.where(fidelity_E[part] == fidelity, reward_TE[:, part], -np.inf)
            best_TE = np.maximum.accumulate(counted_TE, axis=1)
            at_TE = np.full(best_TE.shape, part[0])
            at_TE[:, 1:] = np.where(best_TE[:, 1:] > best_TE[:, :-1], part[1:], part[0])
            parts.append(np.maximum.accumulate(at_TE, axis=1))
        return np.concatenate(parts, axis=1)

    def unique_T(self) -> NDArray[np.int64]:
        """Different architectures that each trial paid for."""
        codes_TQL = self.codes_TQL
        if codes_TQL.shape[2] == 1:
            sorted_TQ = np.sort(codes_TQL[:, :, 0], axis=1)
            return np.array([1 + np.count_nonzero(np.diff(sorted_Q)) for sorted_Q in sorted_TQ])
        return np.array([len(np.unique(codes_QL, axis=0)) for codes_QL in codes_TQL])

    def best_codes_TL(self) -> Codes:
        """The architecture of best reward in each trial."""
        at_T = self._incumbents()[:, -1]
        best_TL: Codes = self.codes_TQL[np.arange(self.trials), at_T]
        return best_TL

    def summary(self) -> dict[str, Any]:
        """What was paid, for JSON."""
        seconds_TQ = self._history("seconds_B")
        return {
            "query": self.query,
            "queries": self.queries,
            "unique_mean": float(self.unique_T().mean()),
            "training_seconds_represented_mean": _or_none(float(seconds_TQ.sum(axis=1).mean())),
            "seconds": self.seconds,
        }


class RewardSource(Protocol):
    """Whatever a walk pays from."""

    def rewards(self, codes_BL: Codes) -> Floats:
        """Pay for codes (B, L) and return their rewards (B,): higher is better, NaN where there is none."""

    @property
    def worst(self) -> float:
        """What counts where there is none."""


def paid(source: RewardSource, codes_BL: Codes) -> Floats:
    """Pay for codes (B, L) and return their rewards (B,), the worst where there is none."""
    reward_B = source.rewards(codes_BL)
    unknown_B = np.isnan(reward_B)
    return np.where(unknown_B, source.worst, reward_B) if unknown_B.any() else reward_B


class ActorLedger:
    """What an actor has paid for, until it is handed over to the training's ledger, which may be elsewhere.

    A noisy estimator draws by `rng`.
    """

    def __init__(self, estimator: Estimator, rng: np.random.Generator | None = None) -> None:
        self.evaluator = Evaluator.seeded(estimator, rng)
        self._paid: list[Codes] = []

    def rewards(self, codes_BL: Codes) -> Floats:
        """Pay for codes (B, L) and return their rewards (B,), turned so that higher is better."""
        self._paid.append(codes_BL.copy())
        return self.evaluator.rewards(codes_BL)

    @property
    def worst(self) -> float:
        """What a reward counts that is NaN."""
        return self.evaluator.worst

    @property
    def codes_EL(self) -> Codes:
        """Everything paid for since the last `take`, in order; (0, 0) if that is nothing."""
        return np.concatenate(self._paid) if self._paid else np.empty((0, 0), np.int32)

    def take(self) -> Codes:
        """Hand over `codes_EL`."""
        codes_EL = self.codes_EL
        self._paid = []
        return codes_EL

    def state_dict(self) -> dict[str, Any]:
        """What was not handed over yet; how much was ever paid, and what is drawn by."""
        evaluator = self.evaluator
        return {"codes": self.codes_EL, "done": evaluator.done, "streams": evaluator.streams_T}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self._paid = [np.array(state["codes"])] if len(state["codes"]) else []
        self.evaluator.done, self.evaluator.streams_T = int(state["done"]), np.array(state["streams"])


class TrainingLedger:
    """Counts what training a learned agent pays: evaluations, and different architectures among them.

    A noisy estimator draws by `rng`.
    """

    def __init__(self, estimator: Estimator, rng: np.random.Generator | None = None) -> None:
        self.evaluator = Evaluator.seeded(estimator, rng)
        self._seen_table = np.zeros(1024, bool)
        self._seen_rows: set[bytes] = set()

    @property
    def objective(self) -> Objective:
        """The estimator's."""
        return self.evaluator.estimator.objective

    @property
    def queries(self) -> int:
        """Evaluations."""
        return self.evaluator.done

    def rewards(self, codes_BL: Codes) -> Floats:
        """Pay for codes (B, L) and return their rewards (B,), turned so that higher is better."""
        self._see(codes_BL)
        return self.evaluator.rewards(codes_BL)

    @property
    def worst(self) -> float:
        """What a reward counts that is NaN."""
        return self.evaluator.worst

    def record(self, codes_BL: Codes) -> None:
        """Enter codes (B, L) that were paid for elsewhere."""
        self._see(codes_BL)
        self.evaluator.done += len(codes_BL)

    def record_id(self, code: int) -> None:
        """Enter one architecture of a numbered space: quicker than an array of one."""
        if code < len(self._seen_table):
            self._seen_table[code] = True
        else:
            self._see(np.array([[code]]))
        self.evaluator.done += 1

    def _see(self, codes_BL: Codes) -> None:
        if codes_BL.shape[1] == 1:
            ids = codes_BL[:, 0]
            if len(ids) and (largest := int(ids.max())) >= len(self._seen_table):
                self._seen_table = np.concatenate([self._seen_table, np.zeros(2 * largest, bool)])
            self._seen_table[ids] = True
        else:
            self._seen_rows.update(row.tobytes() for row in codes_BL)

    @property
    def unique(self) -> int:
        """Different architectures paid for."""
        return int(np.count_nonzero(self._seen_table)) + len(self._seen_rows)

    @property
    def unscored(self) -> int:
        """Those among them that a table has no score of; 0 where there is no table, which knows without a training."""
        estimator = self.evaluator.estimator
        if not isinstance(estimator, TableEstimator):
            return 0
        seen_N = self._seen_table[: len(estimator.reward_N)]
        return int(np.count_nonzero(seen_N & ~np.isfinite(estimator.reward_N[: len(seen_N)])))

    def state_dict(self) -> dict[str, Any]:
        """What was paid, for a checkpoint: arrays and numbers."""
        rows = b"".join(sorted(self._seen_rows))
        return {
            "queries": self.queries,
            "seen_table": np.packbits(self._seen_table),
            "seen_rows": np.frombuffer(rows, np.uint8).copy(),
            "row_bytes": len(next(iter(self._seen_rows), b"")),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.evaluator.done = int(state["queries"])
        self._seen_table = np.unpackbits(state["seen_table"]).astype(bool)
        rows, width = state["seen_rows"].tobytes(), int(state["row_bytes"])
        self._seen_rows = {rows[i : i + width] for i in range(0, len(rows), width)} if width else set()


class TrainingCost(Protocol):
    """What a training has paid."""

    @property
    def queries(self) -> int:
        """Evaluations."""

    @property
    def unique(self) -> int:
        """Different architectures among them."""


class JointLedger:
    """The ledgers of a training on several benchmarks, where an architecture is another one on each."""

    def __init__(self, estimators: Sequence[Estimator], rng: np.random.Generator) -> None:
        self.parts = [
            TrainingLedger(*each) for each in zip(estimators, rng.spawn(len(estimators)), strict=True)
        ]

    @property
    def queries(self) -> int:
        """Evaluations on all."""
        return sum(part.queries for part in self.parts)

    @property
    def unique(self) -> int:
        """Different architectures of each, added up."""
        return sum(part.unique for part in self.parts)

    @property
    def unscored(self) -> int:
        """Those of each without a score, added up."""
        return sum(part.unscored for part in self.parts)

    def state_dict(self) -> dict[str, Any]:
        """What was paid, for a checkpoint."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for part, saved in zip(self.parts, state["parts"], strict=True):
            part.load_state_dict(saved)


def _worst_for_unknown(rewards: Floats) -> Floats:
    """Rewards of which higher is better; what is no finite number never wins."""
    return np.where(np.isfinite(rewards), rewards, -np.inf)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
