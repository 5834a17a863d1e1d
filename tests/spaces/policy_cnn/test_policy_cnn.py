from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.policy_cnn import (
    ChoiceBlock,
    Convolution,
    Declaration,
    NumberedPolicyCNN,
    PolicyCNN,
    policy_space,
)
from archwalk.spaces.policy_cnn.network import fit_planes
from archwalk.spaces.policy_cnn.papers import (
    ATARI_1,
    ATARI_2,
    ATARI_LARGE,
    MINATAR_1,
    MINATAR_2,
    NATURE_CNN,
    minatar_1,
    minatar_2,
)
from archwalk.spaces.task import ACTOR_CRITIC, Task
from archwalk.testing.spaces import EnumerableSpaceConformance, SpaceConformance

SMALL = Declaration(
    "small",
    (2, 6, 7),
    Convolution(3, 2),
    (ChoiceBlock((1, 3), (2, 4)), ChoiceBlock((2,), (3,)), ChoiceBlock((1, 2, 3), (2, 4, 5), 2)),
    plane=4,
    hidden=5,
)
"""Every kind of block: two decisions, none, two of other sizes."""


class TestMinAtar1(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return minatar_1()


class TestMinAtar2(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return minatar_2()


class TestDeclaredByAUser(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return policy_space(SMALL)


class TestLarge(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return policy_space(replace(ATARI_LARGE, observation=(4, 20, 20), stem=Convolution(2, 3), hidden=4))


def test_the_papers_counts() -> None:
    sizes = [one.size for one in (ATARI_1, ATARI_2, MINATAR_1, MINATAR_2)]
    assert sizes == [25, 32, 25, 32]
    assert ATARI_LARGE.size == 20**9
    assert isinstance(policy_space(ATARI_LARGE), PolicyCNN)
    assert isinstance(policy_space(ATARI_2), NumberedPolicyCNN)
    assert len(policy_space(ATARI_LARGE).choices) == 18


def test_nature_cnn_is_a_member_with_the_papers_shapes() -> None:
    space = policy_space(ATARI_1)
    network = space.build(space.parse(NATURE_CNN), Task((4, 84, 84), 4, ACTOR_CRITIC))
    shapes = [tuple(layer.weight.shape) for layer in network.modules() if hasattr(layer, "weight")]
    assert shapes == [
        (32, 4, 8, 8),
        (64, 32, 4, 4),
        (64, 64, 3, 3),
        (512, 121 * 64),
        (4, 512),
        (1, 512),
    ]
    assert [block.conv.stride for block in network.blocks] == [(2, 2), (1, 1)]


@pytest.mark.parametrize("declaration", [ATARI_1, ATARI_2, MINATAR_1, MINATAR_2, SMALL], ids=lambda d: d.name)
def test_networks_of_all_kinds_give_logits_and_values(declaration: Declaration) -> None:
    space = policy_space(declaration)
    for place in (0, space.size // 2, space.size - 1):
        network = space.build(np.array([place], np.int32), Task(declaration.observation, 3, ACTOR_CRITIC))
        with torch.no_grad():
            logits, values = network(torch.rand(2, *declaration.observation))
            planes = network.blocks[-1](torch.rand(2, declaration.channels, *(2 * [declaration.plane])))
        assert (logits.shape, values.shape) == ((2, 3), (2,))
        assert planes.shape == (2, declaration.channels, declaration.plane, declaration.plane)


def test_planes_are_pooled_where_larger_and_padded_where_smaller() -> None:
    x = torch.arange(1.0, 13.0).reshape(1, 1, 2, 6)
    fitted = fit_planes(x, 3, 2)
    assert fitted.tolist()[0] == [
        [[2, 4, 6], [8, 10, 12], [0, 0, 0]],
        [[0, 0, 0]] * 3,
    ]


def test_neighbours_differ_in_one_decision() -> None:
    space = PolicyCNN(SMALL)
    code = np.array([[1, 2, 0, 1]], np.int32)
    assert space.choices == (2, 3, 2, 3)
    found = space.neighbours(code)
    assert found.codes_EL.tolist() == [
        [0, 2, 0, 1],
        [1, 0, 0, 1],
        [1, 1, 0, 1],
        [1, 2, 1, 1],
        [1, 2, 0, 0],
        [1, 2, 0, 2],
    ]
    assert [space.edit_kinds[kind] for kind in found.kinds_E] == ["kernels"] * 3 + ["channels"] * 3


def test_descriptions_hold_fixed_layers_too() -> None:
    space = PolicyCNN(SMALL)
    assert space.describe(np.array([1, 2, 0, 1], np.int32)) == {
        "convolutions": [
            {"kernel_size": 3, "channels": 2},
            {"kernel_size": 2, "channels": 3},
            {"kernel_size": 3, "channels": 4},
        ]
    }


@pytest.mark.parametrize("kernel", [6, True, "3", None])
def test_what_is_no_option_is_refused_with_those_there_are(kernel: object) -> None:
    layer = {"kernel_size": 3, "channels": 16}
    with pytest.raises(
        InvalidArchitectureError, match="kernel_size of convolution 2 is one of 1, 2, 3, 4, 5"
    ):
        minatar_1().parse({"convolutions": [layer, {**layer, "kernel_size": kernel}]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": (ChoiceBlock((1, 9), (16,)),)}, "block 1 of .* cannot fit: its kernel 9 .* 8x8"),
        ({"plane": 3, "blocks": (ChoiceBlock((5,), (1, 2)),) * 2}, "block 2 of .* cannot fit"),
        ({"blocks": (ChoiceBlock((3,), (16,)),)}, "nothing to choose"),
        ({"stem": Convolution(16, 11)}, "stem's kernel 11"),
        ({"observation": (10, 10)}, "channels, height and width"),
        ({"hidden": 0}, "hidden"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        replace(MINATAR_1, **change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kernels", [(), (3, 3), (0, 1), (2.5,)])
def test_a_block_of_no_kernels_is_refused(kernels: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="kernels"):
        ChoiceBlock(kernels, (16,))
