"""ONNX models are valid, and onnxruntime gives what PyTorch does."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.errors import InvalidArchitectureError, MissingExtraError, UsageError
from archwalk.learning.seeding import made_from
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.export.onnx_model import to_onnx
from archwalk.spaces.networks import make_size
from archwalk.spaces.task import ACTOR_CRITIC, Task

onnx = pytest.importorskip("onnx", exc_type=ImportError)
pytest.importorskip("onnxscript", exc_type=ImportError)
onnxruntime = pytest.importorskip("onnxruntime", exc_type=ImportError)

SMALL = {
    "nasbench101": (Task((3, 8, 8), 10), {"stem_channels": 8, "stacks": 2, "cells_per_stack": 1}),
    "nasbench201": (Task((1, 8, 8), 100), {"stem_channels": 4, "stages": 2, "cells_per_stage": 1}),
    "darts": (Task((3, 9, 7), 10), {"channels": 4, "layers": 2, "drop_path": 0.2}),
    "nsc": (Task((3, 13, 10), 10), {"filters": 4, "dense": 8}),
    "policy-cnn-minatar-2": (Task((4, 10, 10), 4, ACTOR_CRITIC), {}),
}


@pytest.mark.parametrize("name", SMALL)
def test_same_scores(name):
    space, (task, settings) = SPACES.load(name)(), SMALL[name]
    state, random = space.sample(np.random.default_rng(5), 1)[0], torch.get_rng_state()
    architecture = Architecture(space, state, task, make_size(space, settings))
    model = to_onnx(architecture, seed=3)
    assert torch.equal(torch.get_rng_state(), random)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    network = made_from(3, architecture.build).eval()
    policy = name.startswith("policy")
    assert [given.name for given in session.get_inputs()] == ["observations" if policy else "images"]
    assert [given.name for given in session.get_outputs()] == (["logits", "values"] if policy else ["scores"])
    for batch in (1, 3):
        images = torch.randn(batch, *task.shape)
        with torch.no_grad():
            expected = network(images)
        found = session.run(None, {session.get_inputs()[0].name: images.numpy()})
        for ours, theirs in zip(expected if policy else [expected], found, strict=True):
            np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-4)


def test_the_seed_is_that_of_the_weights(capfd):
    space = SPACES.load("policy-cnn-minatar-1")()
    code_L = np.zeros(1, np.int32)
    first, again, other = (to_onnx(Architecture(space, code_L), seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "shape", "error", "message"),
    [
        ("nasbench101", (3, 2, 2), InvalidArchitectureError, "cannot read inputs of the shape 3,2,2"),
        ("nas-bench-graph", None, UsageError, "those of nas-bench-graph read x, edge_index"),
        (
            "darts",
            (3, 32),
            UsageError,
            "read images, of a shape such as 3,32,32, not inputs of the shape 3,32",
        ),
    ],
)
def test_refused(name, shape, error, message):
    space = SPACES.load(name)()
    task = replace(space.default_task, shape=shape) if shape else None
    with pytest.raises(error, match=message):
        to_onnx(Architecture(space, space.sample(np.random.default_rng(0), 1)[0], task))


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(
        MissingExtraError, match=r"onnxscript is not installed; run: pip install 'archwalk\[onnx\]'"
    ):
        to_onnx(Architecture(SPACES.load("nasbench201")(), np.zeros(1, np.int32)))
