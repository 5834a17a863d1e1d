import json
import warnings

import gymnasium
import numpy as np
import pytest
from construction_cases import CHAIN, MULTI, MadeUp
from gymnasium.utils.env_checker import check_env

from archwalk.environments.builds import End
from archwalk.environments.construction import (
    ConstructionEnv,
    ConstructionVectorEnv,
    flatten_observations,
)
from archwalk.environments.construction_settings import ConstructionSettings, load_settings, read_settings
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.nsc import NSC, Chain, CodeTable

ENV = "archwalk/Construction-v0"


@pytest.fixture
def chains():
    space = Chain(4, CHAIN.task, CHAIN.size)
    rng = np.random.default_rng(0)
    estimator = TableEstimator(accuracies(), rng.uniform(10, 90, space.size), rng.uniform(10, 90, space.size))
    return Benchmark("chains", space, estimator, {"source": "made up"})


def vector(num_envs=6, config=MULTI, **settings):
    return ConstructionVectorEnv(MadeUp(), num_envs, config=config, **settings)


@pytest.mark.parametrize("config", [CHAIN, MULTI], ids=["chain", "multi-branch"])
@pytest.mark.parametrize("history", [True, False])
def test_gymnasium_finds_no_fault(config, history):
    check_env(ConstructionEnv(MadeUp(), config=config, history=history), skip_render_check=False)


def test_made_by_name_it_passes_the_checkers(chains):
    env = gymnasium.make(ENV, benchmark=chains)
    assert env.action_space.n == 8
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env.action_space.seed(0)
        env.reset(seed=0)
        for _ in range(50):
            *_, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                env.reset()


def test_made_as_a_vector(chains):
    envs = gymnasium.make_vec(ENV, num_envs=4, vectorization_mode="vector_entry_point", benchmark=chains)
    observations, info = envs.reset(seed=0)
    assert observations in envs.observation_space
    assert info["action_mask"].shape == (4, 8)
    _, rewards, *_, info = envs.step(np.array([0, 1, 2, 7]))
    np.testing.assert_array_equal(rewards[:3], chains.estimator.reward_N[:3] / 100)
    assert info["end"].tolist() == [End.NONE, End.NONE, End.NONE, End.TERMINAL]


@pytest.mark.parametrize(
    ("name", "actions", "width", "limit"),
    [("gomezrobles2019-chain", 8, 25, 10), ("gomezrobles2019-multi-branch", 14, 36, 20)],
)
def test_the_papers_settings_come_with_archwalk(name, actions, width, limit):
    env = ConstructionEnv(MadeUp(), config=name)
    assert env.action_space.n == actions
    assert env.observation_space["state"].shape == (10, width)
    settings = env.vector.settings
    assert settings.limit == limit
    assert settings.limit_terminates
    kind = "chain" if actions == 8 else "multi-branch"
    assert settings.table == CodeTable(10, kind)
    own = NSC()
    assert (settings.task, settings.size) == (own.default_task, own.default_size), (
        "the defaults are the paper's"
    )


@pytest.mark.parametrize("config", [CHAIN, MULTI], ids=["chain", "multi-branch"])
def test_observations_lie_in_the_space(config):
    envs = vector(config=config)
    observations, _ = envs.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert observations in envs.observation_space
        assert set(observations) >= {"state", "previous_action", "previous_reward", "step"}
        assert ("pointers" in observations) == (config is MULTI)
        observations, rewards, *_, info = envs.step(rng.integers(0, envs.single_action_space.n, 6))
        assert rewards.dtype == np.float64
        for final in info.get("final_obs", []):
            assert final is None or final in envs.single_observation_space


