import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from archwalk.errors import DataError, UsageError
from archwalk.estimators.policies.games import find_game


class Flashes(gymnasium.Env):
    """Images of one brightness: the number of the step."""

    def __init__(self, shape=(96, 80, 3), dtype=np.uint8, high=255, actions=None, length=4):
        self.observation_space = Box(0, high, shape, dtype)
        self.action_space = actions or Discrete(3)
        self.length, self.age = length, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.age = 1
        return self._show(), {}

    def step(self, action):
        self.age += 1
        return self._show(), float(action), False, self.age > self.length, {}

    def _show(self):
        return np.full(self.observation_space.shape, self.age, self.observation_space.dtype)


@pytest.fixture(autouse=True)
def _registered():
    before = dict(gymnasium.registry)
    for name, settings in {
        "Large": {},
        "Planes": {"shape": (2, 12, 9)},
        "Grey": {"shape": (100, 90)},
        "Bits": {"shape": (10, 10, 4), "dtype": bool, "high": 1},
        "Floats": {"dtype": np.float32},
        "Steering": {"actions": Box(-1, 1, (2,))},
        "Shifted": {"actions": Discrete(3, start=5), "shape": (10, 10)},
    }.items():
        gymnasium.register(f"Archwalk{name}-v0", entry_point=lambda s=settings: Flashes(**s))
    yield
    gymnasium.registry.clear()
    gymnasium.registry.update(before)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("Large", (4, 84, 84)), ("Grey", (4, 84, 84)), ("Planes", (2, 12, 9)), ("Bits", (4, 10, 10))],
)
def test_images_become_planes(name, shape):
    game = find_game(f"Archwalk{name}-v0")
    env = game.make(2)
    observation, _ = env.reset(seed=0)
    assert (game.observation, game.actions) == (shape, 3)
    assert env.observation_space.contains(observation)
    assert (observation == 1).all()
    env.close()


def test_large_images_are_stacked_and_an_episode_begins_with_its_own():
    env = find_game("ArchwalkLarge-v0").make(2)
    seen, _ = env.reset(seed=0)
    history = []
    for _ in range(5):
        seen, _, terminated_N, truncated_N, info = env.step(np.zeros(2, int))
        history.append(seen[1, :, 40, 40].tolist())
        if truncated_N.any():
            assert info["final_obs"][1, :, 40, 40].tolist() == [2, 3, 4, 5]
    assert history == [[1, 1, 1, 2], [1, 1, 2, 3], [1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 1, 2]]
    assert not terminated_N.any()
    env.close()


def test_actions_count_from_zero():
    env = find_game("ArchwalkShifted-v0").make(2)
    env.reset(seed=0)
    assert env.action_space.contains(np.array([0, 2]))
    _, reward_N, *_ = env.step(np.array([0, 2]))
    assert reward_N.tolist() == [5, 7]
    env.close()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CartPole-v1", "no images"),
        ("ArchwalkFloats-v0", "float32"),
        ("ArchwalkSteering-v0", "not discrete"),
        ("NoSuchThing-v0", "NoSuchThing"),
        ("a/b/c", "Malformed"),
        ("nosuchmodule:Env-v0", "nosuchmodule"),
        ("a:b:c", "is Name-v0, or module:Name-v0 for one of a module, not 'a:b:c'"),
        (".:Env-v0", "module:Name-v0"),
        ("..a:Env-v0", "module:Name-v0"),
        ("json:", "module:Name-v0"),
        (":Env-v0", "module:Name-v0"),
        ("", "module:Name-v0"),
        (" ", "Malformed"),
        ("CartPole-v99", "v99"),
        ("archwalk/Construction-v0", "name a benchmark"),
        ("ALE/Breakout-v5", "say Atari-Breakout"),
    ],
)
def test_what_is_not_supported_is_said_in_a_line(name, words):
    with pytest.raises(UsageError, match=words) as caught:
        find_game(name)
    assert "\n" not in str(caught.value)


def test_an_environment_whose_own_code_fails():
    gymnasium.register("ArchwalkBroken-v0", entry_point=lambda: Flashes(shape=1 / 0))
    with pytest.raises(DataError, match="ArchwalkBroken-v0 cannot be made: division by zero"):
        find_game("ArchwalkBroken-v0")


class TestAtari:
    @pytest.fixture(autouse=True)
    @classmethod
    def _installed(cls):
        pytest.importorskip("ale_py")

    def test_a_score_is_that_of_all_lives(self):
        game = find_game("Atari-Breakout")
        assert (game.observation, game.actions, game.clip_rewards) == ((4, 84, 84), 4, True)
        assert game.lowest == 0 > find_game("Atari-Pong").lowest
        env, rng = game.make(2), np.random.default_rng(0)
        env.reset(seed=3)
        lost_N, over_N = np.zeros(2), np.zeros(2)
        while over_N.min() < 2:
            _, _, terminated_N, _, info = env.step(rng.integers(0, 4, 2))
            lost_N += terminated_N
            over_N += info["game_over"]
            assert (terminated_N | ~info["game_over"]).all()
        assert (lost_N >= 5 * over_N).all()
        assert (lost_N < 5 * (over_N + 1)).all()

    def test_games_differ_and_are_repeatable(self):
        env, again = (find_game("Atari-Freeway").make(2) for _ in range(2))
        first, _ = env.reset(seed=0)
        second, _ = again.reset(seed=0)
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first[0], first[1])

    def test_unknown_games_and_missing_roms_are_told_apart(self, monkeypatch, tmp_path):
        with pytest.raises(UsageError, match="Breakout"):
            find_game("Atari-Breakuot")
        monkeypatch.setattr("ale_py.roms.get_rom_path", lambda _: tmp_path / "gone.bin")
        with pytest.raises(DataError, match="ROM of Pong is not there"):
            find_game("Atari-Pong")
