"""The space `convnet`: its contract, with and without limits, and what its networks cost."""

import numpy as np
import pytest
import torch

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.convnet import MEMBERS, ConvNet, Limits
from archwalk.spaces.convnet.code import SIZE
from archwalk.testing.spaces import SpaceConformance

SMALL = Limits(max_parameters=50_000, max_macs=4_000_000, max_megabytes=0.6)


class TestConvNet(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> ConvNet:
        return ConvNet()


class TestLimitedConvNet(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> ConvNet:
        return ConvNet((1, 28, 28), 10, SMALL)


def test_the_space_is_large_and_goes_from_small_to_large() -> None:
    space = ConvNet()
    parameters = space.costs(space.sample(np.random.default_rng(0), 2000)).parameters_B
    assert SIZE > 10**12
    assert parameters.min() < 5_000
    assert parameters.max() > 3_000_000


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 8, 8), (3, 45, 20)])
def test_costs_are_those_of_the_built_network(shape: tuple[int, int, int]) -> None:
    space = ConvNet(shape, 7)
    codes_BL = space.sample(np.random.default_rng(5), 10)
    costs = space.costs(codes_BL)
    for b, code_L in enumerate(codes_BL):
        with torch.device("meta"):
            network = space.build(code_L).eval()
        assert sum(p.numel() for p in network.parameters()) == costs.parameters_B[b]
        running = [v for name, v in network.named_buffers() if "running" in name]
        assert sum(map(torch.Tensor.numel, running)) == costs.statistics_B[b]
        macs, activations, depthwise, peak = _counted(network, shape)
        assert macs == costs.macs_B[b]
        assert activations == costs.activations_B[b]
        assert depthwise == costs.depthwise_B[b]
        assert peak == costs.peak_B[b]


def _counted(network: torch.nn.Module, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """MACs, numbers given by convolutions, by depthwise ones, and most numbers in feature maps at a time, of a pass."""
    graph = torch.fx.symbolic_trace(network).graph
    modules = dict(network.named_modules())
    last_use = {before: node for node in graph.nodes for before in node.all_input_nodes}
    maps: dict[torch.fx.Node, int] = {}
    values: dict[torch.fx.Node, torch.Tensor] = {}
    macs = activations = depthwise = peak = 0
    for node in graph.nodes:
        if node.op == "output":
            break
        inputs = [values[before] for before in node.all_input_nodes]
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        if node.op == "placeholder":
            value = torch.empty((1, *shape), device="meta")
        elif module is not None:
            value = module(*inputs)
        elif node.op == "call_method":
            value = getattr(inputs[0], str(node.target))(*node.args[1:], **node.kwargs)
        else:
            value = node.target(*inputs)
        values[node] = value
        if isinstance(module, torch.nn.Conv2d):
            macs += module.weight.numel() * value.shape[2] * value.shape[3]
            activations += value.numel()
            depthwise += value.numel() * (module.groups > 1)
        elif isinstance(module, torch.nn.Linear):
            macs += module.weight.numel()
        # Convolutions give new maps, all else works in its first input's place; vectors are none.
        is_new = node.op == "placeholder" or isinstance(module, torch.nn.Conv2d)
        is_map = value.ndim == 4 and not _is_vector(node, modules)
        maps[node] = value.numel() if is_new and is_map else 0
        if not is_new and node.all_input_nodes:
            first = max(node.all_input_nodes, key=lambda before: maps[before])
            if last_use[first] is node:
                maps[node], maps[first] = maps[first], 0
        peak = max(peak, sum(maps.values()))
        for before in node.all_input_nodes:
            if last_use[before] is node:
                maps[before] = 0
    return macs, activations, depthwise, peak


def _is_vector(node: torch.fx.Node, modules: dict[str, torch.nn.Module]) -> bool:
    return "reduce" in str(node.target) or "expand" in str(node.target) or node.target == "mean"


def test_limits_hold_for_all_that_is_drawn_and_walked_to() -> None:
    space = ConvNet((1, 28, 28), 10, SMALL)
    codes_BL = space.sample(np.random.default_rng(1), 300)
    reached_EL = space.neighbours(codes_BL[:50]).codes_EL
    strings = np.random.default_rng(2).integers(0, space.choices, (300, space.code_length), dtype=np.int32)
    named_BL = space.from_choices(strings)
    named_BL = named_BL[named_BL[:, 0] >= 0]
    for some_BL in (codes_BL, reached_EL, named_BL):
        costs = space.costs(some_BL)
        assert costs.parameters_B.max() <= 50_000
        assert costs.macs_B.max() <= 4_000_000
        assert costs.megabytes_B.max() <= 0.6
    assert len(np.unique(codes_BL, axis=0)) > 250, "what is within the limits is still many networks"


def test_limits_that_thesmallest_network_just_keeps_leave_it() -> None:
    free = ConvNet((1, 28, 28), 10)
    smallest = free.costs(free.smallest)
    tight = Limits(max_parameters=int(smallest.parameters_B.min()))
    codes_BL = ConvNet((1, 28, 28), 10, tight).sample(np.random.default_rng(0), 5)
    np.testing.assert_array_equal(free.costs(codes_BL).parameters_B, smallest.parameters_B.min())


@pytest.mark.parametrize(
    "limits", [Limits(max_parameters=50), Limits(max_macs=10), Limits(max_megabytes=1e-6)]
)
def test_limits_that_nothing_keeps_are_refused_with_thesmallest_network(limits: Limits) -> None:
    with pytest.raises(UsageError, match=r"the smallest has \d[\d,]* parameters, \d[\d,]* MACs and"):
        ConvNet((1, 28, 28), 10, limits)


def test_a_limit_is_above_zero() -> None:
    with pytest.raises(UsageError, match="max_parameters must be above 0, not -1"):
        Limits(max_parameters=-1)


@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_known_names_give_scores(name: str) -> None:
    space = ConvNet()
    network = space.build(space.parse(MEMBERS[name])).eval()
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_resnet_20_has_the_weights_of_its_paper() -> None:
    """He et al. 2016, table 6: 0.27 M."""
    space = SPACES.load("convnet")()
    costs = space.costs(space.parse(MEMBERS["resnet-20"])[None])  # type: ignore[attr-defined]
    assert costs.parameters_B[0] == 272_474


def test_a_wrong_value_of_a_stage_is_named() -> None:
    wrong = {**MEMBERS["resnet-20"], "stages": [{**MEMBERS["resnet-20"]["stages"][0], "width": 17}]}
    with pytest.raises(InvalidArchitectureError, match=r"width of stage 1 is one of 8, 16, .* not 17"):
        ConvNet().parse(wrong)
