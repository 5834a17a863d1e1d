"""NAS-Bench-201 files, whichever of the two forms, as one table.

Columns, one row a cell, accuracies in percent (float64), for each of `TASKS`:

- `TASK.test_mean`: test accuracy after 200 epochs, the mean of the trainings there are (one to three);
- `TASK.validation_12`, `TASK.test_12`: after 12 epochs of a schedule of their own, the mean of one or two;
- `TASK.validation_mean`: after 200 epochs, in the official form only;

and `index`, the cell's number in the published files. CIFAR-10's validation figures are of networks trained on
half of its training set, its test figures of others, trained on all of it; on the other tasks one network gives
both. Each form has columns of its own besides.
"""

from pathlib import Path

from archwalk.data.files import Progress
from archwalk.data.nasbench201_compact import FILES, is_compact, read_compact
from archwalk.data.nasbench201_official import is_official, read_official
from archwalk.data.table import Table
from archwalk.errors import DataError
from archwalk.spaces.nasbench201.space import NASBench201


def is_nasbench201(path: Path) -> bool:
    """Whether `path` is a folder of either form."""
    return is_official(path) or is_compact(path)


def import_nasbench201(path: Path, space: NASBench201, progress: Progress | None = None) -> Table:
    """Read the official folder or one in the compact form, told apart by looking.

    Raises DataError if `path` is neither, is damaged or does not hold every cell of the space.
    """
    if is_official(path):
        return read_official(path, space, progress)
    if is_compact(path):
        return read_compact(path, space)
    if not path.exists():
        raise DataError(f"{path} does not exist")
    wanted = f"the unpacked folder NATS-tss-v1_0-3ffb9-simple or a folder with {', '.join(FILES)}"
    raise DataError(f"{path} is not a NAS-Bench-201 benchmark; {wanted} is wanted")
