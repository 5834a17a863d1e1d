"""The planning agent for several goals: one training, any preference, and a search along the front."""

import numpy as np
import pytest
import torch

import archwalk
from archwalk.agents.base import Agent
from archwalk.agents.preference_planner.agent import (
    PreferencePlannerAgent,
    PreferenceShape,
    planned_preferences,
    spread,
)
from archwalk.agents.preference_planner.settings import PreferencePlannerSettings
from archwalk.agents.preference_planner.trainer import PreferencePlannerTrainer
from archwalk.agents.trainable import TrainerFactory
from archwalk.cli.main import main
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Columns
from archwalk.estimators.metrics import Metric, accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts.space import DARTS
from archwalk.spaces.declared import Integer, declare
from archwalk.strategies.goals.scalarised import AUGMENTATION
from archwalk.testing.agents import TrainerConformance, WalkingAgentConformance

SPACE = declare("hills", *(Integer(name, 0, 9) for name in "xyz"))
X, Y, Z = np.array([list(SPACE.describe(np.array([n])).values()) for n in range(SPACE.size)], float).T
GAIN, COST = X + Y / 2, X**2 / 10 + (Z - 4) ** 2 / 4
METRICS = {
    "gain": Metric("gain", ""),
    "cost": Metric("cost", "ms", higher_is_better=False),
    "size": Metric("size", "", higher_is_better=False),
}
SHORT = PreferencePlannerSettings(
    maximise=("gain",), minimise=("cost",), evaluations=60, initial=30, round=15, members=2, first_updates=40,
    updates=20, preferences=5, width=16, distil_updates=30, distil_batch=64,
)  # fmt: skip


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    known = Columns(METRICS, {"gain": GAIN, "cost": COST, "size": Y + Z})
    return Benchmark("hills", SPACE, TableEstimator(accuracies(), GAIN, GAIN), {}, known=known)


@pytest.fixture(scope="module")
def trained(benchmark, tmp_path_factory):
    settings = {"evaluations": 200, "initial": 80, "distil_updates": 600, "distil_batch": 256, "width": 48}
    return archwalk.train(
        "preference-planner", benchmark, maximise="gain", minimise="cost", settings=settings,
        out=tmp_path_factory.mktemp("agent") / "run", progress=False,
    )  # fmt: skip


class TestAgent(WalkingAgentConformance):
    rounds = 4

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls, proteins) -> SearchSpace:
        return proteins

    @pytest.fixture(scope="class")
    @classmethod
    def other_space(cls, space5) -> SearchSpace:
        return space5

    @pytest.fixture
    @classmethod
    def agent(cls, space: SearchSpace) -> Agent:
        shape = PreferenceShape(6, 8, 2, ("accuracy", "parameters"), (True, False))
        return PreferencePlannerAgent.fresh(space, shape, 0)


