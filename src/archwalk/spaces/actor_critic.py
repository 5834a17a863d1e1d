"""An agent's network, made of one that classifies."""

from torch import Tensor, nn


class ActorCritic(nn.Module):
    """`forward(observations (B, C, H, W))` gives logits (B, A) and values (B,), of a network with A + 1 outputs."""

    outputs = ("logits", "values")

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.channels_last = getattr(network, "channels_last", False)

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        outputs = self.network(observations)
        return outputs[:, :-1], outputs[:, -1]
