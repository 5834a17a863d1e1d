"""What commands share."""

import json

import pytest

from archwalk.cli.common import readable


@pytest.mark.parametrize(
    "value",
    [
        {"a": [[1, 2], [3]], "b": ["x  [ y ]", "z"]},
        {"empty": [], "rows": [[]]},
        [{"a": [1, [2, {"b": [3, 4]}]]}],
    ],
)
def test_readable_is_the_same_json(value):
    assert json.loads(readable(value)) == value


def test_rows_are_on_one_line_each():
    assert readable({"matrix": [[0, 1], [0, 0]], "ops": ["in", "out"]}).splitlines() == [
        "{",
        '  "matrix": [',
        "    [0, 1],",
        "    [0, 0]",
        "  ],",
        '  "ops": ["in", "out"]',
        "}",
    ]
