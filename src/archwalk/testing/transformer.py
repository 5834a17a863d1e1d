"""Cassimon et al.'s Q-network the naive way, for tests and benchmarks: PyTorch's own encoder on padded sequences."""

import copy

import torch
from torch import Tensor, nn

from archwalk.learning.sets import Rows
from archwalk.learning.transformer import FirstTokenQNetwork

_NAMES = {
    "attention.project.": "self_attn.in_proj_",
    "attention.merge.": "self_attn.out_proj.",
    "norm_attention.": "norm1.",
    "norm_feed_forward.": "norm2.",
    "feed_forward.0.": "linear1.",
    "feed_forward.2.": "linear2.",
}
"""What parts of our layers are called in `nn.TransformerEncoderLayer`."""


class PaddedFirstTokenQNetwork(nn.Module):
    """The same function with the same weights, every row padded to all positions and every output computed."""

    def __init__(self, network: FirstTokenQNetwork) -> None:
        super().__init__()
        width, self.last = network.position.shape[1], len(network.layers)
        layer = nn.TransformerEncoderLayer(
            width, network.last.attention.heads, 2 * width, dropout=0.0, batch_first=True, norm_first=False
        )
        self.encoder = nn.TransformerEncoder(layer, self.last + 1, enable_nested_tensor=False)
        self.encode = copy.deepcopy(network.encode)
        self.position = copy.deepcopy(network.position)
        self.advantage = copy.deepcopy(network.advantage)
        self.value = copy.deepcopy(network.value)
        weights = network.state_dict()
        self.load_state_dict({self.name_here(name): weight.clone() for name, weight in weights.items()})

    def name_here(self, name: str) -> str:
        """The name that a parameter of the other network has in this one."""
        name = name.replace("last.", f"layers.{self.last}.")
        if not name.startswith("layers."):
            return name
        for theirs, ours in _NAMES.items():
            name = name.replace(theirs, ours)
        return f"encoder.{name}"

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """Action values (T,) of flat features (T, F)."""
        real_BP = torch.arange(len(self.position)) < torch.from_numpy(rows.lengths_B)[:, None]
        features_BPF = torch.zeros(*real_BP.shape, features_TF.shape[1])
        features_BPF[real_BP] = features_TF
        x_BPD = self.encode(features_BPF) + self.position
        first_BD = self.encoder(x_BPD, src_key_padding_mask=~real_BP)[:, 0]
        advantage_BP = self.advantage(first_BD).masked_fill(~real_BP, 0.0)
        mean_B = advantage_BP.sum(1, keepdim=True) / real_BP.sum(1, keepdim=True)
        q_BP: Tensor = self.value(first_BD) + advantage_BP - mean_B
        return q_BP[real_BP]
