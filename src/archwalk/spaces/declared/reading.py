"""Declarations of spaces as files: TOML for people, JSON beside tables."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archwalk.errors import DataError, UsageError, unknown
from archwalk.spaces.declared.building import Entry
from archwalk.spaces.declared.cells.building import CellTemplate
from archwalk.spaces.declared.cells.cell import read_cell
from archwalk.spaces.declared.cells.declaration import CellDeclaration
from archwalk.spaces.declared.decisions import read_decision
from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.declared.space import Space, make_space

KEYS = ("name", "decisions", "cell", "constraints", "build")


def read_space(path: Path) -> Space:
    """The space that a TOML file declares. Raises UsageError where it makes no sense, DataError for an unread file."""
    return make_space(read_file(path))


def read_file(path: Path) -> Declaration | CellDeclaration:
    """The declaration in a TOML file; the name of the space is the file's where it gives none."""
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if not path.is_file():  # a pipe would be waited for
        raise DataError(f"cannot read {path}: it is no regular file")
    try:
        declared = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # numbers of thousands of digits are one too
        raise UsageError(f"{path} is not TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path} is nested too deeply") from error
    try:
        return read_declaration(declared, path.stem, path.parent)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def read_declaration(
    declared: object, name: str = "space", folder: Path | None = None
) -> Declaration | CellDeclaration:
    """The declaration of plain values, as TOML and JSON have them; files that `build` names lie in `folder`.

    Raises UsageError.
    """
    if not isinstance(declared, Mapping):
        raise UsageError(f"a space is declared by a table with the keys {', '.join(KEYS)}")
    for key in declared:
        if key not in KEYS:
            raise UsageError(
                f"{unknown('key', key, KEYS)} (keys of the whole space stand above the first [table])"
            )
    given = declared.get("name", name)
    if not isinstance(given, str) or not given:
        raise UsageError("the name of a space is a word in quotes")
    if "cell" in declared:
        return _read_cells(given, declared, folder)
    decisions = declared.get("decisions")
    if not isinstance(decisions, Mapping) or not decisions:
        raise UsageError('a space needs [decisions], such as activation = ["relu", "tanh"], or a [cell]')
    constraints = declared.get("constraints", [])
    if isinstance(constraints, str):
        constraints = [constraints]
    if not isinstance(constraints, list) or not all(isinstance(rule, str) for rule in constraints):
        raise UsageError('constraints are a list of expressions in quotes, such as ["depth * width <= 512"]')
    return Declaration(
        given,
        tuple(read_decision(key, value) for key, value in decisions.items()),
        tuple(constraints),
        _read_build(declared.get("build"), folder),
    )


def _read_cells(name: str, declared: Mapping[str, Any], folder: Path | None) -> CellDeclaration:
    for key in ("decisions", "constraints"):
        if key in declared:
            raise UsageError(f"a space has a [cell] or [decisions]; {key} do not go with a cell")
    cell, build = read_cell(declared["cell"]), declared.get("build")
    if isinstance(build, Mapping):
        return CellDeclaration(name, cell, CellTemplate.of(build, cell))
    if build is not None and not isinstance(build, str):
        raise UsageError(
            'build of a cell is "module:function", or a table [build] with stem, operations and head'
        )
    return CellDeclaration(name, cell, _located(build, folder) if build else None)


def from_declaration(declaration: object = None) -> Space:
    """The space of a declaration as JSON has it, for files. Raises UsageError."""
    if declaration is None:
        raise UsageError(
            "it is declared with Python functions, which no file holds; name it, as --space module:name"
        )
    return make_space(read_declaration(declaration))


def _read_build(declared: Any, folder: Path | None) -> str | tuple[Entry, ...] | None:
    if declared is None:
        return None
    if isinstance(declared, str):
        return _located(declared, folder)
    if not isinstance(declared, list):
        raise UsageError('build is "module:function", or [[build]] with a layer each')
    return tuple(Entry.of(entry) for entry in declared)


def _located(place: str, folder: Path | None) -> str:
    """Where a function is; a file lies in `folder`. Raises UsageError."""
    file, separator, function = place.rpartition(":")
    if not separator:
        raise UsageError(f"build is module:function or file.py:function, not {place!r}")
    return f"{(folder or Path()) / file}:{function}" if file.endswith(".py") else place
