import numpy as np
import pytest
from torch import nn

from archwalk.agents.accuracy_model import ModelSettings
from archwalk.agents.distillation import Distiller
from archwalk.learning.ensemble import ClimbingNetwork, perceptron
from archwalk.learning.seeding import made_from


@pytest.mark.parametrize("elsewhere", [False, True], ids=["on walks", "half of them anywhere"])
def test_what_a_portion_shows_is_labelled_once_and_rightly(space5, elsewhere):
    """Each architecture that walks were shown, however many of the minibatches it is in."""
    settings = ModelSettings(distil_updates=30, distil_batch=64)
    student: nn.Module = made_from(0, lambda: perceptron(space5.feature_count, 8, 1))
    distiller = Distiller(
        student, settings, space5, space5.sample, np.random.default_rng(0), space5.sample_uniform if elsewhere else None
    )  # fmt: skip
    asked = []

    def label(codes_BL):
        asked.append(codes_BL[:, 0])
        return codes_BL[:, 0] / 2.0

    seen_EL = space5.sample(np.random.default_rng(1), 100)
    for codes_BL, labels_B in distiller._batches(seen_EL, label):
        assert len(codes_BL) == len(labels_B) == 64
        np.testing.assert_array_equal(labels_B, codes_BL[:, 0] / 2.0)
    at_once = asked[0]
    assert len(at_once) <= 100
    assert set(at_once) <= set(seen_EL[:, 0])
    assert len(asked) == (31 if elsewhere else 1)
    assert np.isfinite(distiller.take_portion(ClimbingNetwork(student), label))
