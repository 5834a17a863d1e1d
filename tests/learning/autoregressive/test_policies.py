"""Policies over strings: distributions, autoregressive in the order of each string, and drawn from as they say."""

from itertools import permutations, product

import numpy as np
import pytest
import torch

from archwalk.learning.autoregressive import LSTM, MAADE, MADE, NADE, Independent, Strings
from archwalk.learning.autoregressive.strings import draw, initial_weights

SIZES = (2, 3, 1, 2)
STRINGS = Strings(SIZES)
WIDTH = 5
POLICIES = {
    "maade": MAADE(STRINGS, WIDTH),
    "maade of two blocks": MAADE(STRINGS, WIDTH, blocks=2),
    "maade, one embedding": MAADE(Strings(SIZES, families=False), WIDTH),
    "made": MADE(STRINGS, WIDTH),
    "nade": NADE(STRINGS, WIDTH),
    "lstm": LSTM(STRINGS, WIDTH),
    "independent": Independent(STRINGS, WIDTH),
}


@pytest.fixture(params=POLICIES)
def policy(request):
    return POLICIES[request.param]


def large_weights(policy, policies=2, seed=0):
    """Weights so large that probabilities differ."""
    weights = initial_weights(policy.shapes(), policies, np.random.default_rng(seed))
    return {name: 4 * weight for name, weight in weights.items()}


def every_string():
    return torch.tensor(list(product(*map(range, SIZES))))


def positions(order, shape):
    """Places in an order, given as decisions one after the other."""
    return torch.tensor(np.argsort(order)).expand(*shape, len(order))


def of_strings(policy, weights, choices_KBN, position_KBN):
    answer = policy.log_probabilities(weights, choices_KBN, position_KBN)
    return answer.gather(-1, choices_KBN[..., None])[..., 0].sum(-1)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_probabilities_of_all_strings_sum_to_one(policy, order):
    choices_KBN = every_string().expand(2, -1, -1)
    weights = large_weights(policy)
    sums_K = of_strings(policy, weights, choices_KBN, positions(order, choices_KBN.shape[:2])).exp().sum(1)
    torch.testing.assert_close(sums_K, torch.ones(2))


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_a_decision_depends_on_those_before_it_in_the_order_alone(policy, order):
    choices_KBN = every_string().expand(2, -1, -1)
    answer = policy.log_probabilities(
        large_weights(policy), choices_KBN, positions(order, choices_KBN.shape[:2])
    )
    strings = every_string().tolist()
    for place, decision in enumerate(order):
        known = [tuple(string[j] for j in order[:place]) for string in strings]
        for a, b in product(range(len(strings)), repeat=2):
            if known[a] == known[b]:
                torch.testing.assert_close(answer[:, a, decision], answer[:, b, decision])


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "independent"])
def test_a_decision_does_depend_on_each_before_it(name):
    policy, order = POLICIES[name], (3, 1, 0, 2)
    weights = large_weights(policy)
    for place, decision in enumerate(order):
        for earlier in order[:place]:
            if SIZES[earlier] == 1 or SIZES[decision] == 1:
                continue
            choices_KBN = torch.zeros(2, 2, 4, dtype=torch.long)
            choices_KBN[:, 1, earlier] = 1
            answer = policy.log_probabilities(weights, choices_KBN, positions(order, (2, 2)))[:, :, decision]
            assert (answer[:, 0, 0] - answer[:, 1, 0]).abs().min() > 1e-6


def test_values_that_a_decision_does_not_have_are_impossible(policy):
    choices_KBN = every_string().expand(2, -1, -1)
    answer = policy.log_probabilities(
        large_weights(policy), choices_KBN, positions(range(4), choices_KBN.shape[:2])
    )
    for decision, size in enumerate(SIZES):
        assert torch.isfinite(answer[:, :, decision, :size]).all()
        assert (answer[:, :, decision, size:] == -torch.inf).all()


def test_policies_side_by_side_do_not_touch_each_other(policy):
    weights = large_weights(policy, 3)
    choices_KBN = every_string().expand(3, -1, -1)
    position_KBN = positions((2, 0, 3, 1), choices_KBN.shape[:2])
    together = policy.log_probabilities(weights, choices_KBN, position_KBN)
    for k in range(3):
        alone = policy.log_probabilities(
            {name: weight[k : k + 1] for name, weight in weights.items()},
            choices_KBN[k : k + 1],
            position_KBN[k : k + 1],
        )
        torch.testing.assert_close(alone[0], together[k])