def test_history_goes_on_over_the_episodes_of_a_trial():
    envs = vector(1, CHAIN)
    observations, _ = envs.reset()
    assert not observations["previous_action"].any()
    _, first, *_ = envs.step(np.array([1]))
    observations, second, terminated, _, info = envs.step(np.array([7]))
    assert terminated[0]
    assert first[0] == second[0] > 0
    assert observations["previous_action"][0].tolist() == [0] * 7 + [1]
    assert observations["previous_reward"][0, 0] == np.float32(second[0])
    assert observations["step"].tolist() == [[0]]
    assert info["final_obs"][0]["step"].tolist() == [2]
    assert not np.array_equal(info["final_obs"][0]["state"], observations["state"][0])
    again, _ = envs.reset(options={"same_trial": True})
    np.testing.assert_array_equal(again["previous_action"], observations["previous_action"])
    anew, _ = envs.reset()
    assert not anew["previous_action"].any()
    assert not anew["previous_reward"].any()


def test_without_history_only_the_state_is_shown():
    assert set(vector(history=False).reset()[0]) == {"state", "pointers"}


def test_infos_are_of_the_step_and_masks_of_what_is_returned():
    envs = vector(2, CHAIN)
    envs.reset()
    _, rewards, *_, info = envs.step(np.array([3, 7]))
    np.testing.assert_array_equal(info["score"], rewards)
    assert info["code"][0].tolist() == [2, 2, 0, 0] + [0] * 12
    assert (info["code"][1] == -1).all()
    assert info["action_mask"][:, 7].tolist() == [1, 0], "the second is empty again"


def test_single_view_is_the_vector_of_one():
    single, envs = ConstructionEnv(MadeUp(), config=MULTI, render_mode="ansi"), vector(1)
    one, info = single.reset(seed=4)
    many, infos = envs.reset(seed=4)
    assert single.render() == "no layer yet"
    for action in (1, 11, 2, 9):
        for key in one:
            np.testing.assert_array_equal(one[key], many[key][0])
        np.testing.assert_array_equal(single.action_masks(), infos["action_mask"][0] == 1)
        np.testing.assert_array_equal(info["action_mask"], infos["action_mask"][0])
        one, reward, terminated, truncated, info = single.step(action)
        many, rewards, terminations, truncations, infos = envs.step(np.array([action]))
        assert (reward, terminated, truncated) == (rewards[0], terminations[0], truncations[0])
        assert type(reward) is float
        assert type(terminated) is type(truncated) is bool
        assert info["end"] == infos["end"][0]
    assert "concatenation" in single.render()


def test_observations_are_not_changed_later():
    envs = vector()
    envs.reset()
    observations, *_ = envs.step(np.ones(6, np.int64))
    kept = {key: value.copy() for key, value in observations.items()}
    for _ in range(6):
        envs.step(np.zeros(6, np.int64))
    for key, value in kept.items():
        np.testing.assert_array_equal(observations[key], value)


def test_flat_observations_hold_everything():
    envs = vector(3)
    envs.reset()
    observations, rewards, *_ = envs.step(np.array([0, 1, 2]))
    flat = flatten_observations(observations, envs.settings.limit)
    depth, width = envs.single_observation_space["state"].shape
    assert flat.shape == (3, depth * width + 2 * (depth + 1) + 14 + 1 + 1)
    assert flat.dtype == np.float32
    np.testing.assert_array_equal(flat[:, : depth * width], observations["state"].reshape(3, -1))
    np.testing.assert_array_equal(flat[:, depth * width : depth * width + 10].argmax(axis=1), 1)
    np.testing.assert_allclose(flat[:, -2], rewards, rtol=1e-6)
    np.testing.assert_allclose(flat[:, -1], 1 / 8)


def test_step_before_reset_says_so():
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
        vector().step(np.zeros(6, np.int64))


TOML = """
kind = "multi-branch"
depth = 5
action_limit = 12
sigma = 0.25

[[layers]]
type = "max-pooling"
kernel_sizes = [2]

[[layers]]
type = "convolution"
kernel_sizes = [7, 1]

[[layers]]
type = "concatenation"

[network]
image_shape = [1, 8, 8]
dense = 16
"""


