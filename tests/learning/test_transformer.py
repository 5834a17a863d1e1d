import copy

import numpy as np
import pytest
import torch

from archwalk.learning.sets import EncoderLayer, Rows
from archwalk.learning.transformer import FirstTokenQNetwork
from archwalk.testing.transformer import PaddedFirstTokenQNetwork

FEATURES, POSITIONS = 11, 30
LENGTHS = [
    np.array([1]),
    np.array([POSITIONS]),
    np.array([3, 1, 9, 3, 2]),
    np.random.default_rng(0).integers(1, POSITIONS + 1, 75),  # three buckets
]


def network(layers=2, seed=0, width=32, heads=4):
    torch.manual_seed(seed)
    made = FirstTokenQNetwork(FEATURES, width, POSITIONS, layers=layers, heads=heads)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name == "position" or name.endswith("bias"):  # they begin small or at zero
                parameter.normal_()
            elif name.endswith(("project.weight", "encode.0.weight")):  # attention begins nearly uniform
                parameter.mul_(5)
    return made


def features(lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (int(lengths.sum()), FEATURES), generator=generator).float()


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("lengths", LENGTHS, ids=len)
def test_values_and_gradients_are_those_of_pytorchs_encoder(layers, lengths):
    made, x_TF = network(layers), features(lengths)
    padded = PaddedFirstTokenQNetwork(made)
    direction_T = torch.randn(len(x_TF), generator=torch.Generator().manual_seed(1))
    values = []
    for either in (made, padded):
        q_T = either(x_TF, Rows(lengths))
        (q_T * direction_T).sum().backward()
        values.append(q_T)
    torch.testing.assert_close(*values, rtol=1e-5, atol=1e-5)
    theirs = dict(padded.named_parameters())
    ours = {padded.name_here(name): parameter for name, parameter in made.named_parameters()}
    assert ours.keys() == theirs.keys()
    scale = max(float(parameter.grad.abs().max()) for parameter in theirs.values())
    for name, parameter in ours.items():
        torch.testing.assert_close(
            parameter.grad, theirs[name].grad, rtol=1e-5, atol=1e-5 * max(1, scale), msg=name
        )


def test_p1s_sizes():
    """Three layers of 256 from the features, positions, two encoder layers, branches of one hidden layer."""
    made = FirstTokenQNetwork(FEATURES)
    t, encoder_layer = 256, 4 * 256**2 + 4 * 256 + 2 * 2 * 256**2 + 3 * 256 + 4 * 256
    encode = FEATURES * t + t + 2 * (t * t + t)
    branches = 2 * (t * t + t) + 52 * (t + 1)
    assert sum(p.numel() for p in made.parameters()) == encode + 51 * t + 2 * encoder_layer + branches
    assert [type(part).__name__ for part in made.encode] == ["Linear", "ReLU"] * 3
    assert made.last.attention.heads == 4


@torch.no_grad()
def test_order_of_the_neighbours_matters():
    """Unlike a pointer network: an advantage is that of a position."""
    lengths = np.array([5])
    made, x_TF = network(), features(lengths)
    swapped = torch.tensor([0, 2, 1, 3, 4])
    one, other = made(x_TF, Rows(lengths)), made(x_TF[swapped], Rows(lengths))
    assert (one - other).abs().max() > 1e-3
    assert not torch.allclose(one[swapped], other, atol=1e-3)


@torch.no_grad()
def test_positions_begin_small_and_alone_tell_like_elements_apart():
    torch.manual_seed(0)
    made = FirstTokenQNetwork(FEATURES, 16, 40)
    assert made.position.std() == pytest.approx(0.02, rel=0.1)
    x_TF = features(np.array([4]))
    before = made(x_TF, Rows(np.array([4])))
    made.position.zero_()
    again = made(x_TF[[0, 3, 2, 1]], Rows(np.array([4])))
    torch.testing.assert_close(made(x_TF, Rows(np.array([4]))), again, rtol=1e-5, atol=1e-6)
    assert not torch.equal(before, again)


@torch.no_grad()
def test_the_mean_is_that_of_present_actions():
    """The mean Q of a row is its state-value, whatever the advantages of absent actions are."""
    lengths = LENGTHS[2]
    made, x_TF = network(), features(lengths)
    q_T, rows = made(x_TF, Rows(lengths)), Rows(lengths)
    made.advantage[2].bias[int(lengths.max()) :] += 1e6
    torch.testing.assert_close(made(x_TF, rows), q_T)
    made.advantage[2].weight.zero_()
    made.advantage[2].bias.zero_()
    mean_B = torch.zeros(len(lengths)).index_add(0, rows.row_T, q_T) / torch.from_numpy(lengths)
    torch.testing.assert_close(made(x_TF, rows)[rows.firsts_B], mean_B, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_rows_do_not_see_each_other():
    lengths = LENGTHS[3]
    made, x_TF = network(), features(lengths)
    q_T, ends = made(x_TF, Rows(lengths)), np.cumsum(lengths)
    for b in (0, 17, 74):
        row = slice(ends[b] - lengths[b], ends[b])
        torch.testing.assert_close(made(x_TF[row], Rows(lengths[b : b + 1])), q_T[row], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bucket_rows", [1, 2, 7, 100])
def test_the_size_of_buckets_does_not_matter(bucket_rows):
    lengths = LENGTHS[3]
    made, x_TF = network(), features(lengths)
    q_T = made(x_TF, Rows(lengths, bucket_rows))
    torch.testing.assert_close(q_T, made(x_TF, Rows(lengths)), rtol=1e-5, atol=1e-5)


def test_gradient_of_one_row_does_not_touch_the_others():
    lengths = LENGTHS[3]
    x_TF = features(lengths).requires_grad_()
    made, rows = network(), Rows(lengths)
    made(x_TF, rows)[rows.row_T == 17].sum().backward()
    touched = x_TF.grad.abs().sum(1) > 0
    assert (rows.row_T[touched] == 17).all()
    assert touched.any()


@pytest.mark.parametrize("lengths", LENGTHS, ids=len)
def test_a_layer_asked_for_the_first_gives_what_it_gives_the_first(lengths):
    torch.manual_seed(0)
    layer, rows = EncoderLayer(16, 4, 32), Rows(lengths)
    other = copy.deepcopy(layer)
    x_TD = torch.randn(int(lengths.sum()), 16)
    one_BD, other_BD = layer.first(x_TD, rows), other(x_TD, rows)[rows.firsts_B]
    torch.testing.assert_close(one_BD, other_BD, rtol=1e-5, atol=1e-5)
    for out_BD in (one_BD, other_BD):
        out_BD[:, 0].square().sum().backward()
    for a, b in zip(layer.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-5)


def test_more_elements_than_positions_are_refused():
    lengths = np.array([2, POSITIONS + 1])
    with pytest.raises(ValueError, match="31 elements, the network 30 positions"):
        network()(features(lengths), Rows(lengths))


@pytest.mark.parametrize("sizes", [{"layers": 0}, {"encoder_layers": 0}])
def test_a_network_without_layers_is_refused(sizes):
    with pytest.raises(ValueError, match="at least 1 layer"):
        FirstTokenQNetwork(FEATURES, 8, 4, heads=2, **sizes)
