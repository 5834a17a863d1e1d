import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nasbench101_naive import all_cells, canonical, description, renumber, undescribe

from archwalk.data.catalogue import load_table
from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.nasbench101.cell import Cell
from archwalk.spaces.nasbench101.network import parameter_count
from archwalk.spaces.nasbench101.space import NASBench101

CELLS = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
DAGS = {2: 1, 3: 2, 4: 10, 5: 121, 6: 1_545, 7: 4_793}
TOPOLOGIES = {2: 1, 3: 2, 4: 10, 5: 97, 6: 810, 7: 1_574}


def patterns(tables, vertices):
    return tables.topology[tables.first[vertices] : tables.first[vertices + 1]]


def test_counts_of_each_size(space7):
    tables = space7.tables
    assert space7.size == 423_624
    assert dict(zip(*np.unique(tables.vertices_N, return_counts=True), strict=True)) == CELLS
    for vertices in CELLS:
        topology = patterns(tables, vertices)
        assert np.count_nonzero(topology >= 0) == DAGS[vertices]
        assert len(np.unique(topology[topology >= 0])) == TOPOLOGIES[vertices]
        ways = tables.ways_N[tables.vertices_N == vertices].sum()
        assert ways == DAGS[vertices] * 3 ** (vertices - 2), "a labelled DAG belongs to one cell"


@pytest.mark.parametrize("vertices", range(2, 7))
def test_smaller_spaces_are_its_beginning(space7, vertices):
    space = NASBench101(max_vertices=vertices)
    assert space.size == sum(CELLS[v] for v in range(2, vertices + 1))
    for column in ("vertices_N", "bits_N", "code_N", "ways_N"):
        whole = getattr(space7.tables, column)
        np.testing.assert_array_equal(getattr(space.tables, column), whole[: space.size])


@pytest.mark.parametrize("max_edges", [1, 3, 5])
def test_limit_of_edges(max_edges):
    space = NASBench101(max_vertices=4, max_edges=max_edges)
    expected = {canonical(cell) for v in (2, 3, 4) for cell in all_cells(v, max_edges)}
    assert space.size == len(expected)


@pytest.mark.parametrize(("vertices", "edges"), [(1, 9), (8, 9), (7, 0), (7, 10)])
def test_impossible_limits_are_refused(vertices, edges):
    with pytest.raises(UsageError, match="2 to 7 vertices and 1 to 9 edges"):
        NASBench101(vertices, edges)


def test_ids_are_isomorphism_classes(space5):
    """Every labelled DAG of up to 5 vertices: same id if and only if some renumbering makes them equal."""
    ids = {}
    ways = np.zeros(space5.size, np.int64)
    for vertices in range(2, 6):
        for cell in all_cells(vertices):
            matrix = np.array(description(cell)["matrix"], np.int8)
            code = space5.code_of(Cell(matrix, (-1, *cell[1], -2)))
            ways[code[0]] += 1
            assert ids.setdefault(canonical(cell), code[0]) == code[0]
    assert sorted(ids.values()) == list(range(space5.size))
    np.testing.assert_array_equal(space5.tables.ways_N, ways)


def test_cells_read_back(space7):
    for i in np.random.default_rng(0).integers(0, space7.size, 2_000, dtype=np.int32):
        cell = space7.cell(np.array([i]))
        assert space7.code_of(cell) == i
        assert len(cell.edges) <= 9


def test_cell_of_a_larger_space_is_refused(space4, space5):
    large = np.array([space5.size - 1], np.int32)
    with pytest.raises(InvalidArchitectureError):
        space4.parse(space5.describe(large))


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_numbering_of_the_vertices_gives_the_same_code(space7, data):
    code = np.array([data.draw(st.integers(0, space7.size - 1), label="id")], np.int32)
    edges, labels = undescribe(space7.describe(code))
    order, left = [], set(range(1, len(labels) + 1))
    while left:  # any topological order of the interior vertices
        free = sorted(v for v in left if not any(a in left and b == v for a, b in edges))
        order.append(data.draw(st.sampled_from(free), label="next"))
        left.remove(order[-1])
    assert space7.parse(description(renumber((edges, labels), tuple(order)))) == code


def test_numbering_names_the_enumeration(space4, space5):
    assert space4.numbering != space5.numbering
    assert space4.numbering == NASBench101(max_vertices=4).numbering


def test_representatives_are_the_trained_matrices(nasbench101, space7):
    """The number of parameters depends on how the vertices are numbered; these are the published ones."""
    published_N = load_table("nasbench101")["parameters"]
    ids = np.random.default_rng(1).integers(0, space7.size, 300, dtype=np.int32)
    for i in ids:
        cell = space7.cell(np.array([i]))
        assert parameter_count(cell.matrix, cell.operations) == published_N[i]
