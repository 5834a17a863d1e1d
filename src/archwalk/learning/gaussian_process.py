"""Gaussian process regression from kernel matrices, for any kernel, positive or not.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, chapters 2 and 5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]


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
