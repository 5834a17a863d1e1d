"""Agents of the package: the files are there, small, and fit the spaces that their cards name."""

import json

import numpy as np
import pytest
import torch

from archwalk.agents.saving import save_agent
from archwalk.agents.shipped import SHIPPED, load_shipped, name_for, shipped_path
from archwalk.cli.main import main
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments import shipping
from archwalk.experiments.protocol import Method, run_search
from archwalk.spaces.catalogue import load_space
from archwalk.spaces.nasbench_graph.space import NASBenchGraph


def test_together_they_are_small():
    assert sum(shipped_path(name).stat().st_size for name in SHIPPED) < 3_000_000


def test_one_fits_each_space_that_a_card_names():
    benchmark = load_benchmark("chain-digits")
    assert name_for(benchmark.space) == "transfer-chains"
    assert name_for(NASBenchGraph()) == "transfer-nas-bench-graph"
    agent = load_shipped(benchmark.space)
    assert agent.shape.sources == SHIPPED["transfer-chains"].sources
    assert agent.paid.queries == 5 * 1_000
    search = run_search(benchmark, Method("pretrained", (agent,)), budget=8, trials=1, seed=0)
    assert search.ledgers[0].rewards_TQ.max() > 85  # what it learned is there: the median is 44


def test_improves_a_cell_without_a_run_folder(capsys, tmp_path):
    space = load_space("nasbench101")
    start_L = space.sample(np.random.default_rng(3), 1)[0]
    file = tmp_path / "cell.json"
    file.write_text(json.dumps(space.describe(start_L)))
    assert main(["improve", str(file), "--space", "nasbench101", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    agent = load_shipped(space)
    start, found = (agent.profiles(space.parse(answer[end])[None]).mean() for end in ("start", "found"))
    assert answer["steps"] > 0
    assert found > start
    assert main(["improve", str(file)]) == 2
    assert "--space S" in capsys.readouterr().err


def test_search_pretrained_says_where_it_was_trained(capsys):
    call = ["search", "pretrained", "--benchmark", "nas-bench-graph:cora", "--budget", "3", "--json"]
    assert main(call) == 0
    told = capsys.readouterr()
    assert "was trained on nas-bench-graph:cora itself" in told.err
    assert json.loads(told.out)["strategies"]["pretrained"]["training_queries"] == 8 * 8_000


def test_a_space_that_none_knows_is_refused(proteins, space4):
    with pytest.raises(UsageError, match="no agent of the package knows"):
        name_for(space4)
    assert main(["search", "pretrained", "--benchmark", "digits-cells", "--budget", "3"]) == 2


def test_training_one_anew_gives_the_same_agent(capsys, monkeypatch):
    """Of the cheapest one that needs no table from elsewhere; `archwalk agents check NAME` does it for any. Its bits
    are the same on a processor of the kind on which the file was made.
    """
    assert main(["agents", "check", "transfer-chains", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["agent"] == "transfer-chains"
    assert answer["same_bits"] == (answer["distance"] == 0)
    assert answer["distance"] < 1e-4

    def make_other(name, out):
        agent = load_shipped(load_benchmark("chain-digits").space, name)
        with torch.no_grad():
            agent.network.members[0][0].weight[0, 0] += 1
        save_agent(out, agent)
        return out

    monkeypatch.setattr(shipping, "make_shipped", make_other)
    assert main(["agents", "check", "transfer-chains"]) == 1
    assert "trained anew, differs most in state.network.members.0.0.weight: by" in capsys.readouterr().err


def test_cards_are_listed(capsys):
    assert main(["agents", "list", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(SHIPPED)
    assert main(["agents", "make", "transfer-chain"]) == 2
    assert "did you mean 'transfer-chains'" in capsys.readouterr().err
