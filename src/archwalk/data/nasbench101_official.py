"""The official NAS-Bench-101 files (and EC-NAS, which has their layout) as one table.

A file holds every cell of a space, trained R times for each of E budgets of epochs. Columns, N cells:

- (N, E, R) float32: `validation`, `test`, `train`, `halfway_validation`, `halfway_test` in percent,
  `training_seconds`, of EC-NAS `energy_kwh`; repeats in file order, budgets ascending, named in the provenance;
- (N,) float64, percent, at the largest budget: `validation_mean`, `test_mean` over the repeats; `run0`, the
  test accuracy of the first repeat; `rest_mean`, the mean of the other repeats (if there are others);
- (N,) int64: `parameters`.

Half-way is the middle evaluation; the provenance says after how many epochs it was. Fractions in the files
are float32 values widened; as float32 percentages they are off by at most 4e-6, and one test image is 0.01.
"""

from array import array
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.files import Progress, sha256_of
from archwalk.data.nasbench101_hashes import HashedSpace, HashIndex
from archwalk.data.nasbench101_records import Record, parse_record
from archwalk.data.table import Table
from archwalk.data.tfrecord import read_records
from archwalk.errors import DataError, InvalidArchitectureError

_FRACTIONS = ("validation", "test", "train", "halfway_validation", "halfway_test")
_MEASURES = (*_FRACTIONS, "training_seconds", "halfway_epochs", "energy_kwh")

_CHECK_EVERY = 1000
"""The hash of one record in so many is compared with the cell that the record spells out."""


def read_official(path: Path, space: HashedSpace, progress: Progress | None = None) -> Table:
    """Read a whole TFRecord file of the space; `progress` is called with (bytes done, bytes in all).

    Raises DataError if the file is damaged, holds a cell that the space does not know, or misses trainings.
    """
    index = HashIndex(space)
    trainings = _Trainings()
    for number, payload in enumerate(read_records(path, progress)):
        try:
            record = parse_record(payload)
            if number % _CHECK_EVERY == 0:
                _check_hash(record, space)
            trainings.add(record)
        except (ValueError, OverflowError, RecursionError) as error:
            raise DataError(f"{path}, record {number}: {error}; it is not a NAS-Bench-101 file") from error
    try:
        budgets_E, parameters_N, measures = trainings.arrange(index, space)
    except ValueError as error:
        raise DataError(f"{path} does not fit the space {space.name}: {error}") from error
    return Table(
        _columns(parameters_N, measures),
        {
            "benchmark": space.name,
            "source": path.name,
            "form": "official",
            "sha256": sha256_of(path),
            "epochs": ",".join(str(epochs) for epochs in budgets_E),
            "halfway_epochs": ",".join(f"{x:g}" for x in np.median(measures["halfway_epochs"], axis=(0, 2))),
            "repeats": str(measures["test"].shape[2]),
        },
    )


def _check_hash(record: Record, space: HashedSpace) -> None:
    try:
        cell = space.parse(record.description)
    except InvalidArchitectureError as error:
        raise ValueError(f"its cell is not of the space {space.name}: {error}") from error
    if space.published_hashes[cell[0]].tobytes() != record.digest:
        raise ValueError(f"its cell does not have the hash {record.digest.hex()} that it gives")


class _Trainings:
    """The M records of a file, column by column, in file order."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._epochs = array("q")
        self._parameters = array("q")
        self._measures = array("d")

    def add(self, record: Record) -> None:
        end, halfway = record.final, record.halfway
        self._digests += record.digest
        self._epochs.append(record.epochs)
        self._parameters.append(record.parameters)
        self._measures.extend((end.validation, end.test, end.train, halfway.validation, halfway.test))
        self._measures.extend((end.seconds, halfway.epoch, end.energy))

    def arrange(
        self, index: HashIndex, space: HashedSpace
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """Budgets (E,), parameters (N,) and each measure (N, E, R), repeats in file order.

        Raises ValueError where a cell is unknown, or not every cell has R trainings of each budget.
        """
        digests_M = np.frombuffer(self._digests, np.uint8).reshape(-1, 16)
        ids_M = index.find(digests_M)
        if (ids_M < 0).any():
            digest = digests_M[ids_M < 0][0].tobytes()
            raise ValueError(f"the cell {digest.hex()} of the file is not among its {space.size:,}")
        budgets_E, budget_M = np.unique(np.frombuffer(self._epochs, np.int64), return_inverse=True)
        repeats = _count_repeats(ids_M, budget_M, space, budgets_E)
        order = np.lexsort((budget_M, ids_M))  # stable: repeats stay in file order
        shape = space.size, len(budgets_E), repeats
        parameters = np.frombuffer(self._parameters, np.int64)[order].reshape(space.size, -1)
        if (parameters != parameters[:, :1]).any():
            raise ValueError("the number of parameters differs between trainings of one cell")
        measures_M = np.frombuffer(self._measures).reshape(-1, len(_MEASURES))
        measures = {name: measures_M[order, k].reshape(shape) for k, name in enumerate(_MEASURES)}
        _check_ranges(measures)
        return budgets_E, parameters[:, 0].copy(), measures


def _count_repeats(
    ids_M: NDArray[np.int64], budget_M: NDArray[np.int64], space: HashedSpace, budgets_E: NDArray[np.int64]
) -> int:
    """R, the trainings of each cell for each budget. Raises ValueError where they are not equally many."""
    counts_NE = np.zeros((space.size, len(budgets_E)), np.int64)
    np.add.at(counts_NE, (ids_M, budget_M), 1)
    present = int(counts_NE.any(axis=1).sum())
    if present < space.size:
        raise ValueError(f"the file holds {present:,} of its {space.size:,} cells")
    repeats = int(counts_NE.max())
    if (counts_NE != repeats).any():
        cell, budget = np.argwhere(counts_NE != repeats)[0]
        trainings = f"{counts_NE[cell, budget]} trainings of {budgets_E[budget]} epochs"
        name = space.published_hashes[cell].tobytes().hex()
        raise ValueError(f"the cell {name} has {trainings}, others have {repeats}")
    return repeats


def _check_ranges(measures: dict[str, NDArray[np.float64]]) -> None:
    for name in _FRACTIONS:
        if not ((measures[name] >= 0) & (measures[name] <= 1)).all():
            raise ValueError(f"a {name.replace('_', ' ')} accuracy is absent or not between 0 and 1")
    if not np.isfinite(measures["training_seconds"]).all():
        raise ValueError("a training time is absent")


def _columns(
    parameters_N: NDArray[np.int64], measures: dict[str, NDArray[np.float64]]
) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {
        name: (100 * measures[name]).astype(np.float32) for name in _FRACTIONS
    }
    columns["training_seconds"] = measures["training_seconds"].astype(np.float32)
    if np.isfinite(measures["energy_kwh"]).all():  # EC-NAS
        columns["energy_kwh"] = measures["energy_kwh"].astype(np.float32)
    columns["parameters"] = parameters_N
    validation_NR, test_NR = 100 * measures["validation"][:, -1], 100 * measures["test"][:, -1]
    columns["validation_mean"] = validation_NR.mean(axis=1)
    columns["test_mean"] = test_NR.mean(axis=1)
    columns["run0"] = test_NR[:, 0].copy()
    if test_NR.shape[1] > 1:
        columns["rest_mean"] = test_NR[:, 1:].mean(axis=1)
    return columns
