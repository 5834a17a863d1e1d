import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archwalk.environments.incremental import IncrementalEnv, IncrementalVectorEnv
from archwalk.environments.shaping import Shaping
from archwalk.environments.walks import WalkSettings
from archwalk.errors import UsageError

ENV = "archwalk/Incremental-v0"


def vector(benchmark, num_envs=6, **settings):
    return IncrementalVectorEnv(benchmark, num_envs, **{"neighbours": 8, "episode_limit": 5, **settings})


def test_gymnasium_finds_no_fault(tiny):
    check_env(IncrementalEnv(tiny), skip_render_check=False)
    check_env(IncrementalEnv(tiny, pay="final", neighbours=3, observe="codes"))


def test_made_by_name_it_passes_the_checker():
    env = gymnasium.make(ENV, benchmark="nas-bench-graph:cora")
    assert env.spec.id == ENV
    check_env(env.unwrapped)
    observation, _ = env.reset(seed=0)
    assert observation["features"].shape == (51, 46)
    assert env.action_space.n == 51


def test_the_default_settings_are_the_paper_s():
    assert WalkSettings() == WalkSettings(50, 16, Shaping(6.0), "difference")


def test_made_as_a_vector(tiny):
    envs = gymnasium.make_vec(ENV, num_envs=4, benchmark=tiny, neighbours=8)
    assert isinstance(envs.unwrapped, IncrementalVectorEnv)
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space
    assert observations["features"].shape == (4, 9, tiny.space.feature_count)
    _, rewards, terminated, truncated, _ = envs.step(np.zeros(4, np.int64))
    assert terminated.all()
    assert not truncated.any()
    np.testing.assert_array_equal(rewards, 0)


@pytest.mark.parametrize("observe", ["features", "codes"])
def test_observations_lie_in_the_space(tiny, observe):
    envs = vector(tiny, observe=observe)
    observations, info = envs.reset(seed=0)
    assert info == {}
    rng = np.random.default_rng(0)
    for _ in range(30):
        assert observations in envs.observation_space
        assert set(observations) == {observe, "mask"}
        observations, rewards, *_ = envs.step(rng.integers(0, 9, 6))
        assert rewards.dtype == np.float64


def test_an_agent_sees_features_and_no_ids(tiny):
    """Row by row what `space.features` gives of the presented architectures, ones and zeros, nothing else."""
    envs = vector(tiny, neighbours=40)
    observations, _ = envs.reset(seed=3)
    for _ in range(12):
        walks = envs.walks
        for b in range(6):
            real = int(walks.count_B[b]) + 1
            np.testing.assert_array_equal(observations["mask"][b], np.arange(41) < real)
            expected = tiny.space.feature_table[walks.codes_BKL[b, :real, 0]]
            np.testing.assert_array_equal(observations["features"][b, :real], expected)
            assert not observations["features"][b, real:].any()
        assert set(np.unique(observations["features"])) <= {0, 1}
        observations, *_, info = envs.step(np.array([0, 1, 2, 3, 4, 5]))
        assert set(info) <= {"final_obs", "_final_obs"}


def test_observations_are_not_changed_later(tiny):
    envs = vector(tiny, observe="codes")
    observations, _ = envs.reset(seed=0)
    kept = {key: value.copy() for key, value in observations.items()}
    for _ in range(6):
        envs.step(np.ones(6, np.int64))
    for key, value in kept.items():
        np.testing.assert_array_equal(observations[key], value)


def test_final_observation_is_where_the_walk_ended(tiny):
    envs = vector(tiny, observe="codes")
    observations, _ = envs.reset(seed=0)
    actions = np.array([0, 1, 0, 2, 1, 1])
    after, _, terminated, _, info = envs.step(actions)
    np.testing.assert_array_equal(terminated, actions == 0)
    np.testing.assert_array_equal(info["_final_obs"], actions == 0)
    for b in range(6):
        if actions[b]:
            assert info["final_obs"][b] is None
            assert after["codes"][b, 0] == observations["codes"][b, actions[b]]
        else:
            final = info["final_obs"][b]
            assert final in envs.single_observation_space
            assert final["codes"][0] == observations["codes"][b, 0], "a stop stays where it is"
    assert (after["codes"][actions == 0, 0] != observations["codes"][actions == 0, 0]).any(), "restarted"
    assert (envs.walks.steps_B == (actions > 0)).all()


