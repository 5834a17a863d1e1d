"""The number of trainable parameters: the simplest of all proxies, and on many tables hard to beat."""

from torch import nn

from archwalk.estimators.zero_cost.base import Batch, Proxy


def count_parameters(network: nn.Module, batch: Batch) -> float:
    """Of the network; the batch has no part in it."""
    return float(sum(weights.numel() for weights in network.parameters() if weights.requires_grad))


PARAMETERS = Proxy(count_parameters, "Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021")
