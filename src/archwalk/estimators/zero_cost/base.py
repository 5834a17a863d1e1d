"""The contract of a proxy, and what proxies share."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archwalk.data.images.base import TRAINING, ImageSet
from archwalk.spaces.task import Task


@dataclass(frozen=True)
class Batch:
    """What a proxy shows a network: inputs (B, ...) and classes or actions (B,), int64."""

    inputs: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Proxy:
    """A score of an untrained network, the higher the better, by a batch of data.

    `score` leaves the network as it was, draws nothing, and gives the same for the same weights and data. -inf: the
    network is of no use. Raises UsageError where it has nothing to say of such networks.
    """

    score: Callable[[nn.Module, Batch], float]
    citation: str


def random_batch(task: Task, size: int, seed: int) -> Batch:
    """Inputs with normal values and targets by lot, by a seed alone."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(size, *task.shape, generator=generator)
    return Batch(inputs, torch.randint(task.outputs, (size,), generator=generator))


def image_batch(images: ImageSet, size: int, seed: int) -> Batch:
    """Images of the training part by lot, by a seed alone, from -1 to 1 as trainings see them; all where there are
    fewer.
    """
    places_N = np.flatnonzero(images.part_N == TRAINING)
    chosen_B = np.random.default_rng(seed).choice(places_N, min(size, len(places_N)), replace=False)
    inputs = torch.from_numpy(images.images_NCHW[chosen_B]).float().div_(127.5).sub_(1.0)
    return Batch(inputs, torch.from_numpy(images.labels_N[chosen_B]))


def fresh_copy(network: nn.Module) -> nn.Module:
    """A copy to be played with: in training, so that normalisation is by the batch, but without dropout."""
    made = copy.deepcopy(network).train()
    for module in made.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.eval()
    return made


def scores_of(network: nn.Module, inputs: Tensor) -> Tensor:
    """Scores of classes (B, outputs); of an agent's network the logits."""
    given = network(inputs)
    scores: Tensor = given if isinstance(given, Tensor) else given[0]
    return scores


def weights_of(network: nn.Module) -> list[Tensor]:
    """The weights of convolutions and dense layers, to which proxies by gradients look; biases are left out."""
    return [layer.weight for layer in layers_of(network)]


def layers_of(network: nn.Module) -> list[nn.Conv1d | nn.Conv2d | nn.Linear]:
    """Convolutions and dense layers."""
    return [module for module in network.modules() if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear)]


def gradients_of(output: Tensor, inputs: list[Tensor]) -> tuple[Tensor | None, ...]:
    """Of a scalar by each of `inputs`; None where it does not depend on one."""
    found: tuple[Tensor | None, ...] = torch.autograd.grad(output, inputs, allow_unused=True)
    return found


def loss_gradients(network: nn.Module, batch: Batch) -> list[tuple[Tensor, Tensor]]:
    """Pairs (weights, gradient of the cross-entropy) of the layers that the scores depend on; for a `fresh_copy`."""
    weights = weights_of(network)
    with torch.enable_grad():
        loss = cross_entropy(scores_of(network, batch.inputs), batch.targets)
        gradients = gradients_of(loss, weights)
    return [(w.detach(), g) for w, g in zip(weights, gradients, strict=True) if g is not None]


def total(parts: list[Tensor]) -> float:
    """The sum of scalars in double precision, so that its order matters little; -inf where it is no number."""
    found = sum(float(part.detach().double()) for part in parts)
    return found if -float("inf") < found < float("inf") else -float("inf")
