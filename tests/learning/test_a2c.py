from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.learning.a2c import (
    A2C,
    A2CSettings,
    RecurrentActorCritic,
    Segment,
    decide,
    draw_actions,
    value,
)
from archwalk.learning.returns import segment_returns

S, B, X, A, W = 4, 3, 5, 6, 7


def make_network(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = RecurrentActorCritic(X, W, A)
        for weight in network.parameters():  # the first policy is nearly uniform, which would hide mistakes
            torch.nn.init.normal_(weight, std=0.5)
    return network


def make_segment(seed=0, masks=False, ends=True):
    rng = np.random.default_rng(seed)
    memory = tuple(torch.from_numpy(rng.normal(size=(B, W))).float() for _ in range(2))
    action_SB = rng.integers(0, A, (S, B))
    mask_SBA = rng.random((S, B, A)) < 0.5
    np.put_along_axis(mask_SBA, action_SB[..., None], True, axis=2)
    terminated_SB = (rng.random((S, B)) < 0.3) & ends
    truncated_SB = (rng.random((S, B)) < 0.3) & ~terminated_SB & ends
    return Segment(
        rng.normal(size=(S, B, X)).astype(np.float32), memory, action_SB, rng.random((S, B)) < 0.8,
        rng.normal(size=(S, B)), terminated_SB, truncated_SB, rng.normal(size=(S, B)), rng.normal(size=B),
        mask_SBA if masks else None,
    )  # fmt: skip


def naive_return(segment, s, b, gamma):
    total, weight = 0.0, 1.0
    for at in range(s, S):
        total += weight * segment.reward_SB[at, b]
        weight *= gamma
        if segment.terminated_SB[at, b]:
            return total
        if segment.truncated_SB[at, b]:
            return total + weight * segment.cut_value_SB[at, b]
    return total + weight * segment.last_value_B[b]


def naive_loss(network, segment, settings):
    """One environment and one step at a time, the LSTM by its equations."""
    lstm, loss = network.lstm, torch.tensor(0.0)
    for b in range(B):
        h, c = segment.memory[0][b], segment.memory[1][b]
        for s in range(S):
            x = torch.from_numpy(segment.inputs_SBX[s, b])
            gates = lstm.weight_ih_l0 @ x + lstm.bias_ih_l0 + lstm.weight_hh_l0 @ h + lstm.bias_hh_l0
            i, f, g, o = gates.chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            logits = network.policy.weight @ h + network.policy.bias
            estimate = (network.value.weight @ h + network.value.bias)[0]
            allowed = range(A) if segment.mask_SBA is None else np.flatnonzero(segment.mask_SBA[s, b])
            normal = sum(logits[a].exp() for a in allowed)
            chances = {a: logits[a].exp() / normal for a in allowed}
            wanted = naive_return(segment, s, b, settings.gamma)
            loss = loss + settings.value_weight * (estimate - wanted) ** 2
            loss = loss + settings.entropy_weight * sum(p * p.log() for p in chances.values())
            if segment.drawn_SB[s, b]:
                loss = loss - (wanted - estimate.detach()) * chances[segment.action_SB[s, b]].log()
    return loss / (S * B)


@pytest.mark.parametrize("masks", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_the_naive_one(seed, masks):
    settings = A2CSettings(gamma=0.8, entropy_weight=0.3, value_weight=0.7)
    network, segment = make_network(seed), make_segment(seed, masks)
    loss, _ = A2C(network, settings).loss(segment)
    expected = naive_loss(network, segment, settings)
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-5)
    found = torch.autograd.grad(loss, list(network.parameters()))
    wanted = torch.autograd.grad(expected, list(network.parameters()))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert all(gradient.abs().sum() > 0 for gradient in found)


def test_returns_end_at_terminations_and_go_on_from_truncations():
    """Three environments: nothing ends, the second step terminates, the second step is cut off."""
    reward_SB = np.ones((3, 3))
    terminated_SB, truncated_SB = np.zeros((3, 3), bool), np.zeros((3, 3), bool)
    terminated_SB[1, 1] = truncated_SB[1, 2] = True
    cut_value_SB = np.full((3, 3), 100.0)
    returns = segment_returns(reward_SB, terminated_SB, truncated_SB, cut_value_SB, np.full(3, 8.0), 0.5)
    np.testing.assert_allclose(
        returns, [[1 + 0.5 + 0.25 + 1, 1.5, 1.5 + 25], [1 + 0.5 + 2, 1.0, 51.0], [5.0, 5.0, 5.0]]
    )


@pytest.mark.parametrize("seed", range(3))
def test_returns_are_the_naive_ones(seed):
    segment = make_segment(seed)
    returns = segment_returns(
        segment.reward_SB, segment.terminated_SB, segment.truncated_SB, segment.cut_value_SB,
        segment.last_value_B, 0.9,
    )  # fmt: skip
    for s in range(S):
        for b in range(B):
            assert returns[s, b] == pytest.approx(naive_return(segment, s, b, 0.9))


def test_acting_step_by_step_remembers_what_learning_sees():
    network, segment = make_network(), make_segment()
    memory = segment.memory
    logits_SBA, value_SB, last = network(torch.from_numpy(segment.inputs_SBX), memory)
    for s in range(S):
        np.testing.assert_allclose(
            value(network, segment.inputs_SBX[s], memory), value_SB[s].detach(), atol=1e-6
        )
        decision = decide(network, segment.inputs_SBX[s], memory, np.zeros(B))
        entropy_B = torch.distributions.Categorical(logits=logits_SBA[s]).entropy().detach()
        np.testing.assert_allclose(decision.entropy_B, entropy_B, atol=1e-5)
        memory = decision.memory
    for one, other in zip(memory, last, strict=True):
        torch.testing.assert_close(one, other)


def test_actions_are_drawn_from_the_policy_and_the_mask():
    network, n = make_network(), 20_000
    inputs_BX = np.repeat(np.ones((1, X), np.float32), n, axis=0)
    mask_BA = np.repeat(np.array([[True, False, True, True, False, True]]), n, axis=0)
    for mask in (None, mask_BA):
        action_B = decide(
            network, inputs_BX, network.blank(n), np.random.default_rng(0).random(n), mask
        ).action_B
        logits = network(torch.from_numpy(inputs_BX[None, :1]), network.blank(1))[0][0, 0]
        if mask is not None:
            logits = logits.masked_fill(~torch.from_numpy(mask[0]), -torch.inf)
        np.testing.assert_allclose(
            np.bincount(action_B, minlength=A) / n, logits.softmax(0).detach(), atol=0.012
        )
        assert mask is None or mask[0][action_B].all()


def test_draws_at_the_edges_are_possible_actions():
    probability_BA = np.array([[0.0, 0.1, 0.0, 0.9, 0.0]] * 3)
    uniform_B = np.array([0.0, 0.1, np.nextafter(1, 0)])
    assert draw_actions(probability_BA, uniform_B).tolist() == [1, 3, 3]


def test_it_learns_a_bandit_and_the_gradient_is_clipped():
    network = RecurrentActorCritic(X, 16, A)
    learner, rng = A2C(network, A2CSettings(learning_rate=1e-2)), np.random.default_rng(0)
    base = make_segment(ends=False)
    blank, inputs = network.blank(B), np.ones((S, B, X), np.float32)
    for _ in range(150):
        action_SB = np.stack([decide(network, inputs[0], blank, rng.random(B)).action_B for _ in range(S)])
        learner.learn(
            replace(
                base, inputs_SBX=inputs, memory=blank, action_SB=action_SB, drawn_SB=np.ones((S, B), bool),
                reward_SB=(action_SB == 2) * 1.0, terminated_SB=np.ones((S, B), bool),
            )
        )  # fmt: skip
    late = decide(network, inputs[0], blank, np.full(B, 0.5)).action_B
    assert late.tolist() == [2, 2, 2]
    assert learner.updates == 150
    norm = torch.cat([p.grad.flatten() for p in network.parameters()]).norm()
    assert norm <= 0.5 + 1e-5


def test_goes_on_from_its_state():
    one = A2C(make_network(), A2CSettings())
    one.learn(make_segment(0))
    other = A2C(make_network(5), A2CSettings())
    other.load_state_dict(one.state_dict())
    for learner in (one, other):
        learner.learn(make_segment(1))
    for a, b in zip(one.network.parameters(), other.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert one.updates == other.updates == 2
