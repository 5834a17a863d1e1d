from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.agents.dqn.agent import DQNAgent, PointerShape
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.dqn.trainer import DQNTrainer
from archwalk.agents.policy import GreedyPolicy
from archwalk.data.states import read_state, write_state
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.comparison import solve_benchmark
from archwalk.spaces.base import NeighbourGraph
from archwalk.spaces.nasbench101.space import NASBench101

SMALL = DQNSettings(
    steps=160, environments=8, neighbours=6, episode_limit=5, calibration=10, capacity=200,
    learning_starts=40, batch=16, target_every=5, width=8, heads=2,
)  # fmt: skip


SHAPE = PointerShape(neighbours=6, width=8, layers=1, heads=2, duelling=True)


def train(benchmark, settings=SMALL, seed=0, **extra):
    trainer = DQNTrainer(benchmark, settings, seed, **extra)
    metrics = list(trainer.run())
    return trainer, metrics


def assert_same_network(one, other):
    for (name, a), b in zip(
        one.learner.online.state_dict().items(), other.learner.online.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), name


VARIANTS = pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        replace(SMALL, layers=0, pay="difference", alpha=6.0, reference=1.0),
        replace(SMALL, n_step=3, gamma=0.9, pay="difference", layers=2),
        replace(SMALL, updates=3, capacity=50, n_step=2),
    ],
    ids=["final", "difference", "three steps", "many updates"],
)


@VARIANTS
def test_same_seed_same_weights(tiny, settings):
    one, metrics = train(tiny, settings)
    torch.manual_seed(99)  # the global generators do not matter
    np.random.seed(99)  # noqa: NPY002
    other, again = train(tiny, settings)
    assert_same_network(one, other)
    assert [m["charts/reward"] for m in metrics] == [m["charts/reward"] for m in again]
    assert one.ledger.queries == other.ledger.queries
    assert any("losses/td" in m for m in metrics)
    different, _ = train(tiny, settings, seed=1)
    with pytest.raises(AssertionError):
        assert_same_network(one, different)


@VARIANTS
def test_goes_on_from_its_state_to_the_bit(tiny, settings, tmp_path):
    whole, _ = train(tiny, settings)
    first = DQNTrainer(tiny, settings, seed=0)
    for _, _ in zip(range(11), first.run(), strict=False):
        pass
    write_state(tmp_path / "state", first.state_dict())
    second = DQNTrainer(tiny, settings, seed=0)
    second.load_state_dict(read_state(tmp_path / "state"))
    for _ in second.run():
        pass
    assert_same_network(whole, second)
    assert second.steps == whole.steps
    assert (second.ledger.queries, second.ledger.unique) == (whole.ledger.queries, whole.ledger.unique)


def test_training_leaves_the_global_generators_alone(tiny):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    train(tiny)
    assert torch.equal(torch.rand(4), expected)


def test_it_trains_for_so_many_steps(tiny):
    trainer, metrics = train(tiny, replace(SMALL, steps=100))
    assert trainer.steps == 104, "the first multiple of the environments that is enough"
    assert len(metrics) == 13
    epsilons = [m["charts/epsilon"] for m in metrics]
    assert epsilons[0] == 1
    assert epsilons[-1] == pytest.approx(0.05)


@pytest.mark.parametrize("pay", ["final", "difference"])
def test_training_pays_for_what_it_evaluates(tiny, pay):
    """Every evaluation goes through the ledger."""
    codes = []

    class Spy(TableEstimator):
        def evaluate(self, codes_BL):
            codes.extend(codes_BL[:, 0].tolist())
            return super().evaluate(codes_BL)

    table = tiny.estimator
    spied = replace(tiny, estimator=Spy(accuracies(), table.reward_N, table.report_N))
    trainer, _ = train(spied, replace(SMALL, pay=pay))
    assert trainer.ledger.queries == len(codes)
    assert trainer.ledger.unique == len(set(codes))
    assert len(codes) > 10


def test_calibration_sets_the_reference_and_is_paid(tiny):
    """A few architectures without an accuracy do not matter."""
    reward_N = tiny.estimator.reward_N.copy()
    reward_N[::9] = np.nan
    gaps = replace(tiny, estimator=TableEstimator(accuracies(), reward_N, reward_N))
    trainer = DQNTrainer(gaps, replace(SMALL, calibration=500), seed=0)
    assert trainer.ledger.queries == 500
    assert np.nanmin(reward_N) < 100 * trainer.walks.settings.shaping.reference <= np.nanmax(reward_N)
    assert DQNTrainer(tiny, replace(SMALL, reference=0.5), seed=0).ledger.queries == 0


def test_starts_may_be_held_out(tiny):
    allowed = np.arange(10, dtype=np.int32)
    seen = []

    def starts(rng, n):
        drawn = rng.choice(allowed, (n, 1))
        seen.append(drawn)
        return drawn

    trainer, _ = train(tiny, replace(SMALL, reference=0.9), starts=starts)
    assert sum(map(len, seen)) > 20
    assert trainer.walks.starts is starts


