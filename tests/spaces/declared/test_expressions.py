"""Expressions over decisions: their values, and what is unknown."""

import numpy as np
import pytest

from archwalk.spaces.declared.decisions import Categorical, Integer, Ordinal
from archwalk.spaces.declared.expressions import Column, compile_expression

DECISIONS = [
    Integer("depth", 1, 3), Ordinal("width", [16, 32]), Categorical("op", ["conv", "pool"]),
    Categorical("other op", ["pool", "skip"]), Categorical("norm", [True, False]), Ordinal("extra", [1, 2]),
]  # fmt: skip
ROW = {"depth": 1, "width": 0, "op": 0, "other_op": 0, "norm": 0}
"""depth 2, width 16, op conv, other op pool, norm true; extra does not exist."""


def truth(text):
    columns = {name: Column(np.array([index]), np.array([True])) for name, index in ROW.items()}
    columns["extra"] = Column(np.array([0]), np.array([False]))
    found = compile_expression(text, DECISIONS, "here")(columns)
    return bool(found.values_B[0]) if found.known_B[0] else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth == 2", True), ("depth == 3", False), ("depth != 3", True), ("1 <= depth < 3", True),
        ("depth * width == 32", True), ("width / depth == 8", True), ("width // 5 == 3", True),
        ("width % 5 == 1", True),
        ("2 ** depth == 4", True), ("-depth < 0", True), ("abs(depth - 5) == 3", True),
        ("op == 'conv'", True), ("'conv' == op", True), ("op != 'pool'", True), ("op in ('conv', 'pool')", True),
        ("op not in ['pool']", True), ("op == other_op", False), ("norm", True), ("not norm", False),
        ("norm == true", True), ("norm == False", False), ("depth == 2 and op == 'pool'", False),
        ("depth == 2 or op == 'pool'", True), ("sum(depth, width) == 18", True), ("max(depth, width) == 16", True),
        ("min([depth, width]) == 2", True), ("sum(op == 'conv', other_op == 'skip') == 1", True),
        ("depth == 99", False), ("depth / 0 > 1", True), ("(depth - 2) / 0 > 1", False),
        ("extra == 1", None), ("not extra == 1", None), ("extra + depth > 0", None),
        ("extra == 1 and depth == 3", False),
        ("extra == 1 or depth == 2", True), ("extra == 1 or depth == 3", None), ("sum(extra, depth) == 2", True),
        ("max(extra) > 0", None), ("extra in (1, 2)", None),
    ],
)  # fmt: skip
def test_truth(text, expected):
    assert truth(text) is expected
