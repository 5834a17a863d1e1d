"""The layers of DARTS: separable and dilated convolutions, poolings, the halving of a resolution.

Source: Liu, Simonyan and Yang, DARTS, ICLR 2019, section 3.1.
"""

import torch
from torch import Tensor, nn


def make_operation(name: str, channels: int, stride: int) -> nn.Module:
    """An operation of the space. A `skip_connect` of stride 1 is `nn.Identity`."""
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    if name == "max_pool_3x3":
        return nn.MaxPool2d(3, stride, padding=1)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)
    kind, _, size = name.partition("_conv_")
    kernel_size = {"3x3": 3, "5x5": 5}[size]
    if kind == "dil":
        return _separable(channels, kernel_size, stride, dilation=2)
    return nn.Sequential(*_separable(channels, kernel_size, stride), *_separable(channels, kernel_size, 1))


def relu_conv_bn(in_channels: int, out_channels: int) -> nn.Sequential:
    """A 1x1 convolution to another width."""
    conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(out_channels))


class FactorizedReduce(nn.Module):
    """Halves the resolution: one 1x1 convolution of every other pixel, another of those diagonally between."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) to (B, out_channels, H / 2, W / 2), halves rounded up."""
        x = torch.relu(x)
        shifted = nn.functional.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]  # the padding only counts for odd sizes
        out: Tensor = self.norm(torch.cat([self.even(x), self.odd(shifted)], dim=1))
        return out


def drop_path(x: Tensor, probability: float) -> Tensor:
    """Each image's `x` with probability 1 - `probability`, scaled up accordingly, otherwise zeros."""
    keep = 1 - probability
    kept = torch.bernoulli(torch.full((len(x), 1, 1, 1), keep, dtype=x.dtype, device=x.device))
    return x * kept / keep


def _separable(channels: int, kernel_size: int, stride: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel_size // 2)
    depthwise = nn.Conv2d(
        channels, channels, kernel_size, stride, padding, dilation, groups=channels, bias=False
    )
    pointwise = nn.Conv2d(channels, channels, 1, bias=False)
    return nn.Sequential(nn.ReLU(), depthwise, pointwise, nn.BatchNorm2d(channels))
