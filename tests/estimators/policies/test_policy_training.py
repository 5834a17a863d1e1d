import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.data.states import read_state, write_state
from archwalk.errors import UsageError
from archwalk.estimators.base import WeightSharingEstimator
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.policies import checkpoint
from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.benchmark import load_policy_benchmark
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.training import PolicyTraining
from archwalk.estimators.store import open_store
from archwalk.learning.ppo import PPOSettings
from archwalk.spaces.policy_cnn import policy_space
from archwalk.spaces.policy_cnn.papers import ATARI_1, ATARI_LARGE, MINATAR_1, MINATAR_2, minatar_1

GAME = find_game("MinAtar-Breakout")
TINY = PPOSettings(environments=4, rollout=32, epochs=1, minibatches=2)
SETTINGS = PolicySettings(1_000, TINY)
CODES = np.array([[3], [17], [3]], np.int32)


def estimator(store=None, settings=SETTINGS, **options):
    return PolicyEstimator(minatar_1(), GAME, settings, store=store, engine="local", device="cpu", **options)


def test_an_agent_has_raw_scores_and_a_curve():
    outcome = estimator().outcomes(CODES[:1])[0]
    assert (outcome.status, outcome.metric) == ("done", "return")
    assert 0 < outcome.validation <= outcome.test < 5
    assert outcome.curves["steps"] == sorted(outcome.curves["steps"])
    assert outcome.curves["steps"][-1] == 1_024
    assert outcome.curves["mean_return"][-1] == outcome.validation
    assert (
        outcome.curves["learning_rate"][-1]
        < outcome.curves["learning_rate"][0]
        == PPOSettings().learning_rate
    )
    assert len({len(curve) for curve in outcome.curves.values()}) == 1


def test_the_same_seed_gives_the_same_bits_and_the_process_is_left_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    training = PolicyTraining(minatar_1(), GAME, SETTINGS, "cpu")
    one, two, other = (training.run(CODES[0], {}, seed) for seed in (0, 0, 1))
    assert (one.validation, one.curves) == (two.validation, two.curves)
    assert one.curves != other.curves
    assert torch.equal(torch.random.get_rng_state(), before)


def test_any_space_that_reads_images_plays(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "store.sqlite"))
    benchmark = load_policy_benchmark(["MinAtar-Breakout", "nasbench201", "1k"], 0)
    assert (benchmark.space.name, benchmark.task) == ("nasbench201", GAME.task)
    with pytest.raises(UsageError, match="networks of nas-bench-graph are for node-classification"):
        load_policy_benchmark(["MinAtar-Breakout", "nas-bench-graph"], 0)


def test_an_agent_goes_on_to_the_bit(tmp_path):
    def make(seed):
        torch.manual_seed(seed)
        network = minatar_1().build(CODES[0], GAME.task)
        return network, Agent(GAME, network.parameters(), SETTINGS, seed, "cpu")

    network, agent = make(0)
    for _ in range(3):
        agent.advance(network)
    write_state(tmp_path / "state", {"agent": agent.state_dict(), "network": network.state_dict()})
    again, resumed = make(1)
    state = read_state(tmp_path / "state")
    again.load_state_dict(state["network"])
    resumed.load_state_dict(state["agent"])
    while not agent.done:
        agent.advance(network)
        resumed.advance(again)
    assert resumed.done
    assert resumed.scores.mean_return == agent.scores.mean_return
    assert all(torch.equal(weight, again.state_dict()[name]) for name, weight in network.state_dict().items())


class Killed(BaseException):
    """As SIGKILL leaves it."""


def test_a_training_that_is_killed_goes_on_to_the_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SAVE_SECONDS", -1.0)
    training = PolicyTraining(minatar_1(), GAME, SETTINGS, "cpu", tmp_path)
    whole = replace(training, keep_in=None).run(CODES[0], {}, 0)
    advance, updates = Agent.advance, []

    def counted(self, network):
        if len(updates) == 5:
            raise Killed
        updates.append(self.ppo.done)
        return advance(self, network)

    monkeypatch.setattr(Agent, "advance", counted)
    with pytest.raises(Killed):
        training.run(CODES[0], {}, 0)
    (kept,) = tmp_path.iterdir()
    spent = read_state(kept)["seconds"]
    monkeypatch.setattr(
        Agent, "advance", lambda self, network: updates.append(self.ppo.done) or advance(self, network)
    )
    again = training.run(CODES[0], {}, 0)
    assert updates == list(range(SETTINGS.updates)), "none twice"
    assert replace(again, seconds=0) == replace(whole, seconds=0)
    assert again.seconds > spent > 0
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_checkpoint_is_named_and_the_training_begins_anew(tmp_path, monkeypatch, caplog):
    training = PolicyTraining(minatar_1(), GAME, SETTINGS, "cpu", tmp_path)
    checkpoint.Checkpoint(tmp_path, training._identity(CODES[0], 0), float).path.write_bytes(b"nothing")
    assert training.run(CODES[0], {}, 0).status == "done"
    assert "is damaged" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_what_was_trained_is_looked_up(tmp_path):
    store = open_store(str(tmp_path / "store.sqlite"))
    with estimator(store) as first:
        scores = first.evaluate(CODES)
        assert first.trained == 2, "equal architectures are trained once"
    with estimator(open_store(str(tmp_path / "store.sqlite")), objective="max-return") as second:
        highest = second.evaluate(CODES)
        assert second.trained == 0, "the objective does not matter"
    with estimator(store, seed=1) as other:
        assert other.evaluate(CODES[:1]).reward_B[0] != scores.reward_B[0]
        assert other.trained == 1
    assert (highest.reward_B >= scores.reward_B).all()
    np.testing.assert_array_equal(scores.reward_B, scores.report_B)
    row = store.evaluations()[0]
    assert (row.problem.space, row.problem.dataset) == ("policy-cnn-minatar-1", "MinAtar-Breakout")
    assert json.loads(row.architecture)["convolutions"][0]["channels"] == 16