class TestTrainer(TrainerConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> TrainerFactory:
        return PreferencePlannerTrainer

    @pytest.fixture
    @classmethod
    def settings(cls) -> PreferencePlannerSettings:
        return SHORT

    @pytest.fixture
    @classmethod
    def benchmark(cls, benchmark: Benchmark) -> Benchmark:
        return benchmark


def test_finds_the_front_in_few_queries_and_says_what_training_cost(benchmark, trained):
    result = archwalk.compare_fronts(
        {"agent": trained, "chance": "random-search"}, benchmark, maximise="gain", minimise="cost", budget=15,
        trials=4, progress=False,
    )  # fmt: skip
    agent, chance = result.hypervolumes["agent"], result.hypervolumes["chance"]
    assert agent > 85
    assert agent > chance + 15
    record = result.record.strategies["agent"]
    assert record.trained
    assert record.training_queries == record.training_unique == 200
    frame = result.frame()
    for _, trial in frame[frame.strategy == "agent"].groupby("trial"):
        assert trial.architecture.nunique() == 15, "no episode ends where one has ended before"


def test_one_training_serves_any_preference(benchmark, trained):
    """What insists on gain gains more, what insists on cost costs less; the order of the goals does not matter."""

    def mean(preference, **goals):
        goals = goals or {"maximise": "gain", "minimise": "cost"}
        result = archwalk.search_front(
            trained,
            benchmark,
            **goals,
            budget=4,
            trials=3,
            settings={"preference": preference},
            progress=False,
        )
        return result.frame()[["gain", "cost"]].mean()

    dear, fair, cheap = (mean(p) for p in ((0.95, 0.05), (0.5, 0.5), (0.05, 0.95)))
    assert dear.gain > fair.gain > cheap.gain
    assert dear.cost > fair.cost > cheap.cost


def test_the_worth_of_a_preference_is_the_augmented_chebyshev_function():
    agent = PreferencePlannerAgent.fresh(SPACE, PreferenceShape(5, 8, 2, ("gain", "cost"), (True, False)), 0)
    network = agent.network
    network.ideal_G.copy_(torch.tensor([10.0, -1.0]))
    network.nadir_G.copy_(torch.tensor([2.0, -5.0]))
    values_GT, weights_G = torch.tensor([[10.0, 6.0], [-5.0, -2.0]]), torch.tensor([0.25, 0.75])
    lacking = np.array([[0, 0.5], [1, 0.25]]) * [[0.25], [0.75]]
    expected = -(lacking.max(axis=0) + AUGMENTATION * lacking.sum(axis=0))
    np.testing.assert_allclose(network.worth(values_GT, weights_G), expected, rtol=1e-6)


def test_plans_satisfy_bellman_for_each_preference(benchmark):
    trainer = PreferencePlannerTrainer(benchmark, SHORT, seed=0)
    for _ in trainer.run():
        if trainer.distilled:
            break
    plan_KN, graph = trainer.plan(), SPACE.graph
    agent = trainer.agent()
    everyone = np.arange(SPACE.size, dtype=np.int32)[:, None]
    for k, weights_G in enumerate(trainer.weights_KG):
        stop_N = agent.prefer(weights_G).worth(everyone)
        for s in range(0, SPACE.size, 37):
            targets = graph.targets_E[graph.offsets[s] : graph.offsets[s + 1]]
            assert plan_KN[k, s] == pytest.approx(
                max(stop_N[s], plan_KN[k, targets].max() - 1), rel=1e-4, abs=1e-2
            )


def test_preferences_are_spread():
    assert [spread(place) for place in range(7)] == [0.5, 0.0, 1.0, 0.25, 0.75, 0.125, 0.625]
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(planned_preferences(2, 5, rng)[:, 0], [0, 0.25, 0.5, 0.75, 1])
    three_KG = planned_preferences(3, 10, rng)
    assert three_KG.shape == (10, 3)
    np.testing.assert_allclose(three_KG.sum(axis=1), 1)


def test_three_goals(benchmark, tmp_path):
    agent = archwalk.train(
        "preference-planner", benchmark, maximise="gain", minimise=["cost", "size"], out=tmp_path / "run",
        settings={"evaluations": 60, "initial": 30, "width": 16, "updates": 20, "distil_updates": 30},
        progress=False,
    )  # fmt: skip
    result = archwalk.search_front(
        agent, benchmark, maximise="gain", minimise=["size", "cost"], budget=6, progress=False
    )
    assert len(result.record.goals) == 3
    assert result.hypervolume > 0


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"minimise": "size"}, "was trained for gain high, cost low; say the same goals"),
        ({"settings": {"preference": (1.0, 0.0, 0.0)}}, "preference has 2 weights"),
        ({"settings": {"preference": (-1.0, 2.0)}}, "none below 0"),
        ({"settings": {"every": 3}}, "unknown setting 'every'"),
    ],
)
def test_what_the_agent_does_not_know_is_refused(benchmark, trained, call, told):
    with pytest.raises(UsageError, match=told):
        archwalk.search_front(
            trained, benchmark, **({"maximise": "gain", "minimise": "cost"} | call), budget=3, progress=False
        )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "which goals.*there are gain, cost, size"),
        ({"maximise": ("gain",)}, "which goals"),
        ({"maximise": ("gain", "gain")}, "named twice"),
        ({"maximise": ("gain",), "minimise": ("coast",)}, "unknown metric 'coast'; did you mean 'cost'"),
    ],
)
def test_goals_that_make_no_sense_are_refused(benchmark, settings, told):
    with pytest.raises(UsageError, match=told):
        PreferencePlannerTrainer(benchmark, PreferencePlannerSettings(**settings), 0)


def test_a_space_that_cannot_be_enumerated_is_refused(benchmark):
    other = Benchmark("made-up", DARTS(), benchmark.estimator, {})
    with pytest.raises(UsageError, match="enumerated; darts cannot"):
        PreferencePlannerTrainer(other, SHORT, 0)


def test_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    goals = ["--maximise", "accuracy", "--minimise", "parameters"]
    short = [
        "--steps",
        "40",
        "--set",
        "initial=20",
        "--set",
        "distil_updates=20",
        "--set",
        "first_updates=20",
    ]
    name = ["--benchmark", "nas-bench-graph:proteins"]
    assert main(["train", "preference-planner", *name, *goals, *short, "--out", "agent"]) == 0
    assert "--maximise accuracy --minimise parameters --budget 50" in capsys.readouterr().err
    assert main(["search", "agent", *name, *goals, "--budget", "3", "--set", "preference=1,3"]) == 0
    assert "agent, accuracy high, parameters low" in capsys.readouterr().out
    assert main(["train", "planner", *name, *goals, "--out", "other"]) == 2
    assert "preference-planner takes goals" in capsys.readouterr().err
