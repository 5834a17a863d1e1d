import numpy as np
import pytest
from nasbench101_naive import canonical, cell, description, neighbours, undescribe
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from archwalk.spaces.nasbench101.space import NASBench101

GOLDEN = [
    ("01", "", "043721b9c7fe", 3),
    ("01 12", "0", "b49ac8c578b4", 13),
    ("01 12 02", "2", "6f6257bc3b12", 13),
    ("01 02 13 23", "01", "1af995a92568", 32),
    ("01 12 23 34", "012", "32b26a4044bf", 45),
    ("01 02 14 23 34 04", "100", "44d654c6266e", 51),
    ("01 02 13 24 35 45 05", "0012", "af923d71cc13", 82),
    ("01 02 13 23 34 35 46 56 06", "01201", "92c3e5a73be3", 26),
    ("01 12 23 34 45 56", "00000", "b3bc0991ac66", 26),
    ("01 02 03 04 45 16 26 36 56", "00211", "80d96585823c", 13),
]


def code_of(space, edges, labels):
    return space.parse(description(cell(edges, labels)))


def found_by(space, code):
    """Neighbours in canonical form, with their kinds."""
    found = space.neighbours(code[None])
    cells = [canonical(undescribe(space.describe(code_L))) for code_L in found.codes_EL]
    return dict(zip(cells, [space.edit_kinds[k] for k in found.kinds_E], strict=True))


@pytest.mark.parametrize(("edges", "labels", "md5", "count"), GOLDEN)
def test_golden_cells(space7, edges, labels, md5, count):
    code = code_of(space7, edges, labels)
    assert space7.published_hash(code).startswith(md5)
    assert space7.graph.degrees[code[0]] == count
    assert len(space7.neighbours(code[None]).codes_EL) == count


def test_counts_of_the_whole_space(space7):
    graph = space7.graph
    assert graph.edges == 10_890_938
    degrees = graph.degrees
    assert degrees.mean() == pytest.approx(25.7, abs=0.05)
    assert (np.median(degrees), degrees.min(), degrees.max()) == (23, 3, 87)
    assert (degrees > 50).mean() == pytest.approx(0.028, abs=5e-4)


def test_mean_number_of_each_kind(space7):
    kinds = np.bincount(space7.graph.kinds_E) / space7.size
    assert dict(zip(space7.edit_kinds, kinds.round(2).tolist(), strict=True)) == {
        "remove vertex": 9.58,
        "relabel": 9.57,
        "remove edge": 2.76,
        "add edge": 2.76,
        "add vertex": 1.03,
    }


@pytest.fixture(scope="module")
def matrix(space7):
    graph = space7.graph
    ones = np.ones(graph.edges, np.int8)
    return csr_matrix((ones, graph.targets_E, graph.offsets), shape=(space7.size, space7.size))


def test_every_cell_reaches_every_other(matrix):
    components, _ = connected_components(matrix, directed=True, connection="strong")
    assert components == 1


def test_two_thirds_of_the_edges_have_a_reverse(matrix):
    assert matrix.multiply(matrix.T).nnz == pytest.approx(7.27e6, abs=5e3)


@pytest.mark.parametrize("vertices", range(2, 8))
def test_neighbours_are_those_of_the_rule(space7, vertices):
    """Against the rule word by word, on random cells; few of 7 vertices, whose numberings are many."""
    ids = np.flatnonzero(space7.tables.vertices_N == vertices)
    count = {2: 1, 3: 6, 4: 30, 5: 25, 6: 15, 7: 8}[vertices]
    for i in np.random.default_rng(vertices).choice(ids, count, replace=False):
        code = np.array([i], np.int32)
        assert found_by(space7, code) == neighbours(undescribe(space7.describe(code)))


@pytest.mark.parametrize(("vertices", "edges"), [(4, 9), (4, 4), (5, 5)])
def test_smaller_limits_hold(vertices, edges):
    space = NASBench101(vertices, edges)
    for i in np.random.default_rng(0).integers(0, space.size, 40, dtype=np.int32):
        code = np.array([i])
        expected = neighbours(undescribe(space.describe(code)), vertices, edges)
        assert found_by(space, code) == expected


class TestFigure2:
    """Cassimon et al. 2024, figure 2: five vertices, vertex 2 removed; its predecessors are 0 and 1, its successors 3
    and 4.

    The edges are drawn from the text: vertex 1 leads to 2 alone, so that the selection in 3a, which joins
    only vertex 0 to the successors, leaves vertex 1 without an out-edge.
    """

    ONE = ("01 02 12 23 24 34", "012")

    @staticmethod
    def after(*edges):
        """Vertices 0, 1, 3, 4 become 0, 1, 2, 3; the edges 01 and 34 stay."""
        return canonical(cell(" ".join(["01", "23", *edges]), "02"))

    @pytest.fixture
    def removed(self, space7):
        found = found_by(space7, code_of(space7, *self.ONE))
        return {of for of, kind in found.items() if kind == "remove vertex"}

    def test_3a_is_no_neighbour(self, removed):
        assert self.after("02", "03") not in removed

    def test_3b_is_a_neighbour(self, removed):
        assert self.after("02", "13") in removed

    def test_every_valid_selection_is_a_neighbour(self, removed):
        """Of the sixteen selections those in which 1 leads on and 3 is led to."""
        selections = [
            [edge for bit, edge in enumerate(("02", "03", "12", "13")) if subset >> bit & 1]
            for subset in range(16)
        ]
        valid = [s for s in selections if {"12", "13"} & set(s) and {"02", "12"} & set(s)]
        assert len(valid) == 10
        of_vertex_2 = {self.after(*selection) for selection in valid}
        assert of_vertex_2 <= removed
        invalid = {self.after(*selection) for selection in selections if selection not in valid}
        assert not invalid & removed

    def test_the_way_back_is_no_neighbour(self, space7):
        back = found_by(space7, code_of(space7, "01 23 02 13", "02"))
        assert canonical(cell(*self.ONE)) not in back
