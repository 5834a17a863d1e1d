"""Q-networks over sets: one action for each element, and the sets of a batch differ in size.

A batch of sets is *flat*: the elements of all rows in one tensor (T, F), row after row, with `lengths_B`.
Nothing is computed for padding, except inside attention, which pads within buckets of rows of like length.
"""

from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_BUCKET_ROWS = 32


class Rows:
    """Where the rows of a flat batch lie.

    `firsts_B` indexes each row's first element, `row_T` the row of each element; `buckets` pair padded indices
    (R, M) into the flat elements with a mask (R, M) of those that are real.
    """

    def __init__(self, lengths_B: NDArray[np.int64], bucket_rows: int = _BUCKET_ROWS) -> None:
        self.lengths_B = lengths_B
        self.bucket_rows = bucket_rows
        self.firsts_B = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths_B)[:-1]]))
        self.row_T = torch.from_numpy(np.repeat(np.arange(len(lengths_B)), lengths_B))

    @cached_property
    def buckets(self) -> list[tuple[Tensor, Tensor]]:
        """Padded indices and masks of rows of like length."""
        order = np.argsort(self.lengths_B, kind="stable")
        buckets = []
        for start, stop in pairwise([*range(0, len(order), self.bucket_rows), len(order)]):
            lengths_R = self.lengths_B[order[start:stop], None]
            column = np.arange(lengths_R.max())
            real = column < lengths_R
            index = np.where(real, self.firsts_B.numpy()[order[start:stop], None] + column, 0)
            buckets.append((torch.from_numpy(index), torch.from_numpy(real)))
        return buckets

    def pad(self, values_T: Tensor, width: int, fill: float) -> Tensor:
        """Spread flat values over rows: (B, width), `fill` behind each row's end."""
        real = torch.from_numpy(np.arange(width) < self.lengths_B[:, None]).to(values_T.device)
        padded = torch.full((len(self.lengths_B), width), fill, dtype=values_T.dtype, device=values_T.device)
        padded[real] = values_T
        return padded


class SetAttention(nn.Module):
    """Multi-head self-attention within each row of a flat batch."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)

    def forward(self, x_TD: Tensor, rows: Rows) -> Tensor:
        """Attend; (T, D) to (T, D)."""
        projected = self.project(x_TD)
        mixed_TD = torch.zeros_like(x_TD)
        for index, real in rows.buckets:
            r, m = index.shape
            q, k, v = projected[index].view(r, m, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            out = functional.scaled_dot_product_attention(q, k, v, attn_mask=real[:, None, None])
            out_TD = out.transpose(1, 2).reshape(r, m, -1)[real]
            mixed_TD = mixed_TD.index_copy(0, index[real], out_TD)
        merged: Tensor = self.merge(mixed_TD)
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
        x_TD = self.norm_attention(x_TD + self.attention(x_TD, rows))
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
        self.advantage = _head(width)
        self.advantage_first = _head(width)
        self.value = _head(width) if duelling else None

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
        lengths_B = torch.from_numpy(rows.lengths_B)
        mean_B = torch.zeros(len(lengths_B)).index_add(0, rows.row_T, advantage_T) / lengths_B
        q_T: Tensor = advantage_T + (self.value(first_BD).squeeze(-1) - mean_B)[rows.row_T]
        return q_T


def _head(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))


class AfterStateNetwork(nn.Module):
    """The value of a move is that of where it leads (`move`), the value of stopping that of the first element
    (`stop`): two networks from features (T, F) to values (T, 1), without a weight in common.
    """

    def __init__(self, stop: nn.Module, move: nn.Module) -> None:
        super().__init__()
        self.stop = stop
        self.move = move

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """Action values (T,), one an element, of flat float features (T, F)."""
        q_T: Tensor = self.move(features_TF).squeeze(-1)
        return q_T.index_copy(0, rows.firsts_B, self.stop(features_TF[rows.firsts_B]).squeeze(-1))
