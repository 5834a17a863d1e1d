"""The vector environments as Stable-Baselines3 takes them."""

import numpy as np
import pytest
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.vec_env import VecMonitor

from archwalk.environments.incremental import IncrementalVectorEnv
from archwalk.environments.sb3 import SB3VecEnv
from archwalk.errors import UsageError


def environments(tiny, **settings):
    return IncrementalVectorEnv(tiny, 4, **{"neighbours": 8, "episode_limit": 3, **settings})


def test_steps_and_ends_are_those_of_the_environments(tiny):
    ours, wrapped = environments(tiny), SB3VecEnv(environments(tiny))
    wrapped.seed(3)
    observation = wrapped.reset()
    expected, _ = ours.reset(seed=[3, 4, 5, 6])
    rng = np.random.default_rng(0)
    for _ in range(12):
        for key in expected:
            np.testing.assert_array_equal(observation[key], expected[key])
        assert is_masking_supported(wrapped)
        np.testing.assert_array_equal(get_action_masks(wrapped), expected["mask"] == 1)
        actions = rng.integers(0, 9, 4)
        observation, rewards, dones, infos = wrapped.step(actions)
        expected, wanted, terminated, truncated, info = ours.step(actions)
        np.testing.assert_array_equal(rewards, wanted.astype(np.float32))
        np.testing.assert_array_equal(dones, terminated | truncated)
        for b in range(4):
            if not dones[b]:
                assert infos[b] == {}
                continue
            for key, part in infos[b]["terminal_observation"].items():
                np.testing.assert_array_equal(part, info["final_obs"][b][key])
            assert infos[b]["TimeLimit.truncated"] == (truncated[b] and not terminated[b])
            np.testing.assert_array_equal(infos[b]["code"], info["final_info"]["code"][b])
            assert infos[b]["score"] == info["final_info"]["score"][b]


def test_attributes_are_those_that_all_have_in_common(tiny):
    wrapped = SB3VecEnv(environments(tiny))
    assert wrapped.get_attr("num_envs") == [4] * 4
    assert wrapped.get_attr("observe", indices=[1, 2]) == ["features"] * 2
    wrapped.set_attr("label", "x")
    assert wrapped.environments.label == "x"
    assert wrapped.env_is_wrapped(VecMonitor) == [False] * 4
    code_L = tiny.space.sample(np.random.default_rng(0), 1)[0]
    assert wrapped.env_method("describe", code_L, indices=0) == [tiny.space.describe(code_L)]


def test_walks_that_are_restarted_later_are_refused(tiny):
    with pytest.raises(UsageError, match="restarted in the same step"):
        SB3VecEnv(environments(tiny, autoreset_mode="NEXT_STEP"))


def test_an_algorithm_trains_on_it(tiny):
    walks = environments(tiny)
    model = MaskablePPO("MultiInputPolicy", VecMonitor(SB3VecEnv(walks)), n_steps=8, batch_size=16, seed=0)
    model.learn(64)
    assert walks.ledger.queries >= 64
    assert model.ep_info_buffer
