"""The network of a code as a PyTorch module.

Blocks: plain (convolution, normalisation, activation; Simonyan and Zisserman 2015), residual and bottleneck (He et al.
2016), inverted residual (Sandler et al. 2018), each with squeeze-and-excitation (Hu et al. 2018) where the stage says
so. Ours: resolution falls by strides alone; all kernels are centred; shortcuts that change shape are 1 x 1 convolutions
with normalisation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.code import ACTIVATION_AT, ACTIVATIONS, BOTTLENECK, PLAIN, RESIDUAL, read_stages
from archwalk.spaces.convnet.costs import BOTTLENECK_RATIO, EXPANSION, SQUEEZE_RATIO, STEM_KERNEL

_ACTIVATION: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
}


@dataclass(frozen=True)
class _Block:
    """One block of a stage."""

    inside: int
    out: int
    kind: int
    kernel: int
    stride: int
    squeeze: bool
    activation: str

    @property
    def same(self) -> bool:
        """Whether what comes out has the shape of what goes in."""
        return self.stride == 1 and self.inside == self.out


def _convolution(inside: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inside, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
    ]


class SqueezeExcitation(nn.Module):
    """Scales every channel by what the means of all channels say."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = max(width // SQUEEZE_RATIO, 1)
        self.reduce = nn.Conv2d(width, hidden, 1)
        self.relu = nn.ReLU()
        self.expand = nn.Conv2d(hidden, width, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Planes (B, C, H, W)."""
        means = x.mean((2, 3), keepdim=True)
        scales: Tensor = self.sigmoid(self.expand(self.relu(self.reduce(means))))
        return x * scales


class Sum(nn.Module):
    """What a path adds to what it reads: a residual block."""

    def __init__(self, path: nn.Sequential, shortcut: nn.Module | None, activation: nn.Module | None) -> None:
        super().__init__()
        self.path, self.shortcut, self.activation = path, shortcut, activation

    def forward(self, x: Tensor) -> Tensor:
        """Planes (B, C, H, W)."""
        y: Tensor = self.path(x) + (x if self.shortcut is None else self.shortcut(x))
        return y if self.activation is None else self.activation(y)


class ConvNetwork(nn.Module):
    """`forward(images (B, C, H, W))`, float, gives class scores (B, classes)."""

    first_weights = (
        "First weights are drawn as PyTorch does. archwalk's own: nn.init.kaiming_normal_(weight, mode='fan_out') for\n"
        "convolutions; the last normalisation of every path with a shortcut begins with the factor 0."
    )

    def __init__(self, stem: nn.Module, stages: list[nn.Module], head: nn.Linear) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.ModuleList(stages)
        self.head = head
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        x = self.stem(images)
        for stage in self.stages:
            x = stage(x)
        scores: Tensor = self.head(x.mean((2, 3)))
        return scores


def make_network(code_L: Codes, channels: int, classes: int) -> ConvNetwork:
    """A fresh network of a code (L,); its weights come from PyTorch's global generator."""
    stages = read_stages(code_L[None])
    activation = ACTIVATIONS[int(code_L[ACTIVATION_AT])]
    inside = int(stages.width[0, 0])
    stem = nn.Sequential(*_convolution(channels, inside, STEM_KERNEL), _ACTIVATION[activation]())
    made: list[nn.Module] = []
    for s in range(int(stages.present[0].sum())):
        blocks = []
        for b in range(int(stages.blocks[0, s])):
            block = _Block(
                inside,
                int(stages.width[0, s]),
                int(stages.kind[0, s]),
                int(stages.kernel[0, s]),
                2 if b == 0 and stages.halve[0, s] else 1,
                bool(stages.squeeze[0, s]),
                activation,
            )
            blocks.append(_make_block(block))
            inside = block.out
        made.append(nn.Sequential(*blocks))
    return ConvNetwork(stem, made, nn.Linear(inside, classes))


def _make_block(block: _Block) -> nn.Module:
    make = _ACTIVATION[block.activation]
    inside, out, kernel, stride = block.inside, block.out, block.kernel, block.stride
    if factor := EXPANSION.get(block.kind):
        inner = factor * inside
        layers = [*_convolution(inside, inner, 1), make()]
        layers += [*_convolution(inner, inner, kernel, stride, groups=inner), make()]
        layers += [*_squeeze(block, inner), *_convolution(inner, out, 1)]
        path = nn.Sequential(*layers)
        return Sum(path, None, None) if block.same else path
    if block.kind == PLAIN:
        return nn.Sequential(*_convolution(inside, out, kernel, stride), make(), *_squeeze(block, out))
    if block.kind == RESIDUAL:
        layers = [*_convolution(inside, out, kernel, stride), make(), *_convolution(out, out, kernel)]
    else:
        assert block.kind == BOTTLENECK
        inner = out // BOTTLENECK_RATIO
        layers = [
            *_convolution(inside, inner, 1),
            make(),
            *_convolution(inner, inner, kernel, stride),
            make(),
        ]
        layers += _convolution(inner, out, 1)
    shortcut = None if block.same else nn.Sequential(*_convolution(inside, out, 1, stride))
    return Sum(nn.Sequential(*layers, *_squeeze(block, out)), shortcut, make())


def _squeeze(block: _Block, width: int) -> list[nn.Module]:
    return [SqueezeExcitation(width)] if block.squeeze else []


@torch.no_grad()
def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    for module in network.modules():
        if isinstance(module, Sum):
            last = [layer for layer in module.path if isinstance(layer, nn.BatchNorm2d)][-1]
            nn.init.zeros_(last.weight)
