"""How rewards teach a policy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.learning.autoregressive import MAADE, Independent, Strings
from archwalk.learning.autoregressive.reinforce import Reinforce, ReinforceSettings

STRINGS = Strings((2, 3, 2))
SETTINGS = ReinforceSettings(learning_rate=0.05)


def made(settings=SETTINGS, policies=3, policy=None):
    return Reinforce(policy or MAADE(STRINGS, 6), settings, policies, np.random.default_rng(0))


def batch(policies=3, b=8, seed=1):
    rng = np.random.default_rng(seed)
    choices = np.stack([rng.integers(0, size, (policies, b)) for size in STRINGS.sizes], axis=2)
    position = np.broadcast_to(np.arange(3), choices.shape).copy()
    return choices, position, rng.random((policies, b))


def log_probability(learner, choices, position):
    answer = learner.policy.log_probabilities(
        learner.weights, torch.from_numpy(choices), torch.from_numpy(position)
    )
    return answer.gather(-1, torch.from_numpy(choices)[..., None])[..., 0].sum(-1).detach().numpy()


def test_good_strings_become_more_likely():
    learner = made()
    choices, position, _ = batch()
    reward = np.zeros(choices.shape[:2])
    reward[:, 0] = 1
    before = log_probability(learner, choices, position)[:, 0]
    for _ in range(5):
        learner.learn(choices, position, reward)
    assert (log_probability(learner, choices, position)[:, 0] > before).all()


def test_the_gradient_is_reinforce_s_against_a_finite_difference():
    learner = made(replace(SETTINGS, optimiser="sgd", learning_rate=1.0), 1, Independent(STRINGS, 1))
    choices, position, reward = batch(1)
    before = learner.weights["density_bias"].detach().clone()
    advantage = torch.from_numpy(reward - reward.mean()).float()
    learner.learn(choices, position, reward)
    moved = learner.weights["density_bias"].detach() - before

    def objective(bias):
        answer = learner.policy.log_probabilities(
            {"density_bias": bias}, torch.from_numpy(choices), torch.from_numpy(position)
        )
        return (advantage * answer.gather(-1, torch.from_numpy(choices)[..., None])[..., 0].sum(-1)).mean()

    for n, size in enumerate(STRINGS.sizes):
        for value in range(size):
            step = torch.zeros_like(before)
            step[0, n, value] = 1e-2
            slope = (objective(before + step) - objective(before - step)) / 2e-2
            torch.testing.assert_close(moved[0, n, value], slope, atol=1e-4, rtol=1e-2)


@pytest.mark.parametrize("objective", ["ppo", "ppo-standard"])
def test_in_one_epoch_ppo_is_reinforce(objective):
    one, other = made(), made(replace(SETTINGS, objective=objective))
    for seed in range(3):
        for learner in (one, other):
            learner.learn(*batch(seed=seed))
    for name in one.weights:
        torch.testing.assert_close(one.weights[name], other.weights[name])


def test_in_more_epochs_clipping_holds_back_and_the_two_ppos_differ():
    changed = {}
    for objective in ("reinforce", "ppo", "ppo-standard"):
        learner = made(replace(SETTINGS, objective=objective, epochs=20))
        choices, position, reward = batch()
        before = log_probability(learner, choices, position)
        learner.learn(choices, position, reward)
        changed[objective] = log_probability(learner, choices, position) - before
    assert np.abs(changed["ppo-standard"]).mean() < np.abs(changed["reinforce"]).mean()
    assert not np.allclose(changed["ppo"], changed["ppo-standard"])


def test_the_baseline_is_a_moving_average_that_begins_as_the_first_mean():
    learner = made()
    means = []
    for seed in range(3):
        choices, position, reward = batch(seed=seed)
        learner.learn(choices, position, reward)
        means.append(reward.mean(axis=1))
    expected = 0.9 * (0.9 * means[0] + 0.1 * means[1]) + 0.1 * means[2]
    np.testing.assert_allclose(learner.baseline_K, expected)


def test_equal_rewards_teach_nothing_at_first():
    learner = made()
    before = {name: weight.detach().clone() for name, weight in learner.weights.items()}
    choices, position, _ = batch()
    learner.learn(choices, position, np.full(choices.shape[:2], 0.9))
    for name, weight in learner.weights.items():
        torch.testing.assert_close(weight.detach(), before[name], atol=1e-6, rtol=0)


def test_entropy_keeps_a_policy_apart_from_certainty():
    entropies = []
    for entropy in (0.0, 1.0):
        learner = made(replace(SETTINGS, entropy=entropy))
        choices, position, _ = batch()
        reward = (choices == 0).all(axis=2).astype(float)
        for _ in range(60):
            learner.learn(choices, position, reward)
        answer = learner.policy.log_probabilities(
            learner.weights, torch.from_numpy(choices), torch.from_numpy(position)
        ).detach()
        assert not answer.isnan().any()
        entropies.append(-float(torch.where(answer.isfinite(), answer.exp() * answer, 0.0).sum(-1).mean()))
    assert entropies[1] > entropies[0]


def test_policies_learn_as_if_alone(monkeypatch):
    """Also where they are computed in portions."""
    together = made()
    choices, position, reward = batch()
    together.learn(choices, position, reward)
    monkeypatch.setattr("archwalk.learning.autoregressive.reinforce._NUMBERS_AT_ONCE", 1)
    apart = made()
    apart.learn(choices, position, reward)
    for name in together.weights:
        torch.testing.assert_close(together.weights[name], apart.weights[name])
    uniform = np.random.default_rng(0).random(choices.shape)
    rows = np.arange(3)
    np.testing.assert_array_equal(
        together.sample(rows, position, uniform), apart.sample(rows, position, uniform)
    )
