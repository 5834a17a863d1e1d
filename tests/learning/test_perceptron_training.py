import numpy as np
import pytest
import torch

from archwalk.learning.ensemble import Perceptrons, predict
from archwalk.learning.perceptron_training import fit_epochs

FEATURES = 12


def data(n):
    rng = np.random.default_rng(5)
    features_EF = rng.integers(0, 2, size=(n, FEATURES)).astype(np.uint8)
    return features_EF, 1 + 0.3 * features_EF[:, 0] + 0.2 * features_EF[:, 1] * features_EF[:, 2]


def fresh():
    torch.manual_seed(0)
    return Perceptrons(3, FEATURES, 16, hidden=2, start="glorot")


def fitted(seed, **changed):
    features_EF, targets_E = data(50)
    members = fresh()
    options = {"error": "squared", "epochs": 60, "batch": 16, "learning_rate": 1e-2} | changed
    fit_epochs(members, features_EF, targets_E, np.random.default_rng(seed), **options)
    return members, predict(members, features_EF), targets_E


def test_epochs_fit_every_member():
    _, before_KE, targets_E = fitted(0, epochs=1, learning_rate=1e-9)
    _, after_KE, _ = fitted(0)
    assert (((after_KE - targets_E) ** 2).mean(1) < 0.05 * ((before_KE - targets_E) ** 2).mean(1)).all()


def test_epochs_depend_on_their_generator_alone():
    np.testing.assert_array_equal(fitted(0)[1], fitted(0)[1])
    assert not np.array_equal(fitted(0)[1], fitted(1)[1])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("error", ["squared", "absolute"])
def test_steps_are_those_of_pytorch_s_adam(error, weighted):
    """In the same order, the last batch of an epoch smaller; each member's error is its own mean, so that members do
    not slow each other.
    """
    features_EF, targets_E = data(50)
    weights_E = 1 / targets_E if weighted else None
    betas = (0.9, 0.99)
    members, _, _ = fitted(3, error=error, weights_E=weights_E, epochs=2, batch=16, betas=betas)
    expected, rng = fresh(), np.random.default_rng(3)
    features, targets = torch.from_numpy(features_EF).float(), torch.from_numpy(targets_E).float()
    scale = torch.ones(50) if weights_E is None else torch.from_numpy(weights_E).float()
    optimiser = torch.optim.Adam(expected.parameters(), lr=1e-2, betas=betas)
    for _ in range(2):
        order_KE = torch.from_numpy(rng.permuted(np.broadcast_to(np.arange(50), (3, 50)), axis=1))
        for rows_KB in order_KE.split(16, dim=1):
            missed = expected(features[rows_KB]) - targets[rows_KB]
            errors = missed.square() if error == "squared" else missed.abs()
            optimiser.zero_grad()
            (scale[rows_KB] * errors).mean(1).sum().backward()
            optimiser.step()
    for ours, theirs in zip(members.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    assert not torch.equal(members.weights[0], fresh().weights[0])
