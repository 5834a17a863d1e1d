"""What architectures are worth, learned from those that were evaluated: the part that model-based agents share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingLedger, paid
from archwalk.learning.ensemble import EnsembleLearner, LogEnsemble
from archwalk.spaces.base import Codes, Features
from archwalk.spaces.capabilities import rewritten_features
from archwalk.strategies.checks import Count, CountOrZero, NotNegative, Positive, Share, check_settings


@dataclass(frozen=True)
class ModelSettings:
    """How a model of accuracy is learned while it chooses what to evaluate.

    `evaluations` architectures are evaluated in all, `initial` sampled ones first, then rounds of at most
    `round`, of which a share `random` is sampled. An ensemble of `members` networks takes `first_updates` steps
    on the first ones, `updates` after every round, and `last_updates` in the end. `sharpness` weighs errors near
    the top: the members predict exp(sharpness * (accuracy - reference)). `neighbours` is how many the agent is
    presented with. In the end a network is distilled by `distil_updates` steps of Adam on `distil_batch` architectures.
    """

    length: ClassVar[str] = "evaluations"
    """The setting that says how long training is."""

    scaled: ClassVar[tuple[str, ...]] = ("initial",)
    """What is counted in its unit, so that a shorter training needs less of it."""

    evaluations: Count = 1_000
    initial: Count = 256
    round: Count = 60
    random: Share = 0.07
    members: Count = 4
    model_learning_rate: Positive = 2e-3
    weight_decay: NotNegative = 1e-3
    model_batch: Count = 128
    first_updates: Count = 600
    updates: Count = 150
    last_updates: CountOrZero = 4_000
    sharpness: Positive = 32.0
    neighbours: Count = 50
    width: Count = 128
    distil_updates: Count = 4_000
    distil_batch: Count = 1_024
    distil_learning_rate: Positive = 2e-3

    def __post_init__(self) -> None:
        check_settings(self)
        if self.initial > self.evaluations:
            raise UsageError(f"initial ({self.initial}) must not exceed evaluations ({self.evaluations})")


class AccuracyModel:
    """An ensemble and the architectures (E, L) that it has learned from, with their accuracies (E,) in percent.

    `half`: rounds are in half precision (see `learning.precision`); what tells the best apart never is.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        settings: ModelSettings,
        ensemble: LogEnsemble,
        rng: np.random.Generator,
        half: bool = False,
    ) -> None:
        self.space = benchmark.space
        self.settings = settings
        self.rng = rng
        self.half = half
        self.ledger = TrainingLedger(benchmark.estimator, rng.spawn(1)[0])
        self.learner = EnsembleLearner(
            ensemble.members, learning_rate=settings.model_learning_rate, weight_decay=settings.weight_decay
        )
        self.codes_EL = np.empty((0, self.space.code_length), np.int32)
        self.accuracy_E = np.empty(0)
        self._seen: set[bytes] = set()

    def __len__(self) -> int:
        return len(self.accuracy_E)

    def learn(self, codes_BL: Codes) -> dict[str, float]:
        """Evaluate architectures, which is paid for, and fit the members to all so far; gives metrics."""
        accuracy_B = paid(self.ledger, codes_BL)
        first = not len(self)
        self._remember(
            np.concatenate([self.codes_EL, codes_BL]), np.concatenate([self.accuracy_E, accuracy_B])
        )
        error = self.fit(self.settings.first_updates if first else self.settings.updates)
        return {
            "charts/best_reward": float(self.accuracy_E.max()),
            "charts/reward": float(accuracy_B.mean()),
            "losses/model": error,
        }

    def fit(self, updates: int) -> float:
        """Take `updates` steps on all that was evaluated, written in ever other ways, which teaches what is the same;
        gives the last error.
        """
        reference = float(np.median(self.accuracy_E[: self.settings.initial])) + 4  # the best will be near it
        targets_E = np.exp(self.settings.sharpness / 100 * (self.accuracy_E - reference))

        def rows_of(shape: tuple[int, int]) -> NDArray[np.int64]:
            return self.rng.integers(0, len(self), shape)

        return self._fit(
            updates,
            targets_E,
            rows_of,
            lambda codes: rewritten_features(self.space, codes, self.rng),
            half=self.half,
        )

    def tell_apart(self, updates: int, sharpness: float) -> float:
        """Take `updates` steps that tell the best from the second best: with a `sharpness` of their own, half of each
        minibatch from the best tenth, on architectures written as walks present them. Gives the last error.
        """
        targets_E = np.exp(sharpness / 100 * (self.accuracy_E - self.accuracy_E.max()))
        best = np.argsort(-self.accuracy_E, kind="stable")[: max(1, len(self) // 10)]

        def rows_of(shape: tuple[int, int]) -> NDArray[np.int64]:
            rows_KB = self.rng.integers(0, len(self), shape)
            half = shape[1] // 2
            rows_KB[:, :half] = best[self.rng.integers(0, len(best), (shape[0], half))]
            return rows_KB

        return self._fit(updates, targets_E, rows_of, self.space.features)

    def _fit(
        self,
        updates: int,
        targets_E: Floats,
        rows_of: Callable[[tuple[int, int]], NDArray[np.int64]],
        features_of: Callable[[Codes], Features],
        half: bool = False,
    ) -> float:
        shape = self.settings.members, min(self.settings.model_batch, len(self))
        wanted_E = targets_E.astype(np.float32)

        def draw() -> tuple[torch.Tensor, torch.Tensor]:
            rows_KB = rows_of(shape)
            features = torch.from_numpy(features_of(self.codes_EL[rows_KB.ravel()])).float()
            return features.view(*shape, -1), torch.from_numpy(wanted_E[rows_KB])

        return self.learner.fit(draw, updates=updates, half=half)

    def predict(self, features_NF: Features) -> Floats:
        """What each member takes architectures for, (K, N), on the scale of exp(accuracy)."""
        return self.learner.predict(features_NF, half=self.half)

    def unseen(self, codes_BL: Codes) -> Codes:
        """Those that were not evaluated yet, each once, in their order."""
        new = {code_L.tobytes(): b for b, code_L in reversed(list(enumerate(codes_BL)))}
        rows = sorted(b for code, b in new.items() if code not in self._seen)
        return codes_BL[rows]

    def _remember(self, codes_EL: Codes, accuracy_E: NDArray[np.float64]) -> None:
        self.codes_EL, self.accuracy_E = codes_EL, accuracy_E
        self._seen = {code_L.tobytes() for code_L in codes_EL}

    def state_dict(self) -> dict[str, Any]:
        """All but the ensemble's weights, which are those of the network that it belongs to."""
        return {
            "rng": self.rng.bit_generator.state,
            "ledger": self.ledger.state_dict(),
            "optimiser": self.learner.optimiser.state_dict(),
            "codes": self.codes_EL,
            "accuracy": self.accuracy_E,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.rng.bit_generator.state = state["rng"]
        self.ledger.load_state_dict(state["ledger"])
        self.learner.optimiser.load_state_dict(state["optimiser"])
        codes_EL, accuracy_E = np.array(state["codes"]), np.array(state["accuracy"])
        if codes_EL.ndim != 2 or codes_EL.dtype.kind != "i" or accuracy_E.shape != codes_EL.shape[:1]:
            raise ValueError("codes and accuracies are not of the same architectures")
        self._remember(codes_EL, accuracy_E)
