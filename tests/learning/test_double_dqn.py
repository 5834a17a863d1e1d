import copy

import numpy as np
import pytest
import torch
from torch import nn

from archwalk.data.states import read_state, write_state
from archwalk.learning.double_dqn import DoubleDQN, SetBatch, Transitions, targets
from archwalk.learning.sets import PointerQNetwork, Rows


class Scale(nn.Module):
    """Q of an element is `weight` times its one feature."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(float(weight)))

    def forward(self, features_TF, rows):
        return self.weight * features_TF[:, 0]


def sets(*rows):
    lengths = np.array([len(row) for row in rows], np.int64)
    return SetBatch(torch.tensor([[float(x)] for row in rows for x in row]).reshape(-1, 1), Rows(lengths))


def transitions(discounts=(0.9, 0.0, 0.5)):
    return Transitions(
        observation=sets([1, 2], [3], [4, 5, 6]),
        action_B=np.array([1, 0, 2]),
        return_B=np.array([10.0, 20.0, 30.0], np.float32),
        next_observation=sets([7, 8, 9], [5, 1]),  # of the first and the third: the second ended
        discount_B=np.array(discounts, np.float32),
    )


def learner(online=1.0, target=1.0, **settings):
    made = DoubleDQN(Scale(online), **({"target_every": 3} | settings))
    with torch.no_grad():
        made.target.weight.fill_(target)
    return made


def test_targets_by_hand():
    """The online network chooses, the target network values: with a negative weight it chooses the least."""
    wanted = learner(online=1.0, target=2.0)._targets(transitions())
    torch.testing.assert_close(wanted, torch.tensor([10 + 0.9 * 18, 20, 30 + 0.5 * 10]))
    wanted = learner(online=-1.0, target=2.0)._targets(transitions())
    torch.testing.assert_close(wanted, torch.tensor([10 + 0.9 * 14, 20, 30 + 0.5 * 2]))


def test_targets_do_not_change_the_batch():
    batch = transitions()
    learner()._targets(batch)
    assert batch.return_B.tolist() == [10, 20, 30]


def test_loss_is_that_of_the_actions_taken():
    """Q of the actions: 2, 3, 6; Huber loss, linear beyond 1."""
    made = learner(online=1.0, target=2.0)
    wanted = np.array([26.2, 20, 35])
    metrics = made.update(transitions(), 0.1)
    assert metrics["losses/td"] == pytest.approx((np.abs(wanted - [2, 3, 6]) - 0.5).mean(), rel=1e-5)
    assert metrics["losses/q"] == pytest.approx((2 + 3 + 6) / 3)


def test_an_update_moves_towards_the_target():
    made = learner(online=1.0, target=2.0)
    losses = [made.update(transitions(), 0.1)["losses/td"] for _ in range(20)]
    assert losses[-1] < losses[0] - 3
    assert made.online.weight > 1.5


def test_weights_multiply_the_losses_and_the_mean_is_that_of_the_batch():
    """Not divided by the weights' sum; the errors are absolute, unweighted, and from before the step."""
    weights_B = np.array([1.0, 0.5, 0.25], np.float32)
    error = np.abs(np.array([26.2, 20, 35]) - [2, 3, 6])
    made = learner(online=1.0, target=2.0)
    metrics, errors_B = made.update_weighted(transitions(), 0.1, weights_B)
    assert metrics["losses/td"] == pytest.approx((weights_B * (error - 0.5)).mean(), rel=1e-5)
    assert errors_B == pytest.approx(error, rel=1e-5)
    assert errors_B.dtype == np.float32


def test_the_slope_is_weighted():
    made = learner(gradient_clip=1e9)
    made.optimiser = torch.optim.SGD(made.online.parameters())
    made.update_weighted(transitions(), 1.0, np.array([1.0, 0.5, 0.0], np.float32))
    assert float(made.online.weight.detach()) - 1 == pytest.approx((2 * 1 + 3 * 0.5) / 3, rel=1e-4)


