"""What is said of a benchmark before it is searched, and all tasks of one table at once."""

import json

import numpy as np
import pytest

import archwalk
from added_tables import accuracy, strings, write_csv
from archwalk.api.facts import describe_benchmark
from archwalk.api.transferring import transfer
from archwalk.cli.main import main
from archwalk.errors import UsageError
from archwalk.estimators.added.benchmark import load_tasks


@pytest.fixture
def seven(tmp_path, monkeypatch):
    """A table of several tasks, not all of which know all architectures."""
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    rows = [
        [f"64-{s}-basic", task, accuracy(s) + rng.random(), accuracy(s), len(s)]
        for s in strings()[:70]
        for task in ("jigsaw", "normal", "depth")
        if (s, task) != ("0012", "normal")
    ]
    path = write_csv(
        tmp_path / "t.csv", ["architecture", "task", "valid_metric", "test_metric", "time"], rows
    )
    archwalk.add_table("seven", path, tell=lambda line: None)


def test_a_benchmark_says_its_metrics_its_tasks_and_who_can_search_it(seven, capsys):
    facts = describe_benchmark("seven:normal.valid_metric")
    assert facts["architectures"] == 69
    assert facts["report"]["name"] == "normal.test_metric"
    assert facts["metrics"]["jigsaw.time"] == {"unit": "s", "higher_is_better": False}
    assert facts["tasks"] == [f"seven:{task}.valid_metric" for task in ("jigsaw", "normal", "depth")]
    assert {"local-search", "tpe", "graph-gp"} <= set(facts["strategies"])
    assert "graphs" in facts["cannot"]["nasbot"]
    assert main(["list", "benchmarks", "seven", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tasks"] == facts["tasks"]
    assert main(["list", "benchmarks", "seven"]) == 0
    assert "seven:depth.valid_metric" in capsys.readouterr().out
    assert describe_benchmark("nas-bench-graph:cora")["tasks"] == []
    with pytest.raises(UsageError, match="unknown benchmark 'eight'"):
        describe_benchmark("eight")


def test_all_tasks_of_a_table_are_searched_among_what_all_of_them_know(seven):
    tasks = load_tasks("seven")
    assert [task.space.size for task in tasks] == [69, 69, 69]
    codes_BL = np.arange(69)[:, None]
    np.testing.assert_array_equal(
        tasks[1].measurements.measure(codes_BL)["normal.test_metric"],
        tasks[1].estimator.evaluate(codes_BL).report_B,
    )
    record = transfer("seven", ["mean-rank", "random-search"], budget=5, trials=2, progress=False)
    assert list(record.tasks) == [f"seven:{task.objective.name}" for task in tasks]
    with pytest.raises(UsageError, match="unknown family 'eight'"):
        transfer("eight")


def test_a_table_of_one_task_has_nothing_to_transfer_from(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    rows = [[*s, accuracy(s), accuracy(s) - 1, 3] for s in strings()]
    path = write_csv(tmp_path / "t.csv", ["a", "b", "c", "d", "val_acc", "test_acc", "params"], rows)
    archwalk.add_table("one", path, tell=lambda line: None)
    assert [task.objective.name for task in load_tasks("one")] == ["val_acc"]
    with pytest.raises(UsageError, match="name more tasks"):
        transfer("one", ["random-search"], budget=5, trials=1)


def test_a_task_without_numbers_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    rows = [[*s, task, accuracy(s) if task == "one" else "nan"] for s in strings() for task in ("one", "two")]
    path = write_csv(tmp_path / "t.csv", ["a", "b", "c", "d", "task", "accuracy"], rows)
    archwalk.add_table("half", path, tell=lambda line: None)
    with pytest.raises(
        UsageError, match=r"two.accuracy of half has no numbers: it is no task. .* half:one.accuracy"
    ):
        load_tasks("half")