@pytest.mark.parametrize(
    "changes",
    [{"gamma": 0.0}, {"batch": 1}, {"n_step": 9}, {"episode_limit": 1}, {"neighbours": 1}, {"capacity": 41}],
)
def test_settings_at_their_limits_train(tiny, changes):
    trainer, metrics = train(tiny, replace(SMALL, **changes))
    assert trainer.steps == SMALL.steps
    assert all(np.isfinite(m.get("losses/td", 0)) for m in metrics)
    assert trainer.learner.updates > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gamma": 1.0}, "gamma must be at least 0 and below 1, not 1.0"),
        ({"gamma": float("nan")}, "gamma must be"),
        ({"width": 10, "heads": 4}, "width 10 must be a multiple of heads 4"),
        ({"steps": 0}, "steps must be at least 1, not 0"),
        ({"environments": -3}, "environments must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"neighbours": 0}, "at least 1 neighbour"),
        ({"pay": "often"}, "unknown reward of walks 'often'; known: difference, final"),
        ({"alpha": -1.0}, "alpha of the shaping"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(UsageError, match=message):
        replace(SMALL, **changes)


class Renumbered(NASBench101):
    """The same cells under other ids."""

    def __init__(self, space, seed=0):
        super().__init__(space.max_vertices)
        self.place = np.random.default_rng(seed).permutation(space.size)  # new id of each old one
        old_of = np.argsort(self.place)
        self.__dict__["feature_table"] = space.feature_table[old_of]
        rows = [space.graph.targets_E[space.graph.offsets[i] : space.graph.offsets[i + 1]] for i in old_of]
        targets_E = self.place[np.concatenate(rows)].astype(np.int32)
        offsets = np.concatenate([[0], np.cumsum(list(map(len, rows)))])
        self.__dict__["graph"] = NeighbourGraph(offsets, targets_E, np.zeros(len(targets_E), np.uint8))

    def renumber(self, codes):
        return np.where(codes < 0, -1, self.place[codes]).astype(np.int32)


def test_the_agent_sees_features_and_no_ids(space4):
    """Under other ids it chooses the same architectures."""
    network, other = DQNAgent.fresh(space4, SHAPE, seed=1).network, Renumbered(space4)
    rng = np.random.default_rng(0)
    streams_B = rng.integers(0, 2**64, 60, dtype=np.uint64)
    current_BL = space4.sample(rng, 60)
    neighbours_BNL, count_B = space4.sample_neighbours(current_BL, 6, streams_B)
    codes_BKL = np.concatenate([current_BL[:, None], neighbours_BNL], axis=1)
    chosen_B = GreedyPolicy(space4, network).act(codes_BKL, count_B)
    assert len(np.unique(chosen_B)) > 3
    renumbered_BKL = other.renumber(codes_BKL)
    np.testing.assert_array_equal(GreedyPolicy(other, network).act(renumbered_BKL, count_B), chosen_B)
    wrong_B = GreedyPolicy(space4, network).act(renumbered_BKL, count_B)
    assert not np.array_equal(wrong_B, chosen_B)


def test_the_network_is_given_ones_and_zeros_of_real_rows(space4):
    given = []

    class Spy(torch.nn.Module):
        def forward(self, features_TF, rows):
            given.append((features_TF.clone(), rows.lengths_B.copy()))
            return features_TF.sum(1)

    codes_BKL = np.full((2, 7, 1), -1, np.int32)
    codes_BKL[0, :3, 0] = 4, 9, 80
    codes_BKL[1, :1, 0] = 2
    action_B = GreedyPolicy(space4, Spy()).act(codes_BKL, np.array([2, 0], np.int32))
    features_TF, lengths_B = given[0]
    expected = space4.feature_table[[4, 9, 80, 2]].astype(np.float32)
    np.testing.assert_array_equal(features_TF.numpy(), expected)
    assert features_TF.dtype == torch.float32
    assert lengths_B.tolist() == [3, 1]
    assert action_B.tolist() == [int(np.argmax(expected[:3].sum(1))), 0]


@pytest.fixture(scope="module")
def learnable(space4):
    """Accuracies that the features determine."""
    weights = np.random.default_rng(0).normal(size=space4.feature_count)
    reward_N = np.clip(80 + 3 * (space4.feature_table @ weights), 0, 100)
    return Benchmark("learnable", space4, TableEstimator(accuracies(), reward_N, reward_N), {})


def test_it_learns_to_improve_architectures(learnable):
    """From all 91 cells one episode gains most of what the exact optimum gains."""
    settings = DQNSettings(
        steps=12_000, environments=32, neighbours=30, episode_limit=8, learning_starts=300, batch=64, width=32,
        layers=0, calibration=16, capacity=5_000, alpha=20.0, learning_rate=3e-3, target_every=30, gamma=0.9,
        epsilon_fraction=0.6,
    )  # fmt: skip
    trainer, _ = train(learnable, settings)
    starts_BL = np.arange(learnable.space.size, dtype=np.int32)[:, None]
    gained = {}
    fresh = DQNAgent.fresh(learnable.space, trainer.shape, seed=0)
    for name, agent in (("trained", trainer.agent()), ("fresh", fresh)):
        finals = agent.improve(starts_BL, np.random.default_rng(0)).finals_BL[:, 0]
        gained[name] = (learnable.estimator.reward_N[finals] - learnable.estimator.reward_N).mean()
    oracle = solve_benchmark(learnable, 0.99)
    optimum = (learnable.estimator.reward_N[oracle.final_N] - learnable.estimator.reward_N).mean()
    assert gained["trained"] > 0.75 * optimum
    assert gained["fresh"] < 0.3 * optimum


def test_rewards_may_stay_unshaped():
    assert DQNSettings(alpha=None).walk(0.9).shaping.alpha is None