def test_weights_of_1_change_nothing():
    one, other = learner(online=1.0, target=2.0), learner(online=1.0, target=2.0)
    for _ in range(5):
        metrics, _ = other.update_weighted(transitions(), 0.1, np.ones(3, np.float32))
        assert one.update(transitions(), 0.1) == metrics
    assert torch.equal(one.online.weight, other.online.weight)


def test_errors_are_those_before_the_step():
    made = learner(online=1.5, target=2.0)
    wanted_B = targets(made.online, made.target, transitions())
    assert made.online.weight.grad is None
    _, errors_B = made.update_weighted(transitions(), 0.1, None)
    assert errors_B == pytest.approx(np.abs(wanted_B.numpy() - [3, 4.5, 9]), rel=1e-6)


def test_errors_where_every_walk_ended():
    ended = Transitions(sets([1], [2]), np.zeros(2, np.int64), np.array([5.0, -7.0], np.float32), sets(),
                        np.zeros(2, np.float32))  # fmt: skip
    assert learner().update_weighted(ended, 0.1, None)[1].tolist() == [4, 9]


def test_target_network_follows_every_so_many_updates():
    made = learner(target=1.0)
    weights = []
    for _ in range(7):
        made.update(transitions(), 0.1)
        weights.append((float(made.online.weight.detach()), float(made.target.weight)))
    online, target = zip(*weights, strict=True)
    assert target == (1.0, 1.0, online[2], online[2], online[2], online[5], online[5])


def test_no_gradient_flows_into_the_target():
    made = learner(online=1.0, target=2.0)
    made.update(transitions(), 0.1)
    assert made.target.weight.grad is None
    assert not made.target.weight.requires_grad


def test_gradient_is_clipped():
    """The slope of the loss is 11 / 3; plain descent shows the clipped norm."""
    for clip, expected in ((1e9, 11 / 3), (0.5, 0.5)):
        made = learner(gradient_clip=clip)
        made.optimiser = torch.optim.SGD(made.online.parameters())
        made.update(transitions(), 1.0)
        assert float(made.online.weight.detach()) - 1 == pytest.approx(expected, rel=1e-4)


def test_learning_rate_is_that_of_the_update():
    """Adam's first step is as long as its learning rate."""
    for learning_rate in (0.1, 0.003):
        made = learner()
        made.update(transitions(), learning_rate)
        assert float(made.online.weight.detach()) - 1 == pytest.approx(learning_rate, rel=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_batch_in_which_every_walk_ended(count):
    ended = Transitions(
        observation=sets(*[[1, 2]] * count),
        action_B=np.ones(count, np.int64),
        return_B=np.full(count, 7.0, np.float32),
        next_observation=sets(),
        discount_B=np.zeros(count, np.float32),
    )
    assert learner().update(ended, 0.1)["losses/td"] == pytest.approx(4.5)


def test_state_goes_through_a_file_to_the_bit(tmp_path):
    """With Adam's moments and the count of updates: what is learned later is the same."""

    def make(seed):
        torch.manual_seed(seed)
        return DoubleDQN(PointerQNetwork(1, width=8, layers=1, heads=2), target_every=4)

    one, other = make(0), make(1)
    for _ in range(6):
        one.update(transitions(), 1e-2)
    write_state(tmp_path / "learner", copy.deepcopy(one.state_dict()))
    for _ in range(2):
        other.update(transitions((0.1, 0.0, 0.2)), 1e-3)
    other.load_state_dict(read_state(tmp_path / "learner"))
    for _ in range(7):
        assert one.update(transitions(), 1e-2) == other.update(transitions(), 1e-2)
    for name in ("online", "target"):
        for a, b in zip(getattr(one, name).parameters(), getattr(other, name).parameters(), strict=True):
            assert torch.equal(a, b)
