import bz2
import os
import pickle

import numpy as np
import pytest
from nasbench201_files import SEEDS, FirstCells, accuracy, dump, record, write

from archwalk.data.nasbench201 import import_nasbench201, is_nasbench201
from archwalk.errors import DataError
from archwalk.spaces.nasbench201 import NASBench201

SPACE = FirstCells()
ORDER = [5, 0, 11, 3, 7, 1, 2, 10, 4, 9, 6, 8]
PLACES = {
    "cifar10.validation": ("cifar10-valid", "x-valid"),
    "cifar10.test": ("cifar10", "ori-test"),
    "cifar100.validation": ("cifar100", "x-valid"),
    "cifar100.test": ("cifar100", "x-test"),
    "ImageNet16-120.validation": ("ImageNet16-120", "x-valid"),
    "ImageNet16-120.test": ("ImageNet16-120", "x-test"),
}


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "NATS-tss-v1_0-3ffb9-simple", SPACE, ORDER)


def refused(folder, message):
    with pytest.raises(DataError, match=message) as error:
        import_nasbench201(folder, SPACE)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def test_columns_are_means_over_the_seeds_of_each_cell(folder):
    table = import_nasbench201(folder, SPACE)
    for column, place in PLACES.items():
        for hp, suffix in (("12", "12"), ("200", "mean")):
            expected = [
                np.mean([accuracy(cell, hp, place[0], seed, place[1]) for seed in seeds])
                for cell in range(SPACE.size)
                for seeds in [SEEDS[hp][: 1 if cell % 2 else None]]
            ]
            np.testing.assert_allclose(table[f"{column}_{suffix}"], expected, rtol=1e-14)


def test_seconds_are_of_a_training_and_one_evaluation(folder):
    table = import_nasbench201(folder, SPACE)
    cells = np.arange(SPACE.size)
    for column in PLACES:
        np.testing.assert_allclose(table[f"{column}_12_seconds"], 12 * (2 + cells) + 0.5)
        np.testing.assert_allclose(table[f"{column}_mean_seconds"], 200 * (2 + cells) + 0.5)


def test_index_is_the_place_in_the_list(folder):
    table = import_nasbench201(folder, SPACE)
    assert [ORDER[index] for index in table["index"]] == list(range(SPACE.size))


def test_provenance_and_progress(folder):
    calls = []
    table = import_nasbench201(folder, SPACE, lambda done, total: calls.append((done, total)))
    assert calls == [(done, SPACE.size) for done in range(1, SPACE.size + 1)]
    assert table.provenance["form"] == "official"
    assert table.provenance["source"] == "NATS-tss-v1_0-3ffb9-simple"
    assert len(table.provenance["sha256"]) == 64


def test_times_that_were_not_noted_are_nan(folder):
    changed = record(SPACE, 5)
    for training in changed["12"]["all_results"].values():
        training["train_times"] = None
    dump(folder / "000000.pickle.pbz2", changed)
    table = import_nasbench201(folder, SPACE)
    seconds = table["cifar10.validation_12_seconds"]
    np.testing.assert_array_equal(np.isnan(seconds), np.arange(SPACE.size) == 5)
    assert np.isfinite(table["cifar10.validation_mean_seconds"]).all()


def test_absent_file_is_named(folder):
    (folder / "000007.pickle.pbz2").unlink()
    refused(folder, r"cannot read .*000007\.pickle\.pbz2")


def test_whole_space_is_wanted(folder):
    with pytest.raises(DataError, match="12 rows and 12 different cells; each of the 15,625 cells once"):
        import_nasbench201(folder, NASBench201())


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"meta_archs": None}, 'no list "meta_archs"'),
        ([], 'no list "meta_archs"'),
        ({"meta_archs": ["|none~0|"] * 12}, "not a list of NAS-Bench-201's cells: an architecture of"),
        ({"meta_archs": [1] * 12}, "not a list of NAS-Bench-201's cells"),
        ({"meta_archs": [SPACE.describe(np.array([0]))["arch_str"]] * 12}, "12 rows and 1 different cells"),
    ],
)
def test_list_of_something_else(folder, meta, message):
    dump(folder / "meta.pickle.pbz2", meta)
    refused(folder, message)


def change(path, value):
    """A change of the record that puts `value` at the end of `path`."""

    def apply(budgets):
        inner = budgets
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        return budgets

    return apply


LAST = ["200", "all_results", ("cifar100", 777)]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda budgets: {"12": budgets["12"]}, "has no '200'"),
        (lambda budgets: [], "is not a file of NATS-Bench's topology space"),
        (change(["12", "arch_str"], "|none~0|"), "it is of the cell '.none~0.', not '"),
        (change(["200", "dataset_seed", "cifar10"], []), "no training on cifar10"),
        (change(["200", "dataset_seed", "cifar10"], None), "is not a file of"),
        (change([*LAST, "epochs"], 90), "90 epochs, not 200"),
        (change([*LAST, "eval_acc1es"], {}), "has no 'x-valid@199'"),
        (change([*LAST, "eval_acc1es", "x-test@199"], 140.0), "not between 0 and 100"),
        (change([*LAST, "eval_acc1es", "x-test@199"], float("nan")), "absent or not between 0 and 100"),
        (change([*LAST, "eval_acc1es", "x-test@199"], "high\nest"), "is not a file of"),
    ],
)
def test_damaged_record_is_named(folder, damage, message):
    dump(folder / "000003.pickle.pbz2", damage(record(SPACE, ORDER[3])))
    refused(folder, rf"000003\.pickle\.pbz2.*{message}")


def test_damaged_compression_is_named(folder):
    path = folder / "000001.pickle.pbz2"
    whole = path.read_bytes()
    for damaged, message in (
        (whole[: len(whole) // 2], "not a whole bzip2 file"),
        (b"hello", "not a whole bzip2 file"),
        (bz2.compress(pickle.dumps(1)[:-1]), "not a whole pickle"),
    ):
        path.write_bytes(damaged)
        refused(folder, rf"000001\.pickle\.pbz2.*{message}")


class Runs:
    def __reduce__(self):
        return os.system, ("exit 1",)


def test_programs_are_refused(folder):
    dump(folder / "000001.pickle.pbz2", {"12": Runs()})
    refused(folder, "asks to run")


def test_folder_of_something_else(tmp_path):
    assert not is_nasbench201(tmp_path)
    with pytest.raises(DataError, match="the unpacked folder NATS-tss-v1_0-3ffb9-simple or a folder with"):
        import_nasbench201(tmp_path, SPACE)
    with pytest.raises(DataError, match="does not exist"):
        import_nasbench201(tmp_path / "absent", SPACE)
