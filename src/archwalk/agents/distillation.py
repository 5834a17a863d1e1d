"""Distillation: a network learns from features what a plan, or a larger model, says of architectures."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from archwalk.agents.accuracy_model import ModelSettings
from archwalk.agents.policy import GreedyPolicy
from archwalk.environments.walks import Sampler
from archwalk.estimators.base import Floats
from archwalk.jit import Streams
from archwalk.learning.precision import half_precision
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.walker import take_walks

_PORTION = 200
"""Updates between two looks at where the walks lead."""

_WALKS = 256
"""Walks whose surroundings each portion learns from."""


class Distiller:
    """Fits `student`, features (T, F) to values (T,), to labels of architectures.

    A batch is what walks are presented with that the network itself takes (as DAgger does, Ross et al., 2011); half
    of it comes from `anywhere`, where that is given, which draws so many codes. `half` is for half precision.
    """

    def __init__(
        self,
        student: nn.Module,
        settings: ModelSettings,
        space: SearchSpace,
        starts: Sampler,
        rng: np.random.Generator,
        anywhere: Sampler | None = None,
        half: bool = False,
    ) -> None:
        self.student = student
        self.settings = settings
        self.space = space
        self.starts, self.anywhere = starts, anywhere
        self.rng, self.half = rng, half
        self.optimiser = torch.optim.Adam(student.parameters(), lr=settings.distil_learning_rate, fused=True)
        self.done = 0

    @property
    def remaining(self) -> int:
        """Updates that are left."""
        return self.settings.distil_updates - self.done

    def take_portion(self, walker: nn.Module, label: Callable[[Codes], Floats]) -> float:
        """Some updates, on what walks by `walker` are presented with; gives the last error."""
        loss = torch.zeros(())
        for codes_BL, labels_B in self._batches(self._look_around(walker), label):
            for group in self.optimiser.param_groups:
                group["lr"] = (
                    self.settings.distil_learning_rate * self.remaining / self.settings.distil_updates
                )
            features = torch.from_numpy(self.space.features(codes_BL)).float()
            with half_precision(self.half):
                predicted_B = self.student(features).float()
            loss = functional.smooth_l1_loss(predicted_B, torch.from_numpy(labels_B).float())
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.done += 1
        return float(loss.detach())

    def _batches(self, seen_EL: Codes, label: Callable[[Codes], Floats]) -> Iterator[tuple[Codes, Floats]]:
        """Codes and labels of a portion; what is drawn of those seen is labelled once, all at a time."""
        updates, batch = min(_PORTION, self.remaining), self.settings.distil_batch
        anywhere_BL, elsewhere = [], batch // 2 if self.anywhere else 0
        rows_UB = np.empty((updates, batch // 2 if self.anywhere else batch), np.int64)
        for update in range(updates):
            anywhere_BL.append(self.anywhere(self.rng, elsewhere) if self.anywhere else seen_EL[:0])
            rows_UB[update] = self.rng.integers(0, len(seen_EL), rows_UB.shape[1])
        used, at_E = np.unique(rows_UB, return_inverse=True)
        labels_UB = label(seen_EL[used])[at_E].reshape(rows_UB.shape)
        for update in range(updates):
            codes_BL, labels_B = seen_EL[rows_UB[update]], labels_UB[update]
            if self.anywhere:
                labels_B = np.concatenate([label(anywhere_BL[update]), labels_B])
            yield np.concatenate([anywhere_BL[update], codes_BL]), labels_B

    def _look_around(self, walker: nn.Module) -> Codes:
        """Everything that walks by a network are presented with, (E, L)."""
        policy, seen = GreedyPolicy(self.space, walker), []

        def choose(codes_RKL: Codes, count_R: NDArray[np.int32], _: Streams) -> NDArray[np.int64]:
            seen.append(codes_RKL[codes_RKL[:, :, 0] >= 0])
            return policy.act(codes_RKL, count_R)

        starts_BL = self.starts(self.rng, _WALKS)
        take_walks(self.space, choose, starts_BL, self.rng, neighbours=self.settings.neighbours)
        return np.concatenate(seen)

    def state_dict(self) -> dict[str, Any]:
        """All but the student's weights, which are those of the network that it belongs to."""
        return {"optimiser": self.optimiser.state_dict(), "done": self.done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.done = int(state["done"])
