"""What commands share."""

import io
import json

import pytest
from rich.console import Console

from archwalk.cli import common
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


def test_a_bar_beside_another_is_seen_once_it_moves(monkeypatch):
    monkeypatch.setattr(common, "ERR", Console(force_terminal=True, file=io.StringIO()))
    with common.progress_bar("queries", 5) as bar:
        other = bar.beside("supernet")
        shown = [[task.visible for task in bar._progress.tasks]]
        other.to(3, 8, "training")
        shown.append([task.visible for task in bar._progress.tasks])
        task = bar._progress.tasks[1]
    assert shown == [[True, False], [True, True]]
    assert (task.completed, task.total, task.fields["text"]) == (3, 8, "training")


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
