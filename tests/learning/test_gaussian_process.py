import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from archwalk.learning.gaussian_process import Decomposed, expected_improvement, upper_confidence_bound


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    gaps = np.linalg.norm(x[:, None] - x, axis=2)
    return np.exp(-gaps), y


def test_posterior_is_the_formula_of_the_book(data):
    kernel, y = data
    known, asked = kernel[:8, :8], kernel[8:, :8]
    scale, noise = 1.7, 0.05
    mean, deviation = Decomposed.of(known).posterior(asked, np.ones(4), y[:8], noise, scale)
    inverse = np.linalg.inv(scale * (known + noise * np.eye(8)))
    np.testing.assert_allclose(mean, scale * asked @ inverse @ y[:8])
    covariance = scale * kernel[8:, 8:] - scale * asked @ inverse @ asked.T * scale
    np.testing.assert_allclose(deviation, np.sqrt(np.diag(covariance)))


def test_likelihood_is_that_of_the_best_scale(data):
    kernel, y = data
    found, scale = Decomposed.of(kernel).log_likelihood(y, 0.1)
    matrix = kernel + 0.1 * np.eye(len(y))
    assert found == pytest.approx(multivariate_normal.logpdf(y, cov=scale * matrix))
    for other in (0.9 * scale, 1.1 * scale):
        assert found > multivariate_normal.logpdf(y, cov=other * matrix)


def test_what_is_no_kernel_becomes_the_nearest_one():
    wrong = np.array([[1.0, 0.9, 0.1], [0.9, 1, 0.9], [0.1, 0.9, 1]])
    assert np.linalg.eigvalsh(wrong)[0] < 0
    found = Decomposed.of(wrong)
    assert (found.values_E >= 0).all()
    likelihood, _ = found.log_likelihood(np.array([1.0, 2, 3]), 0.01)
    mean, deviation = found.posterior(wrong, np.ones(3), np.array([1.0, 2, 3]), 0.01, 1.0)
    assert np.isfinite([likelihood, *mean, *deviation]).all()


def test_constant_targets_have_a_likelihood(data):
    likelihood, scale = Decomposed.of(data[0]).log_likelihood(np.zeros(12), 0.1)
    assert np.isfinite(likelihood)
    assert scale > 0


def test_expected_improvement_is_an_integral():
    mean, deviation, best = np.array([0.0, 1.0, 3.0]), np.array([1.0, 0.5, 1e-9]), 1.2
    draws = mean + deviation * norm.ppf((np.arange(200_000) + 0.5) / 200_000)[:, None]
    expected = np.maximum(draws - best, 0).mean(axis=0)
    np.testing.assert_allclose(expected_improvement(mean, deviation, best), expected, rtol=1e-3)


def test_the_bound_grows_with_doubt_and_time():
    mean, deviation = np.zeros(2), np.array([1.0, 2.0])
    early, late = (upper_confidence_bound(mean, deviation, n) for n in (10, 100))
    assert (late > early).all()
    assert early[1] == pytest.approx(2 * early[0])