@pytest.mark.parametrize(
    ("settings", "status", "reason"),
    [
        (
            PolicySettings(1_000, replace(TINY, learning_rate=1e30)),
            "diverged",
            "loss is not finite in update",
        ),
        (
            PolicySettings(128, replace(TINY, environments=64, rollout=2)),
            "time",
            "no episode was over after 128",
        ),
        (PolicySettings(10_000, TINY, seconds_limit=1e-9), "time", "not done after 1e-09 seconds"),
    ],
)
def test_what_fails_scores_the_lowest_and_has_a_reason(settings, status, reason):
    with estimator(settings=settings) as failing:
        outcome = failing.outcomes(CODES[:1])[0]
        assert failing.evaluate(CODES[:1]).reward_B[0] == 0
    assert outcome.status == status
    assert reason in outcome.reason
    assert outcome.parameters


@pytest.fixture
def _own_store(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "store.sqlite"))


@pytest.mark.usefixtures("_own_store")
@pytest.mark.parametrize(
    ("words", "name", "declaration", "steps", "objective"),
    [
        ("MinAtar-Breakout", "MinAtar-Breakout:space-1", MINATAR_1, 300_000, "mean-return"),
        ("MinAtar-Freeway:space-2", "MinAtar-Freeway:space-2", MINATAR_2, 150_000, "mean-return"),
        ("MinAtar-Freeway:20k:max-return", "MinAtar-Freeway:space-1:20k", MINATAR_1, 20_000, "max-return"),
    ],
)
def test_benchmarks_by_name(words, name, declaration, steps, objective):
    benchmark = load_benchmark(f"policy:{words}")
    assert (benchmark.name, benchmark.objective.name) == (f"policy:{name}", objective)
    assert benchmark.space.declaration == declaration
    assert benchmark.estimator.policy_settings.steps == steps
    assert isinstance(benchmark.estimator, WeightSharingEstimator)
    network = benchmark.estimator.training.build(np.array([0], np.int32))
    assert network.stem.conv.weight.shape[1] == (4 if "Breakout" in words else 7)


@pytest.mark.usefixtures("_own_store")
def test_atari_has_the_papers_settings():
    pytest.importorskip("ale_py")
    benchmark = load_benchmark("policy:Atari-Freeway:space-large")
    assert benchmark.space.declaration == ATARI_LARGE
    settings = benchmark.estimator.policy_settings
    ppo = settings.ppo
    assert (settings.steps, ppo.rollout, ppo.clip, ppo.value_weight, ppo.gae_decay, ppo.entropy_weight) == (
        10_000_000, 128, 0.1, 0.25, 0.95, 0.01,
    )  # fmt: skip
    assert (ppo.learning_rate, ppo.environments) == (0.00025, 8)
    agent = Agent(
        find_game("Atari-Breakout"), policy_space(ATARI_1).build(CODES[0]).parameters(), settings, 0, "cpu"
    )
    assert agent.ppo.settings.clip_rewards
    agent.close()


@pytest.mark.usefixtures("_own_store")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "which game"),
        (["", "space-1"], "which game"),
        (["MinAtar-Breakout", "space-9"], "unknown space 'space-9'"),
        (["MinAtar-Breakout", "space-1", "space-2"], "one space"),
        (["MinAtar-Breakout", "0k"], "unknown '0k' behind MinAtar-Breakout; there may be a space"),
        (["MinAtar-Breakout", "9" * 5000 + "k"], "behind MinAtar-Breakout; there may be a space"),
        (["MinAtar-Breakout", "space-large"], "84 x 84"),
        (["MinAtar-Breakuot"], "Breakout"),
        (["CartPole-v1"], "no images"),
        (["a", "b", "c"], "a Gymnasium id is Name-v0, or module:Name-v0"),
    ],
)
def test_wrong_words_are_refused_in_a_line(words, message):
    with pytest.raises(UsageError, match=message) as caught:
        load_policy_benchmark(words, 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"ppo": replace(TINY, epochs=0)},
        {"ppo": replace(TINY, minibatches=100)},
        {"seconds_limit": 0.0},
    ],
)
def test_settings_of_nothing_are_refused(wrong):
    with pytest.raises(UsageError):
        PolicySettings(**wrong)
