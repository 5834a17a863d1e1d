"""What the readers of NAS-Bench-201 share: the tasks, and cells as the rows of a table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.nasbench201.cell import read_cell
from archwalk.spaces.nasbench201.space import NASBench201

TASKS = ("cifar10", "cifar100", "ImageNet16-120")


def cell_ids(strings: Sequence[object], space: NASBench201) -> NDArray[np.int32]:
    """Ids of published strings. Raises ValueError unless each cell of the space is there exactly once."""
    try:
        cells = np.array([read_cell(string) for string in strings], np.int32)
    except InvalidArchitectureError as error:
        raise ValueError(str(error)) from error
    ids: NDArray[np.int32] = space.from_choices(cells)[:, 0]
    if not np.array_equal(np.sort(ids), np.arange(space.size)):
        raise ValueError(
            f"it has {len(ids):,} rows and {len(np.unique(ids)):,} different cells; each of the {space.size:,} "
            "cells once is wanted"
        )
    return ids


def check_accuracies(values: NDArray[np.float64]) -> None:
    """Raises ValueError unless all are percentages."""
    if not ((values >= 0) & (values <= 100)).all():
        raise ValueError("an accuracy is absent or not between 0 and 100")
