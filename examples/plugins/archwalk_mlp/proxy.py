"""A proxy: how far from linear a network is before it has learned anything."""

import torch
from torch import nn

from archwalk.estimators.zero_cost import Batch, Proxy, fresh_copy


@torch.no_grad()
def curvature(network: nn.Module, batch: Batch) -> float:
    """|f(x) + f(-x) - 2 f(0)| on average over inputs and outputs: 0 of a linear network."""
    network, x = fresh_copy(network), batch.inputs
    return float((network(x) + network(-x) - 2 * network(torch.zeros_like(x))).abs().mean())


CURVATURE = Proxy(curvature, "an example")
