"""The official NAS-Bench-201 files, as NATS-Bench publishes them: the folder NATS-tss-v1_0-3ffb9-simple.

`meta.pickle.pbz2` lists the strings of all cells under "meta_archs"; `NNNNNN.pickle.pbz2` holds the trainings
of the cell at that place of the list. Both are pickles of plain values, compressed by bzip2:

    {"12" | "200": {                                  epochs
        "arch_str": string,
        "dataset_seed": {data set: [seed, ...]},
        "all_results": {(data set, seed): {
            "epochs": 200,
            "eval_acc1es": {"SET@EPOCH": percent},    epochs from 0; some sets only after the last
            "eval_times": {"SET@EPOCH": seconds},
            "train_times": {EPOCH: seconds}, ...}}, ...}}

The data set `cifar10-valid` is a training on half of CIFAR-10's training set and has the set `x-valid`;
`cifar10`, on all of it, has `ori-test`; the other tasks have `x-valid` and `x-test`.

To the columns of `nasbench201` this form adds `..._seconds` to each accuracy: what it takes to train the
network and evaluate it once, as nats_bench's `simulate_train_eval` counts.
Source: Dong et al., NATS-Bench, TPAMI 2021; github.com/D-X-Y/NATS-Bench, MIT.
"""

import bz2
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.files import Progress, read_file, sha256_of
from archwalk.data.nasbench201_cells import cell_ids, check_accuracies
from archwalk.data.pickles import NUMPY, StandIns, load_pickle
from archwalk.data.table import Table
from archwalk.errors import DataError
from archwalk.spaces.nasbench201.space import NASBench201

META = "meta.pickle.pbz2"


class _OrderedDict(dict[Any, Any]):
    """Stands for `collections.OrderedDict`."""

    def __setstate__(self, state: object) -> None:
        raise ValueError("a dictionary has no state")


_STAND_INS: StandIns = {**NUMPY, ("collections", "OrderedDict"): _OrderedDict}

_PLACES = {
    "cifar10.validation": ("cifar10-valid", "x-valid"),
    "cifar10.test": ("cifar10", "ori-test"),
    "cifar100.validation": ("cifar100", "x-valid"),
    "cifar100.test": ("cifar100", "x-test"),
    "ImageNet16-120.validation": ("ImageNet16-120", "x-valid"),
    "ImageNet16-120.test": ("ImageNet16-120", "x-test"),
}
"""Where the accuracies of columns are: (data set, set)."""

_MEASURES = {
    f"{column}_{suffix}": (epochs, *place)
    for column, place in _PLACES.items()
    for epochs, suffix in ((200, "mean"), (12, "12"))
}
"""Columns of accuracies: (epochs, data set, set)."""


def is_official(folder: Path) -> bool:
    """Whether the folder holds the list of cells."""
    return (folder / META).is_file()


def read_official(folder: Path, space: NASBench201, progress: Progress | None = None) -> Table:
    """Read the whole folder, some minutes; `progress` is called with (cells done, cells in all).

    Raises DataError if a file is absent, damaged or not of its cell.
    """
    strings = _read_list(folder / META)
    try:
        ids = cell_ids(strings, space)
    except ValueError as error:
        raise DataError(f"{folder / META} is not a list of NAS-Bench-201's cells: {error}") from error
    figures = np.empty((space.size, len(_MEASURES), 2))
    for index, string in enumerate(strings):
        figures[ids[index]] = _read_cell(folder / f"{index:06d}.pickle.pbz2", string)
        if progress:
            progress(index + 1, len(strings))
    columns: dict[str, NDArray[Any]] = {"index": np.argsort(ids)}
    for k, name in enumerate(_MEASURES):
        columns[name], columns[f"{name}_seconds"] = figures[:, k, 0].copy(), figures[:, k, 1].copy()
    return Table(
        columns,
        {
            "benchmark": space.name,
            "source": folder.name,
            "form": "official",
            "sha256": sha256_of(*sorted(folder.glob("*.pickle.pbz2"))),
            "epochs": "12,200",
        },
    )


def _read_list(path: Path) -> list[object]:
    meta = _read_pickle(path)
    strings = meta.get("meta_archs") if isinstance(meta, dict) else None
    if not isinstance(strings, list):
        raise DataError(f'{path} has no list "meta_archs"')
    return strings


def _read_cell(path: Path, string: object) -> NDArray[np.float64]:
    """Accuracies and seconds (measures, 2), means over the trainings of a cell."""
    budgets = _read_pickle(path)
    try:
        figures = np.array([_mean_figures(budgets[str(m[0])], string, *m) for m in _MEASURES.values()])
        check_accuracies(figures[:, 0])
    except KeyError as error:
        raise DataError(f"{path} has no {error.args[0]!a}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not a file of NATS-Bench's topology space: {error}") from error
    return figures


def _mean_figures(
    results: dict[str, Any], string: object, epochs: int, data_set: str, name: str
) -> NDArray[np.float64]:
    """Mean accuracy and seconds over the seeds. Raises ValueError, TypeError or KeyError if damaged."""
    if results["arch_str"] != string:
        raise ValueError(f"it is of the cell {results['arch_str']!a}, not {string!a}")
    last, figures = f"{name}@{epochs - 1}", []
    for seed in results["dataset_seed"][data_set]:
        training = results["all_results"][data_set, seed]
        if training["epochs"] != epochs:
            raise ValueError(f"a training has {training['epochs']!a} epochs, not {epochs}")
        figures.append((float(training["eval_acc1es"][last]), _seconds(training, last)))
    if not figures:
        raise ValueError(f"it has no training on {data_set}")
    mean: NDArray[np.float64] = np.mean(figures, axis=0)
    return mean


def _seconds(training: dict[str, Any], last: str) -> float:
    """Of the training and one evaluation; NaN where they were not noted."""
    train_times, eval_times = training["train_times"], training["eval_times"]
    if not train_times or last not in eval_times:
        return float("nan")
    return float(sum(train_times.values()) + eval_times[last])


def _read_pickle(path: Path) -> Any:
    compressed = read_file(path)
    try:
        content = bz2.decompress(compressed)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is not a whole bzip2 file ({error})") from error
    return load_pickle(content, str(path), _STAND_INS)
