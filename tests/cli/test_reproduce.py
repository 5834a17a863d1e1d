"""archwalk reproduce: what it lists, writes, takes up again and refuses."""

import json
import re

import pytest

PROTEINS = ["--benchmark", "nas-bench-graph:proteins", "--out", "out"]


def test_list(call):
    listed = call("reproduce", "--list")
    assert listed.status == 0
    for name in (
        "cassimon2024/fig2 ",
        "cassimon2024/table1 ",
        "cassimon2024/all",
        "krishna2020/table6 ",
        "krishna2020/all",
        "gomezrobles2019/exp2-intensive ",
        "mazyavkina2020/rank-correlation ",
    ):
        assert name in listed.out
    assert call("reproduce").out == listed.out
    rows = call("reproduce", "--list", "--json").json["items"]
    assert {row["item"] for row in rows} >= {"cassimon2024/fig10", "cassimon2024/price"}


def test_an_item_makes_a_result_and_a_page(call, tmp_path):
    result = call("reproduce", "cassimon2024/fig4", "--out", "out", "--json")
    record = result.json["items"]["fig4"]
    assert record["scale"]["name"] == "smoke"
    assert json.loads((tmp_path / "out" / "fig4" / "result.json").read_text()) == result.json
    assert "<svg" in (tmp_path / "out" / "fig4" / "report.html").read_text()


def test_tables_stand_beside_the_page_and_who_is_not_here_is_named(call, tmp_path):
    result = call("reproduce", "krishna2020/table3", *PROTEINS, "--workers", 2)
    assert result.status == 0
    assert "test error" in result.out
    assert "Reported by others, in another setting" in result.out
    folder = tmp_path / "out" / "table3"
    assert {file.name for file in folder.iterdir()} == {
        "result.json", "report.html", "table.md", "table.tex", "table.csv",
    }  # fmt: skip
    assert "\\toprule" in (folder / "table.tex").read_text()
    assert "Reported by others" in (folder / "table.md").read_text()


def test_several_objectives_stand_on_one_page(call, tmp_path, tiny, monkeypatch):
    from dataclasses import replace

    from archwalk.estimators.metrics import accuracies
    from archwalk.estimators.table import TableEstimator
    from archwalk.papers.setup import Setup

    def find(self, name):
        table = tiny.estimator
        objective = self.objective or "test-mean"
        return replace(
            tiny, name=name, estimator=TableEstimator(accuracies(objective), table.reward_N, table.report_N)
        )

    monkeypatch.setattr(Setup, "find_benchmark", find)
    found = call(
        "reproduce", "krishna2020/all", "--objective", "test-mean,run0", "--out", "out", "--json"
    ).json
    assert found["items"]["table3"]["settings"]["objective"] == "test-mean"
    assert found["items"]["table3-run0"]["settings"]["objective"] == "run0"
    assert "table2-run0" not in found["items"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert 'id="table3-run0"' in page
    assert "(Table 3, run0)" in page


def test_episodes_of_a_trained_agent(call, agent):
    result = call("reproduce", "cassimon2024/fig8", *PROTEINS, "--agents", agent, "--json").json
    strategies = result["items"]["fig8"]["result"]["comparison"]["strategies"]
    assert list(strategies) == ["agent", "local-search", "random-walk", "random-search"]
    assert result["items"]["fig8"]["notes"] == []


def test_without_an_agent_one_line_says_how_to_train_one(call):
    result = call("reproduce", "cassimon2024/fig8", *PROTEINS)
    assert result.status == 0
    (line,) = [line for line in result.err.splitlines() if "archwalk train" in line]
    assert "No agent trained in the space of nas-bench-graph" in line
    assert "local-search" in result.out


def test_what_is_finished_is_not_computed_again(call):
    first = call("reproduce", "cassimon2024/fig9", *PROTEINS, "--json").json
    again = call("reproduce", "cassimon2024/fig9", *PROTEINS, "--json").json
    assert again == first
    other = call("reproduce", "cassimon2024/fig9", *PROTEINS, "--seed", 1, "--json").json
    assert other["items"]["fig9"]["created"] >= first["items"]["fig9"]["created"]
    assert other["items"]["fig9"]["seed"] == 1


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (["cassimon2024/fig88"], 2, "unknown item 'cassimon2024/fig88'; did you mean 'cassimon2024/fig8'"),
        (["casimon2024/table1"], 2, "did you mean 'cassimon2024/table1'"),
        (["cassimon2024/fig8", "--scale", "ful"], 2, "unknown scale 'ful'; did you mean 'full'"),
        (["cassimon2024/fig8", "--agents", "nowhere"], 2, "there is no folder nowhere"),
        (["cassimon2024/fig17", "--agents", "=nowhere"], 2, "--agents takes RUNS or NAME=RUNS"),
        (["cassimon2024/fig5", *PROTEINS], 2, "samplers of NAS-Bench-101"),
        (
            ["cassimon2024/fig8", "--objective", "run0", *PROTEINS],
            2,
            "names its objective itself",
        ),
        (["cassimon2024/fig8", "--benchmark", "nas-bench-graph:coro"], 2, "did you mean 'cora'"),
    ],
)
def test_refusals(call, command, status, message):
    result = call("reproduce", *command)
    assert result.status == status, result.err
    assert result.out == ""
    assert result.err.count("\n") == 1, result.err
    assert re.search(message, result.err), result.err


def test_missing_data_is_one_line(call, monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "empty"))
    monkeypatch.delenv("ARCHWALK_DATA", raising=False)
    result = call("reproduce", "cassimon2024/fig8", "--out", "out")
    assert (result.status, result.out, result.err.count("\n")) == (1, "", 1)
    assert "nasbench101" in result.err


def test_train_is_for_a_paper_with_an_agent(call):
    refused = call("reproduce", "krishna2020/table3", "--train", "--out", "out")
    assert refused.status == 2
