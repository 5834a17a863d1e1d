"""Agents that build as strategies, and their run folders."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from archwalk.agents.base import Agent, Paid
from archwalk.agents.building import agent
from archwalk.agents.building.agent import RandomConstruction
from archwalk.agents.building.policies import Move
from archwalk.agents.building.running import replay
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.construction_dqn import ConstructionDQNTrainer
from archwalk.agents.meta_rl import MetaRLTrainer
from archwalk.cli.main import main
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import BENCHMARKS, load_benchmark
from archwalk.estimators.ledger import QueryLedger
from archwalk.estimators.metrics import accuracies
from archwalk.experiments.protocol import run_search
from archwalk.experiments.runs import RunFolder, load_method
from archwalk.experiments.training import resume_training, train_agent
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.testing.agents import AgentConformance
from archwalk.testing.strategies import StrategyConformance
from building_cases import DQN, META, branches, chains

SPACES = {"chain": chains().space, "nsc": branches().space}


@pytest.fixture(scope="module", params=list(SPACES))
def space(request) -> SearchSpace:
    return SPACES[request.param]


class TestRandomConstruction(StrategyConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return RandomConstruction


class TestAgentsThatBuild(AgentConformance):
    rounds = 12

    @pytest.fixture
    @classmethod
    def other_space(cls) -> SearchSpace:
        return chains(depth=3).space

    @pytest.fixture(params=["meta-rl", "construction-dqn"])
    @classmethod
    def agent(cls, request, space: SearchSpace) -> Agent:
        benchmark = replace(chains(), space=space)
        trainer = {
            "meta-rl": lambda: MetaRLTrainer(benchmark, replace(META, masks=True), 0),
            "construction-dqn": lambda: ConstructionDQNTrainer(benchmark, DQN, 0),
        }[request.param]()
        agent = trainer.agent()
        agent.paid = Paid(40, 30, 1.0)
        return agent


def test_a_search_is_a_replay():
    """Both ask for the same networks, one through a ledger of queries and one through the environment."""
    trainer = MetaRLTrainer(chains(), META, 0)
    list(trainer.run())
    asked = []

    class Spy:
        objective = accuracies()

        def evaluate(self, codes_BL):
            asked.append(codes_BL.copy())
            return benchmark.estimator.evaluate(codes_BL)

    benchmark = chains(3)
    trained = trainer.agent()
    list(replay(trained, replace(benchmark, estimator=Spy()), 60, seed=5))
    strategy = trained(Trials(benchmark.space, 1, np.random.default_rng(0)))
    strategy.searchers[0].rng = np.random.default_rng(5)
    for codes_BL in asked:
        codes_TNL = strategy.ask(3)
        np.testing.assert_array_equal(codes_TNL[0], codes_BL)
        strategy.tell(codes_TNL, benchmark.estimator.evaluate(codes_BL).reward_B[None])


def test_whoever_builds_nothing_is_given_an_architecture(monkeypatch):
    """A policy that only says terminal, before there is a layer."""

    class Terminal:
        def begin(self, batch):
            return []

        def act(self, turn, rng):
            return Move(np.array([7]), [], np.zeros(1))

    settings = agent.BuildingSettings(Terminal(), agent.BuildingRules())
    builder = agent.BuildingSearcher(Trials(chains().space, 1, np.random.default_rng(0)), settings)
    codes = [builder.propose() for _ in range(5)]
    assert len({int(code[0, 0]) for code in codes}) > 1
    builder.learn(codes[-1], np.array([50.0]))
    assert not builder.construction.builds.length_B.any()


@pytest.fixture
def made_up(monkeypatch):
    """`made-up:SEED` are chains."""
    monkeypatch.setattr(
        BENCHMARKS, "builtin", {**BENCHMARKS.builtin, "made-up": "building_cases:load_chains"}
    )


CASES = pytest.mark.parametrize(
    ("strategy", "settings"),
    [("meta-rl", replace(META, then="made-up:1, made-up:2")), ("construction-dqn", DQN)],
    ids=["meta-rl", "construction-dqn"],
)


@CASES
def test_a_run_folder_resumes_and_searches(made_up, strategy, settings, tmp_path, monkeypatch):
    benchmark, asked = chains(), {"asked": "made-up:0"}
    monkeypatch.setattr("archwalk.experiments.training.CHECKPOINT_SECONDS", 0.0)
    whole = train_agent(benchmark, strategy, settings, seed=0, out=tmp_path / "whole", **asked)
    rows = whole.metrics()
    assert all({"charts/reward", "charts/length", "actions/7", "steps", "unique"} <= set(row) for row in rows)

    def stop(done, total, metrics):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_agent(benchmark, strategy, settings, seed=0, out=tmp_path / "part", progress=stop, **asked)
    with pytest.raises(DataError, match="not finished"):
        load_method(str(tmp_path / "part"), benchmark.space)
    part = resume_training(tmp_path / "part")
    for row, other in zip(rows, part.metrics(), strict=True):
        assert {**row, "seconds": 0} == {**other, "seconds": 0}
    agent = part.agent(benchmark.space)
    assert agent.shape.rules == settings.rules
    assert list(replay(agent, chains(5), 30, 0))
    method = load_method(str(part.path), benchmark.space)
    search = run_search(chains(5), method, budget=12, trials=3, seed=0)
    assert search.strategies[0].training_unique >= rows[-1]["unique"] > 0  # an episode may be cut off
    again = run_search(chains(5), load_method(str(whole.path), benchmark.space), budget=12, trials=3, seed=0)
    np.testing.assert_array_equal(search.report_GTQ, again.report_GTQ)
    with pytest.raises(DataError, match="was trained on chain, not on nsc"):
        load_method(str(part.path), branches().space)
    with pytest.raises(DataError, match="was trained on chain of 76 features, not on one of 54"):
        load_method(str(part.path), chains(depth=3).space)


def test_the_command_line(made_up, tmp_path, capsys):
    out = tmp_path / "run"
    values = [f"{key}={value}" for key, value in asdict(META).items() if key not in ("then", "steps")]
    words = [word for value in [*values, "then=made-up:1"] for word in ("--set", value)]
    command = ["train", "meta-rl", "--benchmark", "made-up:0", "--out", str(out), "--steps", "40"]
    assert main([*command, *words]) == 0
    assert RunFolder(out).metrics()[-1]["steps"] == 75
    assert RunFolder(out).config().asked == "made-up:0"
    assert main(["search", str(out), "--benchmark", "made-up:1", "--budget", "10", "--trials", "2"]) == 0
    capsys.readouterr()
    (tmp_path / "a.json").write_text('{"layers": [{"type": "convolution", "kernel_size": 3}]}')
    assert main(["improve", str(out), str(tmp_path / "a.json")]) != 0
    assert "it improves no architecture" in capsys.readouterr().err


def test_a_resumed_run_loads_the_benchmark_that_was_asked_for(made_up, tmp_path):
    """Whose own name does not say everything: here it is `chains-2`, which nobody knows."""

    def stop(done, total, metrics):
        raise KeyboardInterrupt

    benchmark = load_benchmark("made-up:2", 0)
    with pytest.raises(KeyboardInterrupt):
        train_agent(benchmark, "meta-rl", META, seed=0, out=tmp_path, progress=stop, asked="made-up:2")
    resume_training(tmp_path)
    whole = MetaRLTrainer(benchmark, META, 0)
    list(whole.run())
    agent = RunFolder(tmp_path).agent(benchmark.space)
    for name, weight in whole.network.state_dict().items():
        assert (weight == agent.network.state_dict()[name]).all()
    assert agent.paid.queries == whole.ledger.queries


def test_the_shapes_of_an_agent_and_of_a_space_must_agree():
    trainer = MetaRLTrainer(chains(), META, 0)
    other = Trials(chains(0, depth=3).space, 1, np.random.default_rng(0))
    with pytest.raises(UsageError, match="the agent sees"):
        trainer.agent().strategy(other)
    with pytest.raises(UsageError, match="this agent was trained on chain of 76 features, not on one of 54"):
        trainer.agent()(other)


def test_random_construction_needs_layers(tiny):
    with pytest.raises(UsageError, match="has no layers to stack"):
        RandomConstruction(Trials(tiny.space, 1, np.random.default_rng(0)))


def test_a_builder_pays_a_query_a_network():
    benchmark = branches()
    strategy = RandomConstruction(Trials(benchmark.space, 4, np.random.default_rng(0)))
    ledger = QueryLedger(benchmark.estimator, 30, 4, strategy.query)
    while ledger.remaining:
        codes_TNL = strategy.ask(ledger.remaining)
        assert codes_TNL.shape[1] == 1
        strategy.tell(codes_TNL, ledger.evaluate(codes_TNL))
    assert (ledger.unique_T() > 5).all()


def test_made_up_benchmarks_are_found(made_up):
    assert load_benchmark("made-up:1:validation").name == "chains-1"
    assert {"meta-rl", "construction-dqn"} <= set(TRAINERS.names())
