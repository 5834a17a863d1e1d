from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.agents.building.running import replay
from archwalk.agents.construction_dqn import ConstructionDQNTrainer
from archwalk.agents.meta_rl import MetaRLTrainer
from archwalk.data.states import read_state, write_state
from archwalk.errors import UsageError
from archwalk.learning.action_values import ActionValues
from archwalk.learning.double_dqn import DoubleDQN
from building_cases import DQN, META, branches, chains
from model_based import assert_same_network

CASES = pytest.mark.parametrize(
    ("settings", "benchmark"),
    [(DQN, chains()), (replace(DQN, n_step=3, sigma=0.1, action_limit=5), branches())],
    ids=["chains", "branches"],
)


@CASES
def test_goes_on_from_its_state_to_the_bit(settings, benchmark, tmp_path):
    whole = ConstructionDQNTrainer(benchmark, settings, 0)
    rows = list(whole.run())
    assert whole.done == whole.total == settings.steps
    assert any("losses/td" in row for row in rows)
    first = ConstructionDQNTrainer(benchmark, settings, 0)
    begun = [row for _, row in zip(range(len(rows) // 2), first.run(), strict=False)]
    write_state(tmp_path / "state", first.state_dict())
    second = ConstructionDQNTrainer(benchmark, settings, 1)
    second.load_state_dict(read_state(tmp_path / "state"))
    np.testing.assert_equal(begun + list(second.run()), rows)
    assert_same_network(second, whole)
    assert (second.ledger.queries, second.ledger.unique) == (whole.ledger.queries, whole.ledger.unique)


def test_the_settings_are_the_paper_s():
    """Replay of half the steps; epsilon falls from 1 to 0.1."""
    trainer = ConstructionDQNTrainer(chains(), DQN, 0)
    rows = list(trainer.run())
    assert trainer.replay.size == trainer.settings.capacity == 45
    epsilons = [row["charts/epsilon"] for row in rows]
    assert epsilons == sorted(epsilons, reverse=True)
    assert 0.1 < epsilons[-1] < 0.15
    assert trainer.learner.updates == 90 - 20 + 1


def test_it_sees_no_history():
    """Of a state it says the same, however it came about."""
    trainer = ConstructionDQNTrainer(chains(), DQN, 0)
    builds = trainer.construction.builds
    fresh = trainer.construction.look()
    assert fresh.shape[1] < MetaRLTrainer(chains(), META, 0).construction.inputs
    builds.restart(builds.step(np.array([7])).done_B)
    np.testing.assert_array_equal(trainer.construction.look(), fresh)


def test_it_learns_and_random_search_does_not():
    settings = replace(DQN, steps=1_000, learning_starts=100, width=32, learning_rate=2e-3, target_every=50)
    rewards = {}
    for end in (0.1, 1.0):
        rows = list(ConstructionDQNTrainer(chains(), replace(settings, epsilon_end=end), 0).run())
        rewards[end] = np.mean([row["charts/reward"] for row in rows[-60:]])
    assert rewards[0.1] > 1.2 * rewards[1.0]


def test_values_of_fixed_actions_are_learned_by_double_q_learning():
    """One update of a linear network, by hand."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ActionValues(3, 4, 1, 2)
    learner = DoubleDQN(network, target_every=100)
    with torch.no_grad():
        for weight in learner.target.parameters():
            weight += 0.1
    rng = np.random.default_rng(0)
    batch = {
        "observation.inputs": rng.random((4, 3)).astype(np.float32),
        "action": np.array([0, 1, 1, 0]),
        "return": rng.random(4).astype(np.float32),
        "next.inputs": rng.random((4, 3)).astype(np.float32),
        "discount": np.array([0.9, 0.0, 0.9, 0.9], np.float32),
    }
    online_BA = network.layers(torch.from_numpy(batch["observation.inputs"])).detach().numpy()
    following = torch.from_numpy(batch["next.inputs"])
    best_B = network.layers(following).argmax(1).numpy()
    target_BA = learner.target.layers(following).numpy()
    rows = np.arange(4)
    wanted_B = batch["return"] + batch["discount"] * target_BA[rows, best_B]
    error_B = np.abs(online_BA[rows, batch["action"]] - wanted_B)
    huber = np.where(error_B < 1, error_B**2 / 2, error_B - 0.5).mean()
    metrics = learner.update(network.transitions(batch), 1e-3)
    assert metrics["losses/td"] == pytest.approx(huber, rel=1e-5)


def test_a_frozen_network_now_and_then_acts_by_lot():
    trainer = ConstructionDQNTrainer(chains(), DQN, 0)
    with torch.no_grad():
        trainer.network.layers[-1].bias[2] += 99
    rows = list(replay(trainer.agent(), chains(1), 600, 0))
    share = np.average([row["actions/2"] for row in rows], weights=[row["charts/length"] for row in rows])
    assert share == pytest.approx(0.9 + 0.1 / 8, abs=0.04)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"capacity_share": 0.0}, "capacity_share must be above 0"),
        ({"capacity_share": 1.5}, "capacity_share must be above 0 and at most 1"),
        ({"epsilon_end": 1.1}, "epsilon_end must be between 0 and 1"),
        ({"learning_rate": -1.0}, "learning_rate must be above 0"),
        ({"sigma": -0.1}, "sigma must be between 0 and 1"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(UsageError, match=message):
        replace(DQN, **changes)


def test_misuse(tiny):
    with pytest.raises(UsageError, match="has no layers to stack"):
        ConstructionDQNTrainer(tiny, DQN, 0)
    with pytest.raises(UsageError, match="take no starts"):
        ConstructionDQNTrainer(chains(), DQN, 0, lambda rng, n: None)
