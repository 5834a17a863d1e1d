"""ZiCo: how large the first gradients are for how much they differ between batches.

Source: Li, Yang, Bhardwaj and Marculescu, ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients, ICLR
2023, definition of the proxy in section 3. Their code divides by the deviation of the gradients with their signs, the
paper by that of their absolute values; here it is the paper's. As there, two batches are compared: here the halves of
the one that is handed in. Weights whose gradient is the same in both (zero, as a rule) are left out, as in their code.
"""

import math

import torch
from torch import nn

from archwalk.errors import UsageError
from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, loss_gradients, total


def zico(network: nn.Module, batch: Batch) -> float:
    """The sum over layers of log sum over weights of mean |gradient| / deviation of |gradient|.

    Raises UsageError for fewer than four inputs: each half needs two, to be normalised.
    """
    if len(batch.inputs) < 4:
        raise UsageError(f"zico compares the halves of a batch of at least 4 inputs, not {len(batch.inputs)}")
    network, middle = fresh_copy(network), len(batch.inputs) // 2
    halves = (
        Batch(batch.inputs[:middle], batch.targets[:middle]),
        Batch(batch.inputs[middle:], batch.targets[middle:]),
    )
    gradients = [loss_gradients(network, half) for half in halves]
    parts = []
    for (_, one), (_, other) in zip(*gradients, strict=True):
        sizes_2W = torch.stack([one, other]).flatten(1).abs().double()
        deviation_W = sizes_2W.std(0, correction=0)
        ratio = (sizes_2W.mean(0) / deviation_W)[deviation_W > 0].sum()
        if ratio > 0:
            parts.append(ratio.log())
    return total(parts) if parts else -math.inf


ZICO = Proxy(zico, "Li et al., ZiCo, ICLR 2023")
