"""The contract of an estimator: what an architecture is worth, and what it costs to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.estimators.metrics import Objective
from archwalk.spaces.base import Codes

Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]


@dataclass(frozen=True)
class Scores:
    """Scores of a batch, as they are: in the units and the directions of the objective's metrics.

    `reward_B` is what a search may see, `report_B` what its result is judged by (never shown to a
    strategy), `seconds_B` what the evaluation would have cost if the networks had been trained; NaN where
    the benchmark does not say. Neither reward nor report is ever infinite once it is `checked`.
    """

    reward_B: Floats
    report_B: Floats
    seconds_B: Floats

    def checked(self) -> "Scores":
        """The same; a reward or report that is infinite is none, NaN."""
        if np.isinf(self.reward_B).any() or np.isinf(self.report_B).any():
            return Scores(nan_for_infinite(self.reward_B), nan_for_infinite(self.report_B), self.seconds_B)
        return self


class Estimator(Protocol):
    """Scores architectures of one space under one objective."""

    @property
    def objective(self) -> Objective:
        """What reward and report are."""

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, L)."""


@runtime_checkable
class MultiFidelityEstimator(Estimator, Protocol):
    """An estimator that can also score an architecture that was trained for fewer epochs."""

    @property
    def fidelities(self) -> tuple[int, ...]:
        """Numbers of epochs (of agents: of PPO's updates), ascending. The last is the full training, which `evaluate`
        scores.
        """

    def evaluate_at(self, codes_BL: Codes, fidelity: int) -> Scores:
        """Score codes (B, L) trained for `fidelities[fidelity]` epochs; the report is that of the full training."""


@runtime_checkable
class NoisyEstimator(Estimator, Protocol):
    """An estimator whose scores are drawn: two evaluations of one architecture differ.

    It keeps no generator. Whoever counts evaluations hands it what to draw by (`Evaluator`); `evaluate`, asked
    directly, draws the same whenever it is asked.
    """

    def draw(self, codes_BL: Codes, bits_B: Bits, fidelity: int = -1) -> Scores:
        """Score codes (B, L), each drawn by 64 random bits of its own, trained for `fidelities[fidelity]` epochs."""


class SharedWeights(Protocol):
    """Networks that share the weights of one supernet while they are trained in turns."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that its turns depend on, as JSON: what goes on after a kill must be equal in it."""

    @property
    def total(self) -> int:
        """Turns that there are."""

    @property
    def done(self) -> int:
        """Turns that were taken."""

    def learn(self, code_L: Codes) -> float:
        """One architecture takes a turn; returns what it earned."""

    def scores(self, codes_BL: Codes, episodes: int, limit: int) -> Floats:
        """What architectures (B,) are worth with the weights as they are: each by so many episodes, cut at `limit`."""


WeightSharing = Callable[[int, int], SharedWeights]
"""`WeightSharingEstimator.share_weights`."""


@runtime_checkable
class WeightSharingEstimator(Estimator, Protocol):
    """An estimator whose networks can share weights: what one-shot methods search by."""

    def share_weights(self, steps: int, seed: int) -> SharedWeights:
        """Fresh shared weights, to be trained for so many timesteps (0: as long as one network from scratch)."""


def nan_for_infinite(values: Floats) -> Floats:
    """The same values, any shape; NaN where they are not finite."""
    return np.where(np.isfinite(values), values, np.nan)


def worst_reward(estimator: Estimator) -> float:
    """What counts for an architecture that has no reward: the estimator's `worst_reward`, otherwise 0; where lower is
    better, of errors in percent 100. Raises UsageError where nothing is known to be the worst.
    """
    metric = estimator.objective.reward
    worst: float | None = getattr(estimator, "worst_reward", None)
    if worst is None and metric.higher_is_better:
        worst = 0.0
    elif worst is None and metric.unit == "%":
        worst = 100.0
    if worst is None:
        raise UsageError(
            f"an architecture has no {metric.name}: the benchmark must say what counts then, in `worst_reward`"
        )
    return worst


def fidelities_of(estimator: Estimator) -> tuple[int, ...]:
    """Numbers of epochs of an estimator, ascending; (1,) for one that has no choice of them."""
    return estimator.fidelities if isinstance(estimator, MultiFidelityEstimator) else (1,)
