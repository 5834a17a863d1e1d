"""Masked attention autoregressive density estimation (Krishna et al. 2020, sections 5 and 6)."""

import torch
from torch import Tensor

from archwalk.learning.autoregressive.policies import Known, SetPolicy
from archwalk.learning.autoregressive.strings import Parameters, Shapes, Strings


class MAADE(SetPolicy):
    """Two streams through M blocks with shared parameters (Krishna et al. 2020 equations 4 to 8).

    The query stream begins as q_i, a vector for each decision, and is attended from what comes strictly before; the
    key stream begins as v_i + q_i, with the value's vector, and sees itself too. A block is PosFF(x + attention(x)),
    PosFF(x) = W2 tanh(W1 x + b1) + b2, with no other residual, no layer norm and no positions. Attention is additive
    (Bahdanau et al., 2014): score_ij = u . tanh(Wq x_i + Wk k_j), and what is attended to are the keys themselves.
    A decision that is the first has nothing to attend to: zero.

    The first block's keys are few, one a value of a decision, so its scores are tables (K, N, N, D) that all strings
    share: with M = 1 (all of Krishna et al.'s presets) no string computes a score. The numbers are the same.
    """

    def __init__(self, strings: Strings, width: int, blocks: int = 1) -> None:
        super().__init__(strings, width)
        self.blocks = blocks

    def context_shapes(self) -> Shapes:
        """O(M d^2), whatever N is."""
        d = self.width
        block: Shapes = {
            "query": ((d, d), d), "key": ((d, d), d), "score": ((d,), d),
            "first": ((d, d), d), "first_bias": ((d,), d), "second": ((d, d), d), "second_bias": ((d,), d),
        }  # fmt: skip
        return {f"{name}{m}": shape for m in range(self.blocks) for name, shape in block.items()}

    def tables(self, weights: Parameters) -> Parameters:
        """Keys (K, N, D, d) of the first block and its scores (K, N, N D) for each target."""
        key_KNVD = weights["value"][:, self.strings.embedding_ND] + weights["decision"][:, :, None]
        asked_KND = weights["decision"] @ weights["query0"]
        offered_KXD = key_KNVD.flatten(1, 2) @ weights["key0"]
        sum_KNXD = asked_KND[:, :, None] + offered_KXD[:, None]
        return {"keys": key_KNVD, "scores": torch.einsum("knxd,kd->knx", sum_KNXD.tanh(), weights["score0"])}

    def contexts(
        self, weights: Parameters, tables: Parameters, targets_KBQ: Tensor, position_KBQ: Tensor, known: Known
    ) -> Tensor:
        """See `SetPolicy`."""
        key_KBPD = known.pick(tables["keys"])
        query_KBQD = weights["decision"][torch.arange(len(targets_KBQ))[:, None, None], targets_KBQ]
        seen_KBQP = known.before(position_KBQ)
        scores_KBQP = self._first_scores(tables["scores"], targets_KBQ, known)
        for m in range(self.blocks):
            if m:
                scores_KBQP = _scores(weights, m, query_KBQD, key_KBPD)
            attended = _attend(scores_KBQP, seen_KBQP, key_KBPD)
            query_KBQD = _feed_forward(weights, m, query_KBQD + attended)
            if m + 1 < self.blocks:
                seen_KBPP = known.before(known.position_KBP + 1)  # those before, and itself
                attended = _attend(_scores(weights, m, key_KBPD, key_KBPD), seen_KBPP, key_KBPD)
                key_KBPD = _feed_forward(weights, m, key_KBPD + attended)
        return query_KBQD

    def _first_scores(self, scores_KNX: Tensor, targets_KBQ: Tensor, known: Known) -> Tensor:
        """The tabulated scores (K, B, Q, P) of strings."""
        n, v = self.strings.length, self.strings.values
        policies = torch.arange(len(scores_KNX))[:, None, None, None]
        entry_KBP = known.decisions_KBP * v + known.values_KBP
        place = (policies * n + targets_KBQ[..., None]) * (n * v) + entry_KBP[:, :, None]
        return scores_KNX.flatten()[place]


def _scores(weights: Parameters, m: int, query_KBQD: Tensor, key_KBPD: Tensor) -> Tensor:
    """Additive attention's scores, (K, B, Q, N)."""
    asked = torch.einsum("kbqd,kde->kbqe", query_KBQD, weights[f"query{m}"])
    offered = torch.einsum("kbpd,kde->kbpe", key_KBPD, weights[f"key{m}"])
    both = torch.tanh(asked[:, :, :, None] + offered[:, :, None])
    return torch.einsum("kbqpd,kd->kbqp", both, weights[f"score{m}"])


def _attend(scores_KBQP: Tensor, mask_KBQP: Tensor, key_KBPD: Tensor) -> Tensor:
    """The mixture of keys (K, B, Q, d); zero where there is none."""
    if not scores_KBQP.shape[-1]:
        return key_KBPD.new_zeros(*scores_KBQP.shape[:-1], key_KBPD.shape[-1])
    masked = scores_KBQP.masked_fill(~mask_KBQP, -torch.inf)
    top = masked.amax(-1, keepdim=True).clamp_min(torch.finfo(masked.dtype).min).detach()
    weight = (masked - top).exp()
    return (weight @ key_KBPD) / weight.sum(-1, keepdim=True).clamp_min(1e-30)


def _feed_forward(weights: Parameters, m: int, x_KBQD: Tensor) -> Tensor:
    """PosFF (Krishna et al. 2020, equation 8)."""
    x_KXD = x_KBQD.flatten(1, 2)
    hidden = torch.tanh(torch.baddbmm(weights[f"first_bias{m}"][:, None], x_KXD, weights[f"first{m}"]))
    out = torch.baddbmm(weights[f"second_bias{m}"][:, None], hidden, weights[f"second{m}"])
    return out.view_as(x_KBQD)
