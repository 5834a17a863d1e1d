"""Double Q-learning with a target network (van Hasselt et al., 2016) over sets of actions."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from archwalk.learning.sets import Rows

CPU = torch.device("cpu")


@dataclass(frozen=True)
class SetBatch:
    """Observations of B environments: flat features (T, F) and the length of each row."""

    features_TF: Tensor
    rows: Rows

    def to(self, device: torch.device) -> "SetBatch":
        """The same observations on another device."""
        return SetBatch(self.features_TF.to(device), self.rows.to(device))


@dataclass(frozen=True)
class Transitions:
    """What the learner sees: observations as sets, actions, returns, and where the walk goes on.

    `next_observation` holds only the rows whose discount is above 0, in order.
    """

    observation: SetBatch
    action_B: NDArray[np.int64]
    return_B: NDArray[np.float32]
    next_observation: SetBatch
    discount_B: NDArray[np.float32]


class DoubleDQN:
    """The learner: owns the online and the target network and the optimiser."""

    def __init__(self, network: nn.Module, *, target_every: int, gradient_clip: float = 40.0) -> None:
        """The learner works where the network is."""
        self.device = next(network.parameters()).device
        self.online = network
        self.target = copy.deepcopy(network).requires_grad_(False)
        self.optimiser = torch.optim.Adam(network.parameters(), fused=True)
        self.target_every = target_every
        self.gradient_clip = gradient_clip
        self.updates = 0

    @property
    def target_updates(self) -> int:
        """How often the target network has followed the online one."""
        return self.updates // self.target_every

    def update(self, batch: Transitions, learning_rate: float) -> dict[str, float]:
        """One step of Adam on the Huber loss of the temporal-difference errors."""
        metrics, _ = self.update_weighted(batch, learning_rate, None)
        return metrics

    def update_weighted(
        self, batch: Transitions, learning_rate: float, weights_B: NDArray[np.float32] | None
    ) -> tuple[dict[str, float], NDArray[np.float32]]:
        """The same with importance weights (prioritised replay); also the absolute errors (B,) before the step.

        The loss is the mean over the batch of weight times Huber loss, as in RLlib: weights are not normalised
        by their sum.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        wanted_B = self._targets(batch)
        q_B = _taken(self.online, batch.observation.to(self.device), torch.from_numpy(batch.action_B))
        loss_B = functional.smooth_l1_loss(q_B, wanted_B, reduction="none")
        if weights_B is not None:
            loss_B = loss_B * torch.from_numpy(weights_B).to(self.device)
        loss = loss_B.mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.online.parameters(), self.gradient_clip)
        self.optimiser.step()
        self.updates += 1
        if self.updates % self.target_every == 0:
            self.target.load_state_dict(self.online.state_dict())
        errors_B: NDArray[np.float32] = (q_B.detach() - wanted_B).abs().cpu().numpy()
        return {"losses/td": float(loss.detach()), "losses/q": float(q_B.detach().mean())}, errors_B

    def _targets(self, batch: Transitions) -> Tensor:
        return targets(self.online, self.target, batch, self.device)

    def state_dict(self) -> dict[str, Any]:
        """Networks and optimiser, as nested dictionaries of tensors and numbers."""
        return {
            "online": self.online.state_dict(),
            "target": self.target.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.online.load_state_dict(state["online"])
        self.target.load_state_dict(state["target"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.updates = int(state["updates"])


@torch.no_grad()
def targets(online: nn.Module, target: nn.Module, batch: Transitions, device: torch.device = CPU) -> Tensor:
    """What Q of the actions should be, (B,): `online` chooses the action that follows, `target` values it."""
    wanted_B = torch.from_numpy(batch.return_B.copy()).to(device)
    alive = batch.discount_B > 0
    if not alive.any():
        return wanted_B
    alive_B, discount_A = (
        torch.from_numpy(alive).to(device),
        torch.from_numpy(batch.discount_B[alive]).to(device),
    )
    following = batch.next_observation.to(device)
    best_A = greedy(online(following.features_TF, following.rows), following.rows)
    value_A = _taken(target, following, best_A)
    wanted_B[alive_B] += discount_A * value_A
    return wanted_B


def _taken(network: nn.Module, observation: SetBatch, action_B: Tensor) -> Tensor:
    """Q (B,) of one action each."""
    q_T: Tensor = network(observation.features_TF, observation.rows)
    return q_T[observation.rows.firsts_B + action_B.to(q_T.device)]


def greedy(q_T: Tensor, rows: Rows) -> Tensor:
    """The best action (B,) of each row."""
    return rows.pad(q_T, int(rows.lengths_B.max()), -torch.inf).argmax(1)
