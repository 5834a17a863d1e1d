import csv
import gzip
import shutil

import numpy as np
import pytest

from archwalk.data.nasbench201 import import_nasbench201, is_nasbench201
from archwalk.data.nasbench201_compact import FILES, SHORT, TESTS, VALIDATIONS
from archwalk.errors import DataError
from archwalk.spaces.nasbench201 import NASBench201

SPACE = NASBench201()
LARGEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"


@pytest.fixture(scope="module")
def table(data_root):
    return import_nasbench201(data_root / "nasbench201", SPACE)


@pytest.fixture
def copy(data_root, tmp_path):
    for name in FILES:
        shutil.copy(data_root / "nasbench201" / name, tmp_path / name)
        (tmp_path / name).chmod(0o644)
    return tmp_path


def test_published_maxima(table):
    for task, best in (("cifar10", 94.373), ("cifar100", 73.513), ("ImageNet16-120", 47.311)):
        assert table[f"{task}.test_mean"].max() == pytest.approx(best, abs=5e-4)


def test_rows_are_ids(table, data_root):
    """FreeREA has the same figures by published index; the strings are in the other file."""
    for task in ("cifar10", "cifar100", "ImageNet16-120"):
        with (data_root / f"nasbench201/freerea_nats_{task}.csv").open() as file:
            by_index = np.array([float(row["accuracy"]) for row in csv.DictReader(file)])
        np.testing.assert_array_equal(table[f"{task}.test_mean"], by_index[table["index"]])


def test_largest_network_is_as_published(table):
    """What nats_bench 1.1 answers for it: notebooks/find-largest.ipynb of D-X-Y/NATS-Bench."""
    [cell] = SPACE.parse(LARGEST)
    published = {
        "index": 1462,
        "cifar10.test_mean": 93.76,
        "cifar100.test_mean": 71.10666660563152,
        "ImageNet16-120.test_mean": 41.44444444783529,
        "cifar10.test_12": 82.2,
        "cifar100.validation_12": 44.05999992675781,
        "cifar100.test_12": 44.97999995727539,
        "ImageNet16-120.validation_12": 23.266666631062826,
        "ImageNet16-120.test_12": 22.39999992879232,
    }
    for column, value in published.items():
        assert table[column][cell] == pytest.approx(value, rel=1e-12), column


def test_some_validation_accuracies(table):
    column, test = table["cifar10.validation_some"], table["cifar10.test_mean"]
    there = np.isfinite(column)
    assert there.sum() == 9445
    assert np.nanmax(column) == 91.57
    assert np.corrcoef(column[there], test[there])[0, 1] > 0.98, "other cells"


def test_form(table):
    assert table.provenance["form"] == "compact"
    assert "cifar10.validation_mean" not in table
    assert len(table) == 15_625


@pytest.mark.parametrize("name", FILES)
def test_absent_file_is_named(copy, name):
    (copy / name).unlink()
    assert is_nasbench201(copy)
    with pytest.raises(DataError, match=f"{name} is absent; the compact form has"):
        import_nasbench201(copy, SPACE)


@pytest.mark.parametrize("name", FILES)
def test_truncated_file_is_named(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=name):
        import_nasbench201(copy, SPACE)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (TESTS, "ArchitectureString", "Strings", "it has no 'ArchitectureString'"),
        (TESTS, "|nor_conv_1x1~0|skip_connect~1|", "|nor_conv_1x1~0|", "has the form"),
        (TESTS, "avg_pool_3x3~0", "none~0", "each of the 15,625 cells once is wanted"),
        (TESTS, "85.86333333333334", "", "could not convert"),
        (TESTS, "85.86333333333334", "nan", "absent or not between 0 and 100"),
        (TESTS, "85.86333333333334,", "", "rows of different lengths"),
        (VALIDATIONS, "val_accs", "accs", "it has no 'val_accs'"),
        (VALIDATIONS, "(4, 0, 3, 1, 4, 3)", "(4, 0, 3, 1, 4)", "not 6 operations"),
        (VALIDATIONS, "(4, 0, 3, 1, 4, 3)", "(5, 0, 3, 1, 4, 3)", "not 6 operations from 0 to 4"),
        (VALIDATIONS, "84.99", "-84.99", "not between 0 and 100"),
    ],
)
def test_damage_is_named(copy, name, old, new, message):
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=rf"{name} is not a table.*{message}") as error:
        import_nasbench201(copy, SPACE)
    assert "\n" not in str(error.value)


def test_empty_and_binary_files_are_named(copy):
    for content in (b"", b"\xff\xfe\x00", b"a,b\n"):
        (copy / TESTS).write_bytes(content)
        with pytest.raises(DataError, match=TESTS):
            import_nasbench201(copy, SPACE)


def test_other_frame_is_named(copy, data_root):
    (copy / SHORT).write_bytes(
        gzip.decompress((data_root / "nasbench101/FreeREA/params.pkl.gz").read_bytes())
    )
    with pytest.raises(DataError, match=f"{SHORT} is not a table.*it has no 'cellstr'"):
        import_nasbench201(copy, SPACE)
