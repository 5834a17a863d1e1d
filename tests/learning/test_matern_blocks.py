"""The Matern process over blocks of features against its formulas."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from archwalk.learning.gaussian_process import MaternBlocks, fit_blocks

LOGS = np.array([-0.3, 0.4, 0.2, -2.0])


def squares(x_NF, y_EF):
    """Squared distances in two blocks, of one feature and of the rest."""
    gaps_NEF = np.square(x_NF[:, None] - y_EF)
    return np.stack([gaps_NEF[..., 0], gaps_NEF[..., 1:].sum(axis=2)])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal(size=(7, 3))


def direct(squared_SNE):
    r_NE = np.sqrt(np.exp(-0.6) * squared_SNE[0] + np.exp(0.8) * squared_SNE[1])
    return np.exp(0.2) * (1 + np.sqrt(5) * r_NE + 5 * r_NE**2 / 3) * np.exp(-np.sqrt(5) * r_NE)


def test_the_kernel_is_the_formula(data):
    squared_SNE = squares(data[2], data[0])
    found = MaternBlocks(LOGS).of(squared_SNE)
    np.testing.assert_allclose(found, direct(squared_SNE), rtol=1e-12)
    single = MaternBlocks(LOGS).of(squared_SNE.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, found, rtol=1e-5)


def test_the_likelihood_and_its_gradient(data):
    x_EF, targets_E, _ = data
    squared_SEE = squares(x_EF, x_EF)
    loss, gradient = MaternBlocks(LOGS).loss(squared_SEE, targets_E)
    covariance = direct(squared_SEE) + MaternBlocks(LOGS).noise * np.eye(12)
    assert loss == pytest.approx(-multivariate_normal(np.zeros(12), covariance).logpdf(targets_E))
    numeric = approx_fprime(LOGS, lambda logs: MaternBlocks(logs).loss(squared_SEE, targets_E)[0], 1e-6)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-4)


def test_the_posterior_is_the_formula(data):
    x_EF, targets_E, y_NF = data
    kernel = MaternBlocks(LOGS)
    mean_N, deviation_N = kernel.posterior(squares(x_EF, x_EF), targets_E)(squares(y_NF, x_EF))
    inverse_EE = np.linalg.inv(direct(squares(x_EF, x_EF)) + kernel.noise * np.eye(12))
    cross_NE = direct(squares(y_NF, x_EF))
    np.testing.assert_allclose(mean_N, cross_NE @ inverse_EE @ targets_E, rtol=1e-4, atol=1e-5)
    variance_N = np.exp(0.2) - np.einsum("ne,ef,nf->n", cross_NE, inverse_EE, cross_NE)
    np.testing.assert_allclose(deviation_N**2, variance_N, rtol=1e-3, atol=1e-5)


def test_no_deviation_is_above_what_the_nearest_leaves(data):
    x_EF, targets_E, y_NF = data
    kernel = MaternBlocks(LOGS)
    one, near = np.array([0]), squares(x_EF[:1] + 0.1, x_EF)
    for squared_SNE in (squares(y_NF, x_EF), squares(x_EF, x_EF), near):
        values_NE = kernel.of(squared_SNE).astype(np.float32)
        posterior = kernel.posterior(squares(x_EF, x_EF), targets_E)
        assert (posterior.highest_deviation(values_NE) >= posterior.deviation(values_NE) - 1e-6).all()
    alone = kernel.posterior(squares(x_EF[one], x_EF[one]), targets_E[one])
    values_N1 = kernel.of(near[:, :, one]).astype(np.float32)
    np.testing.assert_allclose(alone.highest_deviation(values_N1), alone.deviation(values_N1), rtol=1e-5)


def test_the_fit_finds_what_matters_and_what_is_noise():
    """Targets that a known process drew: of the first block alone, and with known noise."""
    rng = np.random.default_rng(1)
    x_EF = rng.normal(size=(150, 3))
    squared_SEE = squares(x_EF, x_EF)
    truth = MaternBlocks(np.array([0.0, -9.0, 0.0, -4.0]))
    factor_EE = np.linalg.cholesky(truth.of(squared_SEE) + truth.noise * np.eye(150))
    start = np.zeros(4)
    found = fit_blocks(squared_SEE, factor_EE @ rng.normal(size=150), start, start, np.full(4, 3.0), 60)
    assert abs(found.logs[0]) < 0.7
    assert found.logs[1] < -2.5
    assert abs(found.logs[3] + 4) < 0.7
    spread = np.array([0.1, 0.1, 3.0, 3.0])  # shorter scales would be noise as well
    noise = fit_blocks(squared_SEE, rng.normal(size=150), start, start, spread, 60)
    assert noise.noise > 0.7
    assert (start == 0).all()


def test_the_prior_holds_what_the_data_do_not_say():
    squared_SEE, centre = np.zeros((2, 3, 3)), np.array([0.5, -0.5, 0.0, -3.0])
    found = fit_blocks(squared_SEE, np.zeros(3), centre, centre, np.array([1.0, 1.0, 0.1, 0.1]), 30)
    np.testing.assert_allclose(found.logs[:2], centre[:2])
