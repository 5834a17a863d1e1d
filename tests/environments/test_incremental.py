from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from archwalk.environments.incremental import IncrementalEnv, IncrementalVectorEnv
from archwalk.environments.shaping import Shaping
from archwalk.environments.single import GeneralWalk, TableWalk
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
    observations, _ = envs.reset(seed=0)
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
        ends = {"final_obs", "_final_obs", "final_info", "_final_info"}
        assert set(info) <= {"code", "_code", "score", "_score"} | ends


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
    assert set(envs.step(np.ones(6, np.int64))[4]) == {"code", "_code", "score", "_score"}


def test_the_limit_is_truncation(tiny):
    envs = vector(tiny)
    envs.reset(seed=0)
    for t in range(1, 12):
        *_, terminated, truncated, info = envs.step(np.ones(6, np.int64))
        assert not terminated.any()
        np.testing.assert_array_equal(truncated, t % 5 == 0)
        assert ("final_obs" in info) == (t % 5 == 0)


def trace(envs, steps=40, seed=0, actions=9):
    observations, _ = envs.reset(seed=seed)
    seen = [observations]
    rng = np.random.default_rng(1)
    for _ in range(steps):
        observations, *rest, _ = envs.step(rng.integers(0, actions, envs.num_envs))
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


@pytest.mark.parametrize("settings", [{}, {"pay": "final"}, {"neighbours": 3}, {"observe": "codes"}])
@pytest.mark.parametrize("table", [True, False])
def test_the_plain_environment_walks_as_the_vector_of_one(tiny, settings, table):
    """To the bit, whether architectures are looked up or asked for."""
    benchmark = tiny if table else replace(tiny, estimator=Asked(tiny.estimator))
    settings = {"neighbours": 8, "episode_limit": 4, **settings}
    single, envs = IncrementalEnv(benchmark, **settings), IncrementalVectorEnv(benchmark, 1, **settings)
    one, info = single.reset(seed=4)
    many, infos = envs.reset(seed=4)
    assert isinstance(single._walk, TableWalk if table else GeneralWalk)
    rng = np.random.default_rng(0)
    for _ in range(60):
        for key in one:
            np.testing.assert_array_equal(one[key], many[key][0])
            assert one[key].dtype == many[key].dtype
        np.testing.assert_array_equal(single.action_masks(), envs.action_masks()[0])
        np.testing.assert_array_equal(info["code"], infos["code"][0])
        np.testing.assert_array_equal(info["score"], infos["score"][0])
        action = int(rng.integers(0, settings["neighbours"] + 1))
        ended, reward, terminated, truncated, info = single.step(action)
        many, rewards, terminations, truncations, infos = envs.step(np.array([action]))
        assert (reward, terminated, truncated) == (rewards[0], terminations[0], truncations[0])
        assert type(reward) is float
        assert type(terminated) is type(truncated) is bool
        one = ended
        if terminated or truncated:
            final = infos["final_obs"][0]
            for key in ended:
                np.testing.assert_array_equal(ended[key], final[key])
            np.testing.assert_array_equal(info["code"], infos["final_info"]["code"][0])
            np.testing.assert_array_equal(info["score"], infos["final_info"]["score"][0])
            one, info = single.reset()
    assert (single.ledger.queries, single.ledger.unique) == (envs.ledger.queries, envs.ledger.unique)


class Asked:
    """An estimator that is no table."""

    def __init__(self, table):
        self.objective, self.evaluate = table.objective, table.evaluate


