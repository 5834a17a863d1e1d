# ruff: noqa: D102 (the names of the tests say what they test)
"""What every proxy must do. A proxy is tested by inheriting this, with a fixture `proxy`:

class TestMyProxy(ProxyConformance):
    @pytest.fixture
    @classmethod
    def proxy(cls) -> Proxy:
        return MY_PROXY
"""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from archwalk.estimators.zero_cost import Batch, Proxy, Scorer, random_batch
from archwalk.learning.seeding import made_from
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench201.size import NASBench201Size
from archwalk.spaces.task import Task

TASK = Task((3, 8, 8), 10)
SIZE = NASBench201Size(4, cells_per_stage=1)


class ProxyConformance:
    """Tests of the contract `Proxy`."""

    @pytest.fixture
    def batch(self) -> Batch:
        return random_batch(TASK, 8, seed=1)

    @pytest.fixture
    def network(self) -> nn.Module:
        """A small network with normalisation, and dropout on top."""
        space = NASBench201()
        code_L = space.parse(
            "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
        )
        return nn.Sequential(made_from(0, lambda: space.build(code_L, TASK, SIZE)), nn.Dropout(0.5))

    def test_says_where_it_is_from(self, proxy: Proxy) -> None:
        assert proxy.citation

    def test_the_same_network_scores_the_same(self, proxy: Proxy, network: nn.Module, batch: Batch) -> None:
        first = proxy.score(network, batch)
        torch.randn(3)
        assert isinstance(first, float)
        assert math.isfinite(first)
        assert proxy.score(copy.deepcopy(network), batch) == first

    def test_the_network_stays_as_it_was(self, proxy: Proxy, network: nn.Module, batch: Batch) -> None:
        before, state = copy.deepcopy(network.state_dict()), torch.get_rng_state()
        network.eval()
        proxy.score(network, batch)
        assert torch.equal(torch.get_rng_state(), state), "it draws"
        assert not network.training
        assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
        assert all(weight.grad is None for weight in network.parameters())
        assert not any(module._forward_hooks for module in network.modules())

    def test_the_batch_stays_as_it_was(self, proxy: Proxy, network: nn.Module, batch: Batch) -> None:
        inputs, targets = batch.inputs.clone(), batch.targets.clone()
        proxy.score(network, batch)
        assert torch.equal(batch.inputs, inputs)
        assert torch.equal(batch.targets, targets)
        assert not batch.inputs.requires_grad

    def test_ranks_the_networks_of_a_space(self, proxy: Proxy, batch: Batch) -> None:
        """By their weights' seed and the batch alone, in any order."""
        space = NASBench201()
        codes_BL = space.sample(np.random.default_rng(0), 6)
        one, again = (Scorer(space, proxy, TASK, batch, size=SIZE, seed=2) for _ in range(2))
        scores_B = one.scores(codes_BL)
        np.testing.assert_array_equal(again.scores(codes_BL[::-1])[::-1], scores_B)
        assert len(set(scores_B.tolist())) > 2, "it tells networks apart"
