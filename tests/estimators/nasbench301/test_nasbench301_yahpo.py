import json
import shutil
import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from archwalk.data.nasbench301 import YAHPO_ENCODING, YAHPO_MODELS
from archwalk.errors import DataError, MissingExtraError
from archwalk.estimators.base import Estimator
from archwalk.estimators.nasbench301.features import yahpo_features
from archwalk.estimators.nasbench301.guard import LOWEST_SCORE, MOST_SKIPS, is_trusted
from archwalk.estimators.nasbench301.onnx_models import free_batch, open_model
from archwalk.estimators.nasbench301.published import read_official_predictions
from archwalk.estimators.nasbench301.yahpo import YAHPOSurrogate, expected_encoding, load_yahpo
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts.code import OPERATIONS, genotype_arrays
from archwalk.spaces.darts.space import DARTS
from archwalk.testing.estimators import DeterministicEstimatorConformance


@pytest.fixture(scope="module")
def folder(data_root):
    return data_root / "nasbench301/yahpo"


@pytest.fixture(scope="module")
def surrogate(folder):
    return load_yahpo(folder)


@pytest.fixture(scope="module")
def official(data_root):
    return read_official_predictions(data_root / "nasbench301/naslib")


@pytest.fixture(scope="module")
def codes():
    return DARTS().sample(np.random.default_rng(0), 300)


class TestYAHPOSurrogate(DeterministicEstimatorConformance):
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return DARTS()

    @pytest.fixture
    @classmethod
    def make_estimator(cls, folder) -> Callable[[], Estimator]:
        return lambda: load_yahpo(folder)


def test_agrees_with_the_official_predictions(surrogate, official):
    codes, accuracies = official
    predicted, _ = surrogate.predict(codes)
    assert spearmanr(predicted, accuracies).statistic == pytest.approx(0.904, abs=5e-4)
    assert kendalltau(predicted, accuracies).statistic == pytest.approx(0.735, abs=5e-4)
    slope, offset = np.polyfit(predicted, accuracies, 1)
    assert np.std(accuracies - slope * predicted - offset) == pytest.approx(0.23, abs=5e-3)
    assert np.mean(predicted - accuracies) == pytest.approx(1.30, abs=0.01)


def test_official_predictions(official):
    codes, accuracies = official
    assert len(codes) == len(np.unique(codes, axis=0)) == len(accuracies) == 1218
    assert (accuracies.min(), accuracies.max()) == pytest.approx((90.728, 94.489), abs=5e-4)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"cifar10": {"[[": {"val_accuracy": 1}}}'])
def test_damaged_official_predictions(tmp_path, content):
    with pytest.raises(DataError, match="cannot read"):
        read_official_predictions(tmp_path)
    (tmp_path / "zc_nasbench301_725.json").write_text(content)
    with pytest.raises(DataError, match="does not hold predictions") as error:
        read_official_predictions(tmp_path)
    assert "\n" not in str(error.value)


def test_guard_is_drawn_around_the_official_predictions(surrogate, official):
    codes, _ = official
    _, operations = genotype_arrays(codes)
    skips = (operations == OPERATIONS.index("skip_connect")).sum(axis=2)
    predicted, _ = surrogate.predict(codes)
    assert is_trusted(codes).all()
    assert tuple(skips.max(axis=0)) == MOST_SKIPS
    assert predicted.min() == pytest.approx(LOWEST_SCORE, abs=0.005)
    np.testing.assert_array_equal(surrogate.evaluate(codes).reward_B, predicted)


def test_skip_connections_alone_score_low(surrogate, codes):
    degenerate = codes.copy()
    degenerate[:, 1::2] = OPERATIONS.index("skip_connect")
    predicted, _ = surrogate.predict(degenerate)
    assert predicted.mean() > 94.5, "what the guard is for"
    assert (surrogate.evaluate(degenerate).reward_B == LOWEST_SCORE).all()


def test_scores_do_not_depend_on_the_batch(surrogate, codes):
    many = np.concatenate([codes] * 5)[np.random.default_rng(0).permutation(1500)]
    whole = surrogate.evaluate(many)
    for size in (1, 2, 7, 64, 1200):
        part = surrogate.evaluate(many[:size])
        np.testing.assert_array_equal(part.reward_B, whole.reward_B[:size])
        np.testing.assert_array_equal(part.seconds_B, whole.seconds_B[:size])


