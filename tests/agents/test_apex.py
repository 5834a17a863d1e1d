"""Cassimon et al.'s agent in this process: what is learned, from what, and how often."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from apex_cases import SMALL, Spy, assert_same, first_ten, rounds, through_a_file, train

from archwalk.agents.apex import ApexSettings, ApexTrainer
from archwalk.agents.apex.actor import Actor
from archwalk.agents.apex.agent import ApexAgent
from archwalk.agents.experience import see_transitions
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.comparison import solve_benchmark
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.learning.double_dqn import targets
from archwalk.learning.engines.worker_group import results
from archwalk.learning.shard import ReplayShard

VARIANTS = pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        replace(SMALL, n_step=1, pay="final", actors=3, sync_delay=60),
        replace(SMALL, environments=1, block=12, shards=3, training_intensity=2.5, layers=2, alpha=None),
    ],
    ids=["small", "final", "not vectorised"],
)


@VARIANTS
def test_same_seed_same_weights(tiny, settings):
    one, metrics = train(tiny, settings)
    torch.manual_seed(99)  # the global generators do not matter
    np.random.seed(99)  # noqa: NPY002
    other, again = train(tiny, settings)
    assert_same(one, other)
    assert metrics == again
    different, _ = train(tiny, settings, seed=1)
    with pytest.raises(AssertionError):
        assert_same(one, different)


@VARIANTS
@pytest.mark.parametrize("done", [1, 6])
def test_goes_on_from_its_state_to_the_bit(tiny, settings, done, tmp_path):
    whole, metrics = train(tiny, settings)
    first = ApexTrainer(tiny, settings, seed=0)
    before = rounds(first, done)
    second = ApexTrainer(tiny, settings, seed=0)
    second.load_state_dict(through_a_file(first, tmp_path / "state"))
    assert before + list(second.run()) == metrics
    assert_same(whole, second)


@pytest.mark.parametrize("intensity", [0.5, 1.0, 3.0])
def test_updates_follow_the_training_intensity(tiny, intensity):
    settings = replace(SMALL, training_intensity=intensity)
    trainer, metrics = train(tiny, settings)
    due = [int(intensity * max(0, steps - 100) / 16) for steps in range(0, 401, 40)]
    assert [m["charts/updates"] for m in metrics] == due
    assert trainer.steps == 400


def test_weights_change_and_the_target_follows(tiny):
    trainer = ApexTrainer(tiny, replace(SMALL, target_every=90), seed=0)
    fresh = {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}
    copied = []
    for metrics in trainer.run():
        target = trainer.learner.target.state_dict()
        copied.append(any(not torch.equal(tensor, fresh[name]) for name, tensor in target.items()))
        assert copied[-1] == (metrics["charts/updates"] >= 6), "90 transitions are 6 batches of 16"
    assert True in copied
    assert any(not torch.equal(tensor, fresh[name]) for name, tensor in trainer.network.state_dict().items())


def test_priorities_are_used_and_written_back(tiny, monkeypatch):
    """Drawn unevenly, weighted by it, and each draw's new errors come back to the shard that it came from."""
    drawn, written = [], []
    sample, update = ReplayShard.sample, ReplayShard.update

    def spy_sample(shard, n, beta):
        draw = sample(shard, n, beta)
        if draw is not None:
            drawn.append((id(shard), draw[1].copy(), draw[2].copy()))
        return draw

    def spy_update(shard, rows_B, priorities_B):
        update(shard, rows_B, priorities_B)
        held = rows_B >= shard.replay.added - shard.replay.capacity
        last = dict(zip(rows_B[held], priorities_B[held], strict=True))
        for row, priority in last.items():
            assert shard.replay.tree.values[row % shard.replay.capacity] == pytest.approx(priority**0.6)
        written.append((id(shard), rows_B.copy()))

    monkeypatch.setattr(ReplayShard, "sample", spy_sample)
    monkeypatch.setattr(ReplayShard, "update", spy_update)
    trainer, metrics = train(tiny)
    assert len(drawn) == len(written) == trainer.learner.updates
    for (one, rows_B, weights_B), (other, same_B) in zip(drawn, written, strict=True):
        assert one == other
        np.testing.assert_array_equal(rows_B, same_B)
        assert weights_B.max() <= 1
        assert weights_B.std() > 0
    assert len({shard for shard, _ in written}) == SMALL.shards
    assert all(0 < m["charts/weight"] < 1 for m in metrics if "charts/weight" in m)


