"""Fisher: how much the loss would change without each channel, to second order, summed over all.

Source: Theis, Korshunova, Tejani and Huszar, Faster gaze prediction with dense networks and Fisher pruning, 2018, and
Turner et al., BlockSwap, ICLR 2020; as a score of whole networks Abdelfattah et al., ICLR 2021.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archwalk.estimators.zero_cost.base import (
    Batch,
    Proxy,
    fresh_copy,
    gradients_of,
    layers_of,
    scores_of,
    total,
)


def fisher(network: nn.Module, batch: Batch) -> float:
    """The sum over channels of half the mean over inputs of (sum over places of activation * gradient)^2.

    Channels are those that convolutions and dense layers give.
    """
    network, seen = fresh_copy(network), list[Tensor]()

    def note(module: nn.Module, entering: tuple[Tensor, ...], leaving: Tensor) -> None:
        seen.append(leaving)

    for layer in layers_of(network):
        layer.register_forward_hook(note)
    with torch.enable_grad():
        loss = cross_entropy(scores_of(network, batch.inputs), batch.targets)
        gradients = gradients_of(loss, seen)
    parts = [
        (a.detach() * g).flatten(2).sum(2) if a.dim() > 2 else a.detach() * g
        for a, g in zip(seen, gradients, strict=True)
        if g is not None
    ]
    return total([part_BC.square().mean(0).sum() / 2 for part_BC in parts])


FISHER = Proxy(fisher, "Turner et al., BlockSwap, ICLR 2020; Abdelfattah et al. 2021")
