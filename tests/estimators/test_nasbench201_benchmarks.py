import numpy as np
import pytest
from filelock import FileLock

from archwalk.data import catalogue
from archwalk.data.table import Table, write_table
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.spaces.nasbench201 import NASBench201

TASKS = ("cifar10", "cifar100", "ImageNet16-120")


@pytest.fixture
def compact(data_root, session_cache):
    """The real table in the compact form, imported once a session."""
    with FileLock(f"{session_cache}.lock"):
        if not catalogue.is_here("nasbench201"):
            catalogue.import_data("nasbench201", data_root / "nasbench201")


@pytest.fixture
def official(tmp_path, monkeypatch):
    """A made-up table with the columns of the official form."""
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
    names = [
        f"{task}.{measure}_{suffix}"
        for task in TASKS
        for measure in ("validation", "test")
        for suffix in ("mean", "12")
    ]
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(0, 100, NASBench201.size) for name in names}
    columns |= {f"{name}_seconds": rng.uniform(0, 9, NASBench201.size) for name in names}
    table = Table(columns, {"numbering": NASBench201.numbering})
    write_table(catalogue.table_path("nasbench201"), table)
    return table


def test_published_maxima(compact):
    for task, best in zip(TASKS, (94.373, 73.513, 47.311), strict=True):
        benchmark = load_benchmark(f"nasbench201:{task}:test-mean")
        assert benchmark.name == f"nasbench201:{task}"
        assert benchmark.estimator.reward_N.max() == pytest.approx(best, abs=5e-4)
        np.testing.assert_array_equal(benchmark.estimator.reward_N, benchmark.estimator.report_N)


def test_compact_form_says_what_it_lacks(compact, capsys):
    assert load_benchmark("nasbench201:cifar100").objective.name == "test-mean"
    said = capsys.readouterr().err
    assert "nasbench201:cifar100 table has no validation accuracies after 200 epochs; using test-mean" in said
    with pytest.raises(UsageError, match=r"'validation'.*the official file has it"):
        load_benchmark("nasbench201:cifar100:validation")


def test_twelve_epochs(compact, capsys):
    estimator = load_benchmark("nasbench201:cifar10:validation-12").estimator
    assert capsys.readouterr().err == ""
    assert estimator.reward_N.max() == pytest.approx(84.892)
    assert estimator.report_N.max() == pytest.approx(89.16)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    ("objective", "reward", "report"),
    [
        ("validation", "validation_mean", "test_mean"),
        ("test-mean", "test_mean", "test_mean"),
        ("validation-12", "validation_12", "test_12"),
    ],
)
def test_columns_of_objectives(official, task, objective, reward, report):
    benchmark = load_benchmark(f"nasbench201:{task}:{objective}")
    codes = benchmark.space.sample(np.random.default_rng(0), 50)
    scores = benchmark.estimator.evaluate(codes)
    ids = codes[:, 0]
    assert benchmark.objective.name == objective
    np.testing.assert_array_equal(scores.reward_B, official[f"{task}.{reward}"][ids])
    np.testing.assert_array_equal(scores.report_B, official[f"{task}.{report}"][ids])
    np.testing.assert_array_equal(scores.seconds_B, official[f"{task}.{reward}_seconds"][ids])


def test_default_of_the_official_form(official, capsys):
    assert load_benchmark("nasbench201:cifar10").objective.name == "validation"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nasbench201", "unknown task of nasbench201 ''; known: ImageNet16-120, cifar10, cifar100"),
        ("nasbench201:validation", "unknown task"),
        ("nasbench201:cifar", "did you mean 'cifar10'"),
        (
            "nasbench201:cifar10:run0",
            "unknown objective 'run0'; known: test-mean, validation, validation-12$",
        ),
        ("nasbench201:cifar10:test-mean:2", "one objective"),
    ],
)
def test_wrong_names(official, name, message):
    with pytest.raises(UsageError, match=message):
        load_benchmark(name)


def test_table_of_another_numbering_is_refused(official):
    stale = Table(official.columns, {"numbering": "other"})
    write_table(catalogue.table_path("nasbench201"), stale)
    with pytest.raises(
        DataError, match="another version of archwalk; delete it and import nasbench201 again"
    ):
        load_benchmark("nasbench201:cifar10")


def test_the_official_folder_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_DATA", str(tmp_path))
    assert catalogue.find_source("nasbench201") is None
    compact = tmp_path / "nasbench201"
    official = compact / "NATS-tss-v1_0-3ffb9-simple"
    official.mkdir(parents=True)
    (compact / "nats_bench_v-tao.csv").touch()
    assert catalogue.find_source("nasbench201") == compact
    (official / "meta.pickle.pbz2").touch()
    assert catalogue.find_source("nasbench201") == official
