import numpy as np
import pytest
from nas_bench_graph import light_read

from archwalk.data.catalogue import load_table, table_path
from archwalk.data.nasbench_graph import GRAPHS
from archwalk.data.table import Table, write_table
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import BENCHMARKS, load_benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.ledger import TrainingLedger
from archwalk.estimators.table import RandomRunEstimator


def all_codes(benchmark):
    return np.arange(benchmark.space.size, dtype=np.int32)[:, None]


@pytest.mark.parametrize("graph", GRAPHS)
def test_nas_bench_graph_rewards_validation_and_reports_test(graph):
    benchmark = load_benchmark(f"nas-bench-graph:{graph}")
    assert benchmark.name == f"nas-bench-graph:{graph}"
    assert benchmark.objective.name == "validation"
    assert benchmark.space.size == (2_021 if graph == "proteins" else 26_206)
    scores = benchmark.estimator.evaluate(all_codes(benchmark))
    published = light_read(graph)
    for i in np.random.default_rng(0).integers(0, benchmark.space.size, 300):
        row = published[int(benchmark.space.hashes[i])]
        assert scores.reward_B[i] == pytest.approx(100 * row["valid_perf"], rel=1e-6)
        assert scores.report_B[i] == pytest.approx(100 * row["perf"], rel=1e-6)
    assert not np.array_equal(scores.reward_B, scores.report_B)
    assert np.isfinite(scores.reward_B).all()
    assert np.isfinite(scores.report_B).all()


def test_nine_graphs():
    assert len(GRAPHS) == 9


def test_objective_may_be_named():
    one, other = (
        load_benchmark(name) for name in ("nas-bench-graph:cora", "nas-bench-graph:cora:validation")
    )
    assert one.name == other.name
    assert one.space is other.space, "spaces are made once"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nasbench11", "unknown benchmark 'nasbench11'; did you mean 'nasbench101'"),
        ("", "unknown benchmark ''"),
        ("nas-bench-graph", "unknown graph of nas-bench-graph ''; known: arxiv, citeseer"),
        ("nas-bench-graph:coral", "unknown graph of nas-bench-graph 'coral'; did you mean 'cora'"),
        ("nas-bench-graph:cora:test", "unknown objective 'test'"),
        ("nas-bench-graph:cora:validation:again", "takes one objective, not 'validation:again'"),
    ],
)
def test_names_that_there_are_not(name, message):
    with pytest.raises(UsageError, match=message) as caught:
        load_benchmark(name)
    assert "\n" not in str(caught.value)


def test_absent_table_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
    monkeypatch.delenv("ARCHWALK_DATA", raising=False)
    for name in ("nasbench101", "ec-nas-4v", "ec-nas-5v"):
        with pytest.raises(DataError, match="to get it: "):
            load_benchmark(name)


