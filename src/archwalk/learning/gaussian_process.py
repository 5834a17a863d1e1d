"""Gaussian process regression: from any kernel matrix, positive or not, and with a Matern kernel over blocks of
features, whose scales are fitted.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, chapters 2, 4 and 5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.special import ndtr

from archwalk.jit import kernel

Floats = NDArray[np.float64]

_JITTER = 1e-4
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class Decomposed:
    """A kernel matrix (E, E) as its eigenvectors and eigenvalues. Negative ones, which a matrix made from distances
    may have, are set to zero: the nearest kernel (NASBOT's code does the same).
    """

    vectors_EE: Floats
    values_E: Floats

    @classmethod
    def of(cls, kernel_EE: Floats) -> "Decomposed":
        """Decompose a symmetric matrix."""
        values_E, vectors_EE = np.linalg.eigh(kernel_EE)
        return cls(vectors_EE, np.maximum(values_E, 0))

    def log_likelihood(self, targets_E: Floats, noise: float) -> tuple[float, float]:
        """Of targets under s (kernel + noise I), with the scale s that makes it largest; gives both.

        That scale is the mean of the squared whitened targets.
        """
        values_E = self.values_E + noise
        scale = max(float(np.mean((self.vectors_EE.T @ targets_E) ** 2 / values_E)), 1e-12)
        n = len(targets_E)
        likelihood = -0.5 * (n + n * np.log(2 * np.pi * scale) + float(np.log(values_E).sum()))
        return likelihood, scale

    def posterior(
        self, cross_NE: Floats, own_N: Floats, targets_E: Floats, noise: float, scale: float
    ) -> tuple[Floats, Floats]:
        """Mean and deviation (N,) of the function, without noise, where the kernel with the data is `cross_NE` and
        with itself `own_N`, of targets of mean zero.
        """
        values_E = self.values_E + noise
        projected_NE = cross_NE @ self.vectors_EE
        mean_N = projected_NE @ ((self.vectors_EE.T @ targets_E) / values_E)
        variance_N = scale * (own_N - (projected_NE**2 / values_E).sum(axis=1))
        return mean_N, np.sqrt(np.maximum(variance_N, 1e-18))


@dataclass(frozen=True)
class MaternBlocks:
    """A Matern-5/2 kernel of the distance sqrt(sum_s (exp(scale_s) d_s)^2) over blocks of features, times a variance,
    and noise. `logs` (S + 2,) are the logarithms of the scales, the variance and the noise's variance.
    """

    logs: Floats

    def of(self, squared_SNE: NDArray[np.floating]) -> NDArray[np.floating]:
        """The kernel's values (N, E) for squared distances in each block, in their precision; without noise."""
        return self.of_sum(np.einsum("s,sne->ne", self.weights_S.astype(squared_SNE.dtype), squared_SNE))

    def of_sum(self, sum_NE: NDArray[np.floating]) -> NDArray[np.floating]:
        """The same for sums over blocks of `weights_S` times squared distances, which are overwritten."""
        radius_NE, falling_NE = self._radius(sum_NE)
        values_NE: NDArray[np.floating] = radius_NE * radius_NE
        values_NE /= 3
        values_NE += radius_NE
        values_NE += 1
        values_NE *= falling_NE
        return values_NE

    @property
    def weights_S(self) -> Floats:
        """What a squared distance in each block adds to the square of sqrt(5) times the distance."""
        weights_S: Floats = 5 * np.exp(2 * self.logs[:-2])
        return weights_S

    def _radius(self, sum_NE: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """sqrt(5) times the distance, and the variance times its exponential."""
        radius_NE = np.sqrt(sum_NE, out=sum_NE)
        falling_NE = np.exp(-radius_NE)
        falling_NE *= sum_NE.dtype.type(self.variance)
        return radius_NE, falling_NE

    @property
    def variance(self) -> float:
        """Of the function before anything is known."""
        return float(np.exp(self.logs[-2]))

    @property
    def noise(self) -> float:
        """Variance of the noise, never so small that matrices cannot be decomposed."""
        return float(np.exp(self.logs[-1])) + _JITTER

    def loss(self, squared_SEE: Floats, targets_E: Floats) -> tuple[float, Floats]:
        """Minus the log marginal likelihood of targets of mean zero, and its gradient by `logs`."""
        radius_EE, falling_EE = self._radius(np.einsum("s,sef->ef", self.weights_S, squared_SEE))
        kernel_EE = (1 + radius_EE + radius_EE**2 / 3) * falling_EE
        lower_EE = self._factor(kernel_EE)
        alpha_E = cho_solve((lower_EE, True), targets_E)
        half_log_determinant = float(np.log(np.diagonal(lower_EE)).sum())
        loss = (
            0.5 * float(targets_E @ alpha_E) + half_log_determinant + 0.5 * len(targets_E) * np.log(2 * np.pi)
        )
        inverse_EE = dpotri(lower_EE, lower=1)[0]
        by_square_S, by_kernel, trace = sum_slopes(inverse_EE, alpha_E, radius_EE, falling_EE, squared_SEE)
        scales_S = 2 * np.exp(2 * self.logs[:-2]) * by_square_S
        return loss, np.array([*scales_S, by_kernel, trace * np.exp(self.logs[-1])])

    def _factor(self, kernel_EE: NDArray[np.floating]) -> Floats:
        """The lower Cholesky factor of the kernel's values and noise."""
        matrix_EE = kernel_EE.copy()
        matrix_EE.flat[:: len(matrix_EE) + 1] += self.noise
        lower_EE: Floats = cholesky(matrix_EE, lower=True, overwrite_a=True, check_finite=False)
        return lower_EE

    def posterior(self, squared_SEE: Floats, targets_E: Floats) -> "Posterior":
        """Condition on targets of mean zero."""
        lower_EE = self._factor(self.of(squared_SEE))
        return Posterior(self, lower_EE.astype(np.float32), cho_solve((lower_EE, True), targets_E))


@dataclass(frozen=True)
class Posterior:
    """A process that has seen E targets: the Cholesky factor (E, E) of its matrix, and the solution (E,)."""

    kernel: MaternBlocks
    lower_EE: NDArray[np.float32]
    alpha_E: Floats

    def __call__(self, squared_SNE: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Mean and deviation (N,) for squared distances from the data in each block, in single precision."""
        cross_NE = self.kernel.of(squared_SNE).astype(np.float32)
        return self.mean(cross_NE), self.deviation(cross_NE)

    def mean(self, cross_NE: NDArray[np.float32]) -> Floats:
        """Of the function (N,), where the kernel with the data is `cross_NE`."""
        return (cross_NE @ self.alpha_E.astype(np.float32)).astype(np.float64)

    def deviation(self, cross_NE: NDArray[np.float32]) -> Floats:
        """Of the function (N,), without noise."""
        white_EN = solve_triangular(self.lower_EE, cross_NE.T, lower=True, check_finite=False)
        return self._root(np.square(white_EN).sum(axis=0))

    def highest_deviation(self, cross_NE: NDArray[np.float32]) -> Floats:
        """What no deviation (N,) is above: the one that the nearest of the data alone would leave."""
        near_N = (
            cross_NE.view(np.int32).max(axis=1).view(np.float32).astype(np.float64)
        )  # the same above zero, faster
        return self._root(near_N**2 / (self.kernel.variance + self.kernel.noise))

    def _root(self, explained_N: NDArray[np.floating]) -> Floats:
        variance_N = self.kernel.variance - explained_N.astype(np.float64)
        return np.sqrt(np.maximum(variance_N, _LEAST_VARIANCE))


@kernel
def sum_slopes(inverse_EE, alpha_E, radius_EE, falling_EE, squared_SEE):  # type: ignore[no-untyped-def]
    """Slopes of the loss: by squared distances of each block, by the variance's logarithm, and by the noise.

    Of the inverse, as of all of these symmetrical matrices, the lower triangle is read.
    """
    by_square_S, by_kernel, trace = np.zeros(len(squared_SEE)), 0.0, 0.0
    for e in range(len(alpha_E)):
        for f in range(e + 1):
            slope = (
                inverse_EE[e, f] - alpha_E[e] * alpha_E[f]
            )  # by the matrix: half of it, and twice off the diagonal
            if f == e:
                slope *= 0.5
                trace += slope
            radius = radius_EE[e, f]
            by_distance = slope * falling_EE[e, f] * (1 + radius) * (-5 / 6)
            for s in range(len(squared_SEE)):
                by_square_S[s] += by_distance * squared_SEE[s, e, f]
            by_kernel += slope * falling_EE[e, f] * (1 + radius + radius * radius / 3)
    return by_square_S, by_kernel, trace


def fit_blocks(
    squared_SEE: Floats, targets_E: Floats, start: Floats, centre: Floats, spread: Floats, steps: int
) -> MaternBlocks:
    """The most probable kernel: `steps` of L-BFGS from the logarithms `start`, which are normal with the given centre
    and spread beforehand. They stay within four spreads.
    """

    def objective(logs: Floats) -> tuple[float, Floats]:
        loss, gradient = MaternBlocks(logs).loss(squared_SEE, targets_E)
        away = (logs - centre) / spread
        return loss + 0.5 * float(away @ away), gradient + away / spread

    bounds = list(zip(centre - 4 * spread, centre + 4 * spread, strict=True))
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps})
    return MaternBlocks(np.array(found.x))


def expected_improvement(mean_N: Floats, deviation_N: Floats, best: float) -> Floats:
    """How much more than `best` is expected of each, nothing where it is less (Mockus et al., 1978)."""
    z_N = (mean_N - best) / deviation_N
    density_N = np.exp(-0.5 * z_N**2) / np.sqrt(2 * np.pi)
    improvement_N: Floats = deviation_N * (z_N * ndtr(z_N) + density_N)
    return improvement_N


def upper_confidence_bound(mean_N: Floats, deviation_N: Floats, evaluations: int) -> Floats:
    """Mean and so many deviations: the root of 0.2 d log(2 t) (Kandasamy et al., 2015), for d = 1."""
    bound_N: Floats = mean_N + np.sqrt(0.2 * np.log(2 * evaluations)) * deviation_N
    return bound_N
