"""Searches with several goals keep limits, pay for what they ask, and come near the exact front."""

import numpy as np
import pytest

import archwalk
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Columns
from archwalk.estimators.metrics import Metric, accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.fronts import exact_front
from archwalk.experiments.goals import read_limit, read_problem
from archwalk.spaces.declared import Integer, declare

SPACE = declare("plane", *(Integer(name, 0, 7) for name in "abc"))
DECISIONS = np.array([list(SPACE.describe(np.array([n])).values()) for n in range(SPACE.size)], float)
ACCURACY = DECISIONS.sum(axis=1) + DECISIONS[:, 0] / 10
COST = (DECISIONS**2).sum(axis=1)
METRICS = {"accuracy": Metric("accuracy", "%"), "cost": Metric("cost", "ms", higher_is_better=False)}


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    estimator = TableEstimator(accuracies(), ACCURACY, ACCURACY)
    return Benchmark(
        "plane", SPACE, estimator, {}, known=Columns(METRICS, {"accuracy": ACCURACY, "cost": COST})
    )


def found(benchmark, strategy, **more):
    call = {"maximise": "accuracy", "minimise": "cost", "budget": 120, "progress": False} | more
    return archwalk.search_front(strategy, benchmark, **call)


@pytest.mark.parametrize("strategy", ["nsga2", "graph-gp", "regularized-evolution", "random-search"])
def test_finds_a_front(benchmark, strategy):
    settings = {"population": 20, "sample": 5} if strategy == "regularized-evolution" else {}
    budget = 35 if strategy == "graph-gp" else 120
    result = found(benchmark, strategy, settings=settings, budget=budget)
    record = result.record
    assert record.evaluations == budget == len(record.hypervolume)
    assert np.all(np.diff(record.hypervolume) >= 0)
    values = [(point.metrics["accuracy"], point.metrics["cost"]) for point in result.points]
    assert values == sorted(values), "nothing in it is better and cheaper"
    for architecture, value in zip(result.architectures, values, strict=True):
        assert value == (ACCURACY[architecture.code_L[0]], COST[architecture.code_L[0]])
    assert result.share_of_exact > {"random-search": 0.5, "regularized-evolution": 0.75}.get(strategy, 0.85)
    assert result.share_of_exact <= 1
    again = found(benchmark, strategy, settings=settings, budget=budget)
    assert again.points == result.points, "the same seed, the same bits"


@pytest.mark.parametrize("strategy", ["nsga2", "graph-gp", "tpe"])
def test_limits_are_kept(benchmark, strategy):
    result = found(benchmark, strategy, limits=["cost<=20", "accuracy>=5"], budget=30, trials=2)
    assert result.points
    assert all(p.metrics["cost"] <= 20 and p.metrics["accuracy"] >= 5 for p in result.points)
    assert result.record.within_limits < 60
    assert max(row[1] for row in result.record.exact) <= 20


def test_nothing_within_the_limits_is_said(benchmark):
    result = found(benchmark, "nsga2", limits={"cost": -1})
    assert result.points == []
    assert result.hypervolume == 0
    assert result.share_of_exact is None
    assert "None of 120 evaluations keeps the limits.\nNo architecture of the table does." in result.summary()


def test_one_goal_and_a_limit_give_the_best_that_keeps_it(benchmark):
    result = archwalk.search_front(
        "nsga2", benchmark, maximise="accuracy", limits={"cost": 12}, budget=200, progress=False
    )
    (point,) = result.points
    assert point.metrics["accuracy"] == ACCURACY[COST <= 12].max()
    assert result.share_of_exact == 1


def test_the_exact_front_is_that_of_the_table(benchmark):
    problem = read_problem(benchmark.measurements, ["accuracy"], ["cost"], [])
    rows = exact_front(benchmark, problem)
    for accuracy, minus_cost in rows:
        better = (accuracy <= ACCURACY) & (-minus_cost >= COST)
        assert ((ACCURACY[better] == accuracy) & (COST[better] == -minus_cost)).all()


def test_weights_change_and_what_is_known_is_no_query(benchmark):
    result = found(benchmark, "regularized-evolution", settings={"population": 20, "sample": 5, "every": 15})
    frame = result.frame()
    assert len(frame) == 120
    assert frame.architecture.nunique() == 120, "each was paid once"


def test_a_small_space_is_searched_to_its_end():
    space = declare("tiny", Integer("a", 0, 2), Integer("b", 0, 1))
    value = np.arange(6.0)
    known = Columns(METRICS, {"accuracy": value, "cost": value})
    benchmark = Benchmark("tiny", space, TableEstimator(accuracies(), value, value), {}, known=known)
    for strategy in ("nsga2", "graph-gp", "random-search"):
        result = found(benchmark, strategy, budget=12)
        assert len(result.points) == 6
        assert result.share_of_exact == pytest.approx(1)


