"""Multiplications and additions for one input: as simple a proxy as the number of parameters."""

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archwalk.estimators.zero_cost.base import Batch, Proxy


def count_macs(network: nn.Module, batch: Batch) -> float:
    """Of convolutions and dense layers, for one input of the batch's shape, as PyTorch counts; nothing is computed."""
    shadow = copy.deepcopy(network).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        shadow(torch.empty_like(batch.inputs[:1], device="meta"))
    return counter.get_total_flops() / 2


MACS = Proxy(count_macs, "Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021")
