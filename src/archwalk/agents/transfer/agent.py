"""The agent that learned over source tasks: networks for profiles, a kernel, and how to begin."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.agents.base import NetworkAgent
from archwalk.agents.transfer.outlook import Described, Pool
from archwalk.agents.transfer.search import TransferSearch
from archwalk.data.decoding import convert
from archwalk.learning.transfer_kernel import Singles, TransferKernel
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import numbered
from archwalk.spaces.graph_features import featuriser
from archwalk.strategies.base import Trials

_ROWS_AT_ONCE = 4096

WHOLE = 50_000
"""A space of at most so many architectures is looked at as a whole in every proposal."""


@dataclass(frozen=True)
class TransferShape:
    """Of a `ProfileNetwork`, and what the search has from training beside it: `first` architectures begin it, it
    adds `optimism` deviations to the mean on average, `logs` are the kernel's.
    """

    sources: tuple[str, ...]
    inputs: int
    width: int
    members: int
    first: int
    optimism: float
    bound_share: float
    logs: tuple[float, ...]


class ProfileNetwork(nn.Module):
    """Networks that say what architectures are worth on each of K tasks, (N, K), the mean over `members`."""

    centre: Tensor
    scale: Tensor

    def __init__(self, inputs: int, width: int, tasks: int, members: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.members = nn.ModuleList(
            nn.Sequential(
                nn.Linear(inputs, width),
                nn.SiLU(),
                nn.Linear(width, width),
                nn.SiLU(),
                nn.Linear(width, tasks),
            )
            for _ in range(members)
        )

    def standardise(self, inputs_NF: Tensor) -> Tensor:
        """Inputs of mean 0 and variance 1, those that never differ 0."""
        return (inputs_NF - self.centre) * self.scale

    def forward(self, inputs_NF: Tensor) -> Tensor:
        """See the class."""
        standard_NF = self.standardise(inputs_NF)
        return torch.stack([member(standard_NF) for member in self.members]).mean(0)


class TransferAgent(NetworkAgent[TransferShape, ProfileNetwork]):
    """Searches a task that it has not seen by a Gaussian process whose kernel was learned over other tasks."""

    name = "transfer"
    shape_class = TransferShape

    @staticmethod
    def make_network(shape: TransferShape, space: SearchSpace) -> ProfileNetwork:
        """See `NetworkAgent`."""
        return ProfileNetwork(shape.inputs, shape.width, len(shape.sources), shape.members)

    @property
    def kernel(self) -> TransferKernel:
        """What it learned of tasks."""
        return TransferKernel(np.array(self.shape.logs))

    def describe(self, codes_NL: Codes) -> Described:
        """Codes (N, L) with their profiles."""
        return Described.of(self.space, codes_NL, self.profiles(codes_NL))

    def profiles(self, codes_NL: Codes) -> Singles:
        """What codes (N, L) are expected to be worth on each source, (N, K)."""
        return profiles_of(self.network, self.space, codes_NL)

    @cached_property
    def whole(self) -> Pool | None:
        """All architectures of the space, where they are not too many."""
        space = numbered(self.space)
        if space is None or space.size > WHOLE:
            return None
        ids_N1 = np.arange(space.size, dtype=np.int32)[:, None]
        return Pool(self.space, self.kernel, self.describe(ids_N1))

    def strategy(self, trials: Trials) -> TransferSearch:
        """See `Agent`."""
        return TransferSearch(trials, self)

    def __getstate__(self) -> dict[str, Any]:
        """What other processes need: what can be computed anew stays here."""
        return {name: value for name, value in vars(self).items() if name != "whole"}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], space: SearchSpace) -> Self:
        """See `Agent`."""
        shape = convert(state["shape"], TransferShape, "its shape")
        agent = cls.fresh(space, shape, seed=0)
        agent.network.load_state_dict(state["network"])
        return agent


def inputs_of(space: SearchSpace, codes_NL: Codes) -> NDArray[np.float32]:
    """What networks see of codes (N, L): the space's features, and statistics of graphs where it shows them."""
    statistics_NG = featuriser(space)(codes_NL).statistics_BG
    return np.concatenate([space.features(codes_NL).astype(np.float32), statistics_NG], axis=1)


@torch.no_grad()
def profiles_of(network: ProfileNetwork, space: SearchSpace, codes_NL: Codes) -> Singles:
    """Profiles (N, K) of codes (N, L)."""
    parts = [
        network(torch.from_numpy(inputs_of(space, codes_NL[at : at + _ROWS_AT_ONCE])))
        for at in range(0, max(1, len(codes_NL)), _ROWS_AT_ONCE)
    ]
    profiles_NK: Singles = torch.cat(parts).numpy()
    return profiles_NK
