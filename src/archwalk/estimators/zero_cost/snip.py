"""SNIP: how much the loss would change without each weight, to first order, summed over all.

Source: Lee, Ajanthan and Torr, SNIP: Single-shot Network Pruning based on Connection Sensitivity, ICLR 2019; as a score
of whole networks Abdelfattah et al., ICLR 2021.
"""

from torch import nn

from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, loss_gradients, total


def snip(network: nn.Module, batch: Batch) -> float:
    """The sum over weights of |weight * gradient|."""
    return total(
        [(weight * gradient).abs().sum() for weight, gradient in loss_gradients(fresh_copy(network), batch)]
    )


SNIP = Proxy(snip, "Lee, Ajanthan and Torr, SNIP, ICLR 2019; Abdelfattah et al. 2021")
