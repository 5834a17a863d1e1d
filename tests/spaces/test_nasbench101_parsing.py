import numpy as np
import pytest
from nasbench101_naive import cell, description

from archwalk.errors import InvalidArchitectureError

C3, C1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"


def matrix(n, *edges):
    rows = [[0] * n for _ in range(n)]
    for a, b in edges:
        rows[a][b] = 1
    return rows


CHAIN = matrix(3, (0, 1), (1, 2))
OPS = ["input", C3, "output"]


@pytest.mark.parametrize(
    ("rows", "ops", "message"),
    [
        ([[0, 1, 0], [0, 0, 1]], OPS, "must be a square list of lists"),
        ([[0, 1], [0, 0, 1], [0, 0, 0]], OPS, "must be a square list of lists"),
        ([[0]], ["input"], "at least 2 by 2"),
        ("0110", OPS, "must be a square list of lists"),
        ([["a", 1], [0, 0]], ["input", "output"], "must be a square list of lists"),
        ([[0, 2, 0], [0, 0, 1], [0, 0, 0]], OPS, "may hold only 0 and 1"),
        ([[0, 0.5, 0], [0, 0, 1], [0, 0, 0]], OPS, "may hold only 0 and 1"),
        ([[0, float("nan"), 0], [0, 0, 1], [0, 0, 0]], OPS, "nan where a number is needed"),
        (
            matrix(4, (0, 1), (1, 2), (2, 1), (2, 3)),
            ["input", C3, C1, "output"],
            r"no cycles.*\[2\]\[1\] is 1",
        ),
        (matrix(3, (0, 1), (1, 1), (1, 2)), OPS, r"upper-triangular.*\[1\]\[1\]"),
        (
            CHAIN,
            ["input", "conv3x3", "output"],
            "unknown operation 'conv3x3'; did you mean 'conv3x3-bn-relu'",
        ),
        (CHAIN, ["input", "maxpool", "output"], "unknown operation 'maxpool'; did you mean 'maxpool3x3'"),
        (
            CHAIN,
            ["input", "???", "output"],
            "unknown operation.*known: conv1x1-bn-relu, conv3x3-bn-relu, max",
        ),
        (CHAIN, ["output", C3, "input"], 'must begin with "input" and end with "output"'),
        (CHAIN, [C3, C3, "output"], 'must begin with "input"'),
        (CHAIN, ["input", "output"], "names 2 vertices but .* has 3"),
        (CHAIN, "input,conv,output", "must be a list of operations"),
        (CHAIN, None, "must be a list of operations"),
        (matrix(3, (0, 1)), OPS, "no path leads from the input"),
        (matrix(3), OPS, "no path leads from the input"),
        (
            matrix(8, *((i, i + 1) for i in range(7))),
            ["input", *[C1] * 6, "output"],
            "8 vertices lie on paths from input to output; at most 7",
        ),
        (
            matrix(7, *((i, i + 1) for i in range(6)), (0, 2), (0, 3), (0, 4), (0, 5)),
            ["input", *[C1] * 5, "output"],
            "10 edges remain after pruning; at most 9",
        ),
    ],
)
def test_refused_in_one_line(space7, rows, ops, message):
    with pytest.raises(InvalidArchitectureError, match=message) as caught:
        space7.parse({"matrix": rows, "ops": ops})
    assert "\n" not in str(caught.value)
    assert caught.value.status == 2


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], [CHAIN, OPS], {}, {"matrix": CHAIN}, {"ops": OPS}], ids=repr
)
def test_what_is_no_object_with_the_two_keys(space7, junk):
    with pytest.raises(InvalidArchitectureError, match='keys "matrix", "ops"'):
        space7.parse(junk)


def test_limits_of_a_smaller_space(space4):
    with pytest.raises(InvalidArchitectureError, match=r"5 vertices .* at most 4"):
        space4.parse(description(cell("01 12 23 34", "000")))


def test_limits_hold_after_pruning(space7):
    """Nine vertices and twelve edges, of which a chain of three lies between input and output."""
    rows = matrix(9, (0, 1), (1, 8), *((0, v) for v in range(2, 8)), *((v, 7) for v in range(3, 7)))
    pruned = space7.parse({"matrix": rows, "ops": ["input", POOL, *[C1] * 6, "output"]})
    assert pruned == space7.parse({"matrix": CHAIN, "ops": ["input", POOL, "output"]})


def test_dangling_vertices_and_their_labels_do_not_matter(space7):
    rows = matrix(5, (0, 1), (1, 4), (0, 2), (3, 4))  # 2 leads nowhere, 3 comes from nowhere
    codes = {
        int(space7.parse({"matrix": rows, "ops": ["input", C1, a, C3, "output"]})[0]) for a in (C1, C3, POOL)
    }
    assert codes == {int(space7.parse({"matrix": CHAIN, "ops": ["input", C1, "output"]})[0])}


def test_numpy_and_booleans_are_read(space7):
    code = space7.parse({"matrix": CHAIN, "ops": OPS})
    assert space7.parse({"matrix": np.array(CHAIN, bool), "ops": tuple(OPS)}) == code
    assert space7.parse({"matrix": np.array(CHAIN, float).tolist(), "ops": np.array(OPS)}) == code


def test_describe_is_the_published_form(space7):
    described = space7.describe(space7.parse({"matrix": CHAIN, "ops": OPS}))
    assert described == {"matrix": CHAIN, "ops": OPS}
    assert all(type(entry) is int for row in described["matrix"] for entry in row)
