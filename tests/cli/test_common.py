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


class TestTheLastNet:
    @pytest.fixture
    def broken(self, monkeypatch):
        def break_down(options):
            raise KeyError("postgresql://user:s3cr3t@host/name")

        monkeypatch.setattr("archwalk.cli.store.run_list", break_down)

    @pytest.mark.usefixtures("broken")
    def test_what_nobody_foresaw_is_one_line_and_a_report(self, call, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        result = call("store", "list", "--store", "postgresql://user:s3cr3t@host/name")
        assert (result.status, result.out) == (1, "")
        assert result.err.count("\n") == 1
        assert result.err.startswith("archwalk: this was not foreseen (KeyError: ")
        (report,) = tmp_path.glob("archwalk-error-*.txt")
        assert str(report) in result.err
        assert "Traceback (most recent call last)" in report.read_text()
        assert "s3cr3t" not in report.read_text() + result.err

    @pytest.mark.usefixtures("broken")
    def test_where_no_report_can_be_written(self, call, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
        assert "no report could be written" in call("store", "list").err
