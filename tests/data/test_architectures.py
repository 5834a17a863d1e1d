"""The file of an architecture: what was found is built again as it was."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archwalk.data.architectures import FORMAT, ArchitectureFile, Origin, read_architecture
from archwalk.errors import DataError, InvalidArchitectureError, UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.images.benchmark import training_benchmark
from archwalk.estimators.policies.benchmark import policy_benchmark
from archwalk.estimators.policies.games import find_game
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench_graph import PROTEINS_OPERATIONS
from archwalk.spaces.nsc import NSC, Chain, CodeTable
from archwalk.spaces.policy_cnn import policy_space
from archwalk.spaces.policy_cnn.papers import MINATAR_1
from archwalk.spaces.task import Task


def parameters(architecture):
    return sum(weights.numel() for weights in architecture.build().parameters())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "found.json"


BENCHMARKS = ["digits-cells", "chain-digits", "policy-cnn:MinAtar-Breakout", "nas-bench-graph:proteins"]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_network_of_a_benchmark_is_the_one_that_was_scored(name, path):
    benchmark = load_benchmark(name)
    code_L = benchmark.space.sample(np.random.default_rng(0), 1)[0]
    origin = Origin(benchmark.name, "validation", reward=91.5, provenance=benchmark.provenance)
    ArchitectureFile.of(benchmark.architecture(code_L), origin).write(path)
    found, back = read_architecture(path)
    assert (found.task, found.size) == (benchmark.task, benchmark.size or found.size)
    assert back == origin
    assert found.description == benchmark.space.describe(code_L)
    if found.task.kind != "node-classification":
        assert parameters(found) == parameters(benchmark.architecture(code_L))


@pytest.mark.parametrize(
    "space",
    [
        NASBench101(5),
        Chain(3),
        NSC(table=CodeTable(3, "multi-branch", (("convolution", (1, 7)),), ("addition",))),
        policy_space(replace(MINATAR_1, name="mine", hidden=9)),
    ],
    ids=lambda space: space.name,
)
def test_a_space_with_parameters_of_its_own(space, path):
    code_L = space.sample(np.random.default_rng(1), 1)[0]
    ArchitectureFile.of(Architecture(space, code_L)).write(path)
    found, _ = read_architecture(path)
    assert (found.space.name, found.code_L.tolist()) == (space.name, code_L.tolist())
    assert found.space.choices == space.choices
    again, _ = read_architecture(path, space)
    assert again.space is space


def test_a_plain_description_needs_its_space(path, space7):
    cell = {"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"]}
    path.write_text(json.dumps(cell))
    found, origin = read_architecture(path, space7)
    assert (found.description, found.task, found.size) == (cell, space7.default_task, space7.default_size)
    assert origin is None
    with pytest.raises(UsageError, match="does not say of which space it is"):
        read_architecture(path)


class TestRefused:
    @pytest.fixture
    def content(self, path, proteins):
        ArchitectureFile.of(Architecture(proteins, np.zeros(1, np.int32))).write(path)
        content = json.loads(path.read_text())
        assert content["space"]["parameters"]["operations"] == list(PROTEINS_OPERATIONS)
        return content

    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            ({"format": "archwalk architecture 9"}, DataError, f"this version of archwalk reads '{FORMAT}'"),
            ({"space": 3}, DataError, "is not an architecture's file: .*`space`"),
            ({"space": {"name": "nasbench_grap"}}, UsageError, "unknown space 'nasbench_grap'; did you mean"),
            (
                {"space": {"name": "darts", "parameters": {"x": 1}}},
                UsageError,
                "the space darts is not made with",
            ),
            ({"description": {"link": [0]}}, InvalidArchitectureError, '"ops"'),
            ({"size": {"hidden": "wide"}}, UsageError, "hidden of networks of nas-bench-graph"),
            ({"task": {"shape": [0], "outputs": 7}}, UsageError, "size of a shape must be a whole number"),
            ({"task": {"shape": "x", "outputs": 7}}, DataError, "Expected `array`"),
        ],
    )
    def test_in_one_line(self, path, content, change, error, message):
        path.write_text(json.dumps(content | change))
        with pytest.raises(error, match=message) as caught:
            read_architecture(path)
        assert "\n" not in str(caught.value)

    def test_another_space(self, path, content, space7):
        with pytest.raises(
            UsageError, match="this is an architecture of nas-bench-graph, not of nasbench101"
        ):
            read_architecture(path, space7)


def test_benchmarks_that_train_say_what_they_train():
    game = find_game("MinAtar-Breakout")
    assert policy_benchmark(policy_space(MINATAR_1), game).task == game.task
    benchmark = training_benchmark(NASBench101(4), "digits", size=None, engine="local")
    assert (benchmark.task, benchmark.size) == (Task((1, 84, 84), 10), NASBench101.default_size)
