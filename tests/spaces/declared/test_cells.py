from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import torch

from archwalk import Categorical, Cell, declare
from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.declared import CellSpace, NumberedCellSpace, read_space
from archwalk.spaces.declared.cells.declaration import CellDeclaration
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench201.cell import OPERATIONS as OF_201
from archwalk.spaces.task import Task
from archwalk.testing.spaces import EnumerableSpaceConformance, SpaceConformance

OF_101 = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


def vectors(*operations: str) -> dict:
    """A template for vectors: every operation is a layer of 6 values."""
    return {
        "width": 6,
        "cells": 2,
        "stem": ["Linear(inputs, width)"],
        "head": "Linear(width, outputs)",
        "operations": {name: ["Linear(width, width)", "Tanh()"] for name in operations},
    }


def with_template(cell: Cell) -> SearchSpace:
    return declare("mine", cell, build=vectors(*cell.operations))


class TestOperationsOnNodes(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return with_template(Cell(("conv", "pool"), nodes=(1, 3), edges=(1, 8)))


class TestOperationsOnEdges(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return with_template(Cell(("conv", "pool"), on="edges", nodes=(0, 2)))


class TestTreesWithLooseEnds(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return with_template(Cell(("gcn", "gat", "fc"), nodes=(2, 4), incoming=1, output="ends"))


class TestLikeDARTS(SpaceConformance):
    """Two inputs, each node reads two vertices, the output reads all nodes: too many to number."""

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        operations = ("sep", "dil", "max", "avg", "skip", "conv", "none")
        return with_template(Cell(operations, on="edges", nodes=4, inputs=2, incoming=2, output="nodes"))


class TestLarge(SpaceConformance):
    """Far too many cells to number, of up to 8 nodes."""

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return with_template(Cell(("a", "b", "c", "d"), nodes=(2, 8), edges=(4, 12), inputs=2))


@pytest.mark.parametrize(("vertices", "cells"), [(4, 91), (5, 2532)])
def test_nas_bench_101_by_declaration_is_the_same_space(vertices: int, cells: int) -> None:
    """Ours and the space by hand are numbered by code that they do not share: same cells, same neighbours."""
    mine = declare("mine", Cell(OF_101, nodes=(0, vertices - 2), edges=(1, 9)))
    known = NASBench101(max_vertices=vertices)
    assert isinstance(mine, NumberedCellSpace)
    assert mine.size == known.size == cells
    ids = np.array([mine.parse(known.describe(np.array([i])))[0] for i in range(cells)])
    assert sorted(ids) == list(range(cells))
    for i in range(cells):
        neighbours = known.neighbours(np.array([[i]])).codes_EL[:, 0]
        assert sorted(ids[neighbours]) == sorted(mine.neighbours(ids[i : i + 1, None]).codes_EL[:, 0])


def test_nas_bench_201_by_declaration_is_the_same_space() -> None:
    mine = declare("mine", Cell(OF_201, on="edges", nodes=2, edges="all"))
    known = NASBench201()
    assert isinstance(mine, NumberedCellSpace)
    assert mine.size == known.size
    for i in range(0, known.size, 97):
        code = mine.parse(known.describe(np.array([i], np.int32)))
        there = mine.parse(known.describe(np.array([i], np.int32))["arch_str"])
        assert code == there
        neighbours = mine.neighbours(code[None]).codes_EL
        told = {mine.describe(one)["edges"][-1][2] for one in neighbours}
        assert len(neighbours) == 24
        assert told <= set(OF_201)


def _naive(nodes: int, kinds: int) -> set[tuple[int, ...]]:
    """Cells with operations on edges, dead nodes taken off, smallest over all orders of the nodes that ascend."""
    pairs = [(u, v) for v in range(1, nodes + 2) for u in range(v)]
    found = set()
    for string in product(range(kinds + 1), repeat=len(pairs)):
        edges = {pair: kind for pair, kind in zip(pairs, string, strict=True) if kind}
        reached, reaching = {0}, {nodes + 1}
        for _ in range(nodes + 2):
            reached |= {v for u, v in edges if u in reached}
            reaching |= {u for u, v in edges if v in reaching}
        kept = sorted(reached & reaching)
        if not {0, nodes + 1} <= set(kept):
            continue
        inner, forms = kept[1:-1], []
        for order in permutations(inner):
            place = {v: i for i, v in enumerate([0, *order, nodes + 1])}
            moved = {(place[u], place[v]): kind for (u, v), kind in edges.items() if {u, v} <= set(kept)}
            if all(u < v for u, v in moved):
                forms.append(tuple(sorted((v, u, kind) for (u, v), kind in moved.items())))
        found.add((len(inner), min(forms)))
    return found


@pytest.mark.parametrize(("nodes", "kinds"), [(2, 1), (2, 2), (3, 1)])
def test_isomorphic_cells_are_one(nodes: int, kinds: int) -> None:
    """As many as by trying all orders of nodes."""
    space = declare("mine", Cell([f"op{k}" for k in range(kinds)], on="edges", nodes=(0, nodes)))
    assert isinstance(space, NumberedCellSpace)
    assert space.size == len(_naive(nodes, kinds))


def test_a_cell_is_the_same_however_its_nodes_are_numbered() -> None:
    """Also where many look alike: six branches of two."""
    space = declare("mine", Cell(("a", "b"), nodes=(1, 13), edges=(1, 20)))
    assert isinstance(space, CellSpace)
    rng = np.random.default_rng(0)
    codes = []
    for _ in range(5):
        order = rng.permutation(12)
        first, second = order[:6] + 1, order[6:] + 1
        edges = [[0, int(v)] for v in first] + [[int(u), int(v)] for u, v in zip(first, second, strict=True)]
        edges += [[int(v), 13] for v in second]
        codes.append(space.parse({"ops": ["input", *["a"] * 12, "output"], "edges": edges}))
    assert (np.array(codes) == codes[0]).all()


def test_what_lies_on_no_path_is_taken_off() -> None:
    space = declare("mine", Cell(("a", "b"), nodes=(0, 3)))
    dead = {"ops": ["input", "a", "b", "output"], "edges": [[0, 1], [0, 2], [2, 3]]}
    alive = {"ops": ["input", "b", "output"], "matrix": [[0, 1, 0], [0, 0, 1], [0, 0, 0]]}
    np.testing.assert_array_equal(space.parse(dead), space.parse(alive))


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ({"ops": ["input", "a", "output"], "edges": [[0, 1]]}, "no path leads from an input to the output"),
        (
            {"ops": ["input", "a", "output"], "edges": [[0, 1], [1, 2], [0, 2]]},
            "3 edges .* the cell has 1 to 2",
        ),
        ({"ops": ["input", "a", "a", "output"], "edges": [[0, 1], [1, 2], [2, 1], [2, 3]]}, "close a cycle"),
        ({"ops": ["input", "c", "output"], "edges": [[0, 1], [1, 2]]}, "unknown operation 'c'"),
        ({"ops": ["a", "output"], "edges": [[0, 1]]}, '"ops" has the form input ... output'),
        ({"ops": ["input", "output"], "edges": [[0, 2]]}, r"\[0, 2\] names no vertex; there are 2"),
        ({"ops": ["input", "output"], "edges": [[1, 0]]}, "leads to an input"),
        ({"ops": ["input", "output"], "edges": [[0, 1], [0, 1]]}, "two edges join the same vertices"),
        ({"ops": ["input", "output"], "matrix": [[0, 2], [0, 0]]}, "only 0 and 1"),
    ],
)
def test_what_is_no_cell_is_refused_with_the_reason(description: object, told: str) -> None:
    space = declare("mine", Cell(("a", "b"), nodes=(0, 3), edges=(1, 2)))
    with pytest.raises(InvalidArchitectureError, match=told):
        space.parse(description)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"nodes": (1, 40)}, "nodes of a cell are 1 to 20, and 40"),
        ({"nodes": (3, 1)}, "nodes of a cell go from 3 to 1"),
        ({"nodes": 0, "output": "ends"}, "nodes of a cell are 1 to 20"),
        ({"nodes": (0, 2), "output": "ends"}, "one node at least"),
        ({"on": "vertices"}, "unknown on of a cell 'vertices'"),
        ({"edges": "most"}, "edges of a cell is a number, or from and to"),
        ({"edges": "all"}, "needs a number of nodes, not a range"),
        ({"incoming": 2}, "needs as many inputs"),
        ({"operations": ["a", "a"]}, "name one twice"),
        ({"operations": ["input"]}, "is no operation"),
        ({"operations": "conv"}, "list of words"),
        ({"inputs": 0}, "inputs of a cell is a whole number from 1"),
        ({"nodes": 3, "edges": (0, 2)}, "3 nodes need 4 edges, and at most 2"),
        ({"operations": ["a"], "nodes": 1, "edges": 2}, "a single cell within the limits"),
        ({"nodes": 2, "inputs": 2, "incoming": 1, "edges": 7}, "no cell is within the limits"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(given: dict, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        declare("mine", Cell(**({"operations": ("a", "b")} | given)))


def test_a_cell_and_decisions_are_not_mixed() -> None:
    with pytest.raises(UsageError, match="nothing to declare but build"):
        declare("mine", Cell(("a", "b")), Categorical("width", [1, 2]))


TOML = """
[cell]
operations = ["conv", "skip"]
nodes = [1, 3]
edges = [2, 6]

[build]
width = 4
cells = 2
stem = ["Conv2d(channels, width, 3, padding=1)"]
between = ["MaxPool2d(2)"]
head = ["AdaptiveAvgPool2d(1)", "Flatten()", "Linear(width, outputs)"]
[build.operations]
conv = ["Conv2d(width, width, 3, padding=1)", "ReLU()"]
skip = []
"""


def test_a_file_declares_a_cell_and_its_networks(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TOML)
    space = read_space(path)
    assert space.name == "mine"
    two = space.parse({"ops": ["input", "conv", "skip", "output"], "edges": [[0, 1], [0, 2], [1, 3], [2, 3]]})
    network = space.build(two, Task((3, 8, 8), 5))
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert weights == 3 * 4 * 9 + 4 + 2 * (4 * 4 * 9 + 4) + 4 * 5 + 5
    assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 5)


def test_the_cell_computes_what_it_says() -> None:
    """Sums of what is read: a node that doubles by reading two, on nodes and on edges."""
    template = vectors("a", "b") | {
        "stem": [],
        "head": [],
        "cells": 1,
        "operations": {"a": [], "b": ["Tanh()"]},
    }
    on_nodes = declare("one", Cell(("a", "b"), nodes=(0, 2)), build=template)
    code = on_nodes.parse(
        {"ops": ["input", "a", "b", "output"], "edges": [[0, 1], [1, 2], [0, 2], [2, 3], [1, 3]]}
    )
    x = torch.tensor([[0.5, -1.0]])
    torch.testing.assert_close(on_nodes.build(code)(x), torch.tanh(2 * x) + x)
    on_edges = declare("two", Cell(("a", "b"), on="edges", nodes=(0, 2)), build=template)
    code = on_edges.parse({"edges": [[0, 1, "b"], [0, 2, "a"], [1, 2, "b"]]})
    torch.testing.assert_close(on_edges.build(code)(x), torch.tanh(torch.tanh(x)) + x)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"stem": ["Bilinears(3)"]}, "unknown layer of torch.nn"),
        ({"operations": {"a": []}}, "no layers for the operation 'b'"),
        ({"operations": {"a": [], "b": [], "c": []}}, "unknown operation of the cell 'c'"),
        ({"cells": 0}, "cells of build are a number from 1"),
        ({"tail": "wide"}, "build has a number 'tail' or a row of layers"),
        ({"head": ["Linear(breadth, 2)"]}, "breadth"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused(changed: dict, told: str) -> None:
    def build() -> None:
        space = declare("mine", Cell(("a", "b")), build=vectors("a", "b") | changed)
        space.build(space.sample(np.random.default_rng(0), 1)[0], Task((4,), 3))

    with pytest.raises(UsageError, match=told):
        build()


def test_a_function_builds() -> None:
    space = declare("mine", Cell(("a", "b")), build=lambda cell: torch.nn.Linear(len(cell["ops"]), 1))
    assert (
        space.build(space.parse({"ops": ["input", "a", "output"], "edges": [[0, 1], [1, 2]]})).in_features
        == 3
    )


def test_a_space_that_is_too_large_cannot_be_numbered() -> None:
    with pytest.raises(UsageError, match="too large to be numbered"):
        NumberedCellSpace(CellDeclaration("mine", Cell(list("abcdefgh"), nodes=(1, 8))))
