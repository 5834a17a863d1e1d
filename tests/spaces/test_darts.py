import ast
import json
import math
import re
from collections import namedtuple
from itertools import combinations

import numpy as np
import pytest
from darts_genotypes import DARTS_V2
from scipy.stats import chisquare

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts import DARTS, OPERATIONS
from archwalk.spaces.darts.code import CHOICES, INPUT_PAIRS, canonical_codes, genotype_arrays
from archwalk.testing.spaces import ALPHA, SpaceConformance

SPACE = DARTS()


class TestDARTS(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return SPACE


def changed(cell, edge, value):
    """The genotype with another edge."""
    edges = [*DARTS_V2[cell][:edge], value, *DARTS_V2[cell][edge + 1 :]]
    return {**DARTS_V2, cell: edges}


def test_size():
    """Cassimon et al. 2024: around 10^9 cells, 10^18 architectures."""
    cells = math.prod(len(pairs) for pairs in INPUT_PAIRS) * len(OPERATIONS) ** 8
    assert cells == 1_037_664_180
    assert math.prod(CHOICES) == cells**2
    assert CHOICES == 2 * (3, 6, 10, 7, 7, 7, 7, 7, 7, 7, 7)


def test_code_is_pairs_of_input_and_operation():
    code = SPACE.parse(DARTS_V2)
    normal = [0, 3, 1, 3, 0, 3, 1, 3, 0, 2, 1, 3, 0, 2, 2, 5]
    reduce = [0, 0, 1, 0, 1, 0, 2, 2, 0, 0, 2, 2, 1, 0, 2, 2]
    assert code.tolist() == normal + reduce
    inputs, operations = genotype_arrays(code[None])
    assert inputs[0].tolist() == [normal[::2], reduce[::2]]
    assert operations[0].tolist() == [normal[1::2], reduce[1::2]]
    assert np.shares_memory(inputs, code)


def test_order_of_a_node_s_edges_does_not_matter():
    described = SPACE.describe(SPACE.parse(DARTS_V2))
    assert described["normal"][4:6] == [["skip_connect", 0], ["sep_conv_3x3", 1]]
    turned = {**DARTS_V2, "normal": [DARTS_V2["normal"][edge ^ 1] for edge in range(8)]}
    assert SPACE.describe(SPACE.parse(turned)) == described
    as_tuples = {
        key: tuple(map(tuple, edges)) if "concat" not in key else edges for key, edges in DARTS_V2.items()
    }
    np.testing.assert_array_equal(SPACE.parse(as_tuples), SPACE.parse(DARTS_V2))


def test_canonical_codes_sort_the_edges_of_each_node():
    codes = SPACE.sample(np.random.default_rng(0), 500)
    edges = codes.reshape(-1, 2, 4, 2, 2).copy()
    turned = np.random.default_rng(1).random(edges.shape[:3]) < 0.5
    edges[turned] = edges[turned][:, ::-1]
    edges = edges.reshape(-1, 2, 8, 2)
    np.testing.assert_array_equal(canonical_codes(edges[..., 0], edges[..., 1]), codes)
    assert (codes.reshape(-1, 2, 4, 2, 2)[..., 0, 0] < codes.reshape(-1, 2, 4, 2, 2)[..., 1, 0]).all()


@pytest.mark.parametrize(
    ("genotype", "message"),
    [
        (
            changed("normal", 4, ["sep_conv_3x3", 0]),
            r'"normal"\[4\] and \[5\], the edges of node 4, must have ',
        ),
        (changed("reduce", 0, ["max_pool_3x3", 2]), r'"reduce"\[0\] must have an input from 0 to 1.*not 2'),
        (changed("reduce", 7, ["max_pool_3x3", -1]), r"from 0 to 4, an earlier state, not -1"),
        (changed("reduce", 7, ["max_pool_3x3", True]), "not True"),
        (
            changed("normal", 2, ["sep_conv_7x7", 0]),
            r'"normal"\[2\]: unknown operation \'sep_conv_7x7\'; did you',
        ),
        (changed("normal", 2, [0, "sep_conv_3x3"]), r'"normal"\[2\] must be a pair \[operation, input\]'),
        ({**DARTS_V2, "normal": DARTS_V2["normal"][:6]}, '"normal" must be a list of 8 pairs'),
        (
            {**DARTS_V2, "reduce_concat": [4, 5]},
            r'"reduce_concat" must be \[2, 3, 4, 5\], all nodes of the cell',
        ),
    ],
)
def test_errors_say_what_is_wrong(genotype, message):
    with pytest.raises(InvalidArchitectureError, match=message):
        SPACE.parse(genotype)


def test_choices_are_input_pairs_and_operations():
    choices = SPACE.to_choices(SPACE.parse(DARTS_V2)[None])[0]
    pairs = {node: list(combinations(range(node), 2)) for node in (3, 4, 5)}
    normal = [pairs[3].index((0, 1)), pairs[4].index((0, 1)), pairs[5].index((0, 2))]
    reduce = [pairs[3].index((1, 2)), pairs[4].index((0, 2)), pairs[5].index((1, 2))]
    assert choices[:3].tolist() == normal
    assert choices[11:14].tolist() == reduce
    assert choices[3:11].tolist() == [3, 3, 3, 3, 2, 3, 2, 5]


@pytest.mark.parametrize(("place", "value"), [(0, 3), (0, -1), (21, 7), (13, 10)])
def test_choices_out_of_range_are_refused(place, value):
    choices = np.zeros((1, 22), np.int32)
    choices[0, place] = value
    with pytest.raises(ValueError, match="out of its range"):
        SPACE.from_choices(choices)


def test_starts_are_uniform():
    choices = SPACE.to_choices(SPACE.sample(np.random.default_rng(0), 20_000))
    for column, size in zip(choices.T, CHOICES, strict=True):
        assert chisquare(np.bincount(column, minlength=size)).pvalue > ALPHA


def features_by_hand(genotype):
    """Cassimon et al. 2024, figure 1: every operation a vertex between the vertices that its edge joined."""
    bits = []
    for cell in ("normal", "reduce"):
        labels, adjacency = ["input", "input"], {}
        place_of_state = {0: 0, 1: 1}
        for node in range(4):
            for operation, state in genotype[cell][2 * node : 2 * node + 2]:
                adjacency[len(labels)] = [place_of_state[state]]
                labels.append(operation)
            adjacency[len(labels)] = [len(labels) - 2, len(labels) - 1]
            place_of_state[2 + node] = len(labels)
            labels.append("sum")
        adjacency[len(labels)] = [place_of_state[2 + node] for node in range(4)]
        labels.append("output")
        words = ["input", "output", "sum", *OPERATIONS]
        bits += [int(u in adjacency.get(v, [])) for v in range(len(labels)) for u in range(v)]
        bits += [int(label == word) for label in labels for word in words]
    return bits


def test_features_follow_the_conversion():
    codes = SPACE.sample(np.random.default_rng(0), 50)
    assert SPACE.feature_count == 2 * (15 * 14 // 2 + 15 * 10) == 510
    expected = [features_by_hand(SPACE.describe(code)) for code in codes]
    np.testing.assert_array_equal(SPACE.features(codes), expected)


def test_drawing_shows_both_cells():
    drawing = SPACE.draw(SPACE.parse(DARTS_V2))
    assert re.findall(r'font-weight="600"[^>]*>([^<]*)<', drawing) == ["normal cell", "reduction cell"]
    assert drawing.count("<svg ") == 3
    assert drawing.count("<rect") == 2 * 15
    for label, count in (
        ("sep_conv_3x3", 5),
        ("dil_conv_3x3", 1),
        ("max_pool_3x3", 5),
        ("sum 5", 2),
        ("output", 2),
    ):
        assert drawing.count(f">{label}</text>") == count
    arrows = 2 * (8 * 2 + 4)
    assert drawing.count("<path") == 2 * arrows
    x = [int(x) for x in re.findall(r'<svg x="(\d+)"', drawing)]
    width = [int(width) for width in re.findall(r'<svg [^>]*width="(\d+)"', drawing)]
    assert x[0] == 0
    assert width[1] < x[1]
    assert x[1] + width[2] == width[0]


def test_published_genotypes_are_of_the_space(data_root):
    """NASLib's sample of NAS-Bench-301: pairs (input, operation) of the two cells, in no order."""
    table = json.loads((data_root / "nasbench301/naslib/zc_nasbench301_725.json").read_text())["cifar10"]
    for key in list(table)[:50]:
        cells = ast.literal_eval(key)
        genotype = {
            name: [[OPERATIONS[operation], state] for state, operation in cell]
            for name, cell in zip(("normal", "reduce"), cells, strict=True)
        }
        code = SPACE.parse({**genotype, "normal_concat": [2, 3, 4, 5], "reduce_concat": [2, 3, 4, 5]})
        edges = np.array([cells])
        np.testing.assert_array_equal(canonical_codes(edges[..., 0], edges[..., 1])[0], code)


def test_a_genotype_as_darts_makes_it():
    """A named tuple with ranges, and what searching leaves in it: numbers of NumPy."""
    Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
    code_L = SPACE.sample(np.random.default_rng(0), 1)[0]
    plain = SPACE.describe(code_L)
    cells = {
        name: [(operation, np.int64(state)) for operation, state in plain[name]]
        for name in ("normal", "reduce")
    }
    made = Genotype(cells["normal"], range(2, 6), cells["reduce"], range(2, 6))
    np.testing.assert_array_equal(SPACE.parse(made), code_L)