@pytest.mark.parametrize("n_step", [1, 3])
@pytest.mark.parametrize("pay", ["difference", "final"])
def test_an_actor_s_priorities_are_the_errors_by_its_weights(tiny, n_step, pay):
    settings = replace(SMALL, n_step=n_step, pay=pay, fragment=20)
    actor = Actor(tiny.space, tiny.estimator, settings, 0, np.random.SeedSequence(0))
    network = ApexAgent.fresh(tiny.space, settings.shape(), seed=5).network
    block = actor.collect({name: tensor.numpy() for name, tensor in network.state_dict().items()})
    seen = see_transitions(tiny.space, block.transitions)
    with torch.no_grad():
        q_T = network(seen.observation.features_TF, seen.observation.rows)
    q_B = q_T[seen.observation.rows.firsts_B + torch.from_numpy(seen.action_B)]
    errors_B = (q_B - targets(network, network, seen)).abs().numpy()
    np.testing.assert_allclose(block.priorities_B, errors_B + 1e-6, rtol=0, atol=1e-5)
    assert block.steps == 80
    assert set(block.transitions) == {
        "observation.codes", "observation.count", "action", "return", "next.codes", "next.count", "discount",
    }  # fmt: skip
    assert block.transitions["observation.codes"].dtype == np.int32
    cut = block.transitions["discount"][block.transitions["discount"] > 0]
    assert len(cut) > 0
    assert len(block.return_E) == len(block.end_reward_E) >= 80 // 5
    assert {*block.end_reward_E.round(6)} <= {*tiny.estimator.reward_N.round(6)}
    if pay == "difference":
        assert len(block.evaluated_EL) <= 80 + len(block.return_E) + 4


def test_blocks_are_of_at_least_so_many_transitions():
    assert ApexSettings().block_steps == 50, "one fragment of 32 environments"
    assert ApexSettings(environments=1).block_steps == 21 * 50
    assert ApexSettings(environments=1, block=1).block_steps == 50


def test_each_actor_explores_by_its_own_epsilon(tiny):
    made = [Actor(tiny.space, tiny.estimator, SMALL, i, np.random.SeedSequence(0)) for i in range(2)]
    assert [actor.epsilon for actor in made] == [0.4, pytest.approx(0.4**8)]
    assert ApexSettings().epsilon(7) == pytest.approx(0.4**8)


def test_actors_and_shards_draw_apart(tiny):
    trainer = ApexTrainer(tiny, SMALL, seed=0)
    blocks = results(trainer.actors.submit_all("collect", trainer.shared))
    one, other = (block.transitions["observation.codes"][:8] for block in blocks)
    assert not np.array_equal(one, other)


def test_weights_go_out_after_enough_steps(tiny):
    """A round is 20 steps of each actor."""
    for delay, sent in ((0, 1), (20, 1), (21, 2), (60, 3)):
        trainer = ApexTrainer(tiny, replace(SMALL, sync_delay=delay), seed=0)
        broadcasts = {trainer.broadcast_at for _ in trainer.run()}
        assert {40 * sent, 80 * sent} <= broadcasts
        assert all(at % (40 * sent) == 0 for at in broadcasts)


def test_training_pays_for_what_it_evaluates(tiny):
    table = tiny.estimator
    Spy.seen.clear()
    trainer, _ = train(replace(tiny, estimator=Spy(accuracies(), table.reward_N, table.report_N)))
    assert trainer.ledger.queries == len(Spy.seen) > 100
    assert trainer.ledger.unique == len(set(Spy.seen))


def test_starts_may_be_held_out(tiny):
    table = tiny.estimator
    Spy.seen.clear()
    spied = replace(tiny, estimator=Spy(accuracies(), table.reward_N, table.report_N))
    ApexTrainer(spied, SMALL, seed=0, starts=first_ten)
    assert len(Spy.seen) == 8
    assert set(Spy.seen) <= set(range(10))


def test_actors_draw_apart(random_runs):
    """Where the objective draws."""
    trainer, codes_BL = ApexTrainer(random_runs, SMALL, seed=0), np.zeros((40, 1), np.int32)
    actors = [worker.host.worker for worker in trainer.actors.workers]
    one, other = (actor.ledger.rewards(codes_BL) for actor in actors)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta"])
