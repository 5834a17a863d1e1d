import json
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from archwalk import __version__
from archwalk.cli.main import main
from archwalk.data.architectures import ArchitectureFile
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.images.tables import find_table
from archwalk.spaces.nasbench_graph import NASBenchGraph

TABLES = {"table.md", "table.tex", "table.csv"}
PROTEINS = "nas-bench-graph:proteins"


class TestHelp:
    @pytest.mark.parametrize(
        "command",
        [[], ["demo"], ["train"], ["improve"], ["data"], ["data", "import"], ["doctor"], ["space"], ["neighbours"],
         ["oracle"], ["export"], ["search"], ["compare"], ["report"]],
        ids=" ".join,
    )  # fmt: skip
    def test_every_command_explains_itself(self, command, capsys):
        with pytest.raises(SystemExit) as caught:
            main([*command, "--help"])
        assert caught.value.code == 0
        assert "usage: archwalk" in capsys.readouterr().out

    def test_version(self, capsys):
        with pytest.raises(SystemExit) as caught:
            main(["--version"])
        assert caught.value.code == 0
        assert capsys.readouterr().out == f"archwalk {__version__}\n"


class TestSpace:
    def test_nasbench101(self, call):
        facts = call("space", "nasbench101", "--json").json
        assert (facts["architectures"], facts["edges"]) == (423_624, 10_890_938)
        assert (facts["neighbours"]["min"], facts["neighbours"]["max"]) == (3, 87)
        assert sum(facts["edges_by_kind"].values()) == 10_890_938
        assert (facts["code_length"], facts["features"], len(facts["choices"])) == (1, 56, 26)
        assert set(facts["example"]) == {"matrix", "ops"}

    def test_nasbench_graph(self, call):
        facts = call("space", "nas-bench-graph", "--json").json
        assert facts["architectures"] == 26_206
        assert sum(facts["edges_by_kind"].values()) == facts["edges"]

    @pytest.mark.parametrize(("name", "features"), [("nsc", 360), ("nsc-chain", 250), ("chain", 76)])
    def test_networks_of_layers(self, call, name, features):
        facts = call("space", name, "--json").json
        assert facts["features"] == features
        assert set(facts["example"]) == {"layers"}
        assert facts.get("architectures") == (2_800 if name == "chain" else None)

    def test_as_text(self, call):
        result = call("space", "nas-bench-graph")
        assert result.status == 0
        assert "architectures: 26,206" in result.out
        assert result.err == ""


class TestNeighbours:
    def test_of_a_cell(self, call, chain, space7):
        found = call("neighbours", "nasbench101", chain, "--json").json["neighbours"]
        assert len(found) == 13
        code = space7.parse(json.loads(chain.read_text()))
        expected = space7.neighbours(code[None])
        for row, code_L, kind in zip(found, expected.codes_EL, expected.kinds_E, strict=True):
            assert set(row) == {"kind", "hash", "matrix", "ops"}
            assert row["kind"] == space7.edit_kinds[kind]
            assert row["hash"] == space7.published_hash(code_L)
            assert space7.parse(row) == code_L

    def test_of_a_graph_network_as_text(self, call, network):
        result = call("neighbours", "nas-bench-graph", network)
        assert result.status == 0
        lines = result.out.splitlines()
        assert lines[0] == f"{len(lines) - 1} neighbours"
        assert all(json.loads(line)["kind"] for line in lines[1:])


@pytest.mark.parametrize(("space", "neighbours"), [("nsc", 32), ("nsc-chain", 19), ("chain", 19)])
def test_networks_of_layers_are_shown_and_exported(call, tmp_path, space, neighbours):
    given = {"layers": [{"type": "convolution", "kernel_size": 3}]}
    (tmp_path / "given.json").write_text(json.dumps(given))
    assert len(call("neighbours", space, "given.json", "--json").json["neighbours"]) == neighbours
    drawn = call("export", "given.json", "--space", space, "--to", "svg")
    assert "conv 3x3" in "".join(ElementTree.fromstring(drawn.out).itertext())
    written = json.loads(call("export", "given.json", "--space", space, "--to", "json").out)
    assert written["layers"][0]["kernel_size"] == 3


class TestOracle:
    def test_as_json(self, call):
        summary = call("oracle", PROTEINS, "--gamma", "0.9", "--json").json
        assert {"mean_final", "median_final", "mean_steps", "median_improvement", "gamma", "alpha"} <= set(
            summary
        )
        assert (summary["benchmark"], summary["objective"], summary["gamma"]) == (PROTEINS, "validation", 0.9)
        best = load_benchmark(PROTEINS).estimator.reward_N.max()
        assert best - 1 < summary["mean_final"] <= best
        assert summary["best_reward"] == pytest.approx(best)

    def test_far_sight_is_the_default(self, call):
        summary = call("oracle", PROTEINS, "--json").json
        assert (summary["gamma"], summary["alpha"]) == (0.99, 6.0)
        assert summary["mean_final"] == pytest.approx(summary["best_reward"])

    def test_as_text(self, call):
        result = call("oracle", PROTEINS)
        assert result.status == 0
        assert "mean final" in result.out


