"""Estimators that look architectures up in a table of measurements."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Bits, Floats, Scores
from archwalk.estimators.fingerprints import Fingerprint, digests
from archwalk.estimators.metrics import Metric, Objective
from archwalk.jit import draws_at
from archwalk.spaces.base import Codes

RANDOM_RUN = Objective(
    "random-run",
    Metric("validation accuracy of a random run", "%"),
    Metric("test accuracy of a random run", "%"),
    "reward: validation accuracy of a random run, report: test accuracy of a random run (Krishna et al. 2020)",
)


class TableEstimator:
    """Reward and report of every architecture of an enumerable space, by id."""

    evaluation = "table"

    def __init__(
        self, objective: Objective, reward_N: Floats, report_N: Floats, seconds_N: Floats | None = None
    ) -> None:
        self.objective = objective
        self.reward_N = np.asarray(reward_N, np.float64)
        self.report_N = np.asarray(report_N, np.float64)
        self.seconds_N = np.full(len(reward_N), np.nan) if seconds_N is None else np.asarray(seconds_N)

    @property
    def worst_reward(self) -> float:
        """What counts where the table has a gap: 0, or the worst of the table where that is worse."""
        metric = self.objective.reward
        return metric.upward(_at_most_zero(metric.upward(self.reward_N)))

    @property
    def fingerprint(self) -> Fingerprint:
        """Digests of the scores."""
        return digests(reward=self.reward_N, report=self.report_N)

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Look codes (B, 1) up."""
        ids = codes_BL[:, 0]
        return Scores(self.reward_N[ids], self.report_N[ids], self.seconds_N[ids])


class MultiFidelityTable(TableEstimator):
    """A table of trainings of several lengths: rewards (F, N) and seconds (F, N) after `fidelities[f]` epochs."""

    def __init__(
        self,
        objective: Objective,
        fidelities: tuple[int, ...],
        reward_FN: Floats,
        report_N: Floats,
        seconds_FN: Floats | None = None,
    ) -> None:
        super().__init__(objective, reward_FN[-1], report_N, None if seconds_FN is None else seconds_FN[-1])
        self.fidelities = fidelities
        self.reward_FN = np.asarray(reward_FN, np.float64)
        self.seconds_FN = np.full(self.reward_FN.shape, np.nan) if seconds_FN is None else seconds_FN

    @property
    def fingerprint(self) -> Fingerprint:
        """Digests of the scores."""
        return digests(reward=self.reward_FN, report=self.report_N) | {"epochs": list(self.fidelities)}

    def evaluate_at(self, codes_BL: Codes, fidelity: int) -> Scores:
        """Look codes (B, 1) up, as trained for `fidelities[fidelity]` epochs."""
        ids = codes_BL[:, 0]
        return Scores(self.reward_FN[fidelity, ids], self.report_N[ids], self.seconds_FN[fidelity, ids])


class RandomRunEstimator:
    """Krishna et al.'s protocol: one of the R runs of an architecture, drawn anew at each evaluation.

    Reward is the validation accuracy of the drawn run, report the test accuracy of another draw (Krishna et al. 2020,
    section 8 samples both at random). Figures of it are not to be compared with those of means over runs.
    """

    objective = RANDOM_RUN
    evaluation = "table"

    def __init__(self, validation_NR: NDArray[np.float32], test_NR: NDArray[np.float32]) -> None:
        self.validation_NR = validation_NR
        self.test_NR = test_NR

    @property
    def fingerprint(self) -> Fingerprint:
        """Digests of the runs."""
        return digests(reward=self.validation_NR, report=self.test_NR)

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Draw a run for each row of codes (B, 1), the same for the same row whenever it is asked."""
        return self.draw(codes_BL, _bits_of_rows(len(codes_BL)))

    def draw(self, codes_BL: Codes, bits_B: Bits, fidelity: int = -1) -> Scores:
        """Draw a run for each row of codes (B, 1), for reward and for report."""
        return self._draw(codes_BL, bits_B, self.validation_NR)

    def _draw(self, codes_BL: Codes, bits_B: Bits, validation_NR: NDArray[np.float32]) -> Scores:
        ids = codes_BL[:, 0]
        reward_B = _draw_run(validation_NR, ids, bits_B >> np.uint64(32))
        report_B = _draw_run(self.test_NR, ids, bits_B & np.uint64(2**32 - 1))
        return Scores(reward_B, report_B, np.full(len(ids), np.nan))


class MultiFidelityRandomRun(RandomRunEstimator):
    """The same where trainings of several lengths are known: validation accuracies (N, F, R)."""

    def __init__(
        self,
        fidelities: tuple[int, ...],
        validation_NFR: NDArray[np.float32],
        test_NR: NDArray[np.float32],
    ) -> None:
        super().__init__(validation_NFR[:, -1], test_NR)
        self.fidelities = fidelities
        self.validation_NFR = validation_NFR

    @property
    def fingerprint(self) -> Fingerprint:
        """Digests of the runs."""
        return digests(reward=self.validation_NFR, report=self.test_NR) | {"epochs": list(self.fidelities)}

    def evaluate_at(self, codes_BL: Codes, fidelity: int) -> Scores:
        """As `evaluate`, but for the rewards, which are of runs of `fidelities[fidelity]` epochs."""
        return self.draw(codes_BL, _bits_of_rows(len(codes_BL)), fidelity)

    def draw(self, codes_BL: Codes, bits_B: Bits, fidelity: int = -1) -> Scores:
        """Draw a run of `fidelities[fidelity]` epochs for each reward; for each report one of the full training."""
        return self._draw(codes_BL, bits_B, self.validation_NFR[:, fidelity])


def _at_most_zero(values: NDArray[np.floating[Any]]) -> float:
    return float(np.min(values, initial=0.0, where=np.isfinite(values)))


def _bits_of_rows(n: int) -> Bits:
    bits_B: Bits = draws_at(np.zeros(1, np.uint64), 0, n)[0]
    return bits_B


def _draw_run(runs_NR: NDArray[np.float32], ids: NDArray[np.int32], bits_B: Bits) -> Floats:
    """One of the R runs of each architecture, by 32 random bits (Lemire's multiply-shift, as in `random_below`)."""
    at_B = (bits_B * np.uint64(runs_NR.shape[1])) >> np.uint64(32)
    drawn_B: Floats = runs_NR[ids, at_B].astype(np.float64)
    return drawn_B
