"""NASWOT: a network at its initialisation is the better, the more differently its ReLUs answer to different inputs.

Source: Mellor, Turner, Storkey and Crowley, Neural Architecture Search without Training, ICML 2021.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, gradients_of, scores_of


def naswot(network: nn.Module, batch: Batch) -> float:
    """Log-determinant of the activation kernel; -inf where two inputs cannot be told apart."""
    sign, logarithm = np.linalg.slogdet(activation_kernel(network, batch.inputs))
    return float(logarithm) if sign > 0 else -np.inf


def activation_kernel(network: nn.Module, inputs: Tensor) -> NDArray[np.float64]:
    """K (B, B): for each pair of inputs (B, ...), how many units are on for both or off for both.

    Units are the elements that enter a `torch.nn.ReLU` whose output takes part in the network's (as in the paper's
    code). Normalisation is by the batch, dropout is off, the network stays as it was.
    """
    network = fresh_copy(network)
    used = _used_relus(network, inputs[:2])
    total_BB = np.zeros((len(inputs), len(inputs)))

    with torch.no_grad(), _watching(used) as seen:
        network(inputs)
    for _, entering, _ in seen:
        on_BU = (entering.flatten(1) > 0).float()
        total_BB += (on_BU @ on_BU.T + (1 - on_BU) @ (1 - on_BU).T).double().numpy()
    return total_BB


def _used_relus(network: nn.Module, inputs: Tensor) -> list[nn.Module]:
    """The ReLUs on which the network's output depends, by one pass forward and backward."""
    relus: list[nn.Module] = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    with torch.enable_grad(), _watching(relus) as seen:
        scores = scores_of(network, inputs.clone().requires_grad_())
    run = [
        (module, out) for module, _, out in seen if out.requires_grad
    ]  # not so where all that enters is zero
    if not run:
        return []
    gradients = gradients_of(scores.sum(), [out for _, out in run])
    used = {id(module) for (module, _), gradient in zip(run, gradients, strict=True) if gradient is not None}
    return [module for module in relus if id(module) in used]


@contextmanager
def _watching(modules: list[nn.Module]) -> Iterator[list[tuple[nn.Module, Tensor, Tensor]]]:
    """Collects (module, what enters it, what leaves it) while the network runs."""
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(module: nn.Module, entering: tuple[Tensor, ...], leaving: Tensor) -> None:
        seen.append((module, entering[0], leaving))

    handles = [module.register_forward_hook(note) for module in modules]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


NASWOT = Proxy(naswot, "Mellor et al., Neural Architecture Search without Training (NASWOT), ICML 2021")
