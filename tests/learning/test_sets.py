import numpy as np
import pytest
import torch
from torch.nn import functional

from archwalk.learning.double_dqn import greedy
from archwalk.learning.sets import PointerQNetwork, Rows

FEATURES = 11
LENGTHS = [
    np.array([1]),
    np.array([5]),
    np.array([3, 1, 9, 3, 2]),
    np.random.default_rng(0).integers(1, 30, 75),  # three buckets
]


def network(layers, seed=0, width=16):
    torch.manual_seed(seed)
    made = PointerQNetwork(FEATURES, width=width, layers=layers, heads=4)
    with torch.no_grad():
        made.mark.normal_()  # it begins at zero
    return made


def features(lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (int(lengths.sum()), FEATURES), generator=generator).float()


@torch.no_grad()
def naive(made, x_TF, lengths):
    """Row by row with PyTorch's own attention on padded sets; nothing of `Rows`."""
    width, heads = made.mark.shape[0], made.layers[0].attention.heads if made.layers else 1
    longest = int(lengths.max())
    values, first = [], 0
    for length in lengths.tolist():
        row = torch.zeros(longest, FEATURES)
        row[:length] = x_TF[first : first + length]
        first += length
        x = made.encode(row)
        x[0] += made.mark
        padding = torch.arange(longest) >= length
        for layer in made.layers:
            attention = layer.attention
            mixed, _ = functional.multi_head_attention_forward(
                x[:, None], x[:, None], x[:, None], width, heads,
                attention.project.weight, attention.project.bias, None, None, False, 0.0,
                attention.merge.weight, attention.merge.bias,
                training=False, key_padding_mask=padding[None], need_weights=False,
            )  # fmt: skip
            x = layer.norm_attention(x + mixed[:, 0])
            x = layer.norm_feed_forward(x + layer.feed_forward(x))
        advantage = made.advantage(x)[:length, 0]
        advantage[0] = made.advantage_first(x[0])[0]
        values.append(made.value(x[0])[0] + advantage - advantage.mean())
    return torch.cat(values)


@pytest.mark.parametrize("layers", [0, 1, 2])
@pytest.mark.parametrize("lengths", LENGTHS, ids=len)
def test_flat_buckets_equal_the_padded_computation(layers, lengths):
    made, x_TF = network(layers), features(lengths)
    torch.testing.assert_close(made(x_TF, Rows(lengths)), naive(made, x_TF, lengths), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bucket_rows", [1, 2, 7, 100])
def test_the_size_of_buckets_does_not_matter(bucket_rows):
    lengths = LENGTHS[3]
    made, x_TF = network(1), features(lengths)
    q_T = made(x_TF, Rows(lengths, bucket_rows))
    torch.testing.assert_close(q_T, made(x_TF, Rows(lengths)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_order_of_the_neighbours_permutes_the_values(layers):
    lengths = np.array([4, 9, 1])
    made, x_TF = network(layers), features(lengths)
    order = torch.cat(
        [
            torch.tensor([0, 3, 1, 2, 4]),
            5 + torch.randperm(8, generator=torch.Generator().manual_seed(1)),
            torch.tensor([13]),
        ]
    )
    q_T = made(x_TF, Rows(lengths))
    assert q_T.unique().numel() > 5
    torch.testing.assert_close(made(x_TF[order], Rows(lengths)), q_T[order], rtol=1e-5, atol=1e-5)


def test_the_first_element_is_special():
    lengths = np.array([4])
    made, x_TF = network(1), features(lengths)
    swapped = torch.tensor([1, 0, 2, 3])
    q_T = made(x_TF, Rows(lengths))
    assert not torch.allclose(made(x_TF[swapped], Rows(lengths)), q_T[swapped], atol=1e-3)


@pytest.mark.parametrize("layers", [0, 1])
def test_rows_do_not_see_each_other(layers):
    lengths = LENGTHS[3]
    made, x_TF = network(layers), features(lengths)
    q_T, ends = made(x_TF, Rows(lengths)), np.cumsum(lengths)
    for b in (0, 17, 74):
        row = slice(ends[b] - lengths[b], ends[b])
        torch.testing.assert_close(made(x_TF[row], Rows(lengths[b : b + 1])), q_T[row], rtol=1e-5, atol=1e-5)


def test_without_layers_an_advantage_is_that_of_its_element():
    """Q differs between two moves by the same amount whatever else is presented."""
    made = network(0)
    x_TF = features(np.array([6]))
    few, many = made(x_TF[:3], Rows(np.array([3]))), made(x_TF, Rows(np.array([6])))
    torch.testing.assert_close(many[1] - many[2], few[1] - few[2], rtol=1e-5, atol=1e-6)
    attending = network(1)
    few, many = attending(x_TF[:3], Rows(np.array([3]))), attending(x_TF, Rows(np.array([6])))
    assert not torch.allclose(many[1] - many[2], few[1] - few[2], atol=1e-5)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_gradients_reach_every_parameter(layers):
    lengths = LENGTHS[3]
    made = network(layers)
    made(features(lengths), Rows(lengths)).square().sum().backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0 or name.endswith("project.bias"), name


def test_gradient_of_one_row_does_not_touch_the_others():
    lengths = LENGTHS[3]
    x_TF = features(lengths).requires_grad_()
    made, rows = network(1), Rows(lengths)
    made(x_TF, rows)[rows.row_T == 17].sum().backward()
    touched = x_TF.grad.abs().sum(1) > 0
    assert (rows.row_T[touched] == 17).all()
    assert touched.any()


def test_rows_say_where_they_lie():
    rows = Rows(np.array([3, 1, 2]))
    assert rows.firsts_B.tolist() == [0, 3, 4]
    assert rows.row_T.tolist() == [0, 0, 0, 1, 2, 2]
    padded = rows.pad(torch.arange(6.0), 4, -1.0)
    assert padded.tolist() == [[0, 1, 2, -1], [3, -1, -1, -1], [4, 5, -1, -1]]


def test_greedy_stays_within_each_row():
    rows = Rows(np.array([3, 1, 2]))
    q_T = torch.tensor([-5.0, -3.0, -4.0, -9.0, -2.0, -7.0])
    assert greedy(q_T, rows).tolist() == [1, 0, 0]
