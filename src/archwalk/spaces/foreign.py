"""Architectures as others write them: values of NumPy, tuples, named tuples and ranges, text that Python or JSON wrote.

`plain` makes of all these what JSON has, so that a space's `parse` reads its own form in any dress. The forms
of NASLib, NATS-Bench and DARTS that are not the space's own are read and written beside the space.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes, SearchSpace, as_plain

FORMS = ("naslib", "nats", "genotype")
"""The forms of others that some spaces write: NASLib's, NATS-Bench's, DARTS' `Genotype`."""

_MOST_CHARACTERS = 100_000


@runtime_checkable
class ForeignSpace(Protocol):
    """A space whose architectures others write too."""

    @property
    def foreign_forms(self) -> Mapping[str, Callable[[Codes], str]]:
        """By the names in `FORMS`, how a code (L,) is written."""


def write_foreign(space: SearchSpace, code_L: Codes, form: str) -> str:
    """An architecture in a form of `FORMS`. Raises UsageError where nobody writes those of this space so."""
    known = space.foreign_forms if isinstance(space, ForeignSpace) else {}
    if form not in known:
        told = f"known: {', '.join(known)}" if known else "it has none of these forms"
        raise UsageError(f"architectures of {space.name} are not written as {form}; {told}")
    return known[form](code_L)


def plain(value: Any) -> Any:
    """A description as JSON has it (see `as_plain`), after text that writes a list, an object or a `Genotype` was read,
    and objects with `matrix` or `link` and `ops` (a `ModelSpec`, an `Arch`) and named tuples were taken apart.
    """
    if isinstance(value, str):
        value = read_text(value)
    for key in ("matrix", "link"):
        if hasattr(value, key) and hasattr(value, "ops"):
            value = {key: getattr(value, key), "ops": value.ops}
    return as_plain(value._asdict() if hasattr(value, "_asdict") else value)


def read_text(text: str) -> Any:
    """A list or an object that text writes, as JSON or as Python does, or a `Genotype(...)`; else the text."""
    stripped = text.strip()
    if len(stripped) > _MOST_CHARACTERS or not stripped.startswith(("[", "(", "{", "Genotype(")):
        return text
    for read in (json.loads, _read_python):
        try:
            found = read(stripped)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple | Mapping):
            return found
    return text


def read_foreign(text: str) -> Any:
    """What Python writes of a list, an object or a `Genotype`, or a string of NATS-Bench; None for other text."""
    if text.lstrip().startswith("|"):
        return text.strip()
    found = read_text(text)
    return None if isinstance(found, str) else found


def _read_python(text: str) -> Any:
    """Literals, `range(...)`, and `Genotype(...)` as an object. Raises ValueError for anything else."""
    tree = ast.parse(text, mode="eval").body
    if (
        isinstance(tree, ast.Call)
        and isinstance(tree.func, ast.Name)
        and tree.func.id == "Genotype"
        and not tree.args
    ):
        return {str(keyword.arg): _literal(keyword.value) for keyword in tree.keywords}
    return _literal(tree)


def _literal(node: ast.expr) -> Any:
    match node:
        case ast.Call(ast.Name("range"), arguments, []):
            bounds = [ast.literal_eval(argument) for argument in arguments]
            if not all(type(bound) is int and abs(bound) < 1_000 for bound in bounds):
                raise ValueError("no range of a cell")
            return list(range(*bounds))
        case ast.List(elements) | ast.Tuple(elements):
            return [_literal(element) for element in elements]
    return ast.literal_eval(node)


def whole_numbers(value: Any, below: int) -> list[int] | None:
    """A list of whole numbers from 0 to `below` - 1; None for anything else."""
    if not isinstance(value, list) or not all(type(one) is int and 0 <= one < below for one in value):
        return None
    return value
