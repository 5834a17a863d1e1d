"""The forms in which people write tables as JSON, made into records: one flat object a row.

- a list of objects, one a row; objects inside are flattened (`metrics.accuracy`) unless they are an architecture;
- an object of columns, each a list, or, as pandas writes it, an object by row; {"columns": [...], "data": [...]};
- an object by architecture, {"00012210": {"accuracy": ...}, ...}, or of numbers, {"00012210": 93.4, ...};
- the same within others, by data set or task say: {"cora": {"00012210": {...}}}. The level with most keys names the
  architectures; other levels with several keys become part of the columns' names (`cora.accuracy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archwalk.errors import UsageError

ARCHITECTURE = "architecture"
"""The column of the keys of an object by architecture."""

ARCHITECTURE_NAMES = (
    "architecture", "arch", "arch_str", "archstr", "architecturestring", "arch_string", "genotype", "config",
    "configuration", "net", "network", "cell", "model", "encoding", "arch_code", "code", "string", "op_indices", "spec",
)  # fmt: skip
_MOST_LEVELS = 6
_MOST_COLUMNS = 50


def records_of(value: Any, source: str) -> list[dict[str, Any]]:
    """Flat records. Raises UsageError where the JSON is none of the forms."""
    if isinstance(value, list):
        return _of_list(value, source)
    if not isinstance(value, dict) or not value:
        raise UsageError(
            f"{source} is JSON, but no table: a list of objects, or an object by column or architecture"
        )
    only = next(iter(value.values()))
    if len(value) == 1 and isinstance(only, list) and only and isinstance(only[0], dict):  # {"rows": [...]}
        return _of_list(only, source)
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        names = [str(name) for name in value["columns"]]
        return [dict(zip(names, row, strict=False)) for row in value["data"] if isinstance(row, list)]
    if all(isinstance(column, list) for column in value.values()):
        lengths = {len(column) for column in value.values()}
        if len(lengths) == 1:
            return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    if _by_column(value):
        rows = next(iter(value.values()))
        return [{name: column.get(row) for name, column in value.items()} for row in rows]
    return _by_architecture(value, source)


def _of_list(rows: list[Any], source: str) -> list[dict[str, Any]]:
    if rows and all(isinstance(row, list) for row in rows) and all(isinstance(name, str) for name in rows[0]):
        return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{source} is a JSON list, but not of objects, one a row")
    if not any(isinstance(value, dict) for row in rows for value in row.values()):
        return rows
    return [dict(_flat(row)) for row in rows]


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Cells of a record; objects in it are taken apart, but for architectures."""
    for name, value in record.items():
        if isinstance(value, dict) and value and str(name).lower() not in ARCHITECTURE_NAMES:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _by_column(value: Mapping[str, Any]) -> bool:
    """Whether an object is columns by row, as pandas writes them: {"accuracy": {"0": 93.4, ...}, ...}."""
    if not all(isinstance(column, dict) for column in value.values()):
        return False
    columns = list(value.values())
    keys = columns[0].keys()
    numbered = list(keys)[:3] == [str(i) for i in range(min(3, len(keys)))]
    return (
        numbered
        and len(keys) > len(columns)
        and all(column.keys() == keys for column in columns)
        and not any(isinstance(cell, dict) for cell in columns[0].values())
    )


def _by_architecture(value: Mapping[str, Any], source: str) -> list[dict[str, Any]]:
    paths = list(_leaves(value, ()))
    if paths and len(paths[0][1]) > max(len(paths), _MOST_COLUMNS):  # {"cora": {"00012210": 93.4, ...}}
        paths = [((*path, key), {"value": cell}) for path, record in paths for key, cell in record.items()]
    depths = [len(path) for path, _ in paths]
    depth = max(set(depths), key=depths.count, default=0)
    if not depth or depths.count(depth) < 0.9 * len(depths):
        raise UsageError(
            f"{source} is JSON, but neither by column nor by architecture: its objects lie at different depths"
        )
    paths = [
        (path, record) for path, record in paths if len(path) == depth
    ]  # without what is said of the whole table
    keys = [list(dict.fromkeys(path[level] for path, _ in paths)) for level in range(depth)]
    level = max(range(depth), key=lambda one: len(keys[one]))
    named = [one for one in range(depth) if one != level and len(keys[one]) > 1]
    records: dict[str, dict[str, Any]] = {}
    for path, record in paths:
        row = records.setdefault(path[level], {ARCHITECTURE: path[level]})
        prefix = "".join(f"{path[one]}." for one in named)
        row.update((f"{prefix}{name}", cell) for name, cell in _flat(record))
    return list(records.values())


def _leaves(
    value: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The innermost objects (rows, or parts of rows) and the keys that lead there; a number is {"value": number}."""
    if len(path) > _MOST_LEVELS:
        return
    for key, inner in value.items():
        if isinstance(inner, dict) and inner and all(isinstance(one, dict) for one in inner.values()):
            yield from _leaves(inner, (*path, key))
        elif isinstance(inner, dict):
            yield (*path, key), inner
        else:
            yield (*path, key), {"value": inner}