class TestExport:
    def test_drawing(self, call, chain):
        result = call("export", chain, "--space", "nasbench101", "--to", "svg")
        assert ElementTree.fromstring(result.out).tag.endswith("svg")
        assert result.err == ""

    def test_canonical_description_to_a_file(self, call, tmp_path):
        given = {"link": [0, 1, 1, 3], "ops": ["gcn", "cheb", "gin", "fc"]}
        (tmp_path / "given.json").write_text(json.dumps(given))
        result = call(
            "export", "given.json", "--space", "nas-bench-graph", "--to", "json", "--out", "new/it.json"
        )
        assert (result.status, result.out) == (0, "")
        written = json.loads((tmp_path / "new" / "it.json").read_text())
        space = NASBenchGraph()
        assert written == space.describe(space.parse(given)) != given

    def test_code_that_runs(self, call, chain):
        source = call("export", chain, "--space", "nasbench101", "--to", "pytorch", "--shape", "1x16x16", "--outputs",
                      "7", "--set", "stem_channels=8").out  # fmt: skip
        names = {}
        exec(source, names)
        assert names["Network"]().eval()(torch.zeros(2, 1, 16, 16)).shape == (2, 7)

    def test_what_a_search_found_is_the_network_that_was_trained(self, call, tmp_path):
        """Without a setting: 6 million weights were written in place of 0.8."""
        benchmark = load_benchmark("chain-digits")
        convolution = np.zeros(1, np.int32)
        ArchitectureFile.of(benchmark.architecture(convolution)).write(tmp_path / "found.json")
        source = call("export", "found.json", "--to", "pytorch").out
        names = {}
        exec(source, names)
        built = sum(weights.numel() for weights in names["Network"]().parameters())
        assert built == find_table("chain-digits").read()["parameters"][0]
        larger = call("export", "found.json", "--to", "pytorch", "--set", "dense=1024", "--outputs", "3").out
        assert "filters=32, doubling=False, dense=1024" in larger
        assert "gives (batch, 3)" in larger
        assert "conv 1x1" in call("export", "found.json", "--space", "chain", "--to", "svg").out

    def test_graph(self, call, network):
        written = call("export", network, "--space", "nas-bench-graph", "--to", "dot").out
        assert written.startswith('digraph "nas-bench-graph" {')
        assert '[label="sage"]' in written

    def test_onnx_model(self, call, tmp_path):
        onnx = pytest.importorskip("onnx", exc_type=ImportError)
        pytest.importorskip("onnxscript", exc_type=ImportError)
        (tmp_path / "given.json").write_text('{"layers": [{"type": "max-pooling", "kernel_size": 2}]}')
        result = call("export", "given.json", "--space", "chain", "--to", "onnx", "--out", "it.onnx", "--shape",
                      "1,12,8", "--outputs", "2", "--set", "dense=4", "--seed", "5")  # fmt: skip
        assert (result.status, result.out, result.err) == (0, "", "")
        onnx.checker.check_model(str(tmp_path / "it.onnx"))


class TestData:
    def test_list(self, call):
        rows = call("data", "list", "--json").json["data"]
        assert {"nasbench101", "ec-nas-4v", "ec-nas-5v", "nas-bench-graph"} <= {row["name"] for row in rows}
        assert all({"here", "source", "licence", "how_to_get"} <= set(row) for row in rows)
        assert "nasbench101" in call("data", "list").out

    def test_list_has_every_table_that_comes_along(self, call):
        rows = {row["name"]: row for row in call("data", "list", "--json").json["data"]}
        agents = call("doctor", "--json").json["agents"]
        assert "policy-cnn:MinAtar-Breakout:space-2" in agents
        for name, seeds in agents.items():
            assert rows[name]["here"]
            assert rows[name]["description"].endswith(f"seeds: {', '.join(map(str, seeds))}")
        assert "seeds: 0" in " ".join(call("data", "list").out.split())

    def test_import_from_a_file_makes_it_load(self, call, data_root, tmp_path, monkeypatch):
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("ARCHWALK_DATA")
        assert call("oracle", "ec-nas-4v").status == 1
        result = call("data", "import", "ec-nas-4v", data_root / "ec-nas" / "energy_4V9E.tfrecord")
        assert (result.status, result.out) == (0, "")
        assert result.err.startswith("archwalk: ec-nas-4v is in ")
        rows = call("data", "list", "--json").json["data"]
        assert {row["name"]: row["here"] for row in rows}["ec-nas-4v"]
        assert call("oracle", "ec-nas-4v", "--json").json["objective"] == "validation"

    def test_path_is_the_cache(self, call, monkeypatch, tmp_path):
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "here"))
        result = call("data", "path")
        assert (result.status, result.out) == (0, f"{tmp_path / 'here'}\n")

    def test_get_what_comes_with_the_package(self, call):
        result = call("data", "get", "nas-bench-graph")
        assert (result.status, result.out) == (0, "")
        assert "nothing to get" in result.err

    def test_doctor(self, call, monkeypatch, tmp_path):
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("ARCHWALK_DATA", str(tmp_path))
        facts = call("doctor", "--json").json
        assert facts["versions"]["archwalk"] == __version__
        assert facts["cache"] == {"path": str(tmp_path / "cache"), "writable": True}
        assert facts["ARCHWALK_DATA"] == str(tmp_path)
        assert facts["data"]["nas-bench-graph"]
        assert not facts["data"]["nasbench101"]
        assert {"graph", "ray", "rl", "sb3"} <= facts["extras"].keys(), "all that the package declares"
        assert 0 in facts["agents"]["policy-cnn:MinAtar-Breakout:space-2"], "a seed of its table"
        assert not (tmp_path / "cache").exists(), "looking makes nothing"
        text = call("doctor")
        assert text.status == 0
        assert "archwalk data get nasbench101" in " ".join(text.out.split())


