import numpy as np
import pytest
import torch

from archwalk.agents.accuracy_model import AccuracyModel, ModelSettings
from archwalk.errors import UsageError
from archwalk.learning.ensemble import LogEnsemble, Perceptrons
from model_based import smooth_benchmark

SETTINGS = ModelSettings(
    evaluations=60, initial=30, round=10, members=2, model_batch=32, first_updates=100, width=32
)


@pytest.fixture
def model(space4):
    torch.manual_seed(0)
    ensemble = LogEnsemble(Perceptrons(2, space4.feature_count, 32, hidden=2))
    return AccuracyModel(smooth_benchmark(space4), SETTINGS, ensemble, np.random.default_rng(0))


def test_unseen_are_those_not_evaluated_each_once_in_their_order(model):
    codes_BL = np.array([[5], [9], [5], [2], [7], [9]], np.int32)
    assert model.unseen(codes_BL)[:, 0].tolist() == [5, 9, 2, 7]
    model.learn(codes_BL[:2])
    assert model.unseen(codes_BL)[:, 0].tolist() == [2, 7]
    assert model.unseen(codes_BL[:3]).shape == (0, 1)


def test_telling_apart_puts_the_best_in_their_order(model):
    model.learn(np.arange(0, 90, dtype=np.int32)[:, None])
    model.tell_apart(1_500, sharpness=100)
    predicted_E = model.predict(model.space.features(model.codes_EL)).mean(0)
    best = np.argsort(-model.accuracy_E)[:4]
    np.testing.assert_array_equal(np.argsort(-predicted_E)[:4], best)
    gaps = 100 / 100 * np.diff(np.log(predicted_E[best]))
    np.testing.assert_allclose(gaps, np.diff(model.accuracy_E[best]), atol=0.1)


def test_the_last_fit_can_be_left_out(model):
    assert ModelSettings(last_updates=0).last_updates == 0
    with pytest.raises(UsageError, match="last_updates must be at least 0"):
        ModelSettings(last_updates=-1)
