import copy

import numpy as np
import pytest
import torch
from torch import nn

from archwalk.errors import UsageError
from archwalk.estimators.zero_cost import activation_kernel, naswot
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.strategies.naswot import NaswotSettings, Proxy


class Branches(nn.Module):
    """One ReLU that is used twice, one that is computed in vain, dropout and normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.vain = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(3, 50)
        self.norm, self.drop = nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.relu, self.vain_relu = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        self.vain_relu(self.vain(x))
        return self.relu(self.second(self.drop(self.relu(self.norm(self.first(x))))))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Branches()


@pytest.fixture
def inputs():
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(1))


def naive_kernel(network, inputs):
    """Compares every two inputs unit by unit."""
    with torch.no_grad():
        one = network.first(inputs)
        one = (one - one.mean(0)) / (one.var(0, unbiased=False) + network.norm.eps).sqrt()
        two = network.second(one.clamp_min(0))
    units = torch.cat([one, two], dim=1)
    kernel = np.zeros((len(inputs), len(inputs)))
    for i in range(len(inputs)):
        for j in range(len(inputs)):
            for a, b in zip(units[i].tolist(), units[j].tolist(), strict=True):
                kernel[i, j] += (a > 0) == (b > 0)
    return kernel


def test_kernel_and_determinant_are_those_of_a_naive_loop(network, inputs):
    kernel = naive_kernel(network, inputs)
    np.testing.assert_array_equal(activation_kernel(network, inputs), kernel)
    assert naswot(network, inputs) == pytest.approx(np.log(np.linalg.det(kernel)))


def test_the_network_stays_as_it_was(network, inputs):
    network.eval()
    before = copy.deepcopy(network.state_dict())
    first = naswot(network, inputs)
    assert not network.training
    assert not network.relu._forward_hooks
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert naswot(network, inputs) == first


def test_inputs_that_cannot_be_told_apart_score_lowest(network, inputs):
    assert naswot(network, inputs[[0, 1, 0]]) == -np.inf
    assert naswot(nn.Linear(3, 2), inputs) == -np.inf  # no ReLU at all


def test_scores_depend_on_the_seed_alone():
    space = NASBench201()
    codes_BL = space.sample(np.random.default_rng(0), 3)
    sizes = {"channels": 4, "batch": 4, "resolution": 8}
    before = torch.get_rng_state()
    first = Proxy(space, NaswotSettings(**sizes)).scores(codes_BL)
    torch.randn(3)
    np.testing.assert_array_equal(Proxy(space, NaswotSettings(**sizes)).scores(codes_BL[::-1])[::-1], first)
    assert not np.array_equal(Proxy(space, NaswotSettings(**sizes, seed=1)).scores(codes_BL), first)
    torch.set_rng_state(before)


def test_a_cell_that_passes_nothing_on_scores_lowest():
    space = NASBench201()
    nothing = space.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    settings = NaswotSettings(channels=4, batch=4, resolution=8)
    assert Proxy(space, settings).scores(nothing[None]).tolist() == [-np.inf]


def test_networks_without_images_are_refused(proteins):
    with pytest.raises(UsageError, match="networks of nasbench_graph are for node-classification"):
        Proxy(proteins, NaswotSettings())
