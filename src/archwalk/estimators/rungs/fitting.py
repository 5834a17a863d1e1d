"""One cycle of a training, and what a network says about images."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archwalk.estimators.rungs.pixels import Normalisation
from archwalk.estimators.rungs.settings import RecipeSettings

_EVALUATED_AT_ONCE = 512
_POINTS = 20
"""Of the curves of a cycle."""

Curves = dict[str, list[float]]


class DivergedError(Exception):
    """The loss is no number."""


def fit(
    network: nn.Module,
    batches: Iterator[tuple[Tensor, Tensor]],
    settings: RecipeSettings,
    progress: Callable[[int], float],
    told: Callable[[float, float], None] = lambda done, loss: None,
) -> Curves:
    """Train through one cycle. `progress(step)` is the share of it that is over; at 1 it ends.

    Gives the curves `loss`, `learning_rate` and `progress`, means of twenty parts; `told` hears of each. Raises
    DivergedError.
    """
    optimiser = make_optimiser(network, settings)
    curves: Curves = {"progress": [], "loss": [], "learning_rate": []}
    losses: list[Tensor] = []
    network.train()
    step, done = 0, progress(0)
    due = _next_point(done)
    while done < 1:
        rate = settings.learning_rate_at(done)
        for group in optimiser.param_groups:
            group["lr"] = rate
        images, labels = next(batches)
        with autocast(settings, images.device.type):
            scores = network(images)
        loss = cross_entropy(scores.float(), labels, label_smoothing=settings.smoothing)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.detach())
        step += 1
        done = progress(step)
        if done >= min(due, 1):
            due = _next_point(done)
            mean = float(torch.stack(losses).mean())
            if not np.isfinite(mean):
                raise DivergedError(f"the loss is not finite after {step} steps")
            for name, value in (("progress", min(done, 1.0)), ("loss", mean), ("learning_rate", rate)):
                curves[name].append(value)
            losses.clear()
            told(min(done, 1.0), mean)
    return curves


def _next_point(done: float) -> float:
    return (int(done * _POINTS) + 1) / _POINTS


def make_optimiser(network: nn.Module, settings: RecipeSettings) -> torch.optim.Optimizer:
    """AdamW; weights of more than one dimension decay."""
    decaying = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": decaying, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def autocast(settings: RecipeSettings, device: str) -> torch.autocast:
    """The arithmetic of the settings."""
    return torch.autocast(device, torch.bfloat16, enabled=settings.arithmetic == "bf16")


@torch.no_grad()
def scores_of(
    network: nn.Module,
    images_NCHW: NDArray[np.uint8],
    normalise: Normalisation,
    settings: RecipeSettings,
    device: str,
) -> NDArray[np.float32]:
    """Class scores (N, K) of images, as the network gives them after training."""
    network.eval()
    found = []
    for start in range(0, len(images_NCHW), _EVALUATED_AT_ONCE):
        part = torch.from_numpy(np.ascontiguousarray(images_NCHW[start : start + _EVALUATED_AT_ONCE])).to(
            device
        )
        with autocast(settings, device):
            found.append(network(normalise(part)).float().cpu().numpy())
    return np.concatenate(found)


def accuracy(scores_NK: NDArray[np.float32], labels_N: NDArray[np.int64]) -> float:
    """Percent of the images of which the class is found. Raises DivergedError for scores that are no numbers."""
    if not np.isfinite(scores_NK).all():
        raise DivergedError("class scores of the trained network are not finite")
    return 100.0 * float((scores_NK.argmax(axis=1) == labels_N).mean())
