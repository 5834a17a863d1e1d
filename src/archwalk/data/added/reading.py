"""Files of tables: CSV with any delimiter, JSON in the forms that people write, JSON lines, Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from archwalk.data.added.columns import Collector, Column
from archwalk.data.added.json_forms import records_of
from archwalk.data.files import read_file, require_regular
from archwalk.errors import DataError, MissingExtraError, UsageError

_PORTION = 20_000
_DELIMITERS = (",", ";", "\t", "|")
_ENDINGS = ".csv, .tsv, .json, .jsonl or .parquet, perhaps with .gz"


@dataclass(frozen=True)
class RawTable:
    """Columns as a file has them. `rows` are numbers of rows as a person counts them: of a CSV file its lines, the
    names being line 1; otherwise records, the first being 1. `faults` are rows that were not read, with the reason.
    """

    columns: dict[str, Column]
    rows: Sequence[int]
    faults: list[tuple[int, str]]
    unit: str

    def __len__(self) -> int:
        return len(self.rows)


def read_table_file(path: Path) -> RawTable:
    """Read a table by the ending of its name. Raises UsageError for another ending, DataError for a damaged file."""
    ending = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    ending = ending.removesuffix(".gz")
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if ending == ".parquet":
        return _read_parquet(path)
    readers = {".csv": _read_csv, ".tsv": _read_csv, ".txt": _read_csv, ".json": _read_json,
               ".jsonl": _read_json_lines, ".ndjson": _read_json_lines}  # fmt: skip
    if ending not in readers:
        raise UsageError(f"a table is a file {_ENDINGS}, not {path.name}")
    content = read_file(path)
    if path.suffix.lower() == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is damaged: {error}") from error
    table = readers[ending](path, content)
    if not len(table):
        raise DataError(f"{path} has no rows")
    return table


def _decoded(content: bytes) -> str:
    """Text in UTF-8 with or without a mark at its beginning, in UTF-16 with one, else in Latin-1."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read_csv(path: Path, content: bytes) -> RawTable:
    text = _decoded(content)
    delimiter = _delimiter(text)
    csv.field_size_limit(1 << 24)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        header = next((row for row in reader if any(cell.strip() for cell in row)), None)
        if header is None:
            raise DataError(f"{path} is empty")
        names = _names(header, path)
        collector = Collector(names)
        while rows := list(islice(_whole_rows(reader, collector), _PORTION)):
            collector.add(zip(*rows, strict=True))
    except csv.Error as error:
        raise DataError(f"{path} is damaged in line {reader.line_num}: {error}") from error
    columns = {column.name: column for column in collector.columns()}
    return RawTable(columns, collector.rows, collector.faults, "line")


def _whole_rows(reader: Any, collector: Collector) -> Iterator[list[str]]:
    """Rows with as many fields as there are names; empty fields may be missing at the end, or stand beyond it."""
    width = len(collector.names)
    for row in reader:
        if len(row) != width:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > width and not any(cell.strip() for cell in row[width:]):
                row = row[:width]
            else:
                collector.faults.append((reader.line_num, f"{len(row)} fields instead of {width}"))
                continue
        elif width == 1 and not row[0].strip():
            continue
        collector.rows.append(reader.line_num)
        yield row


def _delimiter(text: str) -> str:
    """The one by which the first lines have equally many fields; a vertical bar only where no other does."""
    lines = text[: 1 << 16].splitlines()[:50]
    if len(text) > 1 << 16 and len(lines) > 1:
        lines = lines[:-1]
    best, score = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row]
        if not widths or widths[0] < 2:
            continue
        agreeing = widths.count(widths[0]) / len(widths)
        if delimiter == "|" and score:
            break
        if agreeing > score + 0.05 or (agreeing > score - 0.05 and best == "," and score == 0):
            best, score = delimiter, agreeing
    return best


def _names(header: Sequence[Any], path: Path) -> list[str]:
    """Names of columns; one without a name is called by its place."""
    names = [str(name).strip().lstrip("#").strip() for name in header]
    names = [name or f"column {number}" for number, name in enumerate(names, start=1)]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{path} has two columns {name!r}")
    if all(_is_number(name) for name in names):
        raise UsageError(f"the first line of {path} must name the columns; it begins with {names[0]}")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_json(path: Path, content: bytes) -> RawTable:
    text = _decoded(content)
    try:
        value = msgspec.json.decode(_strict(text))
    except (msgspec.DecodeError, RecursionError) as error:
        if "\n" in text.strip() and text.lstrip().startswith("{"):
            return _read_json_lines(path, content)
        raise DataError(f"{path} is not JSON: {error}") from error
    return _from_records(path, records_of(value, path.name))


def _strict(text: str) -> str:
    """Python writes NaN and Infinity, which JSON does not have."""
    import re

    if "NaN" not in text and "Infinity" not in text:
        return text
    return re.sub(r'("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b', lambda found: found[1] or "null", text)


def _read_json_lines(path: Path, content: bytes) -> RawTable:
    records: list[dict[str, Any]] = []
    numbers, faults = [], []
    for number, line in enumerate(_decoded(content).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(_strict(line))
        except (msgspec.DecodeError, RecursionError):
            faults.append((number, "not JSON"))
            continue
        if isinstance(record, dict):
            records.append(record)
            numbers.append(number)
        else:
            faults.append((number, "no JSON object"))
    if not records:
        raise DataError(f"{path} has no line with a JSON object")
    table = _from_records(path, records_of(records, path.name))
    return RawTable(table.columns, numbers, faults, "line")


def _from_records(path: Path, records: list[dict[str, Any]]) -> RawTable:
    names = list(dict.fromkeys(name for record in records for name in record))
    collector = Collector([name.strip() for name in names])
    for first in range(0, len(records), _PORTION):
        part = records[first : first + _PORTION]
        collector.add([record.get(name) for record in part] for name in names)
    columns = {column.name: column for column in collector.columns()}
    if len(columns) < len(names):
        raise UsageError(f"{path} has two columns whose names differ in white space alone")
    return RawTable(columns, range(1, len(records) + 1), [], "record")


def _read_parquet(path: Path) -> RawTable:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    try:
        require_regular(path)
        found = parquet.ParquetFile(path)
        names = _names([str(name) for name in found.schema_arrow.names], path)
        collector, rows = Collector(names), 0
        for batch in found.iter_batches(_PORTION):
            collector.add(column.to_pylist() for column in batch.columns)
            rows += batch.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} is not a whole Parquet file: {error}") from error
    if not rows:
        raise DataError(f"{path} has no rows")
    columns = {column.name: column for column in collector.columns()}
    return RawTable(columns, range(1, rows + 1), [], "record")
