from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.data.states import read_state, write_state
from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.sharing import PolicySupernet
from archwalk.estimators.policies.supernet import Supernet
from archwalk.learning.ppo import PPO, PPOSettings
from archwalk.learning.rollouts import Actor
from archwalk.spaces.policy_cnn import ChoiceBlock, policy_space
from archwalk.spaces.policy_cnn.numbered import numbered
from archwalk.spaces.policy_cnn.papers import ATARI_1, ATARI_2, MINATAR_1, minatar_1
from archwalk.spaces.task import ACTOR_CRITIC, Task

GAME = find_game("MinAtar-Breakout")
TINY = PPOSettings(environments=4, rollout=8, epochs=2, minibatches=2, learning_rate=1e-2)
DECLARATION = replace(
    MINATAR_1, name="tiny", blocks=(ChoiceBlock((1, 2, 5), (4, 6)), ChoiceBlock((2, 3), (6,))), hidden=16
)
SPACE = policy_space(DECLARATION)
EVERYONE = np.arange(SPACE.size, dtype=np.int32)[:, None]


@pytest.fixture
def supernet():
    torch.manual_seed(0)
    return Supernet(DECLARATION, GAME.task).to(memory_format=torch.channels_last)


def standalone(supernet, code_L):
    """A network built by the space, with the supernet's weights loaded into it."""
    network = SPACE.build(code_L, Task((4, 10, 10), 3, ACTOR_CRITIC)).to(memory_format=torch.channels_last)
    network.load_state_dict(supernet.extract(SPACE.options(code_L)).state_dict(), strict=True)
    return network


@pytest.mark.parametrize("code_L", EVERYONE, ids=str)
def test_what_is_extracted_equals_the_standalone_network_to_the_bit(supernet, code_L):
    network, path = standalone(supernet, code_L), supernet.path(SPACE.options(code_L))
    observations = torch.randint(0, 2, (7, 4, 10, 10)).float()
    for one, two in zip(network(observations), path(observations), strict=True):
        assert torch.equal(one, two)
    for other in EVERYONE:
        if other != code_L:
            assert not torch.equal(
                network(observations)[0], supernet.path(SPACE.options(other))(observations)[0]
            )


def test_a_step_on_a_path_is_the_step_of_the_standalone_network_to_the_bit(supernet):
    code_L = EVERYONE[7]
    options = SPACE.options(code_L)
    before = {name: weight.clone() for name, weight in supernet.state_dict().items()}
    network = standalone(supernet, code_L)
    for module, parameters in ((network, network), (supernet.path(options), supernet)):
        actor, ppo = Actor(GAME.make(4), 0), PPO(parameters.parameters(), TINY, 5, 0)
        for _ in range(3):
            ppo.update(module, actor.play(module, TINY.rollout))
    learned = supernet.extract(options).state_dict()
    assert all(torch.equal(weight, learned[name]) for name, weight in network.state_dict().items())
    changed = {
        name for name, weight in supernet.state_dict().items() if not torch.equal(weight, before[name])
    }
    used = {id(weight) for weight in supernet.path(options).parameters()}
    assert changed == {name for name, weight in supernet.named_parameters() if id(weight) in used}


def test_all_weights_are_there_before_the_optimiser():
    shared = PolicySupernet(SPACE, GAME, PolicySettings(200, TINY), 0)
    known = {id(weight) for group in shared.agent.ppo.optimiser.param_groups for weight in group["params"]}
    for code_L in EVERYONE:
        shared.learn(code_L)
        assert {id(weight) for weight in shared.supernet.path(SPACE.options(code_L)).parameters()} <= known
    assert known == {id(weight) for weight in shared.supernet.parameters()}


def test_what_is_extracted_no_longer_shares(supernet):
    taken = supernet.extract(SPACE.options(EVERYONE[0]))
    before = taken.head.dense.weight.clone()
    supernet.head.dense.weight.data.zero_()
    assert torch.equal(taken.head.dense.weight, before)


def test_size_of_the_papers_supernet():
    """Search space 2: ten convolutions, five of kernel 2 and five of 5, the first of them behind 32 channels."""
    with torch.device("meta"):
        made = Supernet(ATARI_2, Task((4, 84, 84), 4, ACTOR_CRITIC))
    weights = sum(parameter.numel() for name, parameter in made.named_parameters() if "blocks" in name)
    assert weights == (32 + 4 * 64) * 64 * (4 + 25) + 10 * 64


def test_shared_weights_go_on_to_the_bit(tmp_path):
    settings = PolicySettings(8 * TINY.batch, TINY)
    shared = PolicySupernet(SPACE, GAME, settings, 3)
    for code_L in EVERYONE[:4]:
        shared.learn(code_L)
    write_state(tmp_path / "state", shared.state_dict())
    other = PolicySupernet(SPACE, GAME, settings, 4)
    other.load_state_dict(read_state(tmp_path / "state"))
    other.seed = shared.seed
    for code_L in EVERYONE[4:8]:
        assert shared.learn(code_L) == other.learn(code_L)
    assert shared.done == shared.total == other.done == 8
    np.testing.assert_array_equal(*(one.scores(EVERYONE, 5, 30) for one in (shared, other)))
    assert shared.steps == other.steps > settings.steps


def test_what_is_learnt_does_not_depend_on_threads():
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        shared = PolicySupernet(minatar_1(), GAME, PolicySettings(2_048), 0)
        shared.learn(np.array([24], np.int32))
        assert torch.get_num_threads() == threads
        found.append(torch.cat([weight.detach().flatten() for weight in shared.supernet.parameters()]))
    torch.set_num_threads(1)
    assert torch.equal(*found)


def test_a_space_that_does_not_fit_the_game_is_refused():
    with pytest.raises(UsageError, match="images of 10x10 do not fit: choice block 1"):
        PolicySupernet(numbered(ATARI_1), GAME, PolicySettings(200, TINY), 0)
    with pytest.raises(UsageError, match="images of 10x10 do not fit"):
        PolicyEstimator(numbered(ATARI_1), GAME)


def test_scores_are_of_one_episode_each_and_of_inherited_weights():
    shared = PolicySupernet(SPACE, GAME, PolicySettings(200, TINY), 0)
    first = shared.scores(EVERYONE, 40, 200)
    np.testing.assert_array_equal(first, shared.scores(EVERYONE, 40, 200))
    assert 0 < first.mean() < 5
    shared.supernet.head.policy.bias.data[:] = torch.tensor([-1e9, 1e9, -1e9])  # always to the left
    cornered = shared.scores(EVERYONE[:2], 40, 200)
    assert cornered[0] == cornered[1] != first[0]


def test_a_loss_that_is_no_number_is_a_line_that_says_where():
    shared = PolicySupernet(SPACE, GAME, PolicySettings(200, TINY), 0)
    shared.learn(EVERYONE[0])
    with torch.no_grad():
        next(shared.supernet.parameters()).fill_(torch.nan)
    with pytest.raises(ArchwalkError, match="supernet on MinAtar-Breakout diverged at timestep 64: the loss"):
        shared.learn(EVERYONE[0])