class TestECNAS:
    @pytest.mark.parametrize(
        ("objective", "reward", "report"),
        [
            ("validation", "validation_mean", "test_mean"),
            ("test-mean", "test_mean", "test_mean"),
            ("run0", "run0", "rest_mean"),
        ],
    )
    def test_objectives_are_columns(self, ec_nas_4v, objective, reward, report):
        benchmark = load_benchmark(f"ec-nas-4v:{objective}")
        table = load_table("ec-nas-4v")
        assert benchmark.objective.name == objective
        assert benchmark.name == "ec-nas-4v"
        scores = benchmark.estimator.evaluate(all_codes(benchmark))
        np.testing.assert_allclose(scores.reward_B, table[reward], rtol=1e-6)
        np.testing.assert_allclose(scores.report_B, table[report], rtol=1e-6)
        assert (scores.seconds_B > 1).all(), "the file says how long training took"

    def test_validation_is_the_default_and_needs_no_note(self, ec_nas_4v, capsys):
        assert load_benchmark("ec-nas-4v").objective.name == "validation"
        assert capsys.readouterr().err == ""

    def test_means_over_the_three_runs_of_the_longest_training(self, ec_nas_4v):
        table, benchmark = load_table("ec-nas-4v"), load_benchmark("ec-nas-4v:validation")
        scores = benchmark.estimator.evaluate(all_codes(benchmark))
        assert table["validation"].shape == (91, 4, 3)
        np.testing.assert_allclose(scores.reward_B, table["validation"][:, -1].mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(scores.report_B, table["test"][:, -1].mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(scores.seconds_B, table["training_seconds"][:, -1].mean(axis=1), rtol=1e-5)
        assert scores.reward_B.max() > 90

    def test_what_a_network_costs_is_known_beside_its_accuracy(self, ec_nas_4v):
        benchmark, table = load_benchmark("ec-nas-4v"), load_table("ec-nas-4v")
        assert list(benchmark.measurements.metrics) == [
            "accuracy", "test_accuracy", "parameters", "seconds", "energy_kwh",
        ]  # fmt: skip
        measured = benchmark.measurements.measure(all_codes(benchmark))
        energy_NR = table["energy_kwh"][:, -1]
        np.testing.assert_allclose(measured["energy_kwh"], energy_NR.mean(axis=1), rtol=1e-6)
        watts_N = 3.6e6 * measured["energy_kwh"] / measured["seconds"]
        assert ((watts_N > 100) & (watts_N < 1500)).all(), "kilowatt hours of a machine with a GPU"
        np.testing.assert_array_equal(measured["parameters"], table["parameters"])

    def test_random_run_draws_among_the_runs(self, ec_nas_4v):
        benchmark, table = load_benchmark("ec-nas-4v:random-run"), load_table("ec-nas-4v")
        assert isinstance(benchmark.estimator, RandomRunEstimator)
        ledger = TrainingLedger(benchmark.estimator)
        seen = np.stack([ledger.rewards(all_codes(benchmark)) for _ in range(40)], 1)
        for i in range(91):
            assert set(np.unique(seen[i])) == set(np.unique(table["validation"][i, -1].astype(float)))

    @pytest.mark.parametrize("objective", ["validation", "test-mean", "run0"])
    def test_trainings_of_every_length_can_be_looked_up(self, ec_nas_4v, objective):
        table, benchmark = load_table("ec-nas-4v"), load_benchmark(f"ec-nas-4v:{objective}")
        codes_BL = all_codes(benchmark)
        assert benchmark.fidelities == (4, 12, 36, 108)
        full, seconds = benchmark.estimator.evaluate(codes_BL), []
        for fidelity in range(4):
            scores = benchmark.estimator.evaluate_at(codes_BL, fidelity)
            runs_NR = table["validation" if objective == "validation" else "test"][:, fidelity]
            expected = runs_NR[:, 0] if objective == "run0" else runs_NR.mean(axis=1)
            np.testing.assert_allclose(scores.reward_B, expected, rtol=1e-5)
            np.testing.assert_array_equal(scores.report_B, full.report_B)
            seconds.append(scores.seconds_B.mean())
        np.testing.assert_array_equal(scores.reward_B, full.reward_B)
        assert seconds == sorted(seconds)

    def test_random_runs_of_every_length_are_drawn(self, ec_nas_4v):
        benchmark, table = load_benchmark("ec-nas-4v:random-run"), load_table("ec-nas-4v")
        assert benchmark.fidelities == (4, 12, 36, 108)
        codes_BL, evaluator = np.full((60, 1), 7, np.int32), Evaluator.seeded(benchmark.estimator)
        for fidelity in range(4):
            scores = evaluator.scores(codes_BL, fidelity)
            assert set(scores.reward_B) == set(table["validation"][7, fidelity].astype(float))
            assert set(scores.report_B) == set(table["test"][7, -1].astype(float))

    def test_provenance_says_where_it_is_from(self, ec_nas_4v):
        provenance = load_benchmark("ec-nas-4v").provenance
        assert provenance["benchmark"] == "ec-nas-4v"
        assert "energy_4V9E.tfrecord" in provenance["source"]

    def test_table_of_another_numbering_is_refused(self, ec_nas_4v, tmp_path, monkeypatch):
        table = load_table("ec-nas-4v")
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
        stale = Table(table.columns, {**table.provenance, "numbering": "0123456789abcdef"})
        write_table(table_path("ec-nas-4v"), stale)
        with pytest.raises(
            DataError, match="made by another version of archwalk; delete it and import ec-nas-4v"
        ):
            load_benchmark("ec-nas-4v")


class TestCompactNASBench101:
    def test_objective_without_validation_is_said(self, nasbench101, capsys):
        assert load_benchmark("nasbench101").objective.name == "test-mean"
        assert "no validation accuracies; using test-mean" in capsys.readouterr().err

    def test_named_objective_needs_no_note(self, nasbench101, capsys):
        assert load_benchmark("nasbench101:run0").objective.name == "run0"
        assert capsys.readouterr().err == ""

    @pytest.mark.parametrize("objective", ["validation", "random-run"])
    def test_objectives_of_the_official_file_alone(self, nasbench101, objective):
        with pytest.raises(UsageError, match="the official file has it"):
            load_benchmark(f"nasbench101:{objective}")

    def test_published_facts(self, nasbench101):
        """The best mean and the best single run, and the mean of the table; run 0 and the other two."""
        reward_N = nasbench101.estimator.reward_N
        np.testing.assert_array_equal(nasbench101.estimator.report_N, reward_N)
        assert reward_N.max() == pytest.approx(94.3175752957662)
        assert reward_N.mean() == pytest.approx(89.67985, abs=1e-4)
        run0 = load_benchmark("nasbench101:run0").estimator
        assert run0.reward_N.max() == pytest.approx(94.661456, abs=1e-4)
        np.testing.assert_allclose((run0.reward_N + 2 * run0.report_N) / 3, reward_N, atol=1e-4)
        assert np.corrcoef(run0.reward_N, run0.report_N)[0, 1] == pytest.approx(0.62, abs=0.01)


@pytest.mark.parametrize("name", BENCHMARKS.names())
def test_every_name_has_a_loader(name):
    assert callable(BENCHMARKS.load(name))


def test_names():
    assert {"ec-nas-4v", "ec-nas-5v", "nas-bench-graph", "nasbench101"} <= set(BENCHMARKS.names())
