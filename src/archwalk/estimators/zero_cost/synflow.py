"""SynFlow: how much passes through a network of absolute weights; no data, no loss.

Source: Tanaka, Kunin, Yamins and Ganguli, Pruning neural networks without any data by iteratively conserving synaptic
flow, NeurIPS 2020; as a score of whole networks Abdelfattah et al., ICLR 2021. Ours: the logarithm, which ranks alike,
since the flow grows exponentially with depth.
"""

import copy
import math

import torch
from torch import nn

from archwalk.estimators.zero_cost.base import Batch, Proxy, gradients_of, scores_of, total, weights_of


def synflow(network: nn.Module, batch: Batch) -> float:
    """The logarithm of the sum over weights of weight * gradient of all outputs, for an input of ones.

    Weights are their absolute values, in double precision. Normalisation is by its first statistics, mean 0 and
    variance 1: it changes next to nothing, as if there were none.
    """
    made = copy.deepcopy(network).double().eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.abs_()
    weights = weights_of(made)
    with torch.enable_grad():
        flow = scores_of(made, torch.ones_like(batch.inputs[:1], dtype=torch.float64)).sum()
        gradients = gradients_of(flow, weights)
    found = total([(w * g).abs().sum() for w, g in zip(weights, gradients, strict=True) if g is not None])
    return math.log(found) if found > 0 else -math.inf


SYNFLOW = Proxy(synflow, "Tanaka et al., SynFlow, NeurIPS 2020; Abdelfattah et al. 2021")
