"""Autoregressive policies over strings of decisions: what each decision is drawn from, given those before it.

K policies of one shape are computed side by side (stacked weights), each on B strings. A factorisation order is a
permutation of the decisions; every string has its own, as `position_KBN`, the place of each decision in it.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from archwalk.learning.autoregressive.strings import Parameters, Shapes, Strings, draw


class Policy(ABC):
    """A distribution of strings, P(a) as the product of P(a_i | those before i) (P4 equation 2)."""

    def __init__(self, strings: Strings, width: int) -> None:
        self.strings = strings
        self.width = width

    @abstractmethod
    def context_shapes(self) -> Shapes:
        """Of the weights of the context representation: what P4's Table 2 counts."""

    def shapes(self) -> Shapes:
        """Of all weights."""
        return self.strings.shapes(self.width) | self.context_shapes()

    @abstractmethod
    def log_probabilities(self, weights: Parameters, choices_KBN: Tensor, position_KBN: Tensor) -> Tensor:
        """Of every value of every decision, (K, B, N, D), given the string's values of those before it."""

    @abstractmethod
    def sample(self, weights: Parameters, position_KBN: Tensor, uniform_KBN: Tensor) -> Tensor:
        """Strings (K, B, N), drawn decision by decision in their orders; `uniform_KBN` is the randomness."""


class SetPolicy(Policy):
    """A policy to which the order of what comes before a decision does not matter, only what it is.

    A decision's context can then be had for one decision (sampling) or for all at once (learning) by one formula.
    """

    @abstractmethod
    def tables(self, weights: Parameters) -> Parameters:
        """What contexts are put together from, which does not depend on a string."""

    @abstractmethod
    def contexts(
        self,
        weights: Parameters,
        tables: Parameters,
        targets_KBQ: Tensor,
        choices_KBN: Tensor,
        position_KBN: Tensor,
    ) -> Tensor:
        """Contexts (K, B, Q, d) of the target decisions; only the values of those before them may enter."""

    def _answer(
        self,
        weights: Parameters,
        tables: Parameters,
        targets_KBQ: Tensor,
        choices_KBN: Tensor,
        position_KBN: Tensor,
    ) -> Tensor:
        context = self.contexts(weights, tables, targets_KBQ, choices_KBN, position_KBN)
        return self.strings.log_probabilities(weights, context, targets_KBQ)

    def log_probabilities(self, weights: Parameters, choices_KBN: Tensor, position_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        every_KBN = torch.arange(self.strings.length).expand(choices_KBN.shape)
        return self._answer(weights, self.tables(weights), every_KBN, choices_KBN, position_KBN)

    @torch.no_grad()
    def sample(self, weights: Parameters, position_KBN: Tensor, uniform_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        tables, order_KBN = self.tables(weights), position_KBN.argsort(-1)
        choices_KBN = torch.zeros_like(position_KBN)
        for place in range(self.strings.length):
            targets_KB1 = order_KBN[..., place : place + 1]
            answer_KBV = self._answer(weights, tables, targets_KB1, choices_KBN, position_KBN)[:, :, 0]
            choices_KBN.scatter_(-1, targets_KB1, draw(answer_KBV, uniform_KBN[..., place])[..., None])
        return choices_KBN


def chosen(table: Tensor, choices_KBN: Tensor) -> Tensor:
    """The entries (K, B, N, d) that the values of strings pick from a table (K, N, D, d)."""
    policies = torch.arange(len(table))[:, None, None]
    return table[policies, torch.arange(table.shape[1]), choices_KBN]


def before(targets_KBQ: Tensor, position_KBN: Tensor) -> Tensor:
    """Which decisions come before each target, (K, B, Q, N)."""
    return position_KBN[:, :, None] < position_KBN.gather(-1, targets_KBQ)[..., None]


class Independent(Policy):
    """All decisions independent: only the biases of the density layer (P4 equation 15, "plain vanilla REINFORCE").

    They begin at zero, so that every value is equally likely.
    """

    def context_shapes(self) -> Shapes:
        """None."""
        return {}

    def shapes(self) -> Shapes:
        """The biases alone."""
        return {"density_bias": self.strings.shapes(self.width)["density_bias"]}

    def log_probabilities(self, weights: Parameters, choices_KBN: Tensor, position_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        every_KBN = torch.arange(self.strings.length).expand(choices_KBN.shape)
        logits = weights["density_bias"][:, None].expand(*choices_KBN.shape, -1)
        return self.strings.normalise(logits, every_KBN)

    @torch.no_grad()
    def sample(self, weights: Parameters, position_KBN: Tensor, uniform_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        return draw(self.log_probabilities(weights, position_KBN, position_KBN), uniform_KBN)


class NADE(SetPolicy):
    """h_i = tanh(c + sum over j before i of W_j v_j): a d x d matrix a decision, O(N d^2) (Uria et al., 2016)."""

    def context_shapes(self) -> Shapes:
        """N matrices and a bias."""
        n, d = self.strings.length, self.width
        return {"mix": ((n, d, d), n * d), "mix_bias": ((d,), n * d)}

    def tables(self, weights: Parameters) -> Parameters:
        """What each value of each decision adds, (K, N, D, d)."""
        value_KNVD = weights["value"][:, self.strings.embedding_ND]
        return {"adds": torch.einsum("knvd,knde->knve", value_KNVD, weights["mix"])}

    def contexts(
        self,
        weights: Parameters,
        tables: Parameters,
        targets_KBQ: Tensor,
        choices_KBN: Tensor,
        position_KBN: Tensor,
    ) -> Tensor:
        """See `SetPolicy`."""
        mask_KBQN = before(targets_KBQ, position_KBN).float()
        added = mask_KBQN @ chosen(tables["adds"], choices_KBN)
        return torch.tanh(added + weights["mix_bias"][:, None, None])


class MADE(SetPolicy):
    """h_i = tanh(c_i + sum over j before i of W_ij v_j): a masked layer of N d units on N d inputs, O(N^2 d^2)
    (Germain et al., 2015).
    """

    def context_shapes(self) -> Shapes:
        """N x N matrices, and a bias for each decision."""
        n, d = self.strings.length, self.width
        return {"mix": ((n, n, d, d), n * d), "mix_bias": ((n, d), n * d)}

    def tables(self, weights: Parameters) -> Parameters:
        """What each value of each decision adds to each target, (K, N, N D, d)."""
        value_KNVD = weights["value"][:, self.strings.embedding_ND]
        return {"adds": torch.einsum("knvd,kinde->kinve", value_KNVD, weights["mix"]).flatten(2, 3)}

    def contexts(
        self,
        weights: Parameters,
        tables: Parameters,
        targets_KBQ: Tensor,
        choices_KBN: Tensor,
        position_KBN: Tensor,
    ) -> Tensor:
        """See `SetPolicy`. One target after the other, since every one has matrices of its own."""
        values = self.strings.values
        chosen_KBNV = torch.nn.functional.one_hot(choices_KBN, values)
        masked = before(targets_KBQ, position_KBN)[..., None] & (chosen_KBNV[:, :, None] > 0)
        picks = masked.flatten(-2).float()  # (K, B, Q, N D)
        if picks.shape[2] == self.strings.length:  # all targets, in their order
            added = torch.einsum("kbqx,kqxd->kbqd", picks, tables["adds"])
            return torch.tanh(added + weights["mix_bias"][:, None])
        policies = torch.arange(len(choices_KBN))[:, None, None]
        added = torch.einsum("kbqx,kbqxd->kbqd", picks, tables["adds"][policies, targets_KBQ])
        return torch.tanh(added + weights["mix_bias"][policies, targets_KBQ])
