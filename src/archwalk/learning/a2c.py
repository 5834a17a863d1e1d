"""Synchronous advantage actor-critic (Mnih et al., 2016) with an LSTM, learning from segments of n steps.

Values follow the A2C of the OpenAI baselines: one optimiser over shared weights, the loss
policy + `value_weight` (V - R)^2 - `entropy_weight` H, each a mean over the steps. RMSProp is PyTorch's, which adds
its epsilon outside of the root and begins with squares of zero (TensorFlow's: inside, and ones).
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.learning.returns import segment_returns

Floats = NDArray[np.float64]
Inputs = NDArray[np.float32]
Bools = NDArray[np.bool_]
Memory = tuple[Tensor, Tensor]
"""What an LSTM of width W remembers in B environments: its output and its cell, (B, W) each."""


class RecurrentActorCritic(nn.Module):
    """An LSTM from which one layer reads the policy and one the value.

    Orthogonal weights, those of the policy a hundredth, so that the first policy is about uniform, and biases of zero:
    the first weights of the OpenAI baselines.
    """

    def __init__(self, inputs: int, width: int, actions: int) -> None:
        super().__init__()
        self.width = width
        self.lstm = nn.LSTM(inputs, width)
        self.policy = nn.Linear(width, actions)
        self.value = nn.Linear(width, 1)
        for name, weight in self.named_parameters():
            if "bias" in name:
                nn.init.zeros_(weight)
            else:
                nn.init.orthogonal_(weight, 0.01 if name == "policy.weight" else 1.0)

    def blank(self, batch: int) -> Memory:
        """The memory of B environments in which nothing has happened."""
        return torch.zeros(batch, self.width), torch.zeros(batch, self.width)

    def forward(self, inputs_SBX: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Memory]:
        """Logits (S, B, A), values (S, B) and the memory behind the last of S consecutive steps."""
        hidden_SBW, (output, cell) = self.lstm(inputs_SBX, (memory[0][None], memory[1][None]))
        return self.policy(hidden_SBW), self.value(hidden_SBW)[..., 0], (output[0], cell[0])


@dataclass(frozen=True)
class A2CSettings:
    """How an actor-critic learns; `learning_rate`, `decay` and `epsilon` are RMSProp's."""

    gamma: float = 0.9
    entropy_weight: float = 0.01
    value_weight: float = 0.5
    learning_rate: float = 1e-3
    decay: float = 0.99
    epsilon: float = 1e-5
    gradient_clip: float = 0.5


@dataclass(frozen=True)
class Segment:
    """S consecutive steps of B environments, and what is known at both ends.

    `memory` is that before the first step: gradients go back to there and no further. `drawn_SB` says which actions
    the policy chose; the others (a first action by lot) teach the value only. `mask_SBA` are the actions that could
    be chosen, where not all could. The rest: `segment_returns`.
    """

    inputs_SBX: Inputs
    memory: Memory
    action_SB: NDArray[np.int64]
    drawn_SB: Bools
    reward_SB: Floats
    terminated_SB: Bools
    truncated_SB: Bools
    cut_value_SB: Floats
    last_value_B: Floats
    mask_SBA: Bools | None = None


Step = dict[str, NDArray[Any]]
"""One step of B environments: the arrays of a `Segment` whose names have an S, by name, without that dimension."""


def to_segment(memory: Memory, steps: Sequence[Step], last_value_B: Floats) -> Segment:
    """Consecutive steps as a segment."""
    columns: dict[str, Any] = {name: np.stack([step[name] for step in steps]) for name in steps[0]}
    return Segment(memory=memory, last_value_B=last_value_B, **columns)


@dataclass(frozen=True)
class Decision:
    """Actions (B,), the entropy (B,) of the policy that they were drawn from, the memory after them."""

    action_B: NDArray[np.int64]
    entropy_B: Floats
    memory: Memory


