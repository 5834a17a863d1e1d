import pytest
from nasbench301_models import train, write_member

from archwalk.data.catalogue import find_files, get_data, import_data, is_here, load_table, table_path
from archwalk.data.nasbench301 import YAHPO_ENCODING, YAHPO_MODELS
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.nasbench301.features import XGB_CONSTANTS


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHWALK_DATA", raising=False)


@pytest.fixture
def ensemble(tmp_path):
    booster = train(rounds=5, constant=XGB_CONSTANTS)
    for i in range(2):
        write_member(tmp_path / f"source/xgb_v1.0/ensemble_member_{i}", booster, seed=i)
    return tmp_path / "source/xgb_v1.0"


def test_xgb_after_an_import(ensemble):
    assert not is_here("nasbench301-xgb")
    target = import_data("nasbench301-xgb", ensemble)
    assert target == table_path("nasbench301-xgb") == find_files("nasbench301-xgb")
    assert is_here("nasbench301-xgb")
    assert [path.name for path in target.parent.iterdir()] == ["nasbench301-xgb"]
    benchmark = load_benchmark("nasbench301:xgb")
    assert (benchmark.name, benchmark.objective.name, benchmark.space.name) == (
        "nasbench301:xgb",
        "xgb-surrogate",
        "darts",
    )
    assert "ensemble of 2" in benchmark.provenance["surrogate"]
    assert "not checked" in benchmark.provenance["features"]
    assert all(isinstance(value, str) for value in benchmark.provenance.values())
    assert load_benchmark("nasbench301:xgb:xgb-surrogate").provenance == benchmark.provenance


def test_xgb_where_it_lies(ensemble, tmp_path, monkeypatch):
    (tmp_path / "data/nasbench301").mkdir(parents=True)
    ensemble.rename(tmp_path / "data/nasbench301/xgb_v1.0")
    monkeypatch.setenv("ARCHWALK_DATA", str(tmp_path / "data"))
    assert is_here("nasbench301-xgb")
    assert load_benchmark("nasbench301:xgb").provenance["source"] == "xgb_v1.0"
    assert not (tmp_path / "cache").exists()


def test_import_replaces_what_was_there(ensemble, tmp_path):
    import_data("nasbench301-xgb", ensemble)
    write_member(tmp_path / "other/member", b"another")
    target = import_data("nasbench301-xgb", tmp_path / "other")
    assert [path.name for path in target.iterdir()] == ["member"]


def test_failed_import_leaves_what_was_there(ensemble, tmp_path):
    target = import_data("nasbench301-xgb", ensemble)
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(DataError, match="give the folder"):
            import_data("nasbench301-xgb", source)
    next(ensemble.rglob("data_config.json")).unlink()
    with pytest.raises(DataError, match=r"data_config\.json"):
        import_data("nasbench301-xgb", ensemble)
    assert len(list(target.iterdir())) == 2


@pytest.mark.parametrize("name", ["yahpo", "xgb"])
def test_absent_data_says_how_to_get_it(name):
    for call in (
        lambda: load_benchmark(f"nasbench301:{name}"),
        lambda: get_data(f"nasbench301-{name}"),
        lambda: load_table(f"nasbench301-{name}"),
    ):
        with pytest.raises(DataError, match=f"archwalk data import nasbench301-{name} ") as error:
            call()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nasbench301", "known: xgb, yahpo"),
        ("nasbench301:yapo", "did you mean 'yahpo'"),
        ("nasbench301:xgb:validation", "one objective, xgb-surrogate"),
        ("nasbench301:xgb:xgb-surrogate:more", "one objective, xgb-surrogate"),
    ],
)
def test_other_names(ensemble, name, message):
    import_data("nasbench301-xgb", ensemble)
    with pytest.raises(UsageError, match=message):
        load_benchmark(name)


def test_yahpo(data_root, monkeypatch):
    monkeypatch.setenv("ARCHWALK_DATA", str(data_root))
    benchmark = load_benchmark("nasbench301:yahpo")
    assert benchmark.provenance["surrogate"] == "NAS-Bench-301 (YAHPO surrogate), not v1.0"
    assert benchmark.provenance["model"] == YAHPO_MODELS[0]
    assert "skip connections" in benchmark.provenance["guard"]
    assert "NAS-Bench-301 (YAHPO surrogate)" in benchmark.objective.meaning
    assert "at most 92.12" in benchmark.objective.meaning


def test_yahpo_after_an_import(data_root, tmp_path):
    target = import_data("nasbench301-yahpo", data_root / "nasbench301/yahpo")
    assert sorted(path.name for path in target.iterdir()) == sorted([YAHPO_MODELS[0], YAHPO_ENCODING])
    assert load_benchmark("nasbench301:yahpo").provenance["source"] == "nasbench301-yahpo"


def test_yahpo_under_the_name_of_its_repository(data_root, tmp_path, monkeypatch):
    folder = tmp_path / "data/yahpo_data/nb301"
    folder.mkdir(parents=True)
    for name, copy in ((YAHPO_MODELS[0], YAHPO_MODELS[1]), (YAHPO_ENCODING, YAHPO_ENCODING)):
        (folder / copy).write_bytes((data_root / "nasbench301/yahpo" / name).read_bytes())
    monkeypatch.setenv("ARCHWALK_DATA", str(tmp_path / "data"))
    assert load_benchmark("nasbench301:yahpo").provenance["model"] == "new_model.onnx"