def test_a_configuration_file_makes_codes_and_actions(tmp_path):
    (tmp_path / "mine.toml").write_text(TOML)
    env = ConstructionEnv(MadeUp(), config=tmp_path / "mine.toml", sigma=0.5)
    assert env.vector.action_names == (
        "add max-pooling 2",
        "add convolution 7",
        "add convolution 1",
        "terminal",
        "add concatenation",
        "shift p1 up",
        "shift p1 down",
        "shift p2 up",
        "shift p2 down",
    )
    settings = env.vector.settings
    assert (settings.limit, settings.sigma, settings.limit_terminates) == (12, 0.5, False)
    assert settings.task.shape == (1, 8, 8)
    assert settings.size.dense == 16
    assert env.observation_space["state"].shape == (5, 8 + 6 + 6 + 8)


def test_json_says_the_same(tmp_path):
    import tomllib

    (tmp_path / "mine.toml").write_text(TOML)
    (tmp_path / "mine.json").write_text(json.dumps(tomllib.loads(TOML)))
    assert load_settings(str(tmp_path / "mine.json")) == load_settings(tmp_path / "mine.toml")


LAYERS = [{"type": "convolution", "kernel_sizes": [1, 3]}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, '"layers" must be a list'),
        ([], "a table of settings"),
        ({"layers": LAYERS, "dpeth": 3}, "did you mean 'depth'"),
        ({"layers": LAYERS, "depth": "3"}, "depth must be of type int, not '3'"),
        ({"layers": LAYERS, "depth": True}, "depth must be of type int"),
        ({"layers": LAYERS, "sigma": 2}, "sigma must be between 0 and 1"),
        ({"layers": LAYERS, "sigma": "much"}, "wrong type"),
        ({"layers": [{"type": []}]}, "wrong type|unknown type"),
        ({"layers": LAYERS, "action_limit": 0}, "at least 1 action"),
        ({"layers": LAYERS, "network": {"filter": 3}}, "did you mean 'filters'"),
        ({"layers": LAYERS, "network": 3}, "is a table of settings"),
        ({"layers": [{"type": "convolution", "kernels": [1]}]}, "did you mean 'kernel_sizes'"),
        ({"layers": [{"type": "convolution", "kernel_sizes": 3}]}, "list of integers, not 3"),
        ({"layers": [{"type": "conv", "kernel_sizes": [3]}]}, "unknown type of layer 'conv'"),
        ({"layers": LAYERS, "kind": "tree"}, '"chain" or "multi-branch"'),
    ],
)
def test_a_bad_configuration_is_one_line(content, message):
    with pytest.raises(UsageError, match=message) as caught:
        read_settings(content, "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("gomezrobles2019-chains", "did you mean 'gomezrobles2019-chain'"),
        ("absent.toml", "there is no file absent.toml"),
    ],
)
def test_a_configuration_that_is_not_there(config, message):
    with pytest.raises(UsageError, match=message):
        load_settings(config)


def test_a_file_that_is_no_toml(tmp_path):
    for content, message in (
        (b"depth = ", "is not TOML"),
        (b"depth = " + b"[" * 100_000, "nested too deeply"),
        (b"\xff", "not text in UTF-8"),
    ):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(DataError, match=rf"bad\.toml .*{message}"):
            load_settings(tmp_path / "bad.toml")
    (tmp_path / "bad.json").write_bytes(b"[" * 100_000)
    with pytest.raises(DataError, match=r"bad\.json"):
        load_settings(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "name a benchmark"),
        ({"benchmark": "nas-bench-graph:cora"}, "no layers to stack; its space is nas-bench-graph"),
        ({"benchmark": 3}, "an estimator is needed, not 3"),
        ({"benchmark": MadeUp(), "gamma": 1}, "no setting 'gamma'"),
        ({"benchmark": MadeUp(), "sigma": -1}, "sigma must be between"),
    ],
)
def test_bad_arguments_are_one_line(arguments, message):
    with pytest.raises(UsageError, match=message):
        gymnasium.make(ENV, **arguments)


def test_a_benchmark_says_which_layers_there_are(chains):
    env = ConstructionEnv(chains, limit_terminates=True)
    assert env.vector.settings == ConstructionSettings(
        chains.space.table, chains.space.default_task, chains.space.default_size, None, True
    )
    with pytest.raises(UsageError, match="the configuration is of chain networks of 10 layers"):
        ConstructionEnv(chains, config="gomezrobles2019-chain")
