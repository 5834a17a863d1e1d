"""Q-networks over sets: one action for each element, and the sets of a batch differ in size.

A batch of sets is *flat*: the elements of all rows in one tensor (T, F), row after row, with `lengths_B`.
Nothing is computed for padding, except inside attention, which pads within buckets of rows of like length.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_BUCKET_ROWS = 32


@dataclass(frozen=True)
class Buckets:
    """Rows in padded groups, one group after the other in P places.

    `index_P` is the element in each place (any, where there is padding), `place_T` the place of each element,
    `order_B` the row of each padded one, `real` a mask (R, M) a bucket: R rows of at most M elements.
    """

    index_P: Tensor
    place_T: Tensor
    order_B: Tensor
    real: list[Tensor]

    def split(self, x_TD: Tensor) -> list[Tensor]:
        """Padded elements (R, M, D) of each bucket, in one pass over memory; what pads is not zero."""
        parts = torch.split(x_TD[self.index_P], [real.numel() for real in self.real])
        return [part.view(*real.shape, -1) for part, real in zip(parts, self.real, strict=True)]

    def join(self, parts: list[Tensor]) -> Tensor:
        """Flat elements (T, D) of padded ones (R, M, D) of each bucket."""
        return torch.cat([part.flatten(0, 1) for part in parts])[self.place_T]


class Rows:
    """Where the rows of a flat batch lie: `firsts_B` indexes each row's first element, `row_T` the row of each.

    Tensors are on `device`, which must be that of the network.
    """

    def __init__(
        self,
        lengths_B: NDArray[np.int64],
        bucket_rows: int = _BUCKET_ROWS,
        device: torch.device | str = "cpu",
    ) -> None:
        self.lengths_B = lengths_B
        self.bucket_rows = bucket_rows
        self.device = device
        self.firsts_B = self._tensor(self._firsts)
        self.row_T = self._tensor(np.repeat(np.arange(len(lengths_B)), lengths_B))

    @property
    def _firsts(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.lengths_B)[:-1]])

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def to(self, device: torch.device) -> "Rows":
        """The same rows on another device."""
        return self if device == torch.device(self.device) else Rows(self.lengths_B, self.bucket_rows, device)

    @cached_property
    def buckets(self) -> Buckets:
        """The rows, sorted by length and padded in groups of like length."""
        order = np.argsort(self.lengths_B, kind="stable")
        firsts, indices, real = self._firsts, [], []
        for start, stop in pairwise([*range(0, len(order), self.bucket_rows), len(order)]):
            lengths_R = self.lengths_B[order[start:stop], None]
            column = np.arange(lengths_R.max())
            real.append(column < lengths_R)
            first_R = firsts[order[start:stop], None]
            indices.append(np.where(real[-1], first_R + column, 0).reshape(-1))
        index_P, real_P = np.concatenate(indices), np.concatenate([part.reshape(-1) for part in real])
        place_T = np.empty(real_P.sum(), np.int64)
        place_T[index_P[real_P]] = np.flatnonzero(real_P)
        return Buckets(
            self._tensor(index_P),
            self._tensor(place_T),
            self._tensor(order),
            [self._tensor(part) for part in real],
        )

    def pad(self, values_T: Tensor, width: int, fill: float) -> Tensor:
        """Spread flat values over rows: (B, width), `fill` behind each row's end."""
        if (self.lengths_B == width).all():
            return values_T.view(-1, width)
        real = torch.from_numpy(np.arange(width) < self.lengths_B[:, None]).to(values_T.device)
        padded = torch.full((len(self.lengths_B), width), fill, dtype=values_T.dtype, device=values_T.device)
        padded[real] = values_T
        return padded