def test_more_rows_than_are_run_at_once(surrogate):
    codes = DARTS().sample(np.random.default_rng(1), 2500)
    whole = surrogate.evaluate(codes).reward_B
    np.testing.assert_array_equal(surrogate.evaluate(codes[2000:]).reward_B, whole[2000:])


def test_seconds_are_those_of_a_training(surrogate, codes):
    seconds = surrogate.evaluate(codes).seconds_B
    assert (seconds > 3000).all()
    assert (seconds < 10_000).all()


def test_same_as_the_file_without_our_edit(folder, surrogate, codes):
    """Row by row, which the published file allows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    published = onnxruntime.InferenceSession(folder / YAHPO_MODELS[0], options)
    epoch = np.full((1, 1), 98, np.float32)
    rows = [
        published.run(None, {"x_cat": row[None], "x_cont": epoch})[0] for row in yahpo_features(codes[:40])
    ]
    np.testing.assert_array_equal(surrogate.predict(codes[:40]), np.concatenate(rows).T)


def test_free_batch_changes_three_dimensions(folder):
    published = (folder / YAHPO_MODELS[0]).read_bytes()
    free = free_batch(published)
    assert len(free) == len(published)
    assert sum(a != b for a, b in zip(published, free, strict=True)) == 2 * 3
    assert free_batch(free) == free


def test_later_model_is_refused(folder, tmp_path):
    shutil.copyfile(folder / "model_v2.onnx", tmp_path / YAHPO_MODELS[0])
    shutil.copyfile(folder / YAHPO_ENCODING, tmp_path / YAHPO_ENCODING)
    with pytest.raises(DataError, match=r"is not YAHPO's new_model_2021-10\.onnx"):
        load_yahpo(tmp_path)


@pytest.mark.parametrize("length", [0, 1, 1000, 2_000_000])
def test_truncated_model(folder, tmp_path, length):
    path = tmp_path / "model.onnx"
    path.write_bytes((folder / YAHPO_MODELS[0]).read_bytes()[:length])
    with pytest.raises(DataError, match=f"{path} is not an ONNX model") as error:
        open_model(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"not a model", b"{}", b"\x08\x07" * 50])
def test_foreign_model(tmp_path, content, capfd):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not an ONNX model"):
        open_model(path)
    assert capfd.readouterr().err == ""


def test_absent_files(tmp_path):
    with pytest.raises(DataError, match=r"lacks new_model_2021-10\.onnx or encoding_v2\.json"):
        load_yahpo(tmp_path)
    with pytest.raises(DataError, match="cannot read"):
        open_model(tmp_path / "absent.onnx")


@pytest.mark.parametrize("content", ["{}", "{", json.dumps(expected_encoding()).replace("7", "6")])
def test_other_encodings(tmp_path, content):
    (tmp_path / YAHPO_MODELS[0]).touch()
    (tmp_path / YAHPO_ENCODING).write_text(content)
    with pytest.raises(DataError, match=YAHPO_ENCODING) as error:
        load_yahpo(tmp_path)
    assert "\n" not in str(error.value)


def test_without_onnxruntime(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        MissingExtraError, match=r"onnxruntime is not installed; run: pip install 'archwalk\[nb301\]'"
    ):
        open_model(tmp_path / "model.onnx")


class MadeUpSession:
    """Answers as an ONNX session: accuracy from the features' sum, which a batch cannot change."""

    def __init__(self):
        self.rows = 0

    def get_inputs(self):
        return [
            SimpleNamespace(name="x_cat", type="tensor(int32)", shape=[None, 34]),
            SimpleNamespace(name="x_cont", type="tensor(float)", shape=[None, 1]),
        ]

    def get_outputs(self):
        return [SimpleNamespace(shape=[None, 2])]

    def run(self, _, inputs):
        assert (inputs["x_cont"] == 98).all()
        self.rows += len(inputs["x_cat"])
        total = inputs["x_cat"].sum(axis=1, dtype=np.float32)
        return [np.stack([total, 10 - total], axis=1)]


def test_rows_that_repeat_are_computed_once(codes):
    session = MadeUpSession()
    scores = YAHPOSurrogate(session).evaluate(np.repeat(codes, 3, axis=0))
    assert session.rows == len(codes)
    np.testing.assert_array_equal(scores.reward_B[::3], scores.reward_B[2::3])


def test_scores_stay_in_their_range(codes):
    scores = YAHPOSurrogate(MadeUpSession()).evaluate(codes)
    assert scores.reward_B.max() <= 100
    assert scores.seconds_B.min() == 0
