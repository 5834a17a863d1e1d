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

Floats = NDArray[np.float64]

_JITTER = 1e-4


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
        radius_NE, falling_NE = self._radius(squared_SNE)
        values_NE: NDArray[np.floating] = radius_NE * radius_NE
        values_NE /= 3
        values_NE += radius_NE
        values_NE += 1
        values_NE *= falling_NE
        return values_NE

    def _radius(self, squared_SNE: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """sqrt(5) times the distance, and the variance times its exponential."""
        weights_S = (5 * np.exp(2 * self.logs[:-2])).astype(squared_SNE.dtype)
        radius_NE = np.einsum("s,sne->ne", weights_S, squared_SNE)
        np.sqrt(radius_NE, out=radius_NE)
        falling_NE = np.exp(-radius_NE)
        falling_NE *= squared_SNE.dtype.type(self.variance)
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
        radius_EE, falling_EE = self._radius(squared_SEE)
        kernel_EE = (1 + radius_EE + radius_EE**2 / 3) * falling_EE
        lower_EE = cholesky(kernel_EE + self.noise * np.eye(len(targets_E)), lower=True)
        alpha_E = cho_solve((lower_EE, True), targets_E)
        half_log_determinant = float(np.log(np.diagonal(lower_EE)).sum())
        loss = (
            0.5 * float(targets_E @ alpha_E) + half_log_determinant + 0.5 * len(targets_E) * np.log(2 * np.pi)
        )
        inverse_EE = np.tril(dpotri(lower_EE, lower=1)[0])
        inverse_EE += np.tril(inverse_EE, -1).T
        slope_EE = 0.5 * (inverse_EE - np.outer(alpha_E, alpha_E))  # of the loss by the matrix
        by_square_EE = slope_EE * falling_EE * (1 + radius_EE) * (-5 / 6)
        scales = 2 * np.exp(2 * self.logs[:-2]) * np.einsum("ef,sef->s", by_square_EE, squared_SEE)
        rest = [(slope_EE * kernel_EE).sum(), np.trace(slope_EE) * np.exp(self.logs[-1])]
        return loss, np.concatenate([scales, rest])

    def posterior(self, squared_SEE: Floats, targets_E: Floats) -> "Posterior":
        """Condition on targets of mean zero."""
        matrix_EE = self.of(squared_SEE) + self.noise * np.eye(len(targets_E))
        lower_EE = cholesky(matrix_EE, lower=True)
        return Posterior(self, lower_EE.astype(np.float32), cho_solve((lower_EE, True), targets_E))


@dataclass(frozen=True)
class Posterior:
    """A process that has seen E targets: the Cholesky factor (E, E) of its matrix, and the solution (E,)."""

    kernel: MaternBlocks
    lower_EE: NDArray[np.float32]
    alpha_E: Floats

    def __call__(self, squared_SNE: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Mean and deviation (N,) of the function, without noise, in single precision."""
        cross_NE = self.kernel.of(squared_SNE).astype(np.float32, copy=False)
        mean_N = cross_NE @ self.alpha_E.astype(np.float32)
        white_EN = solve_triangular(self.lower_EE, cross_NE.T, lower=True, check_finite=False)
        variance_N = self.kernel.variance - np.square(white_EN).sum(axis=0).astype(np.float64)
        return mean_N.astype(np.float64), np.sqrt(np.maximum(variance_N, 1e-6))


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
