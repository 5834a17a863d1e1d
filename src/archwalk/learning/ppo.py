"""Proximal policy optimisation (Schulman et al., 2017) from rollouts of many environments.

As the OpenAI baselines have it and Mazyavkina et al.'s code after them: advantages are normalised in every minibatch,
the value's loss is clipped like the policy's ratio, one Adam over all weights, its rate on a cosine that ends at zero
with the last update. Weights that a loss does not reach keep still: they have no gradient, and Adam passes them over.
"""

import copy
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archwalk.learning.returns import generalised_advantages
from archwalk.learning.rollouts import ActorCritic, Rollout


@dataclass(frozen=True)
class PPOSettings:
    """Mazyavkina et al. 2020, table 4; "code" is Mazyavkina et al.'s code, where the paper is silent.

    `value_weight` is that of the mean square. `clip_rewards`: learn from the signs of rewards.
    """

    environments: int = 8
    rollout: int = 128
    """Steps in every environment before an update."""
    gamma: float = 0.99
    gae_decay: float = 0.95
    epochs: int = 3
    minibatches: int = 4
    clip: float = 0.1
    value_weight: float = 0.25
    entropy_weight: float = 0.01
    learning_rate: float = 2.5e-4
    epsilon: float = 1e-5
    """Adam's."""
    gradient_clip: float = 0.5
    clip_rewards: bool = False

    @property
    def batch(self) -> int:
        """Timesteps of one update."""
        return self.environments * self.rollout


class DivergedError(ArithmeticError):
    """A loss is not a number; the weights are those before it."""


class PPO:
    """Improves whatever network a rollout was played with, as long as its weights are among `parameters`.

    `updates` are all there will be: the learning rate ends with them.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], settings: PPOSettings, updates: int, seed: int
    ) -> None:
        self.parameters = list(parameters)
        self.settings, self.updates = settings, updates
        self.optimiser = torch.optim.Adam(
            self.parameters, lr=settings.learning_rate, eps=settings.epsilon, fused=True
        )
        self.rng = np.random.default_rng(seed)
        self.done = 0
        """Updates made."""

    @property
    def learning_rate(self) -> float:
        """That of the next update; 0 after the last."""
        progress = min(1.0, self.done / self.updates)
        return self.settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))

    def update(
        self, network: nn.Module | ActorCritic, rollout: Rollout, scale: float = 1.0
    ) -> dict[str, float]:
        """Learn from a rollout that `network` played; observations are multiplied by `scale`. Raises DivergedError."""
        settings, device = self.settings, self.parameters[0].device
        data = self._tensors(rollout, device)
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate
        sums: dict[str, float] = {}
        size = len(data["actions"])
        for _ in range(settings.epochs):
            order = torch.from_numpy(self.rng.permutation(size)).to(device)
            for at in order.tensor_split(settings.minibatches):
                loss, parts = self._loss(network, {name: tensor[at] for name, tensor in data.items()}, scale)
                self._step(loss)
                for name, value in parts.items():
                    sums[name] = sums.get(name, 0.0) + float(value)
        self.done += 1
        return {name: value / (settings.epochs * settings.minibatches) for name, value in sums.items()}

    def _tensors(self, rollout: Rollout, device: torch.device) -> dict[str, Tensor]:
        """The rollout's steps in one row, with advantages and what values should be."""
        settings = self.settings
        reward_SN = np.sign(rollout.reward_SN) if settings.clip_rewards else rollout.reward_SN
        advantage_SN = generalised_advantages(
            reward_SN, rollout.value_SN, rollout.terminated_SN, rollout.truncated_SN, rollout.cut_value_SN,
            rollout.last_value_N, settings.gamma, settings.gae_decay,
        )  # fmt: skip
        numbers = {
            "log_probabilities": rollout.log_probability_SN,
            "values": rollout.value_SN,
            "advantages": advantage_SN,
            "returns": advantage_SN + rollout.value_SN,
        }
        made = {
            name: torch.from_numpy(array.reshape(-1).astype(np.float32)) for name, array in numbers.items()
        }
        made["actions"] = torch.from_numpy(rollout.action_SN.reshape(-1))
        observation_SNX = rollout.observation_SNX
        seen = torch.from_numpy(observation_SNX.reshape(-1, *observation_SNX.shape[2:]))
        if seen.ndim == 4:  # once here as bytes, or a convolution does it with every minibatch as floats
            seen = seen.contiguous(memory_format=torch.channels_last)
        return {name: tensor.to(device) for name, tensor in (made | {"observations": seen}).items()}

    def _loss(
        self, network: nn.Module | ActorCritic, batch: Mapping[str, Tensor], scale: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        settings = self.settings
        logits, values = network(batch["observations"].float().mul_(scale))
        log_BA = logits.log_softmax(-1)
        chosen_B = log_BA.gather(1, batch["actions"][:, None])[:, 0]
        advantage_B = batch["advantages"]
        advantage_B = (advantage_B - advantage_B.mean()) / (advantage_B.std() + 1e-8)
        ratio_B = (chosen_B - batch["log_probabilities"]).exp()
        clipped_B = ratio_B.clamp(1.0 - settings.clip, 1.0 + settings.clip)
        policy = -torch.min(ratio_B * advantage_B, clipped_B * advantage_B).mean()
        near_B = batch["values"] + (values - batch["values"]).clamp(-settings.clip, settings.clip)
        square_B = torch.max((values - batch["returns"]).square(), (near_B - batch["returns"]).square())
        value, entropy = square_B.mean(), -(log_BA.exp() * log_BA).sum(-1).mean()
        loss = policy + settings.value_weight * value - settings.entropy_weight * entropy
        parts = {"losses/policy": policy, "losses/value": value, "charts/entropy": entropy}
        return loss, {name: part.detach() for name, part in parts.items()}

    def _step(self, loss: Tensor) -> None:
        if not math.isfinite(loss.item()):
            raise DivergedError(f"the loss is not finite in update {self.done + 1}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, self.settings.gradient_clip)
        self.optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """The optimiser and how far it is, copied; the weights are their network's."""
        return {
            "optimiser": copy.deepcopy(self.optimiser.state_dict()),
            "rng": self.rng.bit_generator.state,
            "done": self.done,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.optimiser.load_state_dict(copy.deepcopy(dict(state["optimiser"])))
        for (
            weight,
            kept,
        ) in self.optimiser.state.items():  # fused Adam takes moments to lie as their weights do
            for name in ("exp_avg", "exp_avg_sq"):
                kept[name] = torch.empty_like(weight).copy_(kept[name])
        self.rng.bit_generator.state = state["rng"]
        self.done = int(state["done"])