class TestTrain:
    def test_leaves_a_run_folder(self, agent):
        config = json.loads((agent / "config.json").read_text())
        assert config["preset"] == "archwalk-nas-bench-graph-dqn", "the benchmark's own is the default"
        assert (config["settings"]["steps"], config["settings"]["environments"]) == (480, 8)
        assert config["settings"]["gamma"] == 0.99
        assert (agent / "agent.safetensors").exists()

    def test_default_folder_names_what_it_is(self, call, tmp_path):
        result = call(
            "train", "dqn", "--benchmark", PROTEINS, "--steps", 8, "--set", "environments=8", "--seed", 7
        )
        assert (result.status, result.out) == (0, "")
        assert (tmp_path / "runs" / "dqn-nas-bench-graph-proteins-7" / "agent.safetensors").exists()
        assert all(line.startswith("archwalk: ") for line in result.err.splitlines())

    def test_resuming_what_is_finished(self, call, agent):
        before = (agent / "agent.safetensors").read_bytes()
        result = call("train", "dqn", "--resume", "--out", agent)
        assert (result.status, result.out) == (0, "")
        assert (agent / "agent.safetensors").read_bytes() == before

    def test_preset_by_name(self, call, tmp_path):
        result = call(
            "train", "dqn", "--benchmark", PROTEINS, "--preset", "archwalk-nasbench101-dqn", "--steps", 8, "--set",
            "environments=8", "--out", "run",
        )  # fmt: skip
        assert result.status == 0
        config = json.loads((tmp_path / "run" / "config.json").read_text())
        assert config["preset"] == "archwalk-nasbench101-dqn"


class TestImprove:
    def test_leads_to_an_architecture(self, call, agent, network):
        answer = call("improve", agent, network, "--json").json
        space = NASBenchGraph()
        assert set(answer) == {"start", "found", "steps", "edits", "before", "after"}
        assert len(answer["edits"]) == answer["steps"]
        assert all(edit["kind"] in space.edit_kinds for edit in answer["edits"])
        if answer["edits"]:
            assert answer["edits"][-1]["architecture"] == answer["found"]
        assert answer["before"]["reward"]["unit"] == "%"
        assert space.describe(space.parse(answer["start"])) == answer["start"]
        assert space.describe(space.parse(answer["found"])) == answer["found"]
        assert 0 <= answer["steps"] <= 32
        assert call("improve", agent, network, "--json").json == answer

    def test_as_text(self, call, agent, network):
        result = call("improve", agent, network)
        assert result.status == 0
        assert set(json.loads(result.out)) == {"link", "ops"}
        assert "edits from your architecture: " in result.err  # and which, or why none
        assert "before: validation accuracy " in result.err