def test_without_an_end_there_is_no_final_observation(tiny):
    envs = vector(tiny)
    envs.reset(seed=0)
    assert envs.step(np.ones(6, np.int64))[4] == {}


def test_the_limit_is_truncation(tiny):
    envs = vector(tiny)
    envs.reset(seed=0)
    for t in range(1, 12):
        *_, terminated, truncated, info = envs.step(np.ones(6, np.int64))
        assert not terminated.any()
        np.testing.assert_array_equal(truncated, t % 5 == 0)
        assert ("final_obs" in info) == (t % 5 == 0)


def trace(envs, steps=40, seed=0):
    observations, _ = envs.reset(seed=seed)
    seen = [observations]
    rng = np.random.default_rng(1)
    for _ in range(steps):
        observations, *rest, _ = envs.step(rng.integers(0, 9, envs.num_envs))
        seen += [observations, *({"x": part} for part in rest)]
    return np.concatenate([np.ravel(part).astype(float) for one in seen for part in one.values()])


def test_same_seed_same_walks(tiny):
    one = trace(vector(tiny))
    np.testing.assert_array_equal(trace(vector(tiny)), one)
    envs = vector(tiny)
    trace(envs, seed=7)
    np.testing.assert_array_equal(trace(envs), one)
    assert not np.array_equal(trace(vector(tiny), seed=1), one)


def test_reset_without_a_seed_goes_on_with_the_random_numbers(tiny):
    envs = vector(tiny, num_envs=20, observe="codes")
    first, _ = envs.reset(seed=0)
    second, _ = envs.reset()
    assert not np.array_equal(first["codes"], second["codes"])


def test_single_view_is_the_vector_of_one(tiny):
    single, envs = IncrementalEnv(tiny, neighbours=8), vector(tiny, num_envs=1, episode_limit=16)
    one, _ = single.reset(seed=4)
    many, _ = envs.reset(seed=4)
    for action in (1, 3, 2, 8, 1):
        for key in one:
            np.testing.assert_array_equal(one[key], many[key][0])
        np.testing.assert_array_equal(single.action_masks(), one["mask"] == 1)
        one, reward, terminated, truncated, info = single.step(action)
        many, rewards, terminations, truncations, _ = envs.step(np.array([action]))
        assert (reward, terminated, truncated) == (rewards[0], terminations[0], truncations[0])
        assert type(reward) is float
        assert type(terminated) is type(truncated) is bool
        assert info == {}


def test_single_view_shows_where_it_ended(tiny):
    env = IncrementalEnv(tiny, observe="codes", episode_limit=1)
    before, _ = env.reset(seed=0)
    after, _, terminated, truncated, _ = env.step(1)
    assert after["codes"][0] == before["codes"][1]
    assert (terminated, truncated) == (False, True)


def test_render_describes_the_current_architecture(tiny):
    env = IncrementalEnv(tiny, observe="codes", render_mode="ansi")
    observation, _ = env.reset(seed=0)
    assert env.render() == str(tiny.space.describe(observation["codes"][0]))


def test_the_ledger_counts_what_training_pays(tiny):
    envs = vector(tiny, pay="final")
    envs.reset(seed=0)
    assert envs.ledger.queries == 0
    envs.step(np.zeros(6, np.int64))
    envs.step(np.array([0, 1, 1, 1, 1, 0]))
    assert envs.ledger.queries == 8
    assert 1 <= envs.ledger.unique <= 8


