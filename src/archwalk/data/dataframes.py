"""Pickled pandas data frames read without pandas: their columns as arrays.

A frame is stored as blocks, 2-D arrays (columns, rows) of one type, each with the places of its columns.
Both layouts of pandas 1 are read: blocks made by `new_block` (1.3 and later), and blocks listed in the state
of the BlockManager (before).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.pickles import NUMPY, StandIns, read_pickle
from archwalk.errors import DataError


class _Holder:
    """Stands for a class of pandas: keeps the arguments and the state it is given, does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __call__(self, *arguments: Any) -> "_Holder":
        return _Holder(*arguments)


class _Frame(_Holder):
    """Stands for `pandas.DataFrame`."""


PANDAS: StandIns = {
    **NUMPY,
    ("builtins", "slice"): slice,
    ("functools", "partial"): _Holder,  # of new_block, with ndim=2
    ("pandas.core.frame", "DataFrame"): _Frame,
    ("pandas.core.internals.managers", "BlockManager"): _Holder,
    ("pandas.core.internals.blocks", "new_block"): _Holder,
    ("pandas.core.indexes.base", "_new_Index"): _Holder,
    ("pandas.core.indexes.base", "Index"): _Holder,
    ("pandas.core.indexes.range", "RangeIndex"): _Holder,
}


def read_dataframe(path: Path) -> dict[str, NDArray[Any]]:
    """Columns by name of a data frame pickled by pandas 1, gzipped if the name ends in .gz.

    Raises DataError if the file cannot be read, is damaged or holds something else.
    """
    frame = read_pickle(path, PANDAS)
    try:
        if not isinstance(frame, _Frame):
            raise ValueError(f"it holds a {type(frame).__name__}")
        return _columns(frame)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"{path} is not a data frame of pandas 1 ({reason})") from error


def _columns(frame: _Frame) -> dict[str, NDArray[Any]]:
    axes, blocks = _axes_and_blocks(frame)
    names = [str(name) for name in axes[0].arguments[1]["data"]]
    columns: list[NDArray[Any] | None] = [None] * len(names)
    for values, places in blocks:
        indices = range(*places.indices(len(names))) if isinstance(places, slice) else places
        for index, column in zip(indices, np.asarray(values), strict=True):
            columns[index] = column
    found = {name: column for name, column in zip(names, columns, strict=True) if column is not None}
    if len(found) != len(names) or len({column.shape for column in found.values()}) > 1:
        raise ValueError("its blocks do not make up its columns")
    return found


def _axes_and_blocks(frame: _Frame) -> tuple[Any, list[tuple[Any, Any]]]:
    """The axes (columns first) and, for each block, (values, places)."""
    if "_mgr" in frame.state:
        blocks, axes = frame.state["_mgr"].arguments
        return axes, [block.arguments for block in blocks]
    manager = frame.state["_data"].state[-1]["0.14.1"]  # the layout's name in pandas' own source
    return manager["axes"], [(block["values"], block["mgr_locs"]) for block in manager["blocks"]]