class A2C:
    """The network and its optimiser. Acting draws no random numbers of its own: they are handed in."""

    def __init__(self, network: RecurrentActorCritic, settings: A2CSettings) -> None:
        self.network = network
        self.settings = settings
        self.optimiser = torch.optim.RMSprop(
            network.parameters(), lr=settings.learning_rate, alpha=settings.decay, eps=settings.epsilon
        )
        self.updates = 0

    def value(self, inputs_BX: Inputs, memory: Memory) -> Floats:
        """Values (B,) of observations that are seen after what `memory` holds, which stays as it is."""
        return value(self.network, inputs_BX, memory)

    def loss(self, segment: Segment) -> tuple[Tensor, dict[str, float]]:
        """The loss of a segment, and its parts."""
        settings = self.settings
        return_SB = segment_returns(
            segment.reward_SB, segment.terminated_SB, segment.truncated_SB, segment.cut_value_SB,
            segment.last_value_B, settings.gamma,
        )  # fmt: skip
        logits_SBA, value_SB, _ = self.network(torch.from_numpy(segment.inputs_SBX), segment.memory)
        log_SBA = _log_probabilities(logits_SBA, segment.mask_SBA)
        action_SB1 = torch.from_numpy(segment.action_SB)[..., None]
        wanted_SB = torch.from_numpy(return_SB).float()
        advantage_SB = (wanted_SB - value_SB.detach()) * torch.from_numpy(segment.drawn_SB)
        chosen_SB = log_SBA.gather(-1, action_SB1)[..., 0]
        policy = -(advantage_SB * chosen_SB).mean()
        squares = (value_SB - wanted_SB).square().mean()
        entropy = _entropy(log_SBA).mean()
        loss = policy + settings.value_weight * squares - settings.entropy_weight * entropy
        parts = {"losses/policy": policy, "losses/value": squares}
        return loss, {name: float(part.detach()) for name, part in parts.items()}

    def learn(self, segment: Segment) -> dict[str, float]:
        """One step of RMSProp on the loss of a segment."""
        loss, metrics = self.loss(segment)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.gradient_clip)
        self.optimiser.step()
        self.updates += 1
        return metrics

    def state_dict(self) -> dict[str, Any]:
        """Network and optimiser, copied."""
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        return copy.deepcopy(state) | {"updates": self.updates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(copy.deepcopy(state["optimiser"]))  # it would keep them
        self.updates = int(state["updates"])


@torch.no_grad()
def decide(
    network: RecurrentActorCritic,
    inputs_BX: Inputs,
    memory: Memory,
    uniform_B: Floats,
    mask_BA: Bools | None = None,
) -> Decision:
    """Draw actions from the policy by uniform numbers of [0, 1), one each."""
    logits_SBA, _, memory = network(torch.from_numpy(inputs_BX)[None], memory)
    log_BA = _log_probabilities(logits_SBA[0], mask_BA)
    return Decision(
        draw_actions(log_BA.double().exp().numpy(), uniform_B), _entropy(log_BA).double().numpy(), memory
    )


@torch.no_grad()
def value(network: RecurrentActorCritic, inputs_BX: Inputs, memory: Memory) -> Floats:
    """See `A2C.value`."""
    _, value_SB, _ = network(torch.from_numpy(inputs_BX)[None], memory)
    values: Floats = value_SB[0].double().numpy()
    return values


def draw_actions(probability_BA: Floats, uniform_B: Floats) -> NDArray[np.int64]:
    """Actions (B,) of given probabilities, which need not add up to 1, by uniform numbers of [0, 1)."""
    below_BA = probability_BA.cumsum(axis=1)
    below_BA /= below_BA[:, -1:]
    action_B: NDArray[np.int64] = (below_BA <= uniform_B[:, None]).sum(axis=1)
    return action_B


def _log_probabilities(logits: Tensor, mask: Bools | None) -> Tensor:
    if mask is not None:
        logits = logits.masked_fill(~torch.from_numpy(mask), -torch.inf)
    return logits.log_softmax(-1)


def _entropy(log_probabilities: Tensor) -> Tensor:
    """Over the last dimension; what cannot be chosen adds nothing, nor to the gradient."""
    finite = log_probabilities.masked_fill(log_probabilities == -torch.inf, 0.0)
    return -(log_probabilities.exp() * finite).sum(-1)
