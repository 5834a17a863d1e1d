"""An agent of another package, with a network of its own, does all that ours do, by name, without an edit here."""

import json
from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch
from plugin_cases import LinearAgent, LinearSettings, LinearShape, LinearTrainer

from archwalk.agents.base import Agent
from archwalk.agents.catalogue import AGENTS, TRAINERS
from archwalk.agents.saving import load_agent
from archwalk.agents.trainable import TrainerFactory
from archwalk.cli.main import main
from archwalk.errors import ArchwalkError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.training import resume_training, train_agent
from archwalk.spaces.base import SearchSpace
from archwalk.testing.agents import TrainerConformance, WalkingAgentConformance

PROTEINS = "nas-bench-graph:proteins"


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """As if a package with these entry points were installed."""
    for registry, value in ((TRAINERS, "plugin_cases:LINEAR"), (AGENTS, "plugin_cases:LinearAgent")):
        point = EntryPoint("linear", value, registry.group)
        monkeypatch.setitem(vars(registry), "_plugins", {"linear": point})


class TestLinearAgent(WalkingAgentConformance):
    rounds = 4

    @pytest.fixture
    @classmethod
    def space(cls, space4) -> SearchSpace:
        return space4

    @pytest.fixture
    @classmethod
    def agent(cls, space: SearchSpace) -> Agent:
        return LinearAgent.fresh(space, LinearShape(6), 0)

    @pytest.fixture
    @classmethod
    def other_space(cls, space5) -> SearchSpace:
        return space5


class TestLinearTrainer(TrainerConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> TrainerFactory:
        return LinearTrainer

    @pytest.fixture
    @classmethod
    def settings(cls) -> LinearSettings:
        return LinearSettings()

    @pytest.fixture
    @classmethod
    def benchmark(cls, tiny) -> Benchmark:
        return tiny


def test_it_trains_compares_and_improves_from_the_command_line(tmp_path, capsys, proteins):
    out = tmp_path / "run"
    words = ["--benchmark", PROTEINS, "--out", str(out), "--steps", "80", "--set", "batch=16"]
    assert main(["train", "linear", *words]) == 0
    compare = ["compare", "--benchmark", PROTEINS, "--strategies", f"{out},random-walk", "--budget", "5"]
    capsys.readouterr()
    assert main([*compare, "--trials", "2", "--episodes", "10", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["strategies"]["run"]["training_queries"] == 80
    start = proteins.describe(proteins.sample(np.random.default_rng(0), 1)[0])
    (tmp_path / "start.json").write_text(json.dumps(start))
    assert main(["improve", str(out), str(tmp_path / "start.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == start


def test_it_resumes(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr("archwalk.experiments.training.load_benchmark", lambda *_: tiny)

    def stop(done, total, metrics):
        if done == 24:
            raise KeyboardInterrupt

    whole = train_agent(tiny, "linear", LinearSettings(), seed=3, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train_agent(tiny, "linear", LinearSettings(), seed=3, out=tmp_path / "run", progress=stop)
    one, other = (run.agent(tiny.space) for run in (whole, resume_training(tmp_path / "run")))
    assert torch.equal(one.network.weights, other.network.weights)
    assert one.paid.queries == other.paid.queries == 40


def test_without_the_plug_in_it_is_refused_in_one_line(tmp_path, tiny, monkeypatch):
    run = train_agent(tiny, "linear", LinearSettings(), seed=0, out=tmp_path)
    monkeypatch.setitem(vars(AGENTS), "_plugins", {})
    with pytest.raises(ArchwalkError, match="cannot be loaded: unknown agent 'linear'") as caught:
        load_agent(run.path / "agent.safetensors", tiny.space)
    assert "\n" not in str(caught.value)
