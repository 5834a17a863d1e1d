"""Added tables as benchmarks: complete, known, by surrogate; every strategy runs on each."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from added_tables import accuracy, complete_csv, partial_csv, scattered_csv, write_csv
from archwalk.agents.catalogue import TRAINERS
from archwalk.data.added.adding import add_table
from archwalk.data.added.names import added_folder
from archwalk.errors import DataError, UsageError
from archwalk.estimators.added.models import available
from archwalk.estimators.added.surrogate import fit_surrogate, judge, read_surrogate
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.table import MultiFidelityTable
from archwalk.experiments.comparison import compare, solve_benchmark
from archwalk.experiments.runs import load_methods
from archwalk.experiments.settings import make_settings
from archwalk.spaces.catalogue import load_space
from archwalk.spaces.declared import read_space
from archwalk.spaces.known import KnownSpace
from declared_cases import large, small_file

QUICK = ["random-search", "local-search", "regularized-evolution", "local-search-white", "random-walk"]


@pytest.fixture(scope="module", autouse=True)
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("added")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHWALK_CACHE", str(folder / "cache"))
        add_table("complete", complete_csv(folder))
        add_table("tasks", partial_csv(folder))
        add_table("scattered", scattered_csv(folder))
        add_table("linked", scattered_csv(folder), mode="known")
        yield folder


def test_a_complete_table_is_its_whole_space():
    benchmark = load_benchmark("complete")
    assert benchmark.space.size == 81
    assert benchmark.evaluation == "table"
    code = benchmark.space.parse({"op1": "skip", "op2": "conv", "op3": "pool", "op4": "conv"})
    scores = benchmark.estimator.evaluate(code[None])
    assert (scores.reward_B[0], scores.report_B[0]) == (accuracy("2010"), accuracy("2010") - 1)
    assert solve_benchmark(benchmark, 0.99) is not None
    assert load_space("complete").size == 81


def test_another_metric_stands_behind_the_name():
    latency = load_benchmark("complete:Latency MS")
    assert (latency.name, latency.objective.name) == ("complete", "latency_ms")
    assert not latency.objective.reward.higher_is_better
    assert latency.objective.reward.unit == "ms"
    found = compare(latency, load_methods(["random-search"], latency.space), budget=81, trials=1, seed=0)
    best = found.strategies["random-search"].found.reward
    assert best == pytest.approx(10 - accuracy("2222") / 10, abs=0.3)
    with pytest.raises(
        UsageError, match="unknown metric of complete 'latencyms2'; did you mean 'latency_ms'"
    ):
        load_benchmark("complete:latencyms2")


def test_where_rows_are_missing_walks_step_through_known_ones_alone():
    benchmark = load_benchmark("tasks:room layout")
    assert isinstance(benchmark.space, KnownSpace)
    assert benchmark.space.size == 56, "gaps of this metric are left out"
    assert "56 architectures with numbers" in benchmark.provenance["known"]
    assert load_benchmark("tasks").space.size == 60
    rewards = benchmark.estimator.evaluate(np.arange(56, dtype=np.int32)[:, None]).reward_B
    assert np.isfinite(rewards).all()
    for i in (0, 20, 55):
        digits = [str(v) for v in benchmark.space.describe(np.array([i], np.int32)).values()]
        assert rewards[i] == accuracy("".join(digits)[::-1])


def test_scattered_rows_have_a_surrogate_whose_quality_stands_in_every_result(capsys):
    benchmark = load_benchmark("scattered")
    assert benchmark.evaluation == "surrogate"
    assert "Spearman" in capsys.readouterr().err
    told = benchmark.provenance["surrogate"]
    assert "5-fold cross-validation of ridge regression: Spearman " in told
    assert "mean absolute error" in told
    load_benchmark("scattered")
    assert capsys.readouterr().err == "", "fitted once"
    codes_NL = benchmark.space.sample(np.random.default_rng(0), 50)
    again = load_benchmark("scattered").estimator.evaluate(codes_NL)
    np.testing.assert_array_equal(again.reward_B, benchmark.estimator.evaluate(codes_NL).reward_B)
    found = compare(benchmark, load_methods(["local-search"], benchmark.space), budget=5, trials=1, seed=0)
    assert found.provenance["surrogate"] == told
    assert found.evaluation == "surrogate"


@pytest.mark.parametrize("kind", available(), ids=lambda kind: kind.name)
def test_what_is_stored_predicts_what_was_fitted(kind):
    space = large()
    features = space.features(space.sample(np.random.default_rng(0), 60))
    worth = features @ np.random.default_rng(1).normal(size=features.shape[1])
    arrays = kind.fit(features, (worth - worth.mean()) / worth.std())
    predicted = kind.predict(arrays, features)
    assert spearmanr(predicted, worth).statistic > 0.9
    np.testing.assert_allclose(kind.predict(arrays, features[:1]), predicted[:1], rtol=1e-5, atol=1e-5)


def test_cross_validation_is_honest():
    """Of architectures whose worth is noise nothing can be predicted; of others much."""
    space = large()
    features = space.features(space.sample(np.random.default_rng(0), 150))
    rng = np.random.default_rng(1)
    noise, worth = rng.normal(size=150), features @ rng.normal(size=features.shape[1])
    assert abs(judge("ridge regression", features, noise).spearman) < 0.3
    assert judge("ridge regression", features, worth).spearman > 0.9


def test_a_surrogate_needs_something_to_learn():
    features = np.eye(30, dtype=np.uint8)
    with pytest.raises(UsageError, match="needs 20 architectures, not 10"):
        fit_surrogate(features[:10], np.arange(10.0))
    with pytest.raises(UsageError, match="nothing to learn"):
        fit_surrogate(features, np.ones(30))


def test_a_damaged_surrogate_is_refused(tmp_path):
    (tmp_path / "s").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="no whole surrogate"):
        read_surrogate(tmp_path / "s")
    assert (added_folder("scattered") / "surrogate-0.safetensors").is_file()


def test_epochs_are_fidelities(tmp_path):
    rows = [[s, e, accuracy(s) - 9 * (e == 4)] for s in ("00", "01", "10", "11") for e in (4, 108)]
    add_table("epochs", write_csv(tmp_path / "t.csv", ["arch", "epochs", "acc"], rows))
    estimator = load_benchmark("epochs").estimator
    assert isinstance(estimator, MultiFidelityTable)
    assert estimator.fidelities == (4, 108)
    short, full = estimator.evaluate_at(np.array([[3]]), 0), estimator.evaluate(np.array([[3]]))
    assert (short.reward_B[0], full.reward_B[0]) == (accuracy("11") - 9, accuracy("11"))


@pytest.mark.parametrize("name", ["complete", "tasks:room layout", "scattered", "linked"])
def test_strategies_run_on_each(name):
    benchmark = load_benchmark(name)
    found = compare(
        benchmark, load_methods(QUICK, benchmark.space), budget=12, trials=2, seed=0, episode_starts=4
    )
    for strategy in found.strategies.values():
        assert np.isfinite(strategy.found.reward)


TINY = {
    "planner": ["evaluations=30", "initial=20", "first_updates=3", "updates=2", "last_updates=2", "distil_updates=3"],
    "climber": ["evaluations=30", "initial=20", "first_updates=3", "updates=2", "last_updates=2", "distil_updates=3"],
    "dqn": ["steps=200", "environments=4", "neighbours=5", "episode_limit=4", "capacity=100", "learning_starts=20",
            "batch=8", "calibration=8", "width=8", "heads=2"],
    "apex": ["steps=200", "actors=2", "environments=2", "shards=1", "neighbours=5", "episode_limit=4", "capacity=400",
             "learning_starts=40", "batch=8", "width=8", "heads=2", "block=20"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "name"),
    [("planner", "tasks"), ("planner", "small"), ("planner", "large"), ("climber", "scattered"), ("dqn", "tasks"),
     ("dqn", "large"), ("apex", "scattered"), ("apex", "small")],
)  # fmt: skip
def test_agents_train_on_each(agent, name, tables):
    settings_class, factory = TRAINERS.load(agent)
    settings = make_settings(settings_class, None, TINY[agent])
    benchmark = problem(name, tables)
    if (agent, name) == ("planner", "large"):
        with pytest.raises(UsageError, match="climber can walk it"):
            factory(benchmark, settings, 0)
        return
    trainer = factory(benchmark, settings, 0)
    for _ in trainer.run():
        pass
    assert trainer.done >= trainer.total


def problem(name, folder):
    """A table that was added, or a declared space with made-up accuracies."""
    from archwalk.estimators.benchmarks import Benchmark
    from archwalk.testing.strategies import MadeUpEstimator

    if name in ("small", "large"):
        space = read_space(small_file(folder)) if name == "small" else large()
        return Benchmark(name, space, MadeUpEstimator(space), {})
    return load_benchmark(name)
