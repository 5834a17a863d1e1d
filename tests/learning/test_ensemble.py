import numpy as np
import pytest
import torch

from archwalk.learning.ensemble import (
    EnsembleLearner,
    LogEnsemble,
    Perceptrons,
    perceptron,
)
from archwalk.learning.sets import AfterStateNetwork, Rows

FEATURES = 7


@pytest.fixture
def ensemble():
    torch.manual_seed(0)
    return LogEnsemble(Perceptrons(3, FEATURES, 16, hidden=2))


def data(n, seed=0):
    rng = np.random.default_rng(seed)
    features_NF = rng.integers(0, 2, (n, FEATURES)).astype(np.uint8)
    return features_NF, np.exp(features_NF @ np.linspace(-1, 1, FEATURES))


def minibatches(features_NF, target_N):
    rng = np.random.default_rng(0)

    def draw():
        rows_KB = rng.integers(0, len(target_N), (3, 64))
        return torch.from_numpy(features_NF[rows_KB]).float(), torch.from_numpy(target_N[rows_KB]).float()

    return draw


@torch.no_grad()
def test_it_gives_the_logarithm_of_the_mean_in_the_unit_wanted(ensemble):
    features_NF, _ = data(20)
    mean_N = (
        EnsembleLearner(ensemble.members, learning_rate=1e-3, weight_decay=0).predict(features_NF).mean(0)
    )
    ensemble.scale.fill_(3.0)
    ensemble.offset.fill_(5.0)
    given_N = ensemble(torch.from_numpy(features_NF).float()).numpy()
    np.testing.assert_allclose(given_N, 3 * np.log(np.maximum(mean_N, 1e-4)) - 5, rtol=1e-5, atol=1e-5)


def test_members_differ_and_learn(ensemble):
    features_NF, target_N = data(200)
    learner = EnsembleLearner(ensemble.members, learning_rate=1e-2, weight_decay=0)
    before_KN = learner.predict(features_NF)
    assert before_KN.shape == (3, 200)
    assert before_KN.std(0).min() > 0
    learner.fit(minibatches(features_NF, target_N), updates=400)
    unseen_NF, unseen_N = data(200, seed=1)
    error_K = ((learner.predict(unseen_NF) - unseen_N) ** 2).mean(1)
    assert (error_K < 0.05 * unseen_N.var()).all()
    assert learner.predict(unseen_NF).std(0).mean() > 0


def test_fitting_depends_on_its_generator_alone(ensemble):
    features_NF, target_N = data(30)
    weights = []
    for _ in range(2):
        torch.manual_seed(0)
        fresh = LogEnsemble(Perceptrons(3, FEATURES, 16, hidden=2))
        torch.manual_seed(len(weights))
        learner = EnsembleLearner(fresh.members, learning_rate=1e-2, weight_decay=1e-3)
        learner.fit(minibatches(features_NF, target_N), updates=5)
        weights.append(torch.cat([p.flatten() for p in fresh.parameters()]))
    assert torch.equal(*weights)


def test_predicting_in_portions_changes_nothing(ensemble, monkeypatch):
    features_NF, _ = data(50)
    learner = EnsembleLearner(ensemble.members, learning_rate=1e-3, weight_decay=0)
    whole_KN = learner.predict(features_NF)
    monkeypatch.setattr("archwalk.learning.ensemble._ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(learner.predict(features_NF), whole_KN, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_after_states_are_valued_one_by_one():
    """The first of a row by `stop`, the others by `move`, whatever else is in the row."""
    torch.manual_seed(0)
    network = AfterStateNetwork(perceptron(FEATURES, 8, 1), perceptron(FEATURES, 8, 3))
    lengths_B = np.array([3, 1, 4])
    features_TF = torch.from_numpy(data(8)[0]).float()
    q_T = network(features_TF, Rows(lengths_B))
    for t in range(8):
        part = network.stop if t in (0, 3, 4) else network.move
        torch.testing.assert_close(q_T[t], part(features_TF[t : t + 1])[0])
