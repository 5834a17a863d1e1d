"""A table of measured architectures: named columns in one memory-mapped file, with a checksum of all of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from archwalk.data.decoding import decode_json, reading
from archwalk.data.files import opened, write_atomically
from archwalk.errors import DataError

FORMAT = "archwalk-table-2"

_LONGEST_HEAD = 1 << 24
"""Bytes."""

_DTYPES = {"F64": np.float64, "F32": np.float32, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


class _About(msgspec.Struct):
    """What a file says beside its columns."""

    checksum: str
    provenance: dict[str, str]


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
    columns = {name: np.ascontiguousarray(column) for name, column in table.columns.items()}
    about = {"checksum": _checksum(columns, table.provenance), "provenance": dict(table.provenance)}
    write_atomically(
        path, save(columns, metadata={FORMAT: json.dumps(about)})
    )  # one entry: several have no order


def read_table(path: Path) -> Table:
    """Map a table into memory. Raises DataError if it is damaged, in a single bit, or of another version."""
    try:
        with opened(path) as file:
            length = int.from_bytes(file.read(8), "little")
            head = file.read(min(length, _LONGEST_HEAD))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    with reading(str(path), "is not a whole archwalk table; delete it and import again"):
        header = decode_json(head, dict[str, dict[str, Any]], "its head")
        metadata = header.pop("__metadata__")
        if FORMAT not in metadata:
            raise DataError(f"it is of another version of archwalk, this one reads {FORMAT}")
        about = decode_json(metadata[FORMAT], _About, "its head")
        columns = {
            name: np.memmap(
                path,
                _DTYPES[entry["dtype"]],
                "r",
                offset=8 + length + entry["data_offsets"][0],
                shape=tuple(entry["shape"]),
            )
            for name, entry in header.items()
        }
        if _checksum(columns, about.provenance) != about.checksum:
            raise DataError("its checksum is another one")
        return Table(columns, about.provenance)


def _checksum(columns: Mapping[str, NDArray[Any]], provenance: Mapping[str, str]) -> str:
    """SHA-256 of everything that is read back: 10 ms for the 17 MB of NAS-Bench-101."""
    digest = sha256(json.dumps(sorted(provenance.items())).encode())
    for name, column in sorted(columns.items()):
        digest.update(f"{name} {column.dtype} {column.shape}".encode())
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
