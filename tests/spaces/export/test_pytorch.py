"""What is written calculates what archwalk builds, to the bit, from PyTorch alone."""

import ast
import json
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.export.pytorch import to_pytorch
from archwalk.spaces.networks import make_size
from archwalk.spaces.task import ACTOR_CRITIC, Task

SMALL = {
    "nasbench101": (Task((3, 8, 8), 10), {"stem_channels": 7, "cells_per_stack": 1}),
    "nasbench201": (Task((3, 8, 8), 10), {"stem_channels": 4, "cells_per_stage": 1}),
    "darts": (Task((1, 9, 7), 3), {"channels": 4, "layers": 4}),
    "nsc": (Task((3, 13, 10), 5), {"filters": 4, "dense": 8}),
    "nsc-chain": (Task((3, 40, 40), 10), {"filters": 4, "dense": 8}),
    "chain": (Task((1, 40, 40), 10), {"filters": 4, "dense": 8, "doubling": True}),
    "policy-cnn-1": (Task((4, 84, 84), 3, ACTOR_CRITIC), {}),
    "policy-cnn-2": (None, {}),
    "policy-cnn-large": (Task((3, 60, 72), 6, ACTOR_CRITIC), {}),
    "policy-cnn-minatar-1": (Task((4, 10, 10), 4, ACTOR_CRITIC), {}),
    "policy-cnn-minatar-2": (Task((7, 10, 10), 6, ACTOR_CRITIC), {}),
}
"""A task and settings for each space, so that networks are small."""

OWN_WEIGHTS = {"convnet", "nasbench101"} | {name for name in SMALL if name.startswith("policy-cnn")}
"""Spaces that do not draw weights as PyTorch does."""


@cache
def space_of(name):
    return SPACES.load(name)()


def architecture(name, code_L):
    space, (task, settings) = space_of(name), SMALL[name]
    return Architecture(space, code_L, task, make_size(space, settings))


@cache
def exported(name):
    """Architectures that read images of the shape, and their sources."""
    found = []
    for code_L in space_of(name).sample(np.random.default_rng(0), 60):
        if len(found) < 3:
            with suppress(InvalidArchitectureError):  # an image too small for a pool
                found.append((code_L, to_pytorch(architecture(name, code_L))))
    assert len(found) == 3
    return found


def made(source):
    """The network of a source that imports PyTorch alone."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {getattr(node, "module", None) or node.names[0].name for node in imports} <= {"torch", "torch.nn"}
    names = {}
    exec(source, names)
    return names["Network"]()


def built(name, code_L):
    return architecture(name, code_L).build()


def shape_of(name):
    task, _ = SMALL[name]
    return (task or space_of(name).default_task).shape


def images(name, batch):
    return torch.randn(batch, *shape_of(name))


@pytest.mark.parametrize("name", SMALL)
def test_same_bits(name):
    for code_L, source in exported(name):
        ours, theirs = built(name, code_L), made(source)
        copy_by_position(ours, theirs)
        for training in (True, False):
            given = images(name, 4)
            assert_same(run(ours.train(training), given), run(theirs.train(training), given))
        for mine, other in zip(ours.buffers(), theirs.buffers(), strict=True):
            assert torch.equal(mine, other)


@pytest.mark.parametrize("name", SMALL)
def test_same_gradients(name):
    code_L, source = exported(name)[0]
    ours, theirs = built(name, code_L), made(source)
    copy_by_position(ours, theirs)
    given = images(name, 3)
    for network in (ours, theirs):
        sum(part.square().sum() for part in run(network, given)).backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (mine.grad is None) == (other.grad is None)
        assert mine.grad is None or torch.equal(mine.grad, other.grad)


@pytest.mark.parametrize("name", ["nasbench201", "nsc", "nsc-chain", "chain"])
def test_same_seed_gives_the_same_first_weights(name):
    code_L, source = exported(name)[0]
    torch.manual_seed(3)
    ours = built(name, code_L)
    torch.manual_seed(3)
    for mine, other in zip(ours.parameters(), made(source).parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("name", SMALL)
def test_header_says_what_it_is(name):
    code_L, source = exported(name)[1]
    space, lines = space_of(name), source.splitlines()
    assert f"search space {name}, written by `archwalk export`" in lines[0]
    described = next(line for line in lines if line.startswith("# Architecture: ")).partition(": ")[2]
    assert (space.parse(json.loads(described)) == code_L).all()
    parameters = sum(weights.numel() for weights in made(source).parameters())
    assert f"# Parameters: {parameters:,}" in lines
    assert f"(batch, {', '.join(map(str, shape_of(name)))})" in source
    assert ("archwalk's own" in source) == (name in OWN_WEIGHTS)


def test_the_source_reads_well():
    space = space_of("nasbench101")
    cell = {
        "matrix": [[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
        "ops": ["input", "conv1x1-bn-relu", "maxpool3x3", "output"],
    }
    source = to_pytorch(Architecture.read(space, cell, Task((3, 32, 32), 100)))
    assert "        self.cell1_operation1 = nn.MaxPool2d(3, stride=1, padding=1)\n" in source
    assert "        operation1 = self.cell1_operation1(projection2 + operation0[:, :64])\n" in source
    assert "        cell1 = torch.cat([operation0, operation1], dim=1)\n" in source
    assert "        self.head = nn.Linear(512, 100)\n" in source
    assert "# Settings: stem_channels=128, stacks=3, cells_per_stack=3\n" in source
    assert max(len(line) for line in source.splitlines() if not line.startswith("#")) <= 120


def test_layers_that_nothing_reads_stay():
    """NAS-Bench-201 counts and trains them."""
    space = space_of("nasbench201")
    code_L = space.parse("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    source = to_pytorch(Architecture(space, code_L))
    assert "self.cell2_layer0(body1)  # nothing reads this\n" in source
    assert len(made(source).state_dict()) == len(space.build(code_L).state_dict())


def test_no_generator_is_advanced_and_nothing_is_allocated():
    space, state = space_of("nasbench101"), torch.get_rng_state()
    code_L = space.sample(np.random.default_rng(0), 1)[0]
    to_pytorch(Architecture(space, code_L, size=make_size(space, {"stem_channels": 2**16})))  # terabytes
    assert torch.equal(torch.get_rng_state(), state)


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "shape", "settings", "message"),
        [
            ("nasbench101", None, {"clases": 3}, "unknown setting of networks of nasbench101 'clases'"),
            ("nasbench101", (3, 2, 2), {}, r"cannot read inputs of the shape 3,2,2: .*too small"),
            ("nasbench101", (3, 32), {}, "networks of nasbench101 read images, of a shape such as 3,32,32, not inp"),
            ("nasbench201", None, {"stem_channels": "wide"}, "stem_channels of networks of nasbench201: Expected"),
            ("nasbench201", None, {"stages": 1.5}, "stages of networks of nasbench201: Expected `int`, got `float`"),
            ("nasbench201", None, {"stages": 0}, "stages of networks of nasbench201 must be a whole number of"),
            ("darts", None, {"drop_path": 0.2}, "in training the network of darts with drop_path=0.2 does what is no"),
            ("darts", None, {"auxiliary": True}, "do not depend on auxiliary"),
            ("darts", None, {"channels": 3}, "channels must be even"),
            ("nsc", (3, 9, 9), {"filter": 3}, "unknown setting of networks of nsc 'filter'; did you mean 'filters'"),
            ("policy-cnn-1", (4, 10, 10), {}, "images of 10x10 do not fit"),
            ("policy-cnn-1", None, {"actions": 3}, "networks of policy-cnn-1 have no settings, so not 'actions'"),
            ("nas-bench-graph", None, {}, "those of nas-bench-graph read x, edge_index; svg, dot and json show them"),
        ],
    )  # fmt: skip
    def test_with_a_reason(self, name, shape, settings, message):
        space = space_of(name)
        code_L = space.sample(np.random.default_rng(1), 1)[0]
        task = replace(space.default_task, shape=shape) if shape else None
        with pytest.raises(UsageError, match=message):
            to_pytorch(Architecture(space, code_L, task, make_size(space, settings)))

    def test_no_outputs(self):
        with pytest.raises(UsageError, match="outputs of a task must be a whole number of at least 1, not 0"):
            Task((3, 8, 8), 0)

    def test_an_image_too_small_for_a_pool(self):
        space = space_of("chain")
        pools = space.parse({"layers": [{"type": "max-pooling", "kernel_size": 3}] * 3})
        with pytest.raises(InvalidArchitectureError, match="is larger than the 1 x 1 it reads"):
            to_pytorch(Architecture(space, pools, Task((1, 9, 9), 10)))


class Foreign:
    """A space of somebody else's, with one architecture."""

    name = "foreign"

    def __init__(self, network):
        self.network = network

    def build(self, code_L, task, size):
        return self.network()

    def describe(self, code_L):
        return {"layers": "some"}


