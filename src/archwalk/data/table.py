"""A table of measured architectures: named columns in one memory-mapped file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from archwalk.data.files import write_atomically
from archwalk.errors import DataError

FORMAT = "archwalk-table-1"

_DTYPES = {"F64": np.float64, "F32": np.float32, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


@dataclass(frozen=True)
class Table:
    """Columns by name, each with one row an architecture (row = the id in the space).

    Accuracies are in percent, times in seconds. `provenance` says where the figures come from; it goes
    into every result.
    """

    columns: Mapping[str, NDArray[Any]]
    provenance: Mapping[str, str]

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) > 1:
            raise DataError(f"columns of a table differ in length: {sorted(lengths)}")

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def write_table(path: Path, table: Table) -> None:
    """Write as one safetensors file, whole or not at all. Raises DataError if the disk will not take it."""
    metadata = {"format": FORMAT, **table.provenance}
    columns = {name: np.ascontiguousarray(column) for name, column in table.columns.items()}
    write_atomically(path, save(columns, metadata=metadata))


def read_table(path: Path) -> Table:
    """Map a table into memory without reading its columns. Raises DataError if it is damaged."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header_length = int.from_bytes(file.read(8), "little")
            if header_length > size:
                raise ValueError("header longer than the file")
            header = json.loads(file.read(header_length))
        metadata = header.pop("__metadata__")
        if metadata.pop("format") != FORMAT:
            raise ValueError("another format")
        columns = {
            name: np.memmap(
                path,
                _DTYPES[entry["dtype"]],
                "r",
                offset=8 + header_length + entry["data_offsets"][0],
                shape=tuple(entry["shape"]),
            )
            for name, entry in header.items()
        }
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{path} is not a whole archwalk table ({error}); delete it and import again"
        raise DataError(reason) from error
    return Table(columns, metadata)