def test_samples_have_the_probabilities_that_are_said(policy):
    weights, draws, order = large_weights(policy, 1), 20_000, (1, 3, 0, 2)
    position_KBN = positions(order, (1, draws))
    uniform = torch.from_numpy(np.random.default_rng(0).random((1, draws, 4))).float()
    drawn = policy.sample(weights, position_KBN, uniform)[0]
    strings = every_string()
    expected = of_strings(policy, weights, strings[None], positions(order, (1, len(strings)))).exp()[0]
    seen = torch.stack([(drawn == string).all(1).float().mean() for string in strings])
    assert (seen - expected).abs().max() < 4 * 0.5 / draws**0.5


def test_a_sample_of_mixed_orders_is_that_of_each_order_alone(policy):
    weights = large_weights(policy, 1)
    uniform = torch.from_numpy(np.random.default_rng(0).random((1, 2, 4))).float()
    orders = [(1, 3, 0, 2), (2, 0, 3, 1)]
    both = torch.cat([positions(order, (1, 1)) for order in orders], 1)
    mixed = policy.sample(weights, both, uniform)
    for b, order in enumerate(orders):
        alone = policy.sample(weights, positions(order, (1, 1)), uniform[:, b : b + 1])
        torch.testing.assert_close(alone[:, 0], mixed[:, b])


def test_draw_never_gives_an_impossible_value():
    log_probability = torch.tensor([[[0.0, -torch.inf], [-torch.inf, 0.0]]])
    for u in (0.0, 0.5, 1.0 - 1e-7):
        drawn = draw(log_probability, torch.full((1, 2), u))
        torch.testing.assert_close(drawn, torch.tensor([[0, 1]]))


def test_an_embedding_is_shared_within_families_or_by_all():
    assert Strings((2, 3, 2)).embedding_ND.tolist() == [[0, 1, 1], [2, 3, 4], [0, 1, 1]]
    assert Strings((2, 3, 2), families=False).embedding_ND.tolist() == [[0, 1, 1], [0, 1, 2], [0, 1, 1]]


@pytest.mark.parametrize("blocks", [1, 2])
def test_maade_is_p4_s_equations_written_out(blocks):
    """Equations (4) to (9) for one string, one decision at a time, without tables and masks."""
    policy = MAADE(STRINGS, WIDTH, blocks)
    weights = {name: weight[0] for name, weight in large_weights(policy, 1).items()}
    string, order = [1, 2, 0, 1], [3, 1, 0, 2]
    vectors = weights["decision"]
    values = weights["value"][STRINGS.embedding_ND[torch.arange(4), torch.tensor(string)]]

    def attention(m, query, keys):
        if not keys:
            return torch.zeros(WIDTH)
        score = [
            torch.tanh(query @ weights[f"query{m}"] + key @ weights[f"key{m}"]) @ weights[f"score{m}"]
            for key in keys
        ]
        share = torch.stack(score).softmax(0)
        return sum(w * key for w, key in zip(share, keys, strict=True))

    def pos_ff(m, x):
        return (
            torch.tanh(x @ weights[f"first{m}"] + weights[f"first_bias{m}"]) @ weights[f"second{m}"]
            + weights[f"second_bias{m}"]
        )

    queries, keys = [vectors[i] for i in range(4)], [values[i] + vectors[i] for i in range(4)]
    for m in range(blocks):
        seen = {i: [keys[j] for j in order[:place]] for place, i in enumerate(order)}
        queries, keys = (
            [pos_ff(m, queries[i] + attention(m, queries[i], seen[i])) for i in range(4)],
            [pos_ff(m, keys[i] + attention(m, keys[i], [*seen[i], keys[i]])) for i in range(4)],
        )
    answer = policy.log_probabilities(
        {name: weight[None] for name, weight in weights.items()},
        torch.tensor(string)[None, None],
        positions(order, (1, 1)),
    )[0, 0]
    for i, size in enumerate(SIZES):
        logits = weights["density"][i, :size] @ queries[i] + weights["density_bias"][i, :size]
        torch.testing.assert_close(answer[i, :size], logits.log_softmax(0), atol=1e-5, rtol=1e-5)


def test_context_parameters_grow_as_table_2_says():
    def count(policy):
        return sum(int(np.prod(shape)) for shape, _ in policy.context_shapes().values())

    short, long = Strings((2,) * 5), Strings((2,) * 10)
    for made, power in ((MAADE, 0), (LSTM, 0), (NADE, 1), (MADE, 2)):
        assert count(made(long, 64)) / count(made(short, 64)) == pytest.approx(2**power, rel=0.02)
        assert count(made(short, 128)) / count(made(short, 64)) == pytest.approx(4, rel=0.02)
