"""Strings of categorical decisions, and the layers that every policy over them has: embedding and density."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

Parameters = dict[str, Tensor]
"""Weights of K policies of one shape, stacked: the first dimension of each is K."""

Shapes = dict[str, tuple[tuple[int, ...], int]]
"""The shape of each weight of one policy, and its number of inputs, which says how large it begins."""


@dataclass(frozen=True)
class Strings:
    """N decisions with so many values each; D is the largest number of values.

    With `families`, decisions with equally many values share an embedding of values, otherwise all do (Krishna et al.
    2020, section 5, "Embedding layer").
    """

    sizes: tuple[int, ...]
    families: bool = True

    @property
    def length(self) -> int:
        """N."""
        return len(self.sizes)

    @property
    def values(self) -> int:
        """D."""
        return max(self.sizes)

    @cached_property
    def embedding_ND(self) -> Tensor:
        """The row of the embedding of each value of each decision."""
        first = dict.fromkeys(self.sizes, 0)
        if self.families:
            ordered = sorted(first)
            first = {size: sum(ordered[:place]) for place, size in enumerate(ordered)}
        rows = [[first[size] + min(value, size - 1) for value in range(self.values)] for size in self.sizes]
        return torch.tensor(rows)

    @cached_property
    def impossible_ND(self) -> Tensor:
        """Which values a decision does not have."""
        return torch.arange(self.values) >= torch.tensor(self.sizes)[:, None]

    def shapes(self, width: int) -> Shapes:
        """Of the embedding and the density layer (Krishna et al. 2020, equation 9), for contexts of `width` d."""
        return {
            "decision": ((self.length, width), width),
            "value": ((int(self.embedding_ND.max()) + 1, width), width),
            "density": ((self.length, self.values, width), width),
            "density_bias": ((self.length, self.values), width),
        }

    def log_probabilities(self, weights: Parameters, context_KBQD: Tensor, targets_KBQ: Tensor) -> Tensor:
        """Of every value of the target decisions, (K, B, Q, D), from their contexts (K, B, Q, d)."""
        policies = torch.arange(len(targets_KBQ))[:, None, None]
        density = weights["density"][policies, targets_KBQ]
        logits = torch.einsum("kbqvd,kbqd->kbqv", density, context_KBQD)
        return self.normalise(logits + weights["density_bias"][policies, targets_KBQ], targets_KBQ)

    def normalise(self, logits_KBQV: Tensor, targets_KBQ: Tensor) -> Tensor:
        """The logarithm of the softmax over the values that each target decision has."""
        return logits_KBQV.masked_fill(self.impossible_ND[targets_KBQ], -torch.inf).log_softmax(-1)


def initial_weights(shapes: Shapes, policies: int, rng: np.random.Generator) -> Parameters:
    """Weights uniform within one over the root of their inputs, as PyTorch's linear layers begin."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    return {
        name: torch.empty(policies, *shape).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)
        for name, (shape, inputs) in shapes.items()
    }


def draw(log_probability_KBV: Tensor, uniform_KB: Tensor) -> Tensor:
    """Values (K, B) by inversion of the cumulative probabilities."""
    cumulative = log_probability_KBV.exp().cumsum(-1)
    total = cumulative[..., -1:]
    drawn: Tensor = (uniform_KB[..., None] * total >= cumulative).sum(-1)
    possible = torch.isfinite(log_probability_KBV)
    last = (possible * torch.arange(possible.shape[-1])).amax(-1)
    return torch.minimum(drawn, last)
