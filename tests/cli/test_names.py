"""Names that users give are shown as they are: they are no markup, no pictures, and do not steer a terminal."""

import json
import logging

import pytest

from archwalk.api.progress import progress_bar
from archwalk.cli.guard import note_in_one_line

SPACE = """
name = "[/x]"
[decisions]
act = ["[/red]", ":cat:"]
width = { integer = [1, 2] }
"""


def test_names_of_a_space(call, tmp_path):
    (tmp_path / "s.toml").write_text(SPACE)
    (tmp_path / "a.json").write_text(json.dumps({"act": "[/red]", "width": 2}))
    said = call("space", tmp_path / "s.toml")
    assert said.status == 0
    assert "name: [/x]" in said.out
    said = call("neighbours", tmp_path / "s.toml", tmp_path / "a.json")
    assert said.status == 0
    assert '{"kind": "act", "act": ":cat:", "width": 2}' in said.out
    assert '{"kind": "width", "act": "[/red]", "width": 1}' in said.out


def test_labels(call, tmp_path):
    out = tmp_path / "[/o]"
    said = call(
        "compare", "--benchmark", "nas-bench-graph:proteins", "--budget", 2, "--trials", 2, "--episodes", 0,
        "--out", out, "--strategies", "[bold]a=random-search,:cat:=local-search",
    )  # fmt: skip
    assert said.status == 0
    assert "[bold]a" in said.out
    assert ":cat:" in said.out


@pytest.mark.parametrize("live", [False, True])
def test_bars(capsys, monkeypatch, live):
    monkeypatch.setenv("FORCE_COLOR" if live else "NO_COLOR", "1")
    monkeypatch.setattr("archwalk.api.progress.FIRST_SECONDS", 0.0)
    with progress_bar("[/x] :cat:", 3, shown=True) as bar:
        bar.to(1, text="[/y]")
    said = capsys.readouterr().err
    assert "[/x] :cat:" in said
    assert "[/y]" in said


def test_what_is_refused_does_not_steer_the_terminal(call):
    said = call("report", "a\x1b[31mb\n\x07c\x9b")
    assert said.err == (
        "archwalk: a\\x1b[31mb \\x07c\\x9b is not a run folder: no result.json; make one with archwalk compare ... "
        "--out DIR\n"
    )


def test_notes_neither(capfd):
    note_in_one_line()
    record = logging.LogRecord("archwalk", logging.WARNING, "", 0, "archwalk: %s", ("x\n\x1b[2Jy",), None)
    logging.lastResort.handle(record)
    assert capfd.readouterr().err == "archwalk: x \\x1b[2Jy\n"
