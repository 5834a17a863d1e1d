"""Training of small perceptrons in one kernel: where layers are narrow, a step of PyTorch's is spent on its calls."""

from collections.abc import Iterator
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archwalk.jit import kernel
from archwalk.learning.ensemble import Perceptrons

_EPSILON = np.float32(1e-8)

_Floats = NDArray[np.float32]

_quick = partial(kernel, fastmath={"reassoc", "contract", "nsz"})
"""Sums in the order that suits the processor."""


def fit_epochs(
    members: Perceptrons,
    features_EF: NDArray[np.uint8],
    targets_E: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    error: Literal["squared", "absolute"],
    weights_E: NDArray[np.float64] | None = None,
    epochs: int,
    batch: int,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> None:
    """Train each member by Adam (Kingma and Ba, 2015) on `epochs` passes over the same data, in an order of its own.

    What is minimised is the mean of `error`, times `weights_E` if given. The last batch of an epoch may be smaller.
    """
    weights_KP, sizes = _flat(members), _sizes(members)
    everyone_KE = np.broadcast_to(np.arange(len(targets_E)), (len(weights_KP), len(targets_E)))
    order_SKE = np.stack([rng.permuted(everyone_KE, axis=1) for _ in range(epochs)])
    features_FE = np.ascontiguousarray(features_EF.T, dtype=np.float32)
    wanted_E = targets_E.astype(np.float32)
    scale_E = np.ones_like(wanted_E) if weights_E is None else weights_E.astype(np.float32)
    for member, weights_P in enumerate(weights_KP):
        order_SE = np.ascontiguousarray(order_SKE[:, member])
        _train(
            sizes, weights_P, features_FE, wanted_E, scale_E, error == "squared", order_SE, batch, learning_rate, *betas
        )  # fmt: skip
    _put_back(members, weights_KP)


def _sizes(members: Perceptrons) -> NDArray[np.int64]:
    """Of the layers, the features first."""
    return np.array([*(weight.shape[1] for weight in members.weights), 1])


def _tensors(members: Perceptrons) -> Iterator[Tensor]:
    """Weights and biases of each layer."""
    for weight, bias in zip(members.weights, members.biases, strict=True):
        yield from (weight, bias)


def _flat(members: Perceptrons) -> _Floats:
    """All weights of each member, (K, P)."""
    networks = len(members.weights[0])
    return np.concatenate(
        [tensor.detach().numpy().reshape(networks, -1) for tensor in _tensors(members)], axis=1
    )


@torch.no_grad()
def _put_back(members: Perceptrons, weights_KP: _Floats) -> None:
    at = 0
    for tensor in _tensors(members):
        size = tensor[0].numel()
        tensor.copy_(torch.from_numpy(weights_KP[:, at : at + size]).view_as(tensor))
        at += size


@_quick
def _train(sizes, weights_P, features_FE, targets_E, scale_E, squared, order_SE, batch, rate, beta1, beta2):  # type: ignore[no-untyped-def]
    """One network. Examples are columns, so that the innermost loops run over a batch."""
    layers, most = len(sizes) - 1, sizes.max()
    values_LWB = np.zeros((layers + 1, most, batch), np.float32)
    slopes_2WB = np.zeros((2, most, batch), np.float32)
    slope_P, mean_P, square_P = np.zeros_like(weights_P), np.zeros_like(weights_P), np.zeros_like(weights_P)
    step = 0
    for order_E in order_SE:
        for start in range(0, len(order_E), batch):
            rows = order_E[start : start + batch]
            values_LWB[0], slopes_2WB[0, 0] = 0.0, 0.0  # columns beyond a smaller batch
            for b in range(len(rows)):
                for f in range(sizes[0]):
                    values_LWB[0, f, b] = features_FE[f, rows[b]]
            _forward(sizes, weights_P, values_LWB)
            for b in range(len(rows)):
                missed = values_LWB[layers, 0, b] - targets_E[rows[b]]
                slope = 2 * missed if squared else np.sign(missed)
                slopes_2WB[0, 0, b] = slope * scale_E[rows[b]] / len(rows)
            _backward(sizes, weights_P, values_LWB, slopes_2WB, slope_P)
            step += 1
            _adam(weights_P, slope_P, mean_P, square_P, step, rate, beta1, beta2)


@_quick
def _forward(sizes, weights_P, values_LWB):  # type: ignore[no-untyped-def]
    """Fill the values that each layer reads, behind those of the first one."""
    at = 0
    for layer in range(len(sizes) - 1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        for o in range(outputs):
            out_B = values_LWB[layer + 1, o]
            out_B[:] = weights_P[at + inputs * outputs + o]
            for i in range(inputs):
                weight, in_B = weights_P[at + i * outputs + o], values_LWB[layer, i]
                for b in range(len(out_B)):
                    out_B[b] += weight * in_B[b]
            if layer < len(sizes) - 2:
                for b in range(len(out_B)):
                    out_B[b] = max(out_B[b], np.float32(0))
        at += (inputs + 1) * outputs


@_quick
def _backward(sizes, weights_P, values_LWB, slopes_2WB, slope_P):  # type: ignore[no-untyped-def]
    """Fill the error's slopes by the weights, from those by the last layer's output in `slopes_2WB[0]`."""
    at, now = len(weights_P), 0
    for layer in range(len(sizes) - 2, -1, -1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        at -= (inputs + 1) * outputs
        for o in range(outputs):
            slope_P[at + inputs * outputs + o] = slopes_2WB[now, o].sum()
        for i in range(inputs):
            in_B, back_B = values_LWB[layer, i], slopes_2WB[1 - now, i]
            back_B[:] = 0.0
            for o in range(outputs):
                out_B, weight, total = slopes_2WB[now, o], weights_P[at + i * outputs + o], np.float32(0)
                for b in range(len(in_B)):
                    total += in_B[b] * out_B[b]
                    back_B[b] += weight * out_B[b]
                slope_P[at + i * outputs + o] = total
            for b in range(len(in_B)):
                if in_B[b] <= 0:  # the first layer's are not asked for
                    back_B[b] = 0.0
        now = 1 - now


@_quick
def _adam(weights_P, slope_P, mean_P, square_P, step, rate, beta1, beta2):  # type: ignore[no-untyped-def]
    old1, old2 = np.float32(beta1), np.float32(beta2)
    new1, new2 = np.float32(1 - beta1), np.float32(1 - beta2)
    pace, root = np.float32(rate / (1 - beta1**step)), np.float32(1 / np.sqrt(1 - beta2**step))
    for p in range(len(weights_P)):
        slope = slope_P[p]
        mean_P[p] = old1 * mean_P[p] + new1 * slope
        square_P[p] = old2 * square_P[p] + new2 * slope * slope
        weights_P[p] -= pace * mean_P[p] / (np.sqrt(square_P[p]) * root + _EPSILON)
