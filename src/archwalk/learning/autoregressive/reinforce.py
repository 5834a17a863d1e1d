"""REINFORCE and PPO for policies over strings, K of them learning side by side, each from its own strings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archwalk.learning.autoregressive.policies import Policy
from archwalk.learning.autoregressive.strings import initial_weights

Floats = NDArray[np.float64]
Choices = NDArray[np.int64]

_NUMBERS_AT_ONCE = 4_000_000
"""About how many numbers of one kind a portion of the policies may need at once, so that they stay near the core."""


@dataclass(frozen=True)
class ReinforceSettings:
    """How a policy learns from a batch of rewards.

    The advantage is the reward less a moving average of the rewards so far (Krishna et al. 2020, equation 1;
    `baseline_momentum`: ours), which begins as the first batch's mean. `objective`: `reinforce`, the gradient of
    Krishna et al.'s equation 1; `ppo`, Krishna et al.'s equation 11 as it stands, A min(r, clip(r)), which for A < 0
    is not what PPO says; `ppo-standard`, min(r A, clip(r) A) (Schulman et al., 2017). A batch is learned from
    `epochs` times: with one, all three have the same gradient, since r is 1.
    """

    objective: Literal["reinforce", "ppo", "ppo-standard"] = "reinforce"
    epochs: int = 1
    clip: float = 0.1
    learning_rate: float = 1e-2
    optimiser: Literal["adam", "sgd"] = "adam"
    baseline_momentum: float = 0.9
    entropy: float = 0.0


class Reinforce:
    """K policies, their optimiser and their baselines."""

    def __init__(
        self, policy: Policy, settings: ReinforceSettings, policies: int, rng: np.random.Generator
    ) -> None:
        self.policy = policy
        self.settings = settings
        self.weights = initial_weights(policy.shapes(), policies, rng)
        for weight in self.weights.values():
            weight.requires_grad_()
        optimiser = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.SGD
        self.optimiser: torch.optim.Optimizer = optimiser(self.weights.values(), lr=settings.learning_rate)
        self.baseline_K = np.full(policies, np.nan)

    def sample(self, rows: NDArray[np.intp], position_RBN: Choices, uniform_RBN: Floats) -> Choices:
        """Strings (R, B, N) of some of the policies."""
        drawn = []
        for part in self._portions(len(rows), position_RBN.shape[1]):
            weights = {name: weight.detach()[rows[part]] for name, weight in self.weights.items()}
            position, uniform = torch.from_numpy(position_RBN[part]), torch.from_numpy(uniform_RBN[part])
            drawn.append(self.policy.sample(weights, position, uniform.float()))
        sampled: Choices = torch.cat(drawn).numpy()
        return sampled

    def learn(self, choices_KBN: Choices, position_KBN: Choices, reward_KB: Floats) -> None:
        """Take the updates of one batch of each policy."""
        mean_K = reward_KB.mean(axis=1)
        self.baseline_K = np.where(np.isnan(self.baseline_K), mean_K, self.baseline_K)
        advantage_KB = torch.from_numpy(reward_KB - self.baseline_K[:, None]).float()
        momentum = self.settings.baseline_momentum
        self.baseline_K = momentum * self.baseline_K + (1 - momentum) * mean_K
        choices, position = torch.from_numpy(choices_KBN), torch.from_numpy(position_KBN)
        parts = self._portions(len(choices_KBN), choices_KBN.shape[1])
        old: dict[int, Tensor] = {}
        for _ in range(self.settings.epochs):
            self.optimiser.zero_grad(set_to_none=True)
            for part in parts:
                answer, log_probability = self._log_probability(part, choices[part], position[part])
                before = old.setdefault(part.start, log_probability.detach())
                (-self._objective(log_probability, before, advantage_KB[part], answer)).backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()

    def _log_probability(self, part: slice, choices: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """Of all values (K, B, N, D), and of the strings (K, B)."""
        weights = {name: weight[part] for name, weight in self.weights.items()}
        answer = self.policy.log_probabilities(weights, choices, position)
        return answer, answer.gather(-1, choices[..., None])[..., 0].sum(-1)

    def _objective(self, now_KB: Tensor, old_KB: Tensor, advantage_KB: Tensor, answer_KBNV: Tensor) -> Tensor:
        """The mean over strings, summed over policies, which do not share a weight."""
        settings = self.settings
        if settings.objective == "reinforce":
            gained = advantage_KB * now_KB
        else:
            ratio = (now_KB - old_KB).exp()
            clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
            if settings.objective == "ppo":
                gained = advantage_KB * torch.minimum(ratio, clipped)
            else:
                gained = torch.minimum(ratio * advantage_KB, clipped * advantage_KB)
        if settings.entropy:
            answer_KBNV = answer_KBNV.where(
                answer_KBNV.isfinite(), 0.0
            )  # first: 0 times infinity has no gradient
            gained = gained - settings.entropy * (answer_KBNV.exp() * answer_KBNV).sum((-1, -2))
        return gained.mean(1).sum()

    def _portions(self, policies: int, batch: int) -> list[slice]:
        """Policies that are computed together."""
        each = batch * self.policy.strings.length * max(self.policy.strings.length, self.policy.width)
        size = max(1, _NUMBERS_AT_ONCE // each)
        return [slice(first, first + size) for first in range(0, policies, size)]

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next update depends on."""
        return {
            "weights": {name: weight.detach().clone() for name, weight in self.weights.items()},
            "optimiser": self.optimiser.state_dict(),
            "baseline": self.baseline_K.copy(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(torch.as_tensor(state["weights"][name]))
        self.optimiser.load_state_dict(state["optimiser"])
        self.baseline_K = np.array(state["baseline"])
