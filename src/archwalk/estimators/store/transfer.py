"""The database of experiments as a file: CSV or Parquet, out and in again without loss."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from archwalk.data.decoding import reading
from archwalk.data.files import make_folder, read_file, write_atomically
from archwalk.errors import DataError, MissingExtraError, UsageError
from archwalk.estimators.store.records import Evaluation
from archwalk.estimators.store.tables import (
    EXPORTED,
    NUMBERS,
    outcome_values,
    problem_values,
    read_evaluation,
)

Row = Mapping[str, Any]


def export_evaluations(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write to a file named .csv or .parquet, whole or not at all.

    Raises UsageError for another name, DataError where it cannot be written, MissingExtraError without pyarrow.
    """
    write = _by_suffix(path, {".csv": _csv_of, ".parquet": _parquet_of})
    rows = []
    for one in evaluations:
        values = problem_values(one.problem, one.architecture) | outcome_values(one.outcome, one.finished)
        rows.append({name: values[name] for name in EXPORTED})
    make_folder(path.absolute().parent)
    write_atomically(path, write(rows))


def read_evaluations(path: Path) -> list[Evaluation]:
    """What a file written by `export_evaluations` holds.

    Raises DataError where it is absent or something else, with the first row that is wrong; UsageError for a name
    that is neither .csv nor .parquet, MissingExtraError without pyarrow.
    """
    read = _by_suffix(path, {".csv": _read_csv, ".parquet": _read_parquet})
    evaluations = []
    for number, row in enumerate(read(path, read_file(path)), start=1):
        with reading(f"row {number} of {path}", "is not an evaluation"):
            one = read_evaluation({name: _checked(name, row[name]) for name in EXPORTED})
            if "arithmetic" not in one.problem.settings:
                raise ValueError(
                    "its settings do not say by which arithmetic; it is of an archwalk before 0.2"
                )
            if one.key != row["key"]:
                raise ValueError("its key is not that of its other columns")
        evaluations.append(one)
    return evaluations


def _by_suffix(path: Path, known: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if path.suffix.lower() not in known:
        raise UsageError(f"the name of an export ends in {' or '.join(known)}, not as {path.name!r}")
    return known[path.suffix.lower()]


def _checked(name: str, value: Any) -> Any:
    kind = NUMBERS.get(name, str)
    if value is None and name == "parameters":
        return None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}")
    return value


def _csv_of(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, EXPORTED, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)  # a float is written so that it is read back to the bit
    return text.getvalue().encode()


def _read_csv(path: Path, content: bytes) -> list[Row]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        _check_columns(path, reader.fieldnames or [])
        return [_from_text(path, reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not CSV: {error}") from error


def _from_text(path: Path, line: int, row: dict[str, Any]) -> Row:
    if None in row or None in row.values():
        raise DataError(f"line {line} of {path} has not as many columns as the first")
    values: dict[str, Any] = dict(row)
    for name, kind in NUMBERS.items():
        try:
            values[name] = None if name == "parameters" and row[name] == "" else kind(row[name])
        except ValueError as error:
            raise DataError(f"line {line} of {path}: {name} is {row[name]!r}") from error
    return values


def _parquet_of(rows: Sequence[Row]) -> bytes:
    arrow, parquet = _pyarrow()
    types = {int: arrow.int64(), float: arrow.float64(), str: arrow.string()}
    schema = arrow.schema([(name, types[NUMBERS.get(name, str)]) for name in EXPORTED])
    file = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(list(rows), schema=schema), file)
    return file.getvalue()


def _read_parquet(path: Path, content: bytes) -> list[Row]:
    _, parquet = _pyarrow()
    try:
        table = parquet.read_table(io.BytesIO(content))
    except Exception as error:  # over a damaged file also UnicodeDecodeError, and more that is not documented
        reason = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"{path} is not Parquet: {reason[0]}") from error
    _check_columns(path, table.column_names)
    rows: list[Row] = table.to_pylist()
    return rows


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
