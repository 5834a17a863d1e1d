import os
import pickle
import shutil
from collections.abc import Callable

import numpy as np
import pytest
import xgboost
import xgboost_1_2
from nasbench301_models import make_rows, train, write_member

from archwalk.errors import DataError
from archwalk.estimators.base import Estimator
from archwalk.estimators.nasbench301.ensemble import XGBSurrogate, read_ensemble
from archwalk.estimators.nasbench301.features import XGB_CONSTANTS, XGB_NAMES, xgb_features
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts.space import DARTS
from archwalk.testing.estimators import DeterministicEstimatorConformance


@pytest.fixture(scope="module")
def boosters():
    """Three models of NAS-Bench-301's features, those constant that are constant there."""
    return [train(rounds=20, constant=XGB_CONSTANTS, seed=seed, subsample=0.5) for seed in range(3)]


@pytest.fixture(scope="module")
def folder(boosters, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble") / "xgb_v1.0"
    for i, booster in zip((1, 2, 10), boosters, strict=True):
        write_member(folder / f"ensemble_member_{i}", booster, seed=i)
    return folder


class TestXGBSurrogate(DeterministicEstimatorConformance):
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return DARTS()

    @pytest.fixture
    @classmethod
    def make_estimator(cls, folder) -> Callable[[], Estimator]:
        ensemble = read_ensemble(folder)
        return lambda: XGBSurrogate(ensemble)


def test_members_in_the_order_of_their_numbers(folder):
    members = read_ensemble(folder).members
    assert [member.name for member in members] == [f"ensemble_member_{i}" for i in (1, 2, 10)]
    assert [member.seed for member in members] == [1, 2, 10]


def test_mean_of_the_members(folder, boosters):
    codes = DARTS().sample(np.random.default_rng(0), 200)
    members = [booster.predict(xgboost.DMatrix(xgb_features(codes))) for booster in boosters]
    scores = XGBSurrogate(read_ensemble(folder)).evaluate(codes)
    np.testing.assert_array_equal(scores.reward_B, np.mean(np.float64(members), axis=0))
    np.testing.assert_array_equal(scores.report_B, scores.reward_B)
    assert np.isnan(scores.seconds_B).all()
    assert len(np.unique([m[0] for m in members])) == 3


def test_files_with_a_prefix(tmp_path, boosters):
    for i in range(2):
        write_member(tmp_path, boosters[i], seed=i, prefix=f"{i}_20201010-")
    assert [member.seed for member in read_ensemble(tmp_path).members] == [0, 1]


def test_models_of_another_benchmark_are_read_but_score_nothing(tmp_path):
    write_member(tmp_path, train(rounds=3, features=30))
    ensemble = read_ensemble(tmp_path)
    assert ensemble.predict(make_rows(np.random.default_rng(0), 5, 30)).shape == (5,)
    with pytest.raises(DataError, match="take 30 features, NAS-Bench-301's 56"):
        XGBSurrogate(ensemble)


def test_features_in_another_order_are_noticed(tmp_path):
    write_member(tmp_path / "ensemble_member_0", train(rounds=20))
    with pytest.raises(DataError, match=r"ensemble_member_0 asks for '.*', which is constant") as error:
        XGBSurrogate(read_ensemble(tmp_path))
    assert any(XGB_NAMES[i] in str(error.value) for i in XGB_CONSTANTS)


def test_members_of_different_features(tmp_path, boosters):
    write_member(tmp_path / "a", boosters[0])
    write_member(tmp_path / "b", xgboost_1_2.PICKLE)
    with pytest.raises(DataError, match="models of different features"):
        read_ensemble(tmp_path)


@pytest.mark.parametrize("config", [{"model": "gnn_gin"}, {"model": None}, {"param:bananas_enc": True}])
def test_other_kinds_of_models(tmp_path, boosters, config):
    write_member(tmp_path, boosters[0], config)
    with pytest.raises(DataError, match=r"not of XGB; give the folder xgb_v1\.0"):
        read_ensemble(tmp_path)


def test_empty_folder(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError, match=r"no surrogate_model\.model in it; give the folder xgb_v1\.0"):
            read_ensemble(folder)


@pytest.mark.parametrize("name", ["model_config.json", "data_config.json"])
@pytest.mark.parametrize("content", [None, "{", "[]", "\udcff"])
def test_configurations_absent_or_damaged(tmp_path, boosters, name, content):
    write_member(tmp_path, boosters[0])
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content, errors="surrogateescape")
    with pytest.raises(DataError, match=name) as error:
        read_ensemble(tmp_path)
    assert "\n" not in str(error.value)


