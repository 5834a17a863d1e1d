"""Comparisons over several goals: hypervolumes from one point, paired over trials, the same in several processes."""

import numpy as np
import pytest

import archwalk
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Columns
from archwalk.estimators.metrics import Metric, accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.declared import Integer, declare
from archwalk.strategies.goals.pareto import hypervolume

SPACE = declare("field", *(Integer(name, 0, 9) for name in "xy"))
X, Y = np.array([list(SPACE.describe(np.array([n])).values()) for n in range(SPACE.size)], float).T
METRICS = {"gain": Metric("gain", ""), "cost": Metric("cost", "ms", higher_is_better=False)}


def benchmark(table: bool = True) -> Benchmark:
    known = Columns(METRICS, {"gain": X, "cost": X * X + Y})
    return Benchmark("field", SPACE, TableEstimator(accuracies(), X, X), {}, known=known)


def compared(**more):
    call = {"maximise": "gain", "minimise": "cost", "budget": 30, "trials": 6, "progress": False} | more
    return archwalk.compare_fronts({"nsga2": "nsga2", "chance": "random-search"}, benchmark(), **call)


@pytest.fixture(scope="module")
def comparison():
    return compared(settings={"nsga2": {"population": 6}})


def test_reports_are_shares_of_the_exact_hypervolume(comparison):
    """Of the points of every trial, computed anew."""
    fronts, frame = comparison.fronts, comparison.frame()
    exact = np.array(fronts.exact) * (1, -1)
    reference = np.array(fronts.reference) * (1, -1)
    assert fronts.exact_hypervolume == pytest.approx(hypervolume(exact, reference))
    for name, mean in comparison.hypervolumes.items():
        every = [
            hypervolume(trial[["gain", "cost"]].to_numpy() * (1, -1), reference)
            for _, trial in frame[frame.strategy == name].groupby("trial")
        ]
        assert len(every) == 6
        assert mean == pytest.approx(100 * np.mean(every) / fronts.exact_hypervolume)
    assert comparison.record.report.unit == "%"


def test_strategies_are_paired_and_told_apart(comparison):
    (pair,) = comparison.record.significance.after[30].pairs
    assert {pair.one, pair.other} == {"nsga2", "chance"}
    means = comparison.hypervolumes
    assert pair.difference == pytest.approx(means[pair.one] - means[pair.other])
    assert comparison.record.ranks is not None
    curve = comparison.record.strategies["nsga2"].curve
    assert curve.mean[-1] == pytest.approx(means["nsga2"])
    assert all(np.diff(curve.mean) >= -1e-9)


def test_processes_give_the_same_bits(comparison):
    again = compared(settings={"nsga2": {"population": 6}}, workers=2)
    assert again.record.fronts == comparison.record.fronts
    for name, one in comparison.record.strategies.items():
        assert again.record.strategies[name].curve == one.curve


def test_the_front_of_a_strategy_is_that_of_all_its_trials(comparison):
    points = [(point.metrics["gain"], point.metrics["cost"]) for point in comparison.front("chance")]
    assert points == sorted(points)
    frame = comparison.frame()
    found = frame[frame.strategy == "chance"][["gain", "cost"]].to_numpy()
    for gain, cost in points:
        assert not ((found[:, 0] >= gain) & (found[:, 1] <= cost) & (found != (gain, cost)).any(axis=1)).any()
    with pytest.raises(UsageError, match="unknown strategy of this comparison"):
        comparison.front("tpe")


def test_what_was_saved_is_read_and_drawn(comparison, tmp_path):
    written = comparison.save(tmp_path)
    assert {path.name for path in written} == {
        "result.json",
        "report.html",
        "table.csv",
        "table.md",
        "table.tex",
        "evaluations.safetensors",
    }
    again = archwalk.load_front_comparison(tmp_path)
    assert again.record == comparison.record
    assert again.summary() == comparison.summary()
    again.plot(tmp_path / "fronts.png")
    assert (tmp_path / "fronts.png").read_bytes().startswith(b"\x89PNG")
    assert again.frame().equals(comparison.frame())
    with pytest.raises(DataError):
        archwalk.load_front_comparison(tmp_path / "nowhere")


def test_without_a_table_the_point_lies_beyond_all_that_was_found():
    def score(architecture):
        chosen = architecture.description
        return {"gain": chosen["x"], "cost": chosen["x"] ** 2 + chosen["y"]}

    made = archwalk.objective_benchmark(SPACE, score, store=False)
    result = archwalk.compare_fronts(
        ["nsga2", "random-search"],
        made,
        maximise="gain",
        minimise="cost",
        budget=10,
        trials=2,
        progress=False,
    )
    assert result.fronts.exact is None
    assert result.record.report.unit == ""
    points = np.array(
        [[p.metrics["gain"], p.metrics["cost"]] for name in result.strategies for p in result.front(name)]
    )
    assert result.fronts.reference[0] < points[:, 0].min()
    assert result.fronts.reference[1] > points[:, 1].max()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"minimise": ()}, "two goals or more"),
        ({"minimise": "energy"}, "unknown metric 'energy'"),
        ({"settings": {"tpe": {"gamma": 1}}}, "not for tpe"),
    ],
)
def test_what_makes_no_sense_is_refused(call, told):
    with pytest.raises(UsageError, match=told):
        compared(**call)
