"""Autoregressive policies over strings of decisions: what each decision is drawn from, given those before it.

K policies of one shape are computed side by side (stacked weights), each on B strings. A factorisation order is a
permutation of the decisions; every string has its own, as `position_KBN`, the place of each decision in it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from archwalk.learning.autoregressive.strings import Parameters, Shapes, Strings, draw


class Policy(ABC):
    """A distribution of strings, P(a) as the product of P(a_i | those before i) (Krishna et al. 2020, equation 2)."""

    def __init__(self, strings: Strings, width: int) -> None:
        self.strings = strings
        self.width = width

    @abstractmethod
    def context_shapes(self) -> Shapes:
        """Of the weights of the context representation: what Krishna et al.'s Table 2 counts."""

    def shapes(self) -> Shapes:
        """Of all weights."""
        return self.strings.shapes(self.width) | self.context_shapes()

    @abstractmethod
    def log_probabilities(self, weights: Parameters, choices_KBN: Tensor, position_KBN: Tensor) -> Tensor:
        """Of every value of every decision, (K, B, N, D), given the string's values of those before it."""

    @abstractmethod
    def sample(self, weights: Parameters, position_KBN: Tensor, uniform_KBN: Tensor) -> Tensor:
        """Strings (K, B, N), drawn decision by decision in their orders; `uniform_KBN` is the randomness."""


@dataclass(frozen=True)
class Known:
    """Decisions (K, B, P) with their values and their places in each string's order."""

    decisions_KBP: Tensor
    values_KBP: Tensor
    position_KBP: Tensor

    def before(self, position_KBQ: Tensor) -> Tensor:
        """Which of them come before a place, (K, B, Q, P)."""
        return self.position_KBP[:, :, None] < position_KBQ[..., None]

    def pick(self, table: Tensor) -> Tensor:
        """The entries (K, B, P, d) that the values pick from a table (K, N, D, d)."""
        policies = torch.arange(len(table))[:, None, None]
        return table[policies, self.decisions_KBP, self.values_KBP]


class SetPolicy(Policy):
    """A policy to which the order of what comes before a decision does not matter, only what it is.

    A decision's context can then be had for one decision, from those made so far (sampling), or for all at once, of
    whole strings (learning), by one formula.
    """

    @abstractmethod
    def tables(self, weights: Parameters) -> Parameters:
        """What contexts are put together from, which does not depend on a string."""

    @abstractmethod
    def contexts(
        self, weights: Parameters, tables: Parameters, targets_KBQ: Tensor, position_KBQ: Tensor, known: Known
    ) -> Tensor:
        """Contexts (K, B, Q, d) of target decisions in their places; only what is known before them may enter."""

    def log_probabilities(self, weights: Parameters, choices_KBN: Tensor, position_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        every_KBN = torch.arange(self.strings.length).expand(choices_KBN.shape)
        known = Known(every_KBN, choices_KBN, position_KBN)
        context = self.contexts(weights, self.tables(weights), every_KBN, position_KBN, known)
        return self.strings.log_probabilities(weights, context, every_KBN)

    @torch.no_grad()
    def sample(self, weights: Parameters, position_KBN: Tensor, uniform_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        tables, order_KBN = self.tables(weights), position_KBN.argsort(-1)
        places_KBN = torch.arange(self.strings.length).expand(order_KBN.shape)
        made_KBN = torch.zeros_like(order_KBN)
        for place in range(self.strings.length):
            now, past = slice(place, place + 1), slice(place)
            known = Known(order_KBN[..., past], made_KBN[..., past], places_KBN[..., past])
            targets = order_KBN[..., now]
            context = self.contexts(weights, tables, targets, places_KBN[..., now], known)
            answer = self.strings.log_probabilities(weights, context, targets)
            made_KBN[..., place] = draw(answer[:, :, 0], uniform_KBN[..., place])
        return made_KBN.gather(-1, position_KBN)


class Independent(Policy):
    """All decisions independent: only the biases of the density layer (Krishna et al. 2020, equation 15, "plain
    vanilla REINFORCE").

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
        self, weights: Parameters, tables: Parameters, targets_KBQ: Tensor, position_KBQ: Tensor, known: Known
    ) -> Tensor:
        """See `SetPolicy`."""
        added = known.before(position_KBQ).float() @ known.pick(tables["adds"])
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
        self, weights: Parameters, tables: Parameters, targets_KBQ: Tensor, position_KBQ: Tensor, known: Known
    ) -> Tensor:
        """See `SetPolicy`."""
        policies = torch.arange(len(targets_KBQ))[:, None, None]
        entry_KBP = known.decisions_KBP * self.strings.values + known.values_KBP
        seen_KBQP = known.before(position_KBQ).float()
        if targets_KBQ.shape[2] == 1:
            picked = tables["adds"][policies, targets_KBQ, entry_KBP]
            added = seen_KBQP @ picked
        else:  # every target in its turn, as one product for each: what each picks would not fit in memory
            entries = self.strings.length * self.strings.values
            picks = torch.zeros(*seen_KBQP.shape[:3], entries).scatter_(
                -1, entry_KBP[:, :, None].expand_as(seen_KBQP), seen_KBQP
            )
            added = torch.einsum("kbqx,kqxd->kbqd", picks, tables["adds"])
        return torch.tanh(added + weights["mix_bias"][policies, targets_KBQ])
