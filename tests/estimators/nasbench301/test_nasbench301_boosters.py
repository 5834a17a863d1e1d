import json
import struct
from pathlib import Path

import numpy as np
import pytest
import xgboost
import xgboost_1_2
from nasbench301_models import make_rows, snapshot, text_snapshot, train

from archwalk.errors import DataError
from archwalk.estimators.nasbench301.binary_boosters import SNAPSHOT
from archwalk.estimators.nasbench301.boosters import read_booster
from archwalk.estimators.nasbench301.ensemble import read_pickled_booster
from archwalk.estimators.nasbench301.ubjson import read_ubjson


@pytest.fixture(scope="module")
def booster():
    return train(rounds=8)


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    """What a pickle of xgboost 1.2.1 holds."""
    path = tmp_path_factory.mktemp("binary") / "surrogate_model.model"
    path.write_bytes(xgboost_1_2.PICKLE)
    return read_pickled_booster(path)


@pytest.mark.parametrize("form", ["snapshot", "ubj", "json", "text snapshot", "indented"])
def test_every_form_holds_the_same_trees(booster, form):
    forms = {
        "snapshot": lambda: snapshot(booster),
        "ubj": lambda: bytes(booster.save_raw("ubj")),
        "json": lambda: bytes(booster.save_raw("json")),
        "text snapshot": lambda: text_snapshot(booster),
        "indented": lambda: json.dumps(json.loads(booster.save_raw("json")), indent=1).encode(),
    }
    trees = read_booster(forms[form](), "test")
    rows = make_rows(np.random.default_rng(0), 100, missing=0.1)
    np.testing.assert_array_equal(trees.predict(rows), booster.predict(xgboost.DMatrix(rows)))
    assert len(trees.root_T) == 8


@pytest.mark.parametrize("wrapped", [True, False])
def test_binary_form_predicts_as_xgboost_1_2_did(binary, wrapped):
    content = binary if wrapped else binary[len(SNAPSHOT) + 8 :]
    trees = read_booster(content, "test")
    np.testing.assert_array_equal(trees.predict(xgboost_1_2.ROWS), xgboost_1_2.PREDICTIONS)
    assert (trees.base, trees.features, len(trees.root_T)) == (0.5, 4, 2)


def test_binary_form_of_xgboost_1_0_has_no_magic(binary):
    """It has the length of the model before the model, and four bytes less of it."""
    (length,) = struct.unpack_from("<q", binary, len(SNAPSHOT))
    model = binary[len(SNAPSHOT) + 8 :][:length]
    content = SNAPSHOT + struct.pack("<q", length - 4) + model.removeprefix(b"binf")
    trees = read_booster(content, "test")
    np.testing.assert_array_equal(trees.predict(xgboost_1_2.ROWS), xgboost_1_2.PREDICTIONS)


@pytest.mark.parametrize("form", ["snapshot", "text", "binary"])
def test_truncated_models(booster, binary, form):
    content = {"snapshot": snapshot(booster), "text": text_snapshot(booster), "binary": binary}[form]
    end = (
        len(SNAPSHOT) + 8 + struct.unpack_from("<q", binary, len(SNAPSHOT))[0]
        if form == "binary"
        else len(content)
    )
    last_tree = end - 200 if form == "binary" else end  # behind the trees are groups and attributes, not read
    for length in np.unique(np.linspace(0, last_tree - 1, 150).astype(int)):
        with pytest.raises(DataError, match=r"^test holds no regression trees") as error:
            read_booster(content[:length], "test")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("form", ["snapshot", "binary"])
def test_flipped_bytes_give_trees_or_an_error(booster, binary, form):
    content = snapshot(booster) if form == "snapshot" else binary
    rows = make_rows(np.random.default_rng(0), 10, 56 if form == "snapshot" else 4)
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(content), 400):
        damaged = bytearray(content)
        damaged[at] ^= rng.integers(1, 256)
        try:
            trees = read_booster(bytes(damaged), "test")
        except DataError:
            continue
        if trees.features == rows.shape[1]:
            trees.predict(rows)


