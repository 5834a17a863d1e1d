"""A Gaussian process for a new task whose kernel was learned over other tasks ("ours").

What is known of an architecture is its *profile*, what it is expected to be worth on each of K other tasks, and how
far its description is from that of others. The value on the new task is a sum of independent parts: a constant, a
multiple of the mean profile, a linear function of the profile, a smooth function of the profile (architectures that
do alike elsewhere do alike here), a smooth function of the description (what the other tasks do not tell), and noise.
How large and how smooth the parts are is chosen by the likelihood of each known task given all others, so that the
new one takes no part in it. A multi-task Gaussian process (Bonilla et al., 2007) of which the tasks' covariance is
integrated out, since that of a new task is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize
from torch import Tensor

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_CONSTANT = 4.0  # variance of the constant part; targets have variance 1
_JITTER = 1e-4
_LEAST_VARIANCE = 1e-6
_CERTAINTY = 2.0  # evaluations that the scale of targets is known by beforehand

PARTS = ("mean", "linear", "profile", "profile_scale", "description")
"""What `TransferKernel.logs` begin with: variances of the parts, and how fast the third changes with the profile."""

_CENTRE = {"mean": 1.0, "linear": 1.0, "profile": 0.5, "profile_scale": 0.0, "description": 0.3}
_SCALE_CENTRE, _NOISE_CENTRE, _SPREAD = -0.4, -1.5, 2.0


@dataclass(frozen=True)
class TransferKernel:
    """`logs` (5 + S + 1,): logarithms of `PARTS`, of the scales of S blocks of the description, of the noise's
    variance.
    """

    logs: Floats

    @classmethod
    def before_any_task(cls, blocks: int, without: Sequence[str] = ()) -> "TransferKernel":
        """The centre of what is expected of kernels; parts that are named in `without` have no share."""
        parts = [-20.0 if name in without else _CENTRE[name] for name in PARTS]
        return cls(np.array([*parts, *[_SCALE_CENTRE] * blocks, _NOISE_CENTRE]))

    @property
    def description_weights_S(self) -> Floats:
        """What a squared distance in each block of the description counts."""
        weights_S: Floats = np.exp(2 * self.logs[len(PARTS) : -1])
        return weights_S

    @property
    def noise(self) -> float:
        """Variance of the noise."""
        return float(np.exp(self.logs[-1])) + _JITTER

    def own(self, profiles_NK: Singles) -> Floats:
        """The kernel of each architecture with itself (N,), without noise."""
        mean, linear, profile, _, description = np.exp(self.logs[: len(PARTS)])
        squares_N = np.square(profiles_NK, dtype=np.float64).mean(axis=1)
        own_N: Floats = (
            mean * np.square(profiles_NK.mean(axis=1, dtype=np.float64)) + linear * squares_N
            + profile + description + _CONSTANT
        )  # fmt: skip
        return own_N

    def cross(self, profiles_NK: Singles, known_EK: Singles, squared_NE: Singles) -> Singles:
        """The kernel of N architectures with E, where `squared_NE` are distances of descriptions, weighted by
        `description_weights_S` and added up; without noise.
        """
        mean, linear, profile, scale, description = np.exp(self.logs[: len(PARTS)]).astype(np.float32)
        tasks = np.float32(profiles_NK.shape[1])
        product_NE = profiles_NK @ known_EK.T / tasks
        apart_NE = np.square(profiles_NK).mean(axis=1)[:, None] + np.square(known_EK).mean(axis=1)
        apart_NE -= 2 * product_NE
        product_NE *= linear
        product_NE += mean * np.outer(profiles_NK.mean(axis=1), known_EK.mean(axis=1))
        product_NE += profile * matern(scale**2 * np.maximum(apart_NE, 0))
        product_NE += description * matern(squared_NE)
        product_NE += np.float32(_CONSTANT)
        return product_NE


def matern(squared: Singles) -> Singles:
    """Matern-5/2 of squared distances, 1 at zero."""
    radius = np.sqrt(np.float32(5) * squared)
    return np.asarray((1 + radius + radius * radius / 3) * np.exp(-radius), np.float32)


@dataclass(frozen=True)
class KnownTask:
    """E architectures of one task, with their profiles over the others: targets have mean 0 and variance 1."""

    profiles_EK: Singles
    squared_SEE: NDArray[np.floating[Any]]
    """Squared distances in each block of the description."""
    targets_E: Floats


def fit_kernel(
    tasks: Sequence[KnownTask], blocks: int, steps: int, without: Sequence[str] = ()
) -> TransferKernel:
    """The most probable kernel of these tasks, by `steps` of L-BFGS; the expected one where there is none."""
    start = TransferKernel.before_any_task(blocks, without)
    if not tasks:
        return start
    tensors = [_tensors(task) for task in tasks]
    centre = torch.from_numpy(start.logs)
    free = centre > -19

    def objective(logs: Floats) -> tuple[float, Floats]:
        at = torch.tensor(logs, requires_grad=True)
        loss = sum((_loss(at, *each) for each in tensors), torch.zeros((), dtype=torch.float64))
        loss = loss + 0.5 * ((at - centre) / _SPREAD).square().sum()
        (gradient,) = torch.autograd.grad(loss, at)
        return float(loss.detach()), (gradient * free).numpy()

    found = minimize(objective, start.logs, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return replace(start, logs=np.array(found.x))


def _tensors(task: KnownTask) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    profiles_EK = torch.from_numpy(task.profiles_EK.astype(np.float64))
    product_EE = profiles_EK @ profiles_EK.T / profiles_EK.shape[1]
    squares_E = product_EE.diagonal()
    apart_EE = (squares_E[:, None] + squares_E - 2 * product_EE).clamp_min(0)
    mean_E = profiles_EK.mean(1)
    description_SEE = torch.from_numpy(task.squared_SEE.astype(np.float64))
    return (
        torch.outer(mean_E, mean_E),
        product_EE,
        apart_EE,
        description_SEE,
        torch.from_numpy(task.targets_E),
    )


def _loss(
    logs: Tensor,
    means_EE: Tensor,
    product_EE: Tensor,
    apart_EE: Tensor,
    blocks_SEE: Tensor,
    targets_E: Tensor,
) -> Tensor:
    """Minus the log marginal likelihood, the scale of the targets at its most likely."""
    mean, linear, profile, scale, description = logs[: len(PARTS)].exp()
    away_EE = torch.einsum("s,sef->ef", (2 * logs[len(PARTS) : -1]).exp(), blocks_SEE)
    kernel_EE = mean * means_EE + linear * product_EE + profile * _matern(scale**2 * apart_EE)
    kernel_EE = kernel_EE + description * _matern(away_EE) + _CONSTANT
    kernel_EE = kernel_EE + (logs[-1].exp() + _JITTER) * torch.eye(len(targets_E), dtype=torch.float64)
    lower_EE = torch.linalg.cholesky(kernel_EE)
    whitened_E = torch.linalg.solve_triangular(lower_EE, targets_E[:, None], upper=False)
    loss: Tensor = 0.5 * len(targets_E) * whitened_E.square().mean().log() + lower_EE.diagonal().log().sum()
    return loss


def _matern(squared: Tensor) -> Tensor:
    radius = (5 * squared + 1e-12).sqrt()
    value: Tensor = (1 + radius + radius.square() / 3) * (-radius).exp()
    return value


class GrowingPosterior:
    """What a process that has seen E architectures expects of N others; one more costs N E operations."""

    def __init__(self, own_N: Floats, noise: float) -> None:
        self._own_N, self._noise = own_N, noise
        self._lower_EE = np.zeros((0, 0))
        self._rows_EN = np.zeros((0, len(own_N)), np.float32)
        self._explained_N = np.zeros(len(own_N))
        self.seen = 0

    def add(self, cross_N: Singles, known_E: Floats, own: float) -> None:
        """One more known: its kernel with the N, with the E known before it, and with itself."""
        e = self.seen
        if e == len(self._lower_EE):
            self._grow()
        lower_E = solve_triangular(self._lower_EE[:e, :e], known_E, lower=True) if e else np.zeros(0)
        pivot = np.sqrt(max(own + self._noise - float(lower_E @ lower_E), _LEAST_VARIANCE))
        row_N = (cross_N - lower_E.astype(np.float32) @ self._rows_EN[:e]) / np.float32(pivot)
        self._lower_EE[e, :e], self._lower_EE[e, e], self._rows_EN[e] = lower_E, pivot, row_N
        self._explained_N += np.square(row_N)
        self.seen += 1

    def _grow(self) -> None:
        more = max(32, self.seen)
        self._lower_EE = np.pad(self._lower_EE, ((0, more), (0, more)))
        self._rows_EN = np.pad(self._rows_EN, ((0, more), (0, 0)))

    def smooth(self, targets_E: Floats) -> Floats:
        """The mean (E,) at the known architectures themselves, without noise, given their targets of mean zero."""
        lower_EE = self._lower_EE[: self.seen, : self.seen]
        smooth_E: Floats = targets_E - self._noise * cho_solve((lower_EE, True), targets_E)
        return smooth_E

    def left_out(self, targets_E: Floats) -> tuple[Floats, Floats]:
        """Mean and deviation, with noise, at each known architecture (E,), as if it alone were not known."""
        lower_EE = self._lower_EE[: self.seen, : self.seen]
        inverse_EE = cho_solve((lower_EE, True), np.eye(self.seen))
        own_E = np.diagonal(inverse_EE)
        return targets_E - inverse_EE @ targets_E / own_E, np.sqrt(1 / own_E)

    def mean(self, targets_E: Floats) -> Singles:
        """The mean (N,), given targets of mean zero of all that were added."""
        mean_N: Singles = self._whitened(targets_E).astype(np.float32) @ self._rows_EN[: self.seen]
        return mean_N

    @property
    def variance_N(self) -> Floats:
        """The variance (N,), without noise, where targets have variance 1."""
        return np.maximum(self._own_N - self._explained_N, _LEAST_VARIANCE)

    def __call__(self, targets_E: Floats) -> tuple[Singles, Floats]:
        """Mean and deviation (N,), without noise, the scale of the targets taken from them."""
        white_E = self._whitened(targets_E)
        scale = (float(white_E @ white_E) + _CERTAINTY) / (self.seen + _CERTAINTY)
        mean_N: Singles = white_E.astype(np.float32) @ self._rows_EN[: self.seen]
        return mean_N, np.sqrt(scale * self.variance_N)

    def _whitened(self, targets_E: Floats) -> Floats:
        whitened_E: Floats = solve_triangular(self._lower_EE[: self.seen, : self.seen], targets_E, lower=True)
        return whitened_E
