"""GradNorm: how large the first gradient is.

Source: Abdelfattah, Mehrotra, Dudziak and Lane, Zero-Cost Proxies for Lightweight NAS, ICLR 2021, section 3.1.
"""

from torch import nn

from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, loss_gradients, total


def grad_norm(network: nn.Module, batch: Batch) -> float:
    """The sum over layers of the Euclidean norm of the loss' gradient by their weights."""
    return total([gradient.norm() for _, gradient in loss_gradients(fresh_copy(network), batch)])


GRAD_NORM = Proxy(grad_norm, "Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021")
