"""Graphs of architectures, and their path encoding against paths found from the descriptions."""

import itertools

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.spaces.capabilities import require_graphs
from archwalk.spaces.convnet import ConvNet
from archwalk.spaces.dags import NO_VERTEX, DagSpace
from archwalk.spaces.darts import DARTS
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench_graph import NASBenchGraph
from archwalk.spaces.nsc import NSC, Chain
from archwalk.spaces.paths import path_bits, path_encoding

OURS = {
    space.name: space for space in (NASBench101(5), NASBench201(), NASBenchGraph(), DARTS(), NSC(4), Chain(4))
}


def walk(children, name, vertex, prefix=()):
    """Every sequence of names on a path from `vertex` (not counted) to the output."""
    for child in children[vertex]:
        if child == "output":
            yield prefix
        else:
            yield from walk(children, name, child, (*prefix, name[child]))


def paths101(described):
    matrix, ops = np.array(described["matrix"]), described["ops"]
    last = len(ops) - 1
    children = {
        u: ["output" if v == last else int(v) for v in np.flatnonzero(matrix[u])] for u in range(last)
    }
    return [set(walk(children, ops, 0))]


def paths201(described):
    groups = [group.strip("|").split("|") for group in described["arch_str"].split("+")]
    found = set()
    by_edge = {(j, i + 1): op.split("~")[0] for i, group in enumerate(groups) for j, op in enumerate(group)}
    for nodes in ((0, 3), (0, 1, 3), (0, 2, 3), (0, 1, 2, 3)):
        path = tuple(by_edge[edge] for edge in itertools.pairwise(nodes))
        if "none" not in path:
            found.add(path)
    return [found]


def paths_graph(described):
    links, ops = described["link"], described["ops"]
    children = {0: [], **{node: [] for node in range(1, 5)}}
    for node, parent in enumerate(links, start=1):
        children[parent].append(node)
    for node in range(1, 5):
        children[node] = children[node] or ["output"]
    return [set(walk(children, ["", *ops], 0))]


def paths_darts(described):
    found = []
    for cell in ("normal", "reduce"):
        edges = described[cell]
        for source in (0, 1):

            def children(state, edges=edges):
                return [e for e, (_, read) in enumerate(edges) if read == state]

            paths, waiting = set(), [(e, ()) for e in children(source)]
            while waiting:
                e, prefix = waiting.pop()
                path = (*prefix, edges[e][0])
                paths.add(path)  # every node is part of the output
                waiting += [(after, path) for after in children(2 + e // 2)]
            found.append(paths)
    return found


def paths_nsc(described):
    layers = described["layers"]
    reads = [layer.get("predecessors", [i]) for i, layer in enumerate(layers)]
    names = ["", *(f"{layer['type']} {layer.get('kernel_size', '')}".strip() for layer in layers)]
    children = {u: [i for i, us in enumerate(reads, start=1) if u in us] for u in range(len(names))}
    for leaf in range(1, len(names)):
        children[leaf] = children[leaf] or ["output"]
    return [set(walk(children, names, 0))]


NAIVE = {
    "nsc": paths_nsc,
    "chain": paths_nsc,
    "nasbench101": paths101,
    "nasbench201": paths201,
    "nas-bench-graph": paths_graph,
    "darts": paths_darts,
}


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("length", [1, 3, 9])
def test_paths_are_those_that_a_naive_walk_finds(name, length):
    space = OURS[name]
    codes_BL = space.sample(np.random.default_rng(0), 60)
    operations, bits = list(space.dag_operations), path_bits(space, length)
    encoded_BF = path_encoding(space, codes_BL, length)
    for code_L, bits_F in zip(codes_BL, encoded_BF, strict=True):
        blocks = NAIVE[name](space.describe(code_L))
        expected = np.zeros((len(blocks), bits), np.uint8)
        for block, paths in zip(expected, blocks, strict=True):
            for path in paths:
                if len(path) <= length:
                    first = sum(len(operations) ** shorter for shorter in range(len(path)))
                    number = 0
                    for operation in path:
                        number = number * len(operations) + operations.index(operation)
                    block[first + number] = 1
        np.testing.assert_array_equal(bits_F, expected.reshape(-1))


def test_numbers_of_paths_are_bananas():
    assert path_bits(NASBench101(), 3) == 40
    assert path_bits(NASBench101(), 5) == path_bits(NASBench101(), 99) == 364
    assert path_bits(NASBench201(), 3) == 1 + 4 + 16 + 64


@pytest.mark.parametrize("name", OURS)
def test_graphs_are_sound(name):
    space = OURS[name]
    assert isinstance(space, DagSpace)
    dags = space.dags(space.sample(np.random.default_rng(1), 200))
    output = len(space.dag_operations)
    labels, edges = dags.labels_BCV, dags.edges_BCVV
    assert not np.tril(edges.reshape(-1, *edges.shape[2:])).any()
    assert ((labels == output).sum(axis=2) == 1).all()
    assert ((labels > output).sum(axis=2) == space.dag_inputs).all()
    there = labels != NO_VERTEX
    assert not (edges & ~(there[..., None] & there[..., None, :])).any()
    inside = (labels >= 0) & (labels < output)
    assert edges.any(axis=3)[inside].all()
    assert edges.any(axis=2)[inside].all()


def test_a_cell_of_201_that_passes_nothing_on_keeps_its_ends():
    space = OURS["nasbench201"]
    dead = "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|skip_connect~1|none~2|"
    dags = space.dags(space.parse(dead)[None])
    assert (dags.labels_BCV >= 0).sum() == 2
    assert not dags.edges_BCVV.any()
    assert not path_encoding(space, space.parse(dead)[None], 3).any()


def test_a_space_without_graphs_is_refused():
    with pytest.raises(
        UsageError, match=r"nasbot needs a space that shows its .*convnet does not; known: .*darts"
    ):
        require_graphs(ConvNet(), "nasbot")
    assert require_graphs(OURS["darts"], "nasbot") is OURS["darts"]
