import pickle

import msgspec
import numpy as np
import pytest

from archwalk.estimators.metrics import TEST_ACCURACY, VALIDATION, Metric, Objective, accuracies, single

COST = Metric("latency", "ms", higher_is_better=False)


def test_upward_turns_costs_and_is_its_own_inverse():
    values = np.array([1.5, np.nan, -2.0])
    np.testing.assert_array_equal(COST.upward(values), -values)
    np.testing.assert_array_equal(COST.upward(COST.upward(values)), values)
    assert TEST_ACCURACY.upward(values) is values
    assert (COST.upward(3.0), TEST_ACCURACY.upward(3.0)) == (-3.0, 3.0)


def test_an_objective_says_what_it_is_in_words():
    assert single("speed", COST).meaning == "reward and report: latency"
    assert accuracies("mine").meaning == "reward: validation accuracy, report: test accuracy"
    assert VALIDATION.meaning.endswith("(means over runs)")


@pytest.mark.parametrize("objective", [VALIDATION, single("speed", COST), accuracies()])
def test_objectives_travel_to_other_processes_and_files(objective):
    assert pickle.loads(pickle.dumps(objective)) == objective  # noqa: S301 - our own bytes
    assert msgspec.json.decode(msgspec.json.encode(objective), type=Objective) == objective
    assert {objective: 1}[objective] == 1
    with pytest.raises(AttributeError):
        objective.name = "other"