def foreign(network, *shape):
    return Architecture(Foreign(network), np.zeros(1, np.int32), Task(shape, 2))


class OwnTensor(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))

    def forward(self, x):
        return x * self.scale


class Reshapes(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(6, 3)
        self.inner = nn.ModuleList([nn.Sequential(nn.Tanh(), nn.Dropout(0.1)), nn.LeakyReLU(0.3)])

    def forward(self, x):
        rows, *rest = x.shape
        flat = x.reshape(rows, int(np.prod(rest)))
        a, b = self.inner[0](self.dense(flat)), self.inner[1](self.dense(flat))
        return torch.clamp((a - b) * (a + b) / 2 - (a - (b - a)), min=-float("inf"))


class TestOtherSpaces:
    """Plug-ins bring networks that were not written with this in mind."""

    def test_one_that_reads_points(self):
        def network():
            return nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.LayerNorm(4), nn.Linear(4, 2, bias=False))

        source = to_pytorch(foreign(network, 2))
        ours, theirs = network(), made(source)
        copy_by_position(ours, theirs)
        points = torch.randn(9, 2)
        assert_same(run(ours, points), run(theirs, points))
        assert "Reads input (batch, 2), gives (batch, 2)." in source

    def test_one_that_asks_for_shapes(self):
        source = to_pytorch(foreign(Reshapes, 2, 3))
        ours, theirs = Reshapes().eval(), made(source).eval()
        copy_by_position(ours, theirs)
        for batch in (1, 5):
            points = torch.randn(batch, 2, 3)
            assert_same(run(ours, points), run(theirs, points))
        with pytest.raises(UsageError, match="foreign does not say what its networks read; give a task"):
            to_pytorch(Architecture(Foreign(Reshapes), np.zeros(1, np.int32)))

    @pytest.mark.parametrize(
        ("network", "message"),
        [
            (OwnTensor, "it has a tensor of its own, scale"),
            (
                lambda: nn.Sequential(nn.LSTM(2, 3)),
                "cannot write|cannot be written|not a layer that can be written",
            ),
        ],
    )
    def test_those_that_cannot_be_written(self, network, message):
        with pytest.raises(UsageError, match=message):
            to_pytorch(foreign(network, 2))


def copy_by_position(ours, theirs):
    names = theirs.state_dict().keys()
    theirs.load_state_dict(dict(zip(names, ours.state_dict().values(), strict=True)))


def run(network, images):
    torch.manual_seed(1)  # dropout
    found = network(images)
    return found if isinstance(found, tuple) else (found,)


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.equal(mine, other)