class SetAttention(nn.Module):
    """Multi-head self-attention within each row of a flat batch."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"a width of {width} is not divided by {heads} heads")
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)

    def forward(self, x_TD: Tensor, rows: Rows) -> Tensor:
        """Attend; (T, D) to (T, D)."""
        buckets, mixed = rows.buckets, []
        for part, real in zip(buckets.split(self.project(x_TD)), buckets.real, strict=True):
            r, m = real.shape
            q, k, v = part.view(r, m, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            out = functional.scaled_dot_product_attention(q, k, v, attn_mask=real[:, None, None])
            mixed.append(out.transpose(1, 2).reshape(r, m, -1))
        merged: Tensor = self.merge(buckets.join(mixed))
        return merged

    def first(self, x_TD: Tensor, rows: Rows) -> Tensor:
        """What `forward` gives each row's first element, (T, D) to (B, D), without the rest of the work.

        With one query a row, keys and values need not be formed: q W_k is multiplied with the elements, W_v with
        their mixture. The keys' bias adds the same to all scores of a query, so softmax cancels it.
        """
        width = x_TD.shape[1]
        query_DD, key_DD, value_DD = self.project.weight.chunk(3)
        query_D, _, value_D = self.project.bias.chunk(3)
        q_BD = functional.linear(x_TD[rows.firsts_B], query_DD, query_D)
        q_BHK = q_BD.view(len(q_BD), self.heads, -1) / (width // self.heads) ** 0.5
        ask_BHD = torch.einsum("bhk,hkd->bhd", q_BHK, key_DD.view(self.heads, -1, width))
        buckets, mixed = rows.buckets, []
        asks = torch.split(ask_BHD[buckets.order_B], [len(real) for real in buckets.real])
        for ask_RHD, x_RMD, real in zip(asks, buckets.split(x_TD), buckets.real, strict=True):
            scores_RHM = (ask_RHD @ x_RMD.transpose(1, 2)).masked_fill(~real[:, None], -torch.inf)
            mixed.append(scores_RHM.softmax(-1) @ x_RMD)
        mixed_BHD = torch.cat(mixed)[buckets.order_B.argsort()]
        out_BHK = torch.einsum("bhd,hkd->bhk", mixed_BHD, value_DD.view(self.heads, -1, width))
        merged: Tensor = self.merge(out_BHK.reshape(-1, width) + value_D)
        return merged


class EncoderLayer(nn.Module):
    """A post-norm transformer encoder layer over sets, without dropout."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.attention = SetAttention(width, heads)
        self.norm_attention = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.norm_feed_forward = nn.LayerNorm(width)

    def forward(self, x_TD: Tensor, rows: Rows) -> Tensor:
        """(T, D) to (T, D)."""
        return self._add(x_TD, self.attention(x_TD, rows))

    def first(self, x_TD: Tensor, rows: Rows) -> Tensor:
        """What `forward` gives each row's first element, (T, D) to (B, D), without the rest of the work."""
        return self._add(x_TD[rows.firsts_B], self.attention.first(x_TD, rows))

    def _add(self, x_TD: Tensor, attended_TD: Tensor) -> Tensor:
        x_TD = self.norm_attention(x_TD + attended_TD)
        out: Tensor = self.norm_feed_forward(x_TD + self.feed_forward(x_TD))
        return out


class PointerQNetwork(nn.Module):
    """Q_i is read from element i: no positions, so the order of the elements does not matter.

    The first element of a row is special (the current state): it is marked, its action has a head of its own,
    and the duelling state-value is read from it (Wang et al., 2016). With `layers` = 0 and without duelling an
    action's value depends on its element alone: the value of where it leads (an after-state value).
    """

    def __init__(
        self, features: int, width: int = 64, layers: int = 1, heads: int = 4, duelling: bool = True
    ) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width))
        self.mark = nn.Parameter(torch.zeros(width))
        self.layers = nn.ModuleList(EncoderLayer(width, heads, 2 * width) for _ in range(layers))
        self.advantage = head(width)
        self.advantage_first = head(width)
        self.value = head(width) if duelling else None

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """Action values (T,), one an element, of flat float features (T, F)."""
        x_TD = self.encode(features_TF)
        x_TD = x_TD.index_add(0, rows.firsts_B, self.mark.expand(len(rows.firsts_B), -1))
        for layer in self.layers:
            x_TD = layer(x_TD, rows)
        first_BD = x_TD[rows.firsts_B]
        advantage_T: Tensor = self.advantage(x_TD).squeeze(-1)
        advantage_T = advantage_T.index_copy(0, rows.firsts_B, self.advantage_first(first_BD).squeeze(-1))
        if self.value is None:
            return advantage_T
        return duel(self.value(first_BD).squeeze(-1), advantage_T, rows)


def duel(value_B: Tensor, advantage_T: Tensor, rows: Rows) -> Tensor:
    """Q (T,) of state-values and advantages (Wang et al., 2016, equation 9); the mean is that of a row's elements."""
    lengths_B = torch.from_numpy(rows.lengths_B).to(value_B.device)
    mean_B = torch.zeros_like(value_B).index_add(0, rows.row_T, advantage_T) / lengths_B
    return advantage_T + (value_B - mean_B)[rows.row_T]


def head(width: int, outputs: int = 1) -> nn.Sequential:
    """A branch of a duelling head, (..., D) to (..., outputs), with one hidden layer."""
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs))


class AfterStateNetwork(nn.Module):
    """The value of a move is that of where it leads (`move`), the value of stopping that of the first element
    (`stop`): two networks from features (T, F) to values (T,), without a weight in common.
    """

    def __init__(self, stop: nn.Module, move: nn.Module) -> None:
        super().__init__()
        self.stop = stop
        self.move = move

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """Action values (T,), one an element, of flat float features (T, F)."""
        q_T: Tensor = self.move(features_TF)
        return q_T.index_copy(0, rows.firsts_B, self.worth(features_TF[rows.firsts_B]))

    def worth(self, features_TF: Tensor) -> Tensor:
        """What elements are worth where one stops there, (T,)."""
        worth_T: Tensor = self.stop(features_TF)
        return worth_T
