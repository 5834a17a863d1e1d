"""Evaluations that are counted, so that a noisy estimator draws the same whatever else runs."""

import numpy as np

from archwalk.estimators.base import (
    Estimator,
    Floats,
    MultiFidelityEstimator,
    NoisyEstimator,
    Scores,
    fidelities_of,
    worst_reward,
)
from archwalk.jit import Streams, draws_at, make_streams
from archwalk.spaces.base import Codes


class Evaluator:
    """Asks an estimator for T trials side by side; `done` says how often for each so far.

    Every trial owns a stream of random numbers, and its k-th evaluation draws by the k-th of them. So what a noisy
    estimator says does not depend on the other trials, on the process they are in, or on a stop in between: `done`
    is all that a checkpoint needs. A score that is infinite is none: NaN.
    """

    def __init__(self, estimator: Estimator, streams_T: Streams) -> None:
        self.estimator = estimator
        self.streams_T = streams_T
        self.fidelities = fidelities_of(estimator)
        self.done = 0
        self._noisy = estimator if isinstance(estimator, NoisyEstimator) else None

    @classmethod
    def seeded(cls, estimator: Estimator, rng: np.random.Generator | None = None) -> "Evaluator":
        """That of one trial, its stream drawn from `rng`; where there is none, the stream is always the same."""
        return cls(estimator, make_streams(rng or np.random.default_rng(0), 1))

    def scores(self, codes_BL: Codes, fidelity: int = -1) -> Scores:
        """Score codes (B, L), the next B / T of the first trial, of the second and so on."""
        return self._ask(codes_BL, fidelity).checked()

    def _ask(self, codes_BL: Codes, fidelity: int) -> Scores:
        first, n = self.done, len(codes_BL) // len(self.streams_T)
        self.done += n
        if self._noisy is not None:
            return self._noisy.draw(codes_BL, draws_at(self.streams_T, first, n).ravel(), fidelity)
        shorter = self.fidelities[fidelity] < self.fidelities[-1]
        if shorter and isinstance(self.estimator, MultiFidelityEstimator):
            return self.estimator.evaluate_at(codes_BL, fidelity)
        return self.estimator.evaluate(codes_BL)

    def rewards(self, codes_BL: Codes) -> Floats:
        """The rewards (B,) of `scores`, as they are told: higher is better."""
        return self.told(self.scores(codes_BL))

    def told(self, scores: Scores) -> Floats:
        """The rewards (B,) of scores as whoever searches is told them: turned so that higher is better."""
        return self.estimator.objective.reward.upward(scores.reward_B)

    @property
    def worst(self) -> float:
        """What a reward counts that is NaN, as it is told."""
        return self.estimator.objective.reward.upward(worst_reward(self.estimator))
