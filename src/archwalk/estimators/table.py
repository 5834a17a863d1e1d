"""Estimators that look architectures up in a table of measurements."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats, Scores
from archwalk.spaces.base import Codes


class TableEstimator:
    """Reward and report of every architecture of an enumerable space, by id; accuracies in percent."""

    evaluation = "table"

    def __init__(
        self, objective: str, reward_N: Floats, report_N: Floats, seconds_N: Floats | None = None
    ) -> None:
        self.objective = objective
        self.reward_N = np.asarray(reward_N, np.float64)
        self.report_N = np.asarray(report_N, np.float64)
        self.seconds_N = np.full(len(reward_N), np.nan) if seconds_N is None else np.asarray(seconds_N)

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Look codes (B, 1) up."""
        ids = codes_BL[:, 0]
        return Scores(self.reward_N[ids], self.report_N[ids], self.seconds_N[ids])


class MultiFidelityTable(TableEstimator):
    """A table of trainings of several lengths: rewards (F, N) and seconds (F, N) after `fidelities[f]` epochs."""

    def __init__(
        self,
        objective: str,
        fidelities: tuple[int, ...],
        reward_FN: Floats,
        report_N: Floats,
        seconds_FN: Floats | None = None,
    ) -> None:
        super().__init__(objective, reward_FN[-1], report_N, None if seconds_FN is None else seconds_FN[-1])
        self.fidelities = fidelities
        self.reward_FN = np.asarray(reward_FN, np.float64)
        self.seconds_FN = np.full(self.reward_FN.shape, np.nan) if seconds_FN is None else seconds_FN

    def evaluate_at(self, codes_BL: Codes, fidelity: int) -> Scores:
        """Look codes (B, 1) up, as trained for `fidelities[fidelity]` epochs."""
        ids = codes_BL[:, 0]
        return Scores(self.reward_FN[fidelity, ids], self.report_N[ids], self.seconds_FN[fidelity, ids])


class RandomRunEstimator:
    """P4's protocol: one of the R runs of an architecture, drawn anew at each evaluation.

    Reward is the validation accuracy of the drawn run, report the test accuracy of another draw (P4 section 8
    samples both at random). Figures of it are not to be compared with those of means over runs.
    """

    objective = "random-run"
    evaluation = "table"

    def __init__(self, validation_NR: NDArray[np.float32], test_NR: NDArray[np.float32], seed: int) -> None:
        self.validation_NR = validation_NR
        self.test_NR = test_NR
        self.rng = np.random.default_rng(seed)

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Draw a run for each row of codes (B, 1), for reward and for report."""
        return self._draw(codes_BL, self.validation_NR)

    def _draw(self, codes_BL: Codes, validation_NR: NDArray[np.float32]) -> Scores:
        ids = codes_BL[:, 0]
        runs = self.rng.integers(0, validation_NR.shape[1], size=(2, len(ids)))
        reward_B = validation_NR[ids, runs[0]].astype(np.float64)
        report_B = self.test_NR[ids, runs[1]].astype(np.float64)
        return Scores(reward_B, report_B, np.full(len(ids), np.nan))

    def state_dict(self) -> Mapping[str, object]:
        """State of the draws."""
        return {"rng": self.rng.bit_generator.state}


class MultiFidelityRandomRun(RandomRunEstimator):
    """The same where trainings of several lengths are known: validation accuracies (N, F, R)."""

    def __init__(
        self,
        fidelities: tuple[int, ...],
        validation_NFR: NDArray[np.float32],
        test_NR: NDArray[np.float32],
        seed: int,
    ) -> None:
        super().__init__(validation_NFR[:, -1], test_NR, seed)
        self.fidelities = fidelities
        self.validation_NFR = validation_NFR

    def evaluate_at(self, codes_BL: Codes, fidelity: int) -> Scores:
        """Draw a run of `fidelities[fidelity]` epochs for each reward; for each report one of the full training."""
        return self._draw(codes_BL, self.validation_NFR[:, fidelity])
