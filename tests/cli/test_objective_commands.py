"""search and compare on an objective of the user's."""

import json
from pathlib import Path

import pytest

from archwalk.cli.main import main

SPACE = '[decisions]\ndepth = { integer = [1, 6] }\nkind = ["a", "b"]\n'
SCORES = "def score(a):\n    return {'accuracy': a.description['depth'], 'loss': -a.description['depth'], 'size': 3}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "store.sqlite"))
    (tmp_path / "space.toml").write_text(SPACE)
    (tmp_path / "mine.py").write_text(SCORES)
    return tmp_path


def test_search_a_function(capsys, folder):
    call = [
        "search",
        "random-search",
        "--space",
        "space.toml",
        "--objective",
        "mine.py:score",
        "--budget",
        "40",
    ]
    assert main([*call, "--minimise", "loss", "--report", "size", "--out", "out"]) == 0
    said = capsys.readouterr()
    assert "Found by random-search: loss −6.00, size 3.00." in said.out
    assert "architectures were evaluated for this" in said.err
    record = json.loads((folder / "out" / "result.json").read_text())
    assert record["reward"] == {"name": "loss", "unit": "", "higher_is_better": False}
    assert main([*call, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["objective"] == "accuracy"
    assert "0 architectures were evaluated" in said.err, "another metric of the same evaluations"


def test_compare_by_a_command(capsys):
    call = ["compare", "--strategies", "random-search,tpe", "--budget", "3", "--space", "space.toml"]
    assert main([*call, "--command", "echo 5", "--limit-seconds", "60", "--retries", "1"]) == 0
    assert "5.00" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "which benchmark?"),
        (["--space", "space.toml"], "--space is for --objective or --command: say one of them"),
        (["--objective", "mine.py:score"], "which space? say --space"),
        (
            ["--objective", "mine.py:score", "--space", "space.toml", "--benchmark", "ec-nas-4v"],
            "say --benchmark, or",
        ),
        (["--objective", "mine.py:score", "--space", "space.toml", "--command", "echo 1"], "one of them"),
        (["--objective", "mine.py:scores", "--space", "space.toml"], "did you mean 'score'"),
        (["--objective", "no.py:score", "--space", "space.toml"], "there is no file"),
        (["--objective", "mine", "--space", "space.toml"], "is written module:name or file.py:name"),
        (["--objective", "mine.py:score", "--space", "spaces.toml"], "spaces.toml"),
        (
            ["--objective", "mine.py:score", "--space", "space.toml", "--minimise", "sizes"],
            "did you mean 'size'",
        ),
        (["--objective", "mine.py:score", "--space", "space.toml", "--limit-seconds", "-1"], "above 0"),
        (
            ["--objective", "mine.py:score", "--space", "space.toml", "--store", "http://x"],
            "SQLite file or a PostgreSQL",
        ),
        (["--command", "nothing-here {json}", "--space", "space.toml"], "there is no program nothing-here"),
    ],
)
def test_what_does_not_go_together_is_one_line(words, says, capsys):
    assert main(["search", "tpe", "--budget", "3", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_several_goals_print_and_keep_a_front(capsys, folder):
    call = ["search", "nsga2", "--space", "space.toml", "--objective", "mine.py:score", "--budget", "20"]
    assert main([*call, "--maximise", "accuracy", "--minimise", "size", "--out", "out"]) == 0
    said = capsys.readouterr()
    assert "Front of 1\N{NO-BREAK SPACE}architecture; hypervolume 0.18" in said.out
    assert "wrote out: evaluations.csv" not in said.err
    assert {path.name for path in (folder / "out").iterdir()} == {
        "evaluations.csv",
        "evaluations.safetensors",
        "front.json",
        "front.svg",
        "report.html",
    }
    assert main([*call, "--maximise", "accuracy", "--limit", "size<=2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["points"] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--maximise", "accuracy", "--minimise", "latency"],
            "unknown metric 'latency'; did you mean 'latency_ms'",
        ),
        (["--maximise", "accuracy", "--limit", "parameters"], "a limit is METRIC=NUMBER"),
        (["--reference", "accuracy=3"], "--reference is for several goals"),
        (
            ["--maximise", "accuracy", "--minimise", "parameters", "--reference", "a=x"],
            "METRIC=NUMBER, not 'a=x'",
        ),
    ],
)
def test_goals_that_make_no_sense_are_one_line(words, says, capsys):
    assert main(["search", "nsga2", "--benchmark", "nas-bench-graph:proteins", "--budget", "3", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_compare_takes_several_goals(capsys, folder):
    call = [
        "compare",
        "--strategies",
        "nsga2,tpe",
        "--benchmark",
        "nas-bench-graph:proteins",
        "--budget",
        "12",
    ]
    goals = ["--maximise", "accuracy", "--minimise", "parameters", "--limit", "parameters=2000000"]
    assert (
        main(
            [*call, *goals, "--trials", "2", "--workers", "2", "--out", "out", "--set", "nsga2.population=4"]
        )
        == 0
    )
    said = capsys.readouterr()
    told = " ".join(said.out.split())
    assert "hypervolume in percent of that of the exact front: accuracy high, parameters low" in told
    assert {path.name for path in (folder / "out").iterdir()} == {
        "result.json", "report.html", "table.csv", "table.md", "table.tex", "evaluations.safetensors",
    }  # fmt: skip
    record = json.loads((folder / "out" / "result.json").read_text())
    assert record["strategies"]["nsga2"]["settings"]["population"] == 4
    assert main(["report", "out"]) == 0
    assert "The fronts" in (folder / "out" / "report.html").read_text()


def test_compare_over_one_goal_says_what_is_meant(capsys):
    call = ["compare", "--strategies", "tpe", "--benchmark", "nas-bench-graph:proteins", "--budget", "3"]
    assert main([*call, "--minimise", "parameters"]) == 2
    assert "two goals or more" in capsys.readouterr().err


def test_nsga2_alone_says_what_it_needs(capsys):
    assert main(["search", "nsga2", "--benchmark", "nas-bench-graph:proteins", "--budget", "3"]) == 2
    assert "nsga2 searches for several goals: say --maximise and --minimise" in capsys.readouterr().err
