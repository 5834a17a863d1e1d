"""A Gaussian process over networks of `convnet` and the length of their training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archwalk.learning.gaussian_process import MaternBlocks, Posterior, fit_blocks
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.code import ACTIVATION_AT, ACTIVATIONS, KINDS, read_stages
from archwalk.spaces.convnet.space import ConvNet

Floats = NDArray[np.float64]

_STEPS = 20
_SCALE = (-0.5, 0.7)
_VARIANCE = (0.0, 0.5)
_NOISE = (-3.0, 1.0)
_MARGIN = 0.3
"""Percent: errors are never taken to be smaller, so that the best few are not all that counts."""


def descriptors(space: ConvNet, codes_BL: Codes) -> list[Floats]:
    """Blocks of features (B, d): sizes, resolution and depth, widths, kinds, details."""
    stages, costs = read_stages(codes_BL), space.costs(codes_BL)
    present = stages.present.astype(np.float64)
    sizes = np.log(np.stack([costs.parameters_B, costs.macs_B, costs.activations_B], axis=1))
    depth = np.concatenate([stages.halve * present, np.log2(stages.blocks) * present, present], axis=1)
    widths = np.log2(stages.width) * present
    kinds = (np.eye(len(KINDS))[stages.kind] * present[:, :, None]).reshape(len(codes_BL), -1)
    activation = np.eye(len(ACTIVATIONS))[codes_BL[:, ACTIVATION_AT]]
    details = np.concatenate(
        [(stages.kernel - 3) / 2 * present, stages.squeeze * present, activation], axis=1
    )
    return [sizes, depth, widths, kinds, details]


class Model:
    """What trainings (E) of codes with lengths say about others. Raises ValueError for none."""

    def __init__(self, space: ConvNet, codes_EL: Codes, lengths_E: Floats, accuracy_E: Floats) -> None:
        if not len(codes_EL):
            raise ValueError("a model needs a training")
        self.space = space
        sample = descriptors(space, space.sample(np.random.default_rng(0), 400))
        self.units = [max(float(2 * block.var(axis=0).sum()), 1e-6) for block in sample]
        self.units.append(max(float(2 * np.log(lengths_E).var()), 1.0))
        self.known = self._blocks(codes_EL, lengths_E)
        targets_E = -np.log(100 - accuracy_E + _MARGIN)
        self.mean, self.deviation = float(targets_E.mean()), max(float(targets_E.std()), 1e-6)
        targets_E = (targets_E - self.mean) / self.deviation
        squared_SEE = self._squared(self.known)
        blocks = len(self.units)
        centre = np.array([*[_SCALE[0]] * blocks, _VARIANCE[0], _NOISE[0]])
        spread = np.array([*[_SCALE[1]] * blocks, _VARIANCE[1], _NOISE[1]])
        kernel: MaternBlocks = fit_blocks(squared_SEE, targets_E, centre, centre, spread, _STEPS)
        self.posterior: Posterior = kernel.posterior(squared_SEE, targets_E)

    def __call__(self, codes_NL: Codes, length: float) -> tuple[Floats, Floats]:
        """Mean and deviation (N,) of minus the logarithm of the error, in its own units, after so long a training."""
        asked = self._blocks(codes_NL, np.full(len(codes_NL), length))
        return self.posterior(self._squared(asked))

    def accuracies(self, mean_N: Floats) -> Floats:
        """Percent, of means."""
        accuracy_N: Floats = 100 + _MARGIN - np.exp(-(mean_N * self.deviation + self.mean))
        return accuracy_N

    def _blocks(self, codes_BL: Codes, lengths_B: Floats) -> list[Floats]:
        return [*descriptors(self.space, codes_BL), np.log(lengths_B)[:, None]]

    def _squared(self, asked: Sequence[Floats]) -> Floats:
        """Squared distances (S, N, E) to what is known."""
        return np.stack(
            [
                np.square(one[:, None] - other[None]).sum(axis=2) / unit
                for one, other, unit in zip(asked, self.known, self.units, strict=True)
            ]
        )