def test_step_before_reset_says_so(tiny):
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
        vector(tiny).step(np.zeros(6, np.int64))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"observe": "ids"}, 'must be "features" or "codes", not \'ids\''),
        ({"neighbours": 0}, "at least 1 neighbour"),
        ({"episode_limit": 0}, "at least 1 step"),
        ({"pay": "nothing"}, "unknown reward of walks 'nothing'; known: difference, final"),
        ({"benchmark": "nas-bench-graph:coral"}, "did you mean 'cora'"),
        ({"benchmark": "nasbench"}, "unknown benchmark 'nasbench'"),
    ],
)
def test_bad_settings_are_one_line(tiny, settings, message):
    with pytest.raises(UsageError, match=message) as caught:
        gymnasium.make(ENV, **{"benchmark": tiny, **settings})
    assert "\n" not in str(caught.value)


def test_what_is_drawn_follows_the_seed(random_runs):
    """Where the objective draws."""
    rewards = []
    for seed in (1, 1, 2):
        env = IncrementalVectorEnv(random_runs, 2)
        env.reset(seed=seed)
        rewards.append(env.ledger.rewards(np.zeros((40, 1), np.int32)))
    np.testing.assert_array_equal(rewards[0], rewards[1])
    assert not np.array_equal(rewards[0], rewards[2])


def test_a_list_of_seeds_may_leave_some_to_chance(tiny):
    envs = vector(tiny, num_envs=3)
    for seed in ([1, None, 3], [1, 2, 3], (4, 5, 6)):
        observations, _ = envs.reset(seed=seed)
        assert observations in envs.observation_space
    np.testing.assert_array_equal(trace(envs, seed=[1, 2, 3]), trace(envs, seed=[1, 2, 3]))


@pytest.mark.parametrize(
    ("reset", "message"),
    [
        ({"seed": [1, 2]}, "one for each of 6 environments, not 2"),
        ({"seed": -1}, "an integer of 0 or more, not -1"),
        ({"seed": "one"}, "an integer of 0 or more, not 'one'"),
        ({"options": {"reset_mask": [True] * 6}}, "reset_mask must be an array of 6 bools"),
        ({"options": {"reset_mask": np.zeros(6, bool)}}, "at least one of them true"),
        ({"options": {"reset_mask": np.arange(6) < 2}, "seed": 1}, "does not go with a reset_mask"),
    ],
)
def test_a_reset_that_makes_no_sense(tiny, reset, message):
    envs = vector(tiny)
    envs.reset(seed=0)
    with pytest.raises(UsageError, match=message):
        envs.reset(**reset)


def test_a_mask_resets_some(tiny):
    envs = vector(tiny, observe="codes")
    envs.reset(seed=0)
    before = envs.step(np.ones(6, np.int64))[0]
    chosen = np.arange(6) % 2 == 0
    after, _ = envs.reset(options={"reset_mask": chosen})
    np.testing.assert_array_equal(envs.walks.steps_B, np.where(chosen, 0, 1))
    np.testing.assert_array_equal(after["codes"][~chosen], before["codes"][~chosen])
    assert (after["codes"][chosen] != before["codes"][chosen]).any()
    with pytest.raises(gymnasium.error.ResetNeeded, match="first reset"):
        vector(tiny).reset(options={"reset_mask": chosen})


def test_the_plain_environment_ends(tiny):
    env = IncrementalEnv(tiny, neighbours=8)
    env.reset(seed=0)
    env.step(0)
    with pytest.raises(gymnasium.error.ResetNeeded, match="the walk is over"):
        env.step(1)
    env.reset()
    env.step(1)


@pytest.mark.parametrize("actions", [np.ones(5, np.int64), np.ones(6), np.full(6, -1), np.full(6, 9), 1])
def test_actions_that_there_are_not(tiny, actions):
    envs = vector(tiny)
    envs.reset(seed=0)
    with pytest.raises(UsageError, match="0 to 8"):
        envs.step(actions)
