"""Acting: what the agent sees, and its greedy choice."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from archwalk.learning.double_dqn import SetBatch, greedy
from archwalk.learning.sets import Rows
from archwalk.spaces.base import Codes, SearchSpace

_FEATURES_AT_ONCE = 400_000  # so that the activations stay in the cache


def see(space: SearchSpace, codes_BKL: Codes, count_B: NDArray[np.int32]) -> SetBatch:
    """The agent's observation: features of the current architecture and of `count_B` neighbours, flat.

    Codes and ids end here; the network sees features only.
    """
    lengths_B = count_B.astype(np.int64) + 1
    shape = codes_BKL.shape
    if (lengths_B == shape[1]).all():
        codes_TL = codes_BKL.reshape(-1, shape[2])
    else:
        codes_TL = codes_BKL[np.arange(shape[1]) < lengths_B[:, None]]
    features_TF = torch.from_numpy(space.features(codes_TL)).float()
    return SetBatch(features_TF, Rows(lengths_B))


class GreedyPolicy:
    """Chooses the action of highest value."""

    def __init__(self, space: SearchSpace, network: nn.Module) -> None:
        self.space = space
        self.network = network

    @torch.no_grad()
    def act(self, codes_BKL: Codes, count_B: NDArray[np.int32]) -> NDArray[np.int64]:
        """Actions (B,) for presented architectures (B, N + 1, L), the current one first."""
        action_B = np.zeros(len(codes_BKL), np.int64)
        portion = max(1, _FEATURES_AT_ONCE // (codes_BKL.shape[1] * self.space.feature_count))
        for first in range(0, len(codes_BKL), portion):
            rows = slice(first, first + portion)
            batch = see(self.space, codes_BKL[rows], count_B[rows])
            action_B[rows] = greedy(self.network(batch.features_TF, batch.rows), batch.rows).numpy()
        return action_B
