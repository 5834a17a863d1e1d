"""A policy that remembers by an LSTM what it has decided, as the controllers of Zoph and Le (2017) do."""

from collections.abc import Iterator

import torch
from torch import Tensor

from archwalk.learning.autoregressive.policies import Policy
from archwalk.learning.autoregressive.strings import Parameters, Shapes, draw


class LSTM(Policy):
    """One LSTM cell of width d: it is shown the decision to come and the one just made with its value, and its output
    is the context, O(d^2).
    """

    def context_shapes(self) -> Shapes:
        """Four gates on two inputs, and their biases."""
        d = self.width
        return {"input": ((d, 4 * d), d), "memory": ((d, 4 * d), d), "gates": ((4 * d,), d)}

    def log_probabilities(self, weights: Parameters, choices_KBN: Tensor, position_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        order_KBN = position_KBN.argsort(-1)
        in_order = torch.stack(list(self._unroll(weights, order_KBN, choices_KBN, None)), 2)
        return in_order.gather(2, position_KBN[..., None].expand_as(in_order))

    @torch.no_grad()
    def sample(self, weights: Parameters, position_KBN: Tensor, uniform_KBN: Tensor) -> Tensor:
        """See `Policy`."""
        order_KBN, choices_KBN = position_KBN.argsort(-1), torch.zeros_like(position_KBN)
        for _ in self._unroll(weights, order_KBN, choices_KBN, uniform_KBN):
            pass
        return choices_KBN

    def _unroll(
        self, weights: Parameters, order_KBN: Tensor, choices_KBN: Tensor, uniform_KBN: Tensor | None
    ) -> Iterator[Tensor]:
        """The answer (K, B, D) at each place of the order; with `uniform_KBN` the choices are filled in."""
        policies = torch.arange(len(order_KBN))[:, None]
        hidden = cell = torch.zeros(*order_KBN.shape[:2], self.width)
        made = torch.zeros_like(hidden)
        for place in range(self.strings.length):
            target_KB = order_KBN[..., place]
            seen = weights["decision"][policies, target_KB] + made
            gates = seen @ weights["input"] + hidden @ weights["memory"] + weights["gates"][:, None]
            keep, write, show, new = gates.chunk(4, -1)
            cell = keep.sigmoid() * cell + write.sigmoid() * new.tanh()
            hidden = show.sigmoid() * cell.tanh()
            answer = self.strings.log_probabilities(weights, hidden[:, :, None], target_KB[..., None])[
                :, :, 0
            ]
            if uniform_KBN is not None:
                choices_KBN.scatter_(
                    -1, target_KB[..., None], draw(answer, uniform_KBN[..., place])[..., None]
                )
            value_KB = choices_KBN.gather(-1, target_KB[..., None])[..., 0]
            rows_KB = self.strings.embedding_ND[target_KB, value_KB]
            made = weights["decision"][policies, target_KB] + weights["value"][policies, rows_KB]
            yield answer
