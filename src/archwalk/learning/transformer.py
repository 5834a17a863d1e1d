"""The Q-network of Cassimon et al. 2024 (section 3.2.3, figure 6): one advantage a position, all read from the first
element.
"""

import torch
from torch import Tensor, nn

from archwalk.learning.sets import EncoderLayer, Rows, duel, head

_POSITION_DEVIATION = 0.02


class FirstTokenQNetwork(nn.Module):
    """Fully-connected encoding, learned positions, post-norm transformer, duelling head on the first output.

    Each row of the batch is a sequence of at most `positions` elements, the current state first; action i is that of
    element i. Cassimon et al. 2024 gives the width, the order of the parts and the duelling head (Wang et al., 2016);
    ours, where it is silent: `encoder_layers` ReLU layers, learned positions that begin small (as ViT's do), `layers`
    layers of `heads` heads with feed-forward of twice the width, no dropout, and one hidden layer in each branch of
    the head.

    Of the `positions` advantages only those of present elements are used, and their mean alone is subtracted, as
    RLlib's `reduce_mean_ignore_inf` does with masked actions. Only the first element is read, so the last layer is
    computed for that one alone; this changes no value beyond rounding.
    """

    def __init__(
        self,
        features: int,
        width: int = 256,
        positions: int = 51,
        encoder_layers: int = 3,
        layers: int = 2,
        heads: int = 4,
    ) -> None:
        super().__init__()
        if encoder_layers < 1 or layers < 1:
            raise ValueError(f"at least 1 layer of each kind is needed, not {encoder_layers} and {layers}")
        sizes = (features, *[width] * (encoder_layers - 1))
        self.encode = nn.Sequential(*(part for size in sizes for part in (nn.Linear(size, width), nn.ReLU())))
        self.position = nn.Parameter(_POSITION_DEVIATION * torch.randn(positions, width))
        self.layers = nn.ModuleList(EncoderLayer(width, heads, 2 * width) for _ in range(layers - 1))
        self.last = EncoderLayer(width, heads, 2 * width)
        self.advantage = head(width, positions)
        self.value = head(width)

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """Action values (T,), one an element, of flat float features (T, F).

        Raises ValueError for a row of more elements than there are positions.
        """
        if (longest := rows.lengths_B.max()) > len(self.position):
            raise ValueError(f"a row has {longest} elements, the network {len(self.position)} positions")
        column_T = torch.arange(len(rows.row_T), device=rows.device) - rows.firsts_B[rows.row_T]
        x_TD = self.encode(features_TF) + self.position[column_T]
        for layer in self.layers:
            x_TD = layer(x_TD, rows)
        first_BD = self.last.first(x_TD, rows)
        advantage_T = self.advantage(first_BD)[rows.row_T, column_T]
        return duel(self.value(first_BD).squeeze(-1), advantage_T, rows)
