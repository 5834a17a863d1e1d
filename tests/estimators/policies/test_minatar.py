"""The games against the rules of the `minatar` package: a game of each was played by both, step by step, and agreed for
200,000 steps (minatar 1.0.15); what was seen then is kept here as a digest.
"""

import hashlib

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from archwalk.errors import UsageError
from archwalk.estimators.policies.games import breakout, find_game
from archwalk.estimators.policies.games.minatar import MinAtarVectorEnv

GAMES = ("Breakout", "Freeway")
GOLDEN = {
    "Breakout": (467, 36, "8278809c98d0783f"),
    "Freeway": (89, 2, "590824552e9b321c"),
}
"""Score, finished games, digest of what was seen."""


def follow(state_S):
    """A Breakout policy that keeps the paddle under the ball."""
    ahead = state_S[breakout.BALL_X] + state_S[breakout.RIGHTWARDS]
    return 0 if ahead == state_S[breakout.PADDLE] else 2 if ahead > state_S[breakout.PADDLE] else 1


def play(game, steps=6_000):
    """A skilful game with slips, no sticky actions: rewards, ends and observations of every step."""
    env, rng = MinAtarVectorEnv(game, 1, sticky=0.0), np.random.default_rng(0)
    observation, _ = env.reset(seed=1)
    for _ in range(steps):
        skilful = follow(env.state_NS[0]) if game == "Breakout" else 1
        action = int(rng.integers(3)) if rng.random() < 0.05 else skilful
        before = env.state_NS[0].copy()
        seen = observation
        observation, reward_N, over_N, _, info = env.step(np.array([action]))
        ended = info["final_obs"] if over_N[0] else observation
        yield before, seen[0], action, reward_N[0], over_N[0], ended[0]


@pytest.mark.parametrize("game", GAMES)
def test_a_game_is_what_it_was_when_it_agreed_with_the_package(game):
    digest, score, games = hashlib.sha256(), 0, 0
    for _, seen, _, reward, over, ended in play(game):
        digest.update(seen.tobytes() + ended.tobytes())
        score += reward
        games += over
    assert (score, games, digest.hexdigest()[:16]) == GOLDEN[game]


@pytest.mark.parametrize("game", GAMES)
def test_games_side_by_side_are_independent_and_repeatable(game):
    rng = np.random.default_rng(3)
    actions = rng.integers(0, 3, (400, 6))
    env, again, other = (MinAtarVectorEnv(game, 6) for _ in range(3))
    first = env.reset(seed=7)[0], again.reset(seed=7)[0]
    other.reset(seed=8)
    np.testing.assert_array_equal(*first)
    differs = False
    for action_N in actions:
        seen, repeated, elsewhere = (one.step(action_N)[0] for one in (env, again, other))
        np.testing.assert_array_equal(seen, repeated)
        differs |= not np.array_equal(seen, elsewhere)
    assert differs
    assert len(np.unique(env.streams_N)) == 6, "each game has its own randomness"
    assert len(np.unique(env.state_NS, axis=0)) > 3


@pytest.mark.parametrize("game", GAMES)
def test_state_goes_on_to_the_bit(game):
    env, other = MinAtarVectorEnv(game, 3), MinAtarVectorEnv(game, 3)
    env.reset(seed=0)
    other.reset(seed=1)
    actions = np.random.default_rng(0).integers(0, 3, (200, 3))
    for action_N in actions[:100]:
        env.step(action_N)
    other.load_state_dict(env.state_dict())
    for action_N in actions[100:]:
        for one, two in zip(env.step(action_N)[:3], other.step(action_N)[:3], strict=True):
            np.testing.assert_array_equal(one, two)


def test_actions_stick_as_often_as_they_should():
    env = MinAtarVectorEnv("Breakout", 4_000)
    env.reset(seed=0)
    env.step(np.ones(4_000, np.int64))
    stuck = (env.last_action_N != 1).mean()
    assert stuck == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("name", GAMES)
def test_spaces_are_those_of_what_is_seen(name):
    game = find_game(f"MinAtar-{name}")
    env = game.make(2)
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    assert observation.shape[1:] == game.observation == env.single_observation_space.shape
    assert env.single_action_space.n == game.actions == 3
    assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert len(game.fingerprint) == 64


def test_an_unknown_game_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="Breakout"):
        find_game("MinAtar-Brekaout")
