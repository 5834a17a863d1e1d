from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.data.states import read_state, write_state
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.darts.space import DARTS
from archwalk.strategies.agent import TrainedAgent
from archwalk.strategies.base import Trials
from archwalk.strategies.planner.settings import PlannerSettings
from archwalk.strategies.planner.trainer import PlannerTrainer
from archwalk.strategies.trainable import make_network

SMALL = PlannerSettings(
    evaluations=40, initial=16, round=8, members=2, model_batch=16, first_updates=40, updates=20, neighbours=30,
    width=16, distil_updates=450, distil_batch=64,
)  # fmt: skip


@pytest.fixture(scope="module")
def smooth(space4):
    """Accuracies that the features determine, between 70 % and 95 %."""
    weights = np.random.default_rng(0).normal(size=space4.feature_count)
    raw_N = space4.feature_table @ weights
    reward_N = np.interp(raw_N, (raw_N.min(), raw_N.max()), (70, 95))
    return Benchmark("smooth", space4, TableEstimator("validation", reward_N, reward_N), {})


def train(benchmark, settings=SMALL, seed=0, **extra):
    trainer = PlannerTrainer(benchmark, settings, seed, **extra)
    return trainer, list(trainer.run())


def assert_same_network(one, other):
    others = other.network.state_dict()
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, others[name]), name


def test_same_seed_same_weights(smooth):
    one, metrics = train(smooth)
    torch.manual_seed(99)  # the global generators do not matter
    np.random.seed(99)  # noqa: NPY002
    other, again = train(smooth)
    assert_same_network(one, other)
    assert metrics == again
    different, _ = train(smooth, seed=1)
    with pytest.raises(AssertionError):
        assert_same_network(one, different)


@pytest.mark.parametrize("portions", [1, 3, -2])
def test_goes_on_from_its_state_to_the_bit(smooth, portions, tmp_path):
    """After the first round, between rounds, and while the plan is distilled."""
    whole, metrics = train(smooth)
    portions %= len(metrics)
    first = PlannerTrainer(smooth, SMALL, seed=0)
    for _ in zip(range(portions), first.run(), strict=False):
        pass
    write_state(tmp_path / "state", first.state_dict())
    second = PlannerTrainer(smooth, SMALL, seed=0)
    second.load_state_dict(read_state(tmp_path / "state"))
    assert (second.distilled > 0) == (portions > 3)
    assert list(second.run()) == metrics[portions:]
    assert_same_network(whole, second)
    assert second.done == whole.done == whole.total == 40 + 450
    np.testing.assert_array_equal(second.model.codes_EL, whole.model.codes_EL)


def test_it_pays_once_for_each_architecture_through_the_ledger(smooth):
    asked = []

    class Spy(TableEstimator):
        def evaluate(self, codes_BL):
            asked.extend(codes_BL[:, 0].tolist())
            return super().evaluate(codes_BL)

    table = smooth.estimator
    trainer, _ = train(replace(smooth, estimator=Spy("validation", table.reward_N, table.report_N)))
    assert asked == trainer.model.codes_EL[:, 0].tolist()
    assert trainer.ledger.queries == trainer.ledger.unique == len(set(asked)) == 40


def test_evaluating_everything_is_the_most_it_does(smooth):
    trainer, _ = train(smooth, replace(SMALL, evaluations=500, distil_updates=10))
    assert sorted(trainer.model.codes_EL[:, 0]) == list(range(91))
    assert trainer.done == trainer.total == 91 + 10


def test_starts_may_be_held_out(smooth):
    """What it samples comes from the starts as long as they hold anything new."""
    trainer, _ = train(
        smooth, replace(SMALL, evaluations=16, distil_updates=1),
        starts=lambda rng, n: rng.integers(0, 20, (n, 1)).astype(np.int32),
    )  # fmt: skip
    assert trainer.model.codes_EL.max() < 20


def test_the_plan_is_the_optimum_for_what_the_network_believes(smooth):
    """Bellman's equation, with a price of one for each step."""
    trainer, _ = train(smooth)
    stop_N, value_N, graph = trainer.stop_values(), trainer.plan(), smooth.space.graph
    for s in range(smooth.space.size):
        targets = graph.targets_E[graph.offsets[s] : graph.offsets[s + 1]]
        assert value_N[s] == max(stop_N[s], value_N[targets].max() - 1)
    assert stop_N.max() == pytest.approx(0, abs=1e-4)
    assert (value_N > stop_N).mean() > 0.5


def test_it_learns_to_improve_architectures(smooth):
    """From all 91 cells one episode gains most of what there is to gain, having seen 40 of them."""
    trainer, _ = train(smooth, replace(SMALL, first_updates=300, updates=60, distil_updates=1_500, width=32))
    starts_BL = np.arange(smooth.space.size, dtype=np.int32)[:, None]
    reward_N, gained = smooth.estimator.reward_N, {}
    fresh = make_network(trainer.network_settings, smooth.space.feature_count, seed=0)
    for name, network in (("trained", trainer.network), ("fresh", fresh)):
        trials = Trials(smooth.space, 1, np.random.default_rng(0))
        paid = {"training_queries": 0, "training_unique": 0, "training_seconds": 0.0}
        agent = TrainedAgent(trials, network, neighbours=30, **paid)
        gained[name] = (reward_N[agent.improve(starts_BL).finals_BL[:, 0]] - reward_N).mean()
    most = reward_N.max() - reward_N.mean()
    assert gained["trained"] > 0.85 * most
    assert gained["fresh"] < 0.5 * most


def test_a_missing_accuracy_is_the_worst_there_is(smooth):
    reward_N = smooth.estimator.reward_N.copy()
    reward_N[::5] = np.nan
    gaps = replace(smooth, estimator=TableEstimator("validation", reward_N, reward_N))
    trainer, metrics = train(gaps)
    assert all(np.isfinite(value) for row in metrics for value in row.values())
    assert np.isfinite(trainer.plan()).all()


def test_a_space_that_cannot_be_enumerated_is_refused():
    nothing = TableEstimator("validation", np.zeros(1), np.zeros(1))
    with pytest.raises(UsageError, match="needs a space that can be enumerated; darts cannot, but climber can"):
        PlannerTrainer(Benchmark("made-up", DARTS(), nothing, {}), SMALL, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evaluations": 0}, "evaluations must be at least 1, not 0"),
        ({"initial": 41}, r"initial \(41\) must not exceed evaluations \(40\)"),
        ({"random": 0.4, "optimism": 0.4, "peaks": 0.4}, "random, optimism and peaks are shares"),
        ({"optimism": -0.1}, "random, optimism and peaks are shares"),
        ({"random": float("nan")}, "random is a share"),
        ({"step_price": 0.0}, "step_price must be above 0"),
        ({"sharpness": float("nan")}, "sharpness must be above 0"),
        ({"members": 0}, "members must be at least 1"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(UsageError, match=message):
        replace(SMALL, **changes)
