"""What holds for every agent that learns a model of accuracy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.agents.catalogue import TRAINERS
from archwalk.data.states import read_state, write_state
from archwalk.errors import UsageError
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from model_based import assert_same_network, smooth_benchmark

SHORT = {
    "evaluations": 40, "initial": 16, "round": 8, "members": 2, "model_batch": 16, "first_updates": 40, "updates": 20,
    "last_updates": 30, "neighbours": 30, "width": 16, "distil_updates": 450, "distil_batch": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def smooth(space4):
    return smooth_benchmark(space4)


@pytest.fixture(params=["planner", "climber"])
def strategy(request):
    return request.param


def settings_of(strategy, **changes):
    return TRAINERS.load(strategy)[0](**{**SHORT, **changes})


def begin(strategy, benchmark, seed=0, starts=None, **changes):
    return TRAINERS.load(strategy)[1](benchmark, settings_of(strategy, **changes), seed, starts)


def train(strategy, benchmark, seed=0, starts=None, **changes):
    trainer = begin(strategy, benchmark, seed, starts, **changes)
    return trainer, list(trainer.run())


def test_same_seed_same_weights(strategy, smooth):
    one, metrics = train(strategy, smooth)
    torch.manual_seed(99)  # the global generators do not matter
    np.random.seed(99)  # noqa: NPY002
    other, again = train(strategy, smooth)
    assert_same_network(one, other)
    assert metrics == again
    different, _ = train(strategy, smooth, seed=1)
    with pytest.raises(AssertionError):
        assert_same_network(one, different)


@pytest.mark.parametrize(
    ("benchmark_name", "portions"), [("smooth", 1), ("smooth", 3), ("smooth", -2), ("random_runs", 2)]
)
def test_goes_on_from_its_state_to_the_bit(strategy, benchmark_name, portions, request, tmp_path):
    """After the first round, between rounds, and near the end; and where the objective draws."""
    benchmark = request.getfixturevalue(benchmark_name)
    whole, metrics = train(strategy, benchmark)
    portions %= len(metrics)
    first = begin(strategy, benchmark)
    for _ in zip(range(portions), first.run(), strict=False):
        pass
    write_state(tmp_path / "state", first.state_dict())
    second = begin(strategy, benchmark)
    second.load_state_dict(read_state(tmp_path / "state"))
    assert list(second.run()) == metrics[portions:]
    assert_same_network(whole, second)
    assert second.done == whole.done == whole.total
    np.testing.assert_array_equal(second.model.codes_EL, whole.model.codes_EL)


def test_it_pays_for_each_architecture_through_the_ledger(strategy, smooth):
    asked = []

    class Spy(TableEstimator):
        def evaluate(self, codes_BL):
            asked.extend(codes_BL[:, 0].tolist())
            return super().evaluate(codes_BL)

    table = smooth.estimator
    spied = replace(smooth, estimator=Spy(accuracies(), table.reward_N, table.report_N))
    trainer, _ = train(strategy, spied, initial=5)
    assert asked == trainer.model.codes_EL[:, 0].tolist()
    assert trainer.ledger.queries == len(asked) == 40
    assert trainer.ledger.unique == len(set(asked)) > 30


def test_starts_may_be_held_out(strategy, smooth):
    """What is sampled comes from the starts."""
    trainer, _ = train(
        strategy, smooth, starts=lambda rng, n: rng.integers(0, 20, (n, 1)).astype(np.int32), evaluations=16
    )
    assert trainer.model.codes_EL.max() < 20


def test_it_learns_to_improve_architectures(strategy, smooth):
    """From all 91 cells one episode gains most of what there is to gain, having seen 40 of them."""
    longer = {"first_updates": 300, "updates": 60, "last_updates": 500, "width": 32, "distil_updates": 1_500}
    least = {"planner": 0.85, "climber": 0.6}  # of what there is: one plans, the other climbs
    trainer, _ = train(strategy, smooth, **longer)
    starts_BL = np.arange(smooth.space.size, dtype=np.int32)[:, None]
    reward_N, gained = smooth.estimator.reward_N, {}
    trained = trainer.agent()
    fresh = type(trained).fresh(smooth.space, trained.shape, seed=0)
    for name, agent in (("trained", trained), ("fresh", fresh)):
        finals_BL = agent.improve(starts_BL, np.random.default_rng(0)).finals_BL
        gained[name] = (reward_N[finals_BL[:, 0]] - reward_N).mean()
    most = reward_N.max() - reward_N.mean()
    assert gained["trained"] > least[strategy] * most
    assert gained["fresh"] < 0.5 * most


def test_a_missing_accuracy_is_the_worst_there_is(strategy, smooth):
    reward_N = smooth.estimator.reward_N.copy()
    reward_N[::5] = np.nan
    gaps = replace(smooth, estimator=TableEstimator(accuracies(), reward_N, reward_N))
    trainer, metrics = train(strategy, gaps)
    assert all(np.isfinite(value) for row in metrics for value in row.values())
    assert trainer.model.accuracy_E.min() == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evaluations": 0}, "evaluations must be at least 1, not 0"),
        ({"initial": 41}, r"initial \(41\) must not exceed evaluations \(40\)"),
        ({"random": float("nan")}, "random must be between 0 and 1, not nan"),
        ({"sharpness": float("nan")}, "sharpness must be above 0"),
        ({"members": 0}, "members must be at least 1"),
        ({"neighbours": 0}, "neighbours must be at least 1"),
    ],
)
def test_settings_that_make_no_sense(strategy, changes, message):
    with pytest.raises(UsageError, match=message):
        settings_of(strategy, **changes)
