"""The network of an agent: observations in, a policy's logits and a value out.

Source: Mazyavkina et al. 2020, section 5.2 and appendix A. Ours, where Mazyavkina et al. 2020 is silent: ReLU behind
every layer but the heads, no padding within convolutions, zeros half of them in front (the odd one behind), first
weights as in the OpenAI baselines (orthogonal; those of the policy a hundredth, so that the first policy is about
uniform).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from archwalk.spaces.policy_cnn.declaration import Convolution, Declaration
from archwalk.spaces.task import Task

_RELU_GAIN = 2**0.5


class PolicyNetwork(nn.Module):
    """`forward(observations (B, C, H, W))`, float, gives logits (B, A) and values (B,).

    It is put together from its parts, so that it may share them with other networks. Convolutions are quicker with
    channels last.
    """

    channels_last = True
    outputs = ("logits", "values")
    first_weights = (
        "First weights are drawn as PyTorch does. archwalk's own are orthogonal, as in the OpenAI baselines:\n"
        "nn.init.orthogonal_(weight, gain), gain 0.01 for the policy, 1 for the value, 2**0.5 for all others; biases 0."
    )

    def __init__(self, stem: nn.Module, blocks: Sequence[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.stem = stem
        self.blocks = nn.ModuleList(blocks)
        self.head = head

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.stem(observations)
        for block in self.blocks:
            x = block(x)
        logits, values = self.head(x)
        return logits, values


class Stem(nn.Module):
    """The fixed first convolution."""

    def __init__(self, in_channels: int, convolution: Convolution) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, convolution.channels, convolution.kernel, convolution.stride)
        _initialise(self.conv, _RELU_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Planes (B, C, H, W)."""
        return functional.relu(self.conv(x))


class BlockConvolution(nn.Module):
    """One option of a choice block; what it gives has the size that all options of all blocks have."""

    def __init__(
        self, in_channels: int, channels: int, kernel: int, stride: int, plane: int, out_channels: int
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, kernel, stride)
        self.plane, self.out_channels = plane, out_channels
        _initialise(self.conv, _RELU_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Planes (B, out_channels, plane, plane)."""
        return fit_planes(functional.relu(self.conv(x)), self.plane, self.out_channels)


class Head(nn.Module):
    """A dense layer, and from it the policy and the value."""

    def __init__(self, inputs: int, hidden: int, actions: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, hidden)
        self.policy = nn.Linear(hidden, actions)
        self.value = nn.Linear(hidden, 1)
        for layer, gain in ((self.dense, _RELU_GAIN), (self.policy, 0.01), (self.value, 1.0)):
            _initialise(layer, gain)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, A) and values (B,)."""
        hidden = functional.relu(self.dense(x.flatten(1)))
        return self.policy(hidden), self.value(hidden)[:, 0]


def fit_planes(x: Tensor, plane: int, channels: int) -> Tensor:
    """(B, C, H, W) to (B, channels, plane, plane): a maximum pool where it is larger, zeros where it is smaller."""
    height, width = x.shape[2:]
    if max(height, width) > plane:
        x = functional.adaptive_max_pool2d(x, (min(height, plane), min(width, plane)))
    missing = [plane - x.shape[3], plane - x.shape[2]]
    if any(missing) or x.shape[1] < channels:
        sides = [side for m in missing for side in (m // 2, m - m // 2)]
        x = functional.pad(x, [*sides, 0, channels - x.shape[1]])
    return x


def make_stem(declaration: Declaration, channels: int) -> Stem:
    """The stem, for observations of so many channels."""
    return Stem(channels, declaration.stem)


def make_block(declaration: Declaration, block: int, option: tuple[int, int]) -> BlockConvolution:
    """One option (kernel, channels) of a block."""
    kernel, channels = option
    return BlockConvolution(
        declaration.stem.channels if block == 0 else declaration.channels,
        channels,
        kernel,
        declaration.blocks[block].stride,
        declaration.plane,
        declaration.channels,
    )


def make_head(declaration: Declaration, actions: int) -> Head:
    """The dense layer and both outputs."""
    return Head(declaration.plane**2 * declaration.channels, declaration.hidden, actions)


def make_network(declaration: Declaration, options: Sequence[tuple[int, int]], task: Task) -> PolicyNetwork:
    """A fresh network with these options, one a block."""
    blocks = [make_block(declaration, block, option) for block, option in enumerate(options)]
    return PolicyNetwork(make_stem(declaration, task.shape[0]), blocks, make_head(declaration, task.outputs))


@torch.no_grad()
def _initialise(layer: nn.Conv2d | nn.Linear, gain: float) -> None:
    nn.init.orthogonal_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