def test_devices_that_are_not_here(tiny, device):
    with pytest.raises(UsageError, match=f"the device '{device}' cannot be used here; there is: cpu"):
        ApexTrainer(tiny, SMALL, seed=0, device=device)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"neighbours": 0}, "at least 1 neighbour"),
        ({"gamma": 1.2}, "gamma must be at least 0 and below 1, not 1.2"),
        ({"actors": 0}, "actors must be at least 1, not 0"),
        ({"shards": 0}, "shards must be at least 1"),
        ({"width": 10, "heads": 4}, "width 10 must be a multiple of heads 4"),
        ({"per_alpha": 1.1}, "per_alpha must be between 0 and 1, not 1.1"),
        ({"epsilon_base": float("nan")}, "epsilon_base must be between"),
        ({"training_intensity": 0.0}, "training_intensity must be above 0"),
        ({"gradient_clip": -1.0}, "gradient_clip must be above 0"),
        ({"learning_starts": -1}, "learning_starts must be at least 0, not -1"),
        ({"capacity": 1}, "capacity 1 must be at least 1 for each of 2 shards"),
        ({"learning_starts": 400}, "nothing would be learned: 400 steps leave no batch of 16 after the 400"),
        ({"batch": 301}, "nothing would be learned"),
        ({"alpha": -1.0}, "alpha of the shaping"),
        ({"pay": "often"}, "unknown reward of walks 'often'; known: difference, final"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(UsageError, match=message) as raised:
        replace(SMALL, **changes)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "changes", [{"learning_starts": 0}, {"gamma": 0.0}, {"actors": 1}, {"epsilon_base": 1}]
)
def test_settings_at_their_limits_train(tiny, changes):
    trainer, metrics = train(tiny, replace(SMALL, **changes))
    assert trainer.learner.updates == trainer.settings.updates_after(trainer.steps)
    assert all(np.isfinite(value) for m in metrics for value in m.values())


@pytest.mark.parametrize("name", ["cassimon2024-nasbench101", "cassimon2024-nasbench301"])
def test_presets_are_whole(name):
    preset = load_preset(name)
    settings = make_settings(ApexSettings, preset)
    assert set(preset.settings) == {field.name for field in fields(ApexSettings)}
    assert settings.block_steps * settings.environments >= 1_024 + settings.n_step * settings.environments - 1


def test_trains_on_darts(data_root):
    """Codes of 32 integers, a surrogate that is read again where it is needed."""
    trainer, metrics = train(load_benchmark("nasbench301:yahpo"), replace(SMALL, steps=200, alpha=32.0))
    assert trainer.learner.updates == 6
    assert all(np.isfinite(value) for m in metrics for value in m.values())
    assert 100 < trainer.ledger.unique <= trainer.ledger.queries


def test_it_learns_to_improve_architectures(space4):
    """From all 91 cells one episode gains most of what the exact optimum gains."""
    weights = np.random.default_rng(0).normal(size=space4.feature_count)
    reward_N = np.clip(80 + 3 * (space4.feature_table @ weights), 0, 100)
    learnable = Benchmark("learnable", space4, TableEstimator(accuracies(), reward_N, reward_N), {})
    settings = replace(
        SMALL, steps=12_000, environments=16, neighbours=30, episode_limit=8, learning_starts=400, batch=64,
        width=32, encoder_layers=2, capacity=4_000, alpha=20.0, reference=0.9, learning_rate=1e-3,
        target_every=2_000, training_intensity=4.0,
    )  # fmt: skip
    trainer, _ = train(learnable, settings)
    starts_BL = np.arange(space4.size, dtype=np.int32)[:, None]
    gained = {}
    fresh = ApexAgent.fresh(space4, settings.shape(), seed=0)
    for name, agent in (("trained", trainer.agent()), ("fresh", fresh)):
        finals_BL = agent.improve(starts_BL, np.random.default_rng(0)).finals_BL
        gained[name] = (reward_N[finals_BL[:, 0]] - reward_N).mean()
    optimum = (reward_N[solve_benchmark(learnable, 0.99).final_N] - reward_N).mean()
    print(gained, optimum)
    assert gained["trained"] > 0.6 * optimum
    assert gained["fresh"] < 0.3 * optimum