class TestSearch:
    def test_one_strategy(self, call):
        record = call(
            "search",
            "local-search",
            "--benchmark",
            PROTEINS,
            "--budget",
            60,
            "--trials",
            4,
            "--seed",
            3,
            "--json",
        ).json
        assert (record["benchmark"], record["objective"]) == (PROTEINS, "validation")
        assert (record["budget"], record["trials"], record["seeds"]) == (60, 4, [3])
        [(name, strategy)] = record["strategies"].items()
        assert name == "local-search"
        assert list(strategy["best_after"]) == ["10", "50", "60"]
        for after in strategy["best_after"].values():
            assert set(after) >= {"mean", "std", "ci95"}
            low, high = after["ci95"]
            assert low <= after["mean"] <= high
        assert {"training_queries", "seconds"} <= set(strategy)
        assert record["query"] == {"local-search": strategy["query"]}

    def test_says_what_it_found(self, call, tmp_path):
        words = [
            "search",
            "random-search",
            "--benchmark",
            PROTEINS,
            "--budget",
            20,
            "--trials",
            3,
            "--out",
            "run",
        ]
        said = call(*words).out
        record = json.loads((tmp_path / "run/result.json").read_text())
        found = record["strategies"]["random-search"]["found"]
        file = json.loads((tmp_path / "run/found.json").read_text())
        assert file["description"] == found["description"]
        assert file["origin"]["reward"] == found["reward"]
        exported = call("export", "run/found.json", "--to", "json").out
        assert json.loads(exported) == found["description"]
        assert said.splitlines()[-1] == json.dumps(found["description"])
        assert "Found by random-search, the best by validation accuracy of 3\xa0trials: " in said
        ElementTree.fromstring((tmp_path / "run/found.svg").read_text())

        benchmark = load_benchmark(PROTEINS)
        code_L = benchmark.space.parse(found["description"])
        scores = benchmark.estimator.evaluate(code_L[None])
        assert found["reward"] == pytest.approx(scores.reward_B[0])
        assert found["report"] == pytest.approx(scores.report_B[0])
        assert found["reward"] > record["strategies"]["random-search"]["best_after"]["20"]["reward_mean"]
        assert "What was found" in (tmp_path / "run/report.html").read_text()

    def test_seed_determines_the_result(self, call):
        words = [
            "search",
            "random-walk",
            "--benchmark",
            PROTEINS,
            "--budget",
            5,
            "--trials",
            3,
            "--json",
            "--seed",
        ]
        one, again, other = (
            call(*words, seed).json["strategies"]["random-walk"]["curve"] for seed in (0, 0, 1)
        )
        assert one == again != other

    def test_a_trained_agent_by_its_folder(self, call, agent):
        record = call("search", agent, "--benchmark", PROTEINS, "--budget", 5, "--trials", 3, "--json").json
        strategy = record["strategies"]["agent"]
        assert strategy["trained"]
        assert strategy["training_queries"] >= strategy["training_unique"] > 10
        assert strategy["training_seeds"] == [0]


class TestCompare:
    @pytest.fixture
    def compared(self, call, agent):
        names = f"{agent},local-search,random-walk,random-search"
        return call(
            "compare", "--benchmark", PROTEINS, "--strategies", names, "--budget", 20, "--trials", 4, "--episodes",
            15, "--out", "result", "--json",
        )  # fmt: skip

    def test_prints_and_writes_one_record(self, compared, tmp_path):
        record = compared.json
        assert list(record["strategies"]) == ["agent", "local-search", "random-walk", "random-search"]
        assert json.loads((tmp_path / "result" / "result.json").read_text()) == record
        assert {file.name for file in (tmp_path / "result").iterdir()} == {
            "result.json",
            "report.html",
            "evaluations.safetensors",
            *TABLES,
        }
        assert compared.err.startswith("archwalk: wrote ")
        assert all(np.isfinite(s["episodes"]["mean_final"]) for s in record["strategies"].values())

    def test_report_draws_the_same_page_again(self, compared, call, tmp_path):
        page = tmp_path / "result" / "report.html"
        before = page.read_bytes()
        page.unlink()
        result = call("report", "result")
        assert (result.status, result.out) == (0, "")
        assert page.read_bytes() == before
        for name in ("agent", "local-search", "random-walk", "random-search"):
            assert name.encode() in before

    def test_as_text(self, call):
        result = call(
            "compare", "--benchmark", PROTEINS, "--strategies", "random-walk,random-search", "--budget", 12
        )
        assert result.status == 0
        assert "random-walk" in result.out
        assert result.err == ""


def test_demo(call, tmp_path):
    """At its smallest scale: train, compare, draw; the agent beats what does not learn."""
    record = call("demo", "--scale", "smoke", "--out", "demo", "--json").json
    assert list(record["strategies"]) == ["agent", "local-search", "random-walk", "random-search"]
    assert record["benchmark"] == "nas-bench-graph:photo"
    assert {file.name for file in (tmp_path / "demo").iterdir()} == {
        "agent", "result.json", "report.html", "evaluations.safetensors", *TABLES,
    }  # fmt: skip
    finals = {name: s["episodes"]["mean_final_reward"] for name, s in record["strategies"].items()}
    assert finals["agent"] > max(finals["random-walk"], finals["random-search"])
    assert record["training"]["steps"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_complete_words(call, shell):
    pytest.importorskip("shtab")
    said = call("completion", shell)
    assert said.status == 0
    assert "compare" in said.out
    assert "--strategies" in said.out
