import json
import shutil

import numpy as np
import pytest

from archwalk.data.nasbench101 import import_nasbench101
from archwalk.data.nasbench101_compact import FILES, RUN0
from archwalk.data.nasbench101_hashes import HashIndex
from archwalk.errors import DataError


@pytest.fixture(scope="module")
def table(data_root, space7):
    return import_nasbench101(data_root / "nasbench101", space7)


@pytest.fixture
def copy(data_root, tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(data_root / "nasbench101" / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    return tmp_path


def hash_of(space, cell):
    return space.published_hashes[cell].tobytes().hex()


def test_published_extremes(table, space7):
    best = int(table["test_mean"].argmax())
    assert table["test_mean"][best] == pytest.approx(94.3175752957662, abs=1e-12)
    assert hash_of(space7, best).startswith("02e5a024")
    assert table["run0"].max() == pytest.approx(94.661456, abs=1e-6)
    assert table["test_mean"].mean() == pytest.approx(89.67985, abs=5e-6)
    assert table["parameters"].min() == 227_274
    assert table["flops"].dtype == table["parameters"].dtype == np.int64


def test_rest_is_what_run0_leaves_of_the_mean(table):
    run0, rest = table["run0"], table["rest_mean"]
    np.testing.assert_allclose((run0 + 2 * rest) / 3, table["test_mean"], rtol=1e-13)
    assert np.corrcoef(run0, rest)[0, 1] == pytest.approx(0.62, abs=0.005)


def test_rows_are_ids(table, space7, data_root):
    """Parameters of the first 20,001 hashes, from a source that names the hash of each."""
    known = json.loads((data_root / "nasbench101/nasbench-vis/data-20k.json").read_text())
    hashes, parameters = known["key"], known["trainable_parameters"]
    digests = np.array([list(bytes.fromhex(x)) for x in hashes], np.uint8)
    ids = HashIndex(space7).find(digests)
    assert (ids >= 0).all()
    assert hashes[0] == hash_of(space7, ids[0]) == "00005c142e6f48ac74fdcf73e3439874"
    np.testing.assert_array_equal(table["parameters"][ids], parameters)


def test_provenance(table):
    assert table.provenance["form"] == "compact"
    assert table.provenance["benchmark"] == "nasbench101"
    assert len(table.provenance["sha256"]) == 64


def test_absent_file_is_named(copy, space7):
    (copy / RUN0).unlink()
    with pytest.raises(DataError, match=r"ObfuNAS/test\.npy is absent"):
        import_nasbench101(copy, space7)


def test_smaller_space(data_root, space4):
    with pytest.raises(DataError, match="423624 float64 values; 91 float64 ones are wanted"):
        import_nasbench101(data_root / "nasbench101", space4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run0: run0[:-1], "423623 float64 values; 423624"),
        (lambda run0: run0.astype(np.float32), "423624 float32 values"),
        (lambda run0: run0[:, None], "423624 x 1 float64 values"),
        (lambda run0: run0 - 1, "negative values or nan"),
        (lambda run0: run0 * np.nan, "negative values or nan"),
        (lambda run0: run0 * 1.0001, "does not hold sums of accuracies on 9984 images"),
        (lambda run0: run0[::-1].copy(), "not of the same cells in the same order"),
        (lambda run0: run0.astype(object), "is not a whole .npy file of numbers"),
    ],
)
def test_damaged_array_is_named(copy, space7, change, message):
    np.save(copy / RUN0, change(np.load(copy / RUN0)), allow_pickle=True)
    with pytest.raises(DataError, match=message):
        import_nasbench101(copy, space7)


@pytest.mark.parametrize("name", FILES, ids=str)
def test_truncated_file_is_named(copy, space7, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=name.name):
        import_nasbench101(copy, space7)