def test_info_says_what_was_found(tiny):
    envs = vector(tiny)
    _, info = envs.reset(seed=0)
    for _ in range(7):
        np.testing.assert_array_equal(info["code"], envs.walks.codes_BKL[:, 0])
        np.testing.assert_array_equal(info["score"], tiny.estimator.evaluate(info["code"]).reward_B)
        assert envs.describe(info["code"][0]) == tiny.space.describe(info["code"][0])
        *_, info = envs.step(np.ones(6, np.int64))
    unpaid = vector(tiny, pay="final")
    _, info = unpaid.reset(seed=0)
    assert np.isnan(info["score"]).all()
    *_, info = unpaid.step(np.array([0, 1, 1, 1, 1, 1]))
    ends = info["final_info"]
    assert ends["score"][0] == tiny.estimator.evaluate(ends["code"][:1]).reward_B[0]
    assert np.isnan(ends["score"][1:]).all()


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_all_modes_of_autoreset_are_gymnasiums(tiny, mode):
    """The same walks, whenever they are restarted: what happens to one that goes on does not depend on it."""
    envs = gymnasium.make_vec(
        ENV, num_envs=2, benchmark=tiny, neighbours=8, episode_limit=5, autoreset_mode=mode
    )
    assert envs.metadata["autoreset_mode"] is mode
    envs.reset(seed=0)
    ended = envs.step(np.array([0, 1]))
    assert ended[2].tolist() == [True, False]
    walks = envs.unwrapped.walks
    steps = walks.steps_B.tolist()
    if mode is AutoresetMode.SAME_STEP:
        assert steps == [0, 1]
        assert ended[4]["_final_obs"].tolist() == [True, False]
        return
    assert steps == [1, 1]
    assert "final_obs" not in ended[4]
    if mode is AutoresetMode.DISABLED:
        with pytest.raises(gymnasium.error.ResetNeeded, match=r"environments \[0\] have ended"):
            envs.step(np.array([1, 1]))
        envs.reset(options={"reset_mask": np.array([True, False])})
        assert walks.steps_B.tolist() == [0, 1]
        envs.step(np.array([1, 1]))
        assert walks.steps_B.tolist() == [1, 2]
        return
    queries = envs.unwrapped.ledger.queries
    _, rewards, terminated, truncated, _ = envs.step(np.array([0, 1]))  # the first action is ignored
    assert walks.steps_B.tolist() == [0, 2]
    assert (rewards[0], terminated[0], truncated[0]) == (0, False, False)
    assert envs.unwrapped.ledger.queries == queries + 2  # a start and a move


@pytest.mark.parametrize("pay", ["difference", "final"])
def test_a_walk_that_rests_pays_nothing(tiny, pay):
    envs = vector(tiny, num_envs=2, pay=pay, episode_limit=1, autoreset_mode="NEXT_STEP")
    envs.reset(seed=0)
    for step in range(1, 7):
        before = envs.ledger.queries
        *_, terminated, truncated, _ = envs.step(np.array([1, 1]))
        assert (terminated | truncated).all() == (step % 2 == 1)
        if pay == "final":
            assert envs.ledger.queries - before == 2 * (step % 2)


def test_wrappers_of_gymnasium_take_the_modes_that_they_know(tiny):
    for mode in ("NEXT_STEP", "SAME_STEP"):
        envs = gymnasium.make_vec(
            ENV, num_envs=3, benchmark=tiny, neighbours=8, episode_limit=2, autoreset_mode=mode
        )
        counted = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
        counted.reset(seed=0)
        infos = [counted.step(np.ones(3, np.int64))[-1] for _ in range(6)]
        if mode == "NEXT_STEP":
            lengths = [info["episode"]["l"][info["_episode"]] for info in infos if "episode" in info]
            assert set(np.concatenate(lengths).tolist()) == {2}
            listed = gymnasium.wrappers.vector.DictInfoToList(
                envs
            )  # not over `counted`: Gymnasium 1.1 cannot
            listed.reset(seed=0)
            assert all("code" in one for one in listed.step(np.ones(3, np.int64))[-1])


def test_a_mode_that_there_is_not(tiny):
    with pytest.raises(UsageError, match="one of NEXT_STEP, SAME_STEP, DISABLED, not 'never'"):
        vector(tiny, autoreset_mode="never")


@pytest.mark.parametrize("action", [-1, 9, 1.5, "left"])
def test_the_plain_environment_refuses_what_is_no_action(tiny, action):
    env = IncrementalEnv(tiny, neighbours=8)
    env.reset(seed=0)
    with pytest.raises(UsageError, match="0 to 8"):
        env.step(action)


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
        ({"options": [1]}, "options are a dictionary, not a list"),
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
