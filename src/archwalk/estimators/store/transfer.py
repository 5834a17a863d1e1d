"""The database of experiments as a file: CSV or Parquet, out and in again without loss."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from archwalk.data.decoding import reading
from archwalk.data.files import is_regular, opened, read_file, written_atomically
from archwalk.errors import DataError, MissingExtraError, UsageError
from archwalk.estimators.store.records import Evaluation
from archwalk.estimators.store.tables import (
    EXPORTED,
    NUMBERS,
    evaluation_values,
    read_evaluation,
)

Row = Mapping[str, Any]

_TYPES: dict[str, type] = {name: NUMBERS.get(name, str) for name in EXPORTED}
_AT_ONCE = 5000  # rows of Parquet in memory, and in a group


def export_evaluations(evaluations: Iterable[Evaluation], path: Path) -> int:
    """Write to a file named .csv or .parquet, whole or not at all, row by row; returns how many.

    Raises UsageError for another name, DataError where it cannot be written, MissingExtraError without pyarrow.
    """
    write = _by_suffix(path, {".csv": _write_csv, ".parquet": _write_parquet})
    with written_atomically(path.absolute()) as file:
        written: int = write(file, _rows_of(evaluations))
    return written


def _rows_of(evaluations: Iterable[Evaluation]) -> Iterator[Row]:
    for one in evaluations:
        values = evaluation_values(one)
        yield {name: values[name] for name in EXPORTED}


def require_form(path: Path) -> None:
    """Raises UsageError for a name that is neither .csv nor .parquet."""
    _by_suffix(path, {".csv": _write_csv, ".parquet": _write_parquet})


class Exported:
    """What a file written by `export_evaluations` holds, row by row, read anew each time that it is gone through.

    Raises DataError where the file is absent or something else, with the first row that is wrong; UsageError for a
    name that is neither .csv nor .parquet, MissingExtraError without pyarrow.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = _by_suffix(path, {".csv": _read_csv, ".parquet": _read_parquet})

    def __iter__(self) -> Iterator[Evaluation]:
        for number, row in enumerate(self._read(self.path), start=1):
            with reading(f"row {number} of {self.path}", "is not an evaluation"):
                _check_types(row)
                one = read_evaluation(row)
                if "arithmetic" not in one.problem.settings:
                    raise ValueError(
                        "its settings do not say by which arithmetic; it is of an archwalk before 0.2"
                    )
                if one.key != row["key"]:
                    raise ValueError("its key is not that of its other columns")
            yield one


def read_evaluations(path: Path) -> list[Evaluation]:
    """All that a file holds: see `Exported`."""
    return list(Exported(path))


def _by_suffix(path: Path, known: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if path.suffix.lower() not in known:
        raise UsageError(f"the name of an export ends in {' or '.join(known)}, not as {path.name!r}")
    return known[path.suffix.lower()]


def _check_types(row: Row) -> None:
    for name, kind in _TYPES.items():
        value = row[name]
        if type(value) is not kind and not (value is None and name == "parameters"):
            raise ValueError(f"{name} is {value!r}")


def _write_csv(file: BinaryIO, rows: Iterable[Row]) -> int:
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer, written = csv.writer(text, lineterminator="\n"), 0
    writer.writerow(EXPORTED)
    for row in rows:
        writer.writerow(row.values())  # a float is written so that it is read back to the bit
        written += 1
    text.detach()
    return written


def _read_csv(path: Path) -> Iterator[Row]:
    try:
        with opened(path) as file:
            reader = csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""), strict=True)
            names = next(reader, [])
            _check_columns(path, names)
            for values in filter(None, reader):  # a line without anything is none
                if len(values) != len(names):
                    raise DataError(f"line {reader.line_num} of {path} has not as many columns as the first")
                yield _from_text(path, reader.line_num, dict(zip(names, values, strict=True)))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not CSV: {error}") from error


def _from_text(path: Path, line: int, row: dict[str, Any]) -> Row:
    for name, kind in NUMBERS.items():
        try:
            row[name] = None if name == "parameters" and row[name] == "" else kind(row[name])
        except ValueError as error:
            raise DataError(f"line {line} of {path}: {name} is {row[name]!r}") from error
    return row


def _write_parquet(file: BinaryIO, rows: Iterable[Row]) -> int:
    arrow, parquet = _pyarrow()
    types = {int: arrow.int64(), float: arrow.float64(), str: arrow.string()}
    schema = arrow.schema([(name, types[NUMBERS.get(name, str)]) for name in EXPORTED])
    rows, written = iter(rows), 0
    with parquet.ParquetWriter(file, schema) as writer:
        while part := list(islice(rows, _AT_ONCE)):
            writer.write_table(arrow.Table.from_pylist(part, schema=schema))
            written += len(part)
    return written


def _read_parquet(path: Path) -> Iterator[Row]:
    _, parquet = _pyarrow()
    source = path if is_regular(path) else io.BytesIO(read_file(path))  # a pipe has no end to begin at
    try:
        with parquet.ParquetFile(source) as file:
            _check_columns(path, file.schema_arrow.names)
            for batch in file.iter_batches(_AT_ONCE):
                yield from batch.to_pylist()
    except DataError:
        raise
    except (
        Exception
    ) as error:  # over a damaged file OSError, UnicodeDecodeError, and more that is not documented
        if isinstance(error, OSError) and error.strerror:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
        reason = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"{path} is not Parquet: {reason[0]}") from error


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    return pyarrow, pyarrow.parquet


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if missing := [name for name in EXPORTED if name not in names]:
        raise DataError(f"{path} is no export of a store: it has no column {missing[0]}")
