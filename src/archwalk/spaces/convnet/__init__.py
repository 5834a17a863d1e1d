"""Convolutional networks by stages for images of any size: plain, residual, bottleneck and inverted residual blocks."""

from archwalk.spaces.convnet.costs import Costs, Limits
from archwalk.spaces.convnet.members import MEMBERS
from archwalk.spaces.convnet.space import ConvNet

__all__ = ["MEMBERS", "ConvNet", "Costs", "Limits"]