@pytest.mark.parametrize(
    "parameters",
    [
        {"objective": "reg:gamma"},
        {"objective": "multi:softprob", "num_class": 3},
        {"booster": "dart", "rate_drop": 0.5},
        {"booster": "gblinear"},
    ],
)
def test_other_models_are_refused(parameters):
    rng = np.random.default_rng(0)
    data = xgboost.DMatrix(
        make_rows(rng, 100, 4), label=rng.integers(0, 3, 100) + ("gamma" in str(parameters))
    )
    other = xgboost.train({"verbosity": 0, "nthread": 1, **parameters}, data, num_boost_round=2)
    with pytest.raises(DataError, match="test holds no regression trees of xgboost"):
        read_booster(snapshot(other), "test")


def test_splits_by_category_are_refused():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 5, (200, 2)).astype(np.float32)
    data = xgboost.DMatrix(rows, label=rows[:, 0] % 2, feature_types=["c", "c"], enable_categorical=True)
    other = xgboost.train({"nthread": 1, "max_cat_to_onehot": 1}, data, num_boost_round=2)
    with pytest.raises(DataError, match="splits by category"):
        read_booster(snapshot(other), "test")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b'{"Model": 1}', b"PK\x03\x04", b"{L", b"[]", b'{"a', b"\x80"]
)
def test_what_is_no_model(content):
    with pytest.raises(DataError, match=r"^test holds no regression trees of xgboost"):
        read_booster(content, "test")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"Z", None),
        (b"i\xff", -1),
        (b"U\xff", 255),
        (b"I\x01\x00", 256),
        (b"l\xff\xff\xff\xfe", -2),
        (b"d\x3f\x80\x00\x00", 1.0),
        (b"D\x3f\xf0\0\0\0\0\0\0", 1.0),
        (b"SU\x02ab", "ab"),
        (b"[TF]", [True, False]),
        (b"[#U\x02i\x01i\x02", [1, 2]),
        (b"{U\x01a[]i\x01bSU\x00}", {"a": [], "b": ""}),
    ],
)
def test_ubjson_values(content, value):
    assert read_ubjson(content) == value


def test_ubjson_arrays_of_numbers():
    array = read_ubjson(b"[$l#U\x02\x00\x00\x00\x01\xff\xff\xff\xff")
    np.testing.assert_array_equal(array, [1, -1])
    assert array.dtype == np.int32


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"i",
        b"SU\x05ab",
        b"[$S#U\x01",
        b"[$lU\x01",
        b"[$d#i\xff",
        b"i\x01i",
        b"{U\x01a",
        b"X",
        b"SS",
        b"[" * 9999,
        b"SL\x7f" + b"\xff" * 7,
        b"SU\x01\xff",
        b"[#L\x7f" + b"\xff" * 7,
    ],
)
def test_damaged_ubjson(content):
    with pytest.raises(ValueError):
        read_ubjson(content)


def test_published_member(data_root):
    """Of another benchmark, by the same code as NAS-Bench-301's: bit by bit as xgboost on 2,000 rows."""
    (path,) = Path(data_root / "nasbench301/xgb-pickle-example").glob("*surrogate_model.model")
    content = read_pickled_booster(path)
    trees = read_booster(content, str(path))
    assert (len(trees.root_T), trees.features, trees.depth, len(trees.feature_C)) == (1991, 28, 3, 43)
    booster = xgboost.Booster()
    booster.load_model(bytearray(_model_alone(content)))
    rows = make_rows(np.random.default_rng(0), 2000, 28, missing=0.05)
    np.testing.assert_array_equal(trees.predict(rows), booster.predict(xgboost.DMatrix(rows)))


def _model_alone(content: bytes) -> bytes:
    """The model in a UBJSON snapshot, whose object ends with it."""
    at = content.rindex(b"L" + struct.pack(">q", 5) + b"Model") + 14
    return content[at:-1]
