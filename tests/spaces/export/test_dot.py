"""Graphs in Graphviz' language, read by a small parser of our own."""

import re

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.export.dot import to_dot

VERTEX = re.compile(r'(\w+) \[label="((?:[^"\\]|\\.)*)"\];')
EDGE = re.compile(r"(\w+) -> (\w+);")
FRAME = re.compile(r'digraph "[^"]*" \{|node \[shape=box\];|subgraph cluster_\d+ \{|label="([^"]*)";|\}')


def read(text):
    """Labels by vertex, edges, names of clusters; every line must be a statement."""
    labels, edges, clusters, depth = {}, [], [], 0
    for line in map(str.strip, text.splitlines()):
        if found := VERTEX.fullmatch(line):
            assert found[1] not in labels
            labels[found[1]] = found[2]
        elif found := EDGE.fullmatch(line):
            edges.append(found.groups())
        else:
            found = FRAME.fullmatch(line)
            assert found, line
            depth += line.endswith("{") - (line == "}")
            if found[1]:
                clusters.append(found[1])
    assert depth == 0
    assert text.startswith("digraph ")
    assert {vertex for edge in edges for vertex in edge} <= set(labels)
    return labels, edges, clusters


def dot(name, description):
    space = SPACES.load(name)()
    labels, edges, clusters = read(to_dot(space, space.parse(description)))
    return labels, [(labels[u], labels[v]) for u, v in edges], clusters


@pytest.mark.parametrize("name", SPACES.names())
def test_every_space(name):
    space = SPACES.load(name)()
    for code_L in space.sample(np.random.default_rng(0), 5):
        labels, edges, clusters = read(to_dot(space, code_L))
        cells = max(1, len(clusters))
        assert list(labels.values()).count("output") == cells
        assert sum(label.startswith("input") for label in labels.values()) == cells * getattr(
            space, "dag_inputs", 1
        )
        place = {vertex: i for i, vertex in enumerate(labels)}
        assert len(set(edges)) == len(edges)
        into, out = {v for _, v in edges}, {u for u, _ in edges}
        for vertex, label in labels.items():
            assert label in ("output",) or label.startswith("input") or {vertex} <= into & out
        if name in ("nasbench101", "chain", "policy-cnn-1"):
            assert all(place[u] < place[v] for u, v in edges)


def test_a_cell():
    cell = {
        "matrix": [[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
        "ops": ["input", "conv1x1-bn-relu", "maxpool3x3", "output"],
    }
    labels, edges, clusters = dot("nasbench101", cell)
    assert sorted(labels.values()) == ["conv1x1-bn-relu", "input", "maxpool3x3", "output"]
    assert sorted(edges) == [
        ("conv1x1-bn-relu", "maxpool3x3"),
        ("conv1x1-bn-relu", "output"),
        ("input", "conv1x1-bn-relu"),
        ("input", "maxpool3x3"),
        ("maxpool3x3", "output"),
    ]
    assert clusters == []


def test_what_lies_on_no_path_is_left_out():
    labels, edges, _ = dot("nasbench201", "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    assert sorted(labels.values()) == ["input", "output", "skip_connect"]
    assert edges == [("input", "skip_connect"), ("skip_connect", "output")]


def test_darts_has_two_cells():
    space = SPACES.load("darts")()
    labels, edges, clusters = read(to_dot(space, space.sample(np.random.default_rng(0), 1)[0]))
    assert clusters == ["normal", "reduce"]
    assert len(labels) == 2 * 11
    assert all(u[:2] == v[:2] for u, v in edges)


@pytest.mark.parametrize("name", ["policy-cnn-1", "policy-cnn-large"])
def test_policy_networks_are_chains(name):
    space = SPACES.load(name)()
    labels, edges, _ = read(to_dot(space, space.sample(np.random.default_rng(0), 1)[0]))
    assert len(edges) == len(labels) - 1 == len(space.declaration.blocks) + 1
    assert re.fullmatch(r"conv \dx\d, \d\d", list(labels.values())[1])


def test_a_space_that_shows_no_graphs():
    class Foreign:
        name = "foreign"

    with pytest.raises(
        UsageError,
        match=r"export --to dot needs a space that shows .* foreign does not",
    ):
        to_dot(Foreign(), np.zeros(1, np.int32))