def test_no_seed(tmp_path, boosters):
    path = write_member(tmp_path, boosters[0])
    path.with_name("data_config.json").write_text("{}")
    with pytest.raises(DataError, match="names no seed"):
        read_ensemble(tmp_path)


class Runs:
    """Calls `os.system` when Python's own reader unpickles it."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def hostile(booster_class, state):
    """A pickle of an instance of a class named `booster_class` with a state."""
    module, name = booster_class
    return b"\x80\x03c" + f"{module}\n{name}\n".encode() + b")\x81" + pickle.dumps(state, 3)[2:-1] + b"b."


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_pickles_run_nothing(tmp_path, boosters, protocol):
    witness = tmp_path / "witness"
    command = f"touch {witness}"
    boosters[0].trap = Runs(command)
    try:
        trapped = pickle.dumps(boosters[0], protocol)
    finally:
        del boosters[0].trap
    for content in (trapped, pickle.dumps(Runs(command), protocol)):
        write_member(tmp_path / "member", content)
        with pytest.raises(DataError, match=r"asks to run '\w+\.system'"):
            read_ensemble(tmp_path)
    assert not witness.exists()


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"handle": b"binf"}),
        pickle.dumps(None),
        hostile(("xgboost.core", "Booster"), {"handle": 10**12}),
        hostile(("xgboost.core", "Booster"), {"handle": None}),
        hostile(("xgboost.core", "Booster"), [1]),
        hostile(("xgboost.sklearn", "XGBRegressor"), {"handle": b"binf"}),
        b"\x80\x03cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
        b"\x80\x03cxgboost.core\nBooster\n)\x81.",
        b"",
    ],
    ids=range(9),
)
def test_pickles_of_other_things(tmp_path, content):
    path = write_member(tmp_path, content)
    with pytest.raises(DataError, match=str(path)) as error:
        read_ensemble(tmp_path)
    assert "\n" not in str(error.value)


def test_truncated_pickle(tmp_path, boosters):
    content = pickle.dumps(boosters[0])
    for length in (0, 1, 50, 200, len(content) // 2, len(content) - 1):
        write_member(tmp_path, content[:length])
        with pytest.raises(DataError):
            read_ensemble(tmp_path)


def test_pickles_of_old_and_new_xgboost_alike(tmp_path):
    write_member(tmp_path, xgboost_1_2.PICKLE)
    predictions = read_ensemble(tmp_path).predict(xgboost_1_2.ROWS)
    np.testing.assert_array_equal(predictions, xgboost_1_2.PREDICTIONS)


def test_published_file_form(data_root, tmp_path):
    """A folder of two copies of a published member. It is another benchmark's: it proves the form only."""
    for i in range(2):
        target = tmp_path / f"ensemble_member_{i}"
        shutil.copytree(data_root / "nasbench301/xgb-pickle-example", target)
        for file in target.iterdir():
            file.chmod(0o644)
    ensemble = read_ensemble(tmp_path)
    assert [member.seed for member in ensemble.members] == [10, 10]
    rows = make_rows(np.random.default_rng(0), 50, 28)
    np.testing.assert_array_equal(ensemble.predict(rows), ensemble.members[0].trees.predict(rows))
    with pytest.raises(DataError, match="take 28 features"):
        XGBSurrogate(ensemble)
