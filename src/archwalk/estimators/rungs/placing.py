"""A network where and as it trains fastest."""

import torch
from torch import Tensor, nn


class GroupedConv2d(nn.Conv2d):
    """A convolution that is calculated in single precision on a processor, whatever autocast says.

    oneDNN has no fast gradients of depthwise convolutions in bfloat16: those with strides or kernels of 5 take ten
    times as long as in single precision.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Planes (B, C, H, W); gives the type that it was given."""
        if input.device.type != "cpu":
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.float()).to(input.dtype)


def placed(network: nn.Module, device: str) -> nn.Module:
    """The network on its device, channels last; its weights and their names are as they were."""
    for module in network.modules():
        if type(module) is nn.Conv2d and module.groups > 1:
            module.__class__ = GroupedConv2d
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
