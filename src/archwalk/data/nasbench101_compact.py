"""NAS-Bench-101 at 108 epochs from two published summaries of the official file, 13 MB in all.

FreeREA gives the mean of the three test accuracies and the parameters of every cell, ObfuNAS the test
accuracy of the first repeat and the FLOPs; rows are cells in ascending order of the published hash. There is
no validation accuracy. Columns, N cells: `test_mean`, `run0`, `rest_mean` (the mean of the two other repeats)
in percent, float64; `parameters`, `flops` (as ObfuNAS counts them: multiply-accumulates), int64.

Sources, both MIT: github.com/NiccoloCavagnero/FreeREA, github.com/Tongzhou0101/ObfuNAS.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.dataframes import read_dataframe
from archwalk.data.files import opened, sha256_of
from archwalk.data.nasbench101_hashes import HashedSpace, HashIndex
from archwalk.data.table import Table
from archwalk.errors import DataError

ACCURACIES, PARAMETERS = Path("FreeREA/accuracies.pkl.gz"), Path("FreeREA/params.pkl.gz")
RUN0, FLOPS = Path("ObfuNAS/test.npy"), Path("ObfuNAS/flops.npy")
FILES = (ACCURACIES, PARAMETERS, RUN0, FLOPS)

_TEST_IMAGES = 9984
"""Test images that an accuracy counts: 39 batches of 256."""

_COUNT_TOLERANCE = 0.01
"""Accuracies are float32 values: counts made from them are whole to about 1e-3."""


def is_compact(folder: Path) -> bool:
    """Whether the folder holds at least one of the four files in its place."""
    return any((folder / name).is_file() for name in FILES)


def read_compact(folder: Path, space: HashedSpace) -> Table:
    """Read a folder with the four files of `FILES`.

    Raises DataError if one is absent or damaged, or if the figures are not those of the space's cells.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is absent; the compact form has {', '.join(map(str, FILES))}")
    test_mean = _read_column(folder / ACCURACIES, "accuracy", space.size)
    run0 = _read_array(folder / RUN0, space.size)
    _check_counts(folder, test_mean, run0)
    parameters = 1e6 * _read_column(folder / PARAMETERS, "params", space.size)
    by_hash: dict[str, NDArray[Any]] = {
        "test_mean": 100 * test_mean,
        "run0": 100 * run0,
        "rest_mean": 100 * (3 * test_mean - run0) / 2,
        "parameters": _whole(parameters, folder / PARAMETERS),
        "flops": _whole(_read_array(folder / FLOPS, space.size), folder / FLOPS),
    }
    row_of_id = np.argsort(HashIndex(space).ids_by_hash)
    return Table(
        {column: values[row_of_id] for column, values in by_hash.items()},
        {
            "benchmark": space.name,
            "source": "FreeREA (mean test, parameters), ObfuNAS (repeat 0, FLOPs)",
            "form": "compact",
            "sha256": sha256_of(*(folder / name for name in FILES)),
            "epochs": "108",
            "repeats": "3",
        },
    )


def _read_column(path: Path, name: str, rows: int) -> NDArray[np.float64]:
    frame = read_dataframe(path)
    if name not in frame or "index" not in frame:
        raise DataError(f"{path} has the columns {', '.join(frame)}; 'index' and {name!r} are wanted")
    values = _checked(frame[name], path, rows)
    if not np.array_equal(frame["index"], np.arange(rows)):
        raise DataError(
            f"{path} is not in ascending order of the hash: its column 'index' is not 0, 1, 2, ..."
        )
    return values


def _read_array(path: Path, rows: int) -> NDArray[np.float64]:
    try:
        with opened(path) as file:
            values = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, EOFError) as error:
        raise DataError(f"{path} is not a whole .npy file of numbers ({error})") from error
    return _checked(values, path, rows)


def _checked(values: NDArray[Any], path: Path, rows: int) -> NDArray[np.float64]:
    if values.dtype != np.float64 or values.shape != (rows,):
        shape = " x ".join(map(str, values.shape))
        raise DataError(
            f"{path} holds {shape} {values.dtype} values; {rows} float64 ones are wanted, one a cell"
        )
    if not (values >= 0).all():
        raise DataError(f"{path} holds negative values or nan")
    return values


def _check_counts(folder: Path, test_mean: NDArray[np.float64], run0: NDArray[np.float64]) -> None:
    """Every run counts whole images, so files whose rows are not of the same cells are found out."""
    others = 3 * test_mean - run0
    for name, counts in ((RUN0, run0 * _TEST_IMAGES), (ACCURACIES, others * _TEST_IMAGES)):
        if (np.abs(counts - np.rint(counts)) > _COUNT_TOLERANCE).any():
            raise DataError(f"{folder / name} does not hold sums of accuracies on {_TEST_IMAGES} images")
    if others.min() < 0 or others.max() > 2 or run0.max() > 1:
        raise DataError(
            f"{folder / ACCURACIES} and {folder / RUN0} are not of the same cells in the same order"
        )


def _whole(values: NDArray[np.float64], path: Path) -> NDArray[np.int64]:
    if (np.abs(values - np.rint(values)) > 1e-3).any():
        raise DataError(f"{path} does not hold whole counts")
    return np.rint(values).astype(np.int64)