def test_is_saved_and_read(benchmark, tmp_path):
    result = found(benchmark, "nsga2", out=tmp_path / "out")
    read = archwalk.load_front(tmp_path / "out")
    assert read.record == result.record
    assert {path.name for path in result.written} == {
        "front.json", "front.svg", "evaluations.csv", "evaluations.safetensors", "report.html",
    }  # fmt: skip
    assert len((tmp_path / "out" / "evaluations.csv").read_text().splitlines()) == 121
    axes = read.plot()
    assert axes.get_xlabel() == "accuracy (%), higher is better"
    assert axes.get_ylabel() == "cost (ms), lower is better"


def test_goals_of_an_objective_that_fails_now_and_then():
    def train(architecture):
        a, b, c = architecture.description.values()
        if a == 3:
            raise ValueError("too wide")
        return {"accuracy": a + b + c, "cost": a * b * c}

    benchmark = archwalk.objective_benchmark(SPACE, train, store=False)
    result = found(benchmark, "nsga2", limits={"cost": 100})
    assert result.points
    assert result.record.failed > 0
    assert list(result.record.failures) == ["ValueError: too wide"]
    assert "lack a value; most often: ValueError: too wide" in result.summary()
    with pytest.raises(UsageError, match="unknown metric 'costs'; did you mean 'cost'"):
        found(benchmark, "nsga2", minimise="costs")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"minimise": "costs"}, "unknown metric 'costs'; did you mean 'cost'"),
        ({"minimise": "accuracy"}, "accuracy is a goal twice"),
        ({"minimise": (), "maximise": ()}, "which goals"),
        ({"limits": ["cost"]}, "a limit is METRIC=NUMBER"),
        ({"limits": {"size": 3}}, "unknown metric 'size'"),
        ({"reference": {"cost": 3}}, "so for accuracy too"),
        ({"settings": {"populations": 3}}, "did you mean 'population'"),
    ],
)
def test_misuse_is_one_line(benchmark, more, reason):
    with pytest.raises(UsageError, match=reason):
        found(benchmark, "nsga2", **more)


def _of_many(benchmark, goals):
    """A benchmark of more goals: the decisions, each high."""
    names = [f"goal{n}" for n in range(goals)]
    columns = {
        name: DECISIONS[:, n % 3] + 0.3 * DECISIONS[:, (n + 1) % 3] ** (1 + n / 4)
        for n, name in enumerate(names)
    }
    known = Columns({name: Metric(name) for name in names}, columns)
    return names, Benchmark("many", SPACE, benchmark.estimator, {}, known=known)


def test_three_goals_by_expected_hypervolume(benchmark):
    (first, second, third), many = _of_many(benchmark, 3)
    goals = {"maximise": [first], "minimise": [second, third], "progress": False}
    shares = {
        strategy: archwalk.search_front(strategy, many, **goals, budget=30).share_of_exact
        for strategy in ("graph-gp", "random-search")
    }
    assert shares["graph-gp"] > shares["random-search"] + 0.1
    assert shares["graph-gp"] > 0.8


def test_five_goals_are_too_many_for_expected_hypervolume(benchmark):
    names, many = _of_many(benchmark, 5)
    with pytest.raises(UsageError, match="graph-gp weighs 4 goals at most"):
        archwalk.search_front("graph-gp", many, maximise=names, budget=20, progress=False)


@pytest.mark.parametrize(
    ("text", "at_most", "value"),
    [("cost=3", True, 3), ("accuracy=70", False, 70), ("accuracy <= 5", True, 5), ("cost>=1e3", False, 1000)],
)
def test_limits_are_read(text, at_most, value):
    limit = read_limit(text, METRICS)
    assert (limit.at_most, limit.value) == (at_most, value)


def test_published_tables_have_their_costs():
    columns = archwalk.load_benchmark("nas-bench-graph:proteins").measurements
    assert list(columns.metrics) == ["accuracy", "test_accuracy", "latency_ms", "parameters"]
    measured = columns.measure(np.array([[0], [7]]))
    assert all((values > 0).all() for values in measured.values())


def test_a_bare_number_is_a_goal_by_the_name_that_it_is_given():
    benchmark = archwalk.objective_benchmark(
        SPACE, lambda architecture: sum(architecture.description.values()), minimise="loss", store=False
    )
    call = {"minimise": "loss", "limits": ["loss>=3"], "budget": 60, "progress": False}
    (point,) = archwalk.search_front("nsga2", benchmark, **call).points
    assert point.metrics == {"loss": 3.0}
