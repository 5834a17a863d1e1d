import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from toy_games import Lights

from archwalk.data.states import read_state, write_state
from archwalk.learning.episodes import EpisodeScores
from archwalk.learning.ppo import PPO, DivergedError, PPOSettings
from archwalk.learning.rollouts import Actor

SETTINGS = PPOSettings(environments=4, rollout=16, learning_rate=0.01, minibatches=2)


class Reader(nn.Module):
    """Reads the pixel; `unused` is for weights that no loss reaches."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.hidden, self.policy, self.value = nn.Linear(1, 8), nn.Linear(8, 2), nn.Linear(8, 1)
        self.unused = nn.Linear(1, 3)

    def forward(self, x):
        hidden = torch.tanh(self.hidden(x.flatten(1)))
        return self.policy(hidden), self.value(hidden)[:, 0]


def train(network, ppo, actor, updates):
    for _ in range(updates):
        ppo.update(network, actor.play(network, SETTINGS.rollout), actor.scale)


def test_learns_what_pays():
    network, actor = Reader(), Actor(Lights(), 0)
    ppo = PPO(network.parameters(), SETTINGS, 60, 0)
    train(network, ppo, actor, 6)
    early = actor.scores.mean_return
    train(network, ppo, actor, 54)
    assert early < 4 < 4.8 < actor.scores.mean_return <= 5
    assert actor.scores.max_return >= actor.scores.mean_return


def test_the_learning_rate_is_a_cosine_that_ends_at_zero():
    ppo = PPO(Reader().parameters(), SETTINGS, 8, 0)
    rates = []
    for done in range(9):
        ppo.done = done
        rates.append(ppo.learning_rate)
    assert rates[0] == SETTINGS.learning_rate
    assert rates[4] == pytest.approx(SETTINGS.learning_rate / 2)
    assert rates[8] == 0
    assert np.diff(rates).max() < 0


def test_the_rate_is_that_of_the_optimiser():
    network, actor = Reader(), Actor(Lights(), 0)
    ppo = PPO(network.parameters(), SETTINGS, 4, 0)
    ppo.done = 4
    before = copy.deepcopy(network.state_dict())
    train(network, ppo, actor, 1)
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())


def test_weights_that_no_loss_reaches_keep_still_after_they_once_moved():
    network, actor = Reader(), Actor(Lights(), 0)
    ppo = PPO(network.parameters(), SETTINGS, 10, 0)
    network.unused(torch.ones(1, 1)).sum().backward()
    ppo.optimiser.step()
    before = network.unused.weight.clone()
    train(network, ppo, actor, 2)
    assert torch.equal(network.unused.weight, before)


def test_a_resumed_training_has_equal_bits(tmp_path):
    """Lights has no state to save, so the resumed one plays a copy of the environment."""
    network, actor = Reader(), Actor(Lights(), 0)
    ppo = PPO(network.parameters(), SETTINGS, 8, 0)
    train(network, ppo, actor, 3)
    parts = {"ppo": ppo, "actor": actor, "network": network}
    write_state(tmp_path / "state", {name: part.state_dict() for name, part in parts.items()})
    env = copy.deepcopy(actor.env)
    env.state_dict, env.load_state_dict = dict, lambda state: None
    again, other = Reader(seed=1), Actor(Lights(), 5)
    other.env = env
    resumed = PPO(again.parameters(), SETTINGS, 8, 9)
    state = read_state(tmp_path / "state")
    again.load_state_dict(state["network"])
    resumed.load_state_dict(state["ppo"])
    other.load_state_dict(state["actor"] | {"env": {}, "observation": actor.observation})
    train(network, ppo, actor, 5)
    train(again, resumed, other, 5)
    assert resumed.learning_rate == ppo.learning_rate == 0
    assert other.scores.mean_return == actor.scores.mean_return
    assert all(torch.equal(weight, again.state_dict()[name]) for name, weight in network.state_dict().items())


def test_an_environment_without_state_begins_anew_and_forgets_the_episode():
    actor = Actor(Lights(length=7), 0)
    actor.play(Reader(), 3)
    other = Actor(Lights(length=7), 1)
    other.load_state_dict(actor.state_dict())
    assert other.steps == 12
    assert not other.scores.running_N.any()


def test_a_loss_that_is_no_number_leaves_the_weights():
    network, actor = Reader(), Actor(Lights(), 0)
    ppo = PPO(network.parameters(), SETTINGS, 4, 0)
    rollout = actor.play(network, SETTINGS.rollout)
    rollout.reward_SN[3] = np.nan
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(DivergedError, match="update 1"):
        ppo.update(network, rollout)
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())


def test_scores_are_raw_where_rewards_are_clipped():
    updated = []
    for reward in (1.0, 7.0):
        network, actor = Reader(), Actor(Lights(reward=reward), 0)
        ppo = PPO(network.parameters(), replace(SETTINGS, clip_rewards=True), 4, 0)
        train(network, ppo, actor, 2)
        updated.append((network.policy.weight, actor.scores.mean_return))
    assert torch.equal(updated[0][0], updated[1][0])
    assert updated[1][1] == pytest.approx(7 * updated[0][1])


def test_log_probabilities_and_values_are_those_of_the_network():
    network, actor = Reader(), Actor(Lights(), 3)
    rollout = actor.play(network, 6)
    with torch.no_grad():
        logits, values = network(torch.from_numpy(rollout.observation_SNX.reshape(-1, 1, 1, 1)).float())
    chosen = logits.log_softmax(1)[torch.arange(24), torch.from_numpy(rollout.action_SN.reshape(-1))]
    np.testing.assert_allclose(rollout.log_probability_SN.reshape(-1), chosen, atol=1e-6)
    np.testing.assert_allclose(rollout.value_SN.reshape(-1), values, atol=1e-6)


def test_a_cut_episode_has_the_value_of_where_it_was_cut():
    network, actor = Reader(), Actor(Lights(cut=True), 0)
    rollout = actor.play(network, 10)
    with torch.no_grad():
        _, value = network(torch.full((1, 1, 1, 1), 9.0))
    assert rollout.truncated_SN[4].all()
    np.testing.assert_allclose(rollout.cut_value_SN[4], float(value), rtol=1e-6)
    assert not rollout.cut_value_SN[:4].any()


def test_actions_follow_the_policy():
    network, actor = Reader(), Actor(Lights(num_envs=500), 0)
    nn.init.zeros_(network.policy.weight)
    network.policy.bias.data = torch.tensor([0.0, np.log(3.0)]).float()
    rollout = actor.play(network, 40)
    assert rollout.action_SN.mean() == pytest.approx(0.75, abs=0.02)


def test_a_score_is_that_of_a_game_not_of_a_life():
    network, actor = Reader(), Actor(Lights(lives=3), 0)
    rollout = actor.play(network, 15)
    assert actor.scores.episodes == 4
    assert rollout.terminated_SN.sum() == 12
    assert actor.scores.mean_return == pytest.approx(rollout.reward_SN.sum(axis=0).mean())


def test_figures_of_scores():
    scores = EpisodeScores(1)
    assert np.isnan(scores.mean_return)
    for score in range(150):
        scores.add(np.array([score / 2]), np.array([False]))
        scores.add(np.array([score / 2]), np.array([True]))
        if score < 100:
            assert scores.max_return == scores.mean_return == pytest.approx(score / 2)
    assert scores.mean_return == scores.max_return == pytest.approx(99.5)
    for _ in range(100):
        scores.add(np.zeros(1), np.array([True]))
    assert (scores.mean_return, scores.max_return, scores.episodes) == (0, pytest.approx(99.5), 250)
    other = EpisodeScores(1)
    other.load_state_dict(scores.state_dict())
    assert (other.mean_return, other.max_return, other.episodes) == (0, scores.max_return, 250)
