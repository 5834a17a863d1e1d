"""Functions as objectives: where they are, and by what their evaluations are known again."""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from archwalk.errors import UsageError
from archwalk.registry import find_attribute
from archwalk.spaces.architecture import Architecture

_PLAIN = (int, float, complex, str, bytes, bool, type(None), Path)
_WRITES = {"append", "add", "extend", "update", "insert", "setdefault", "write", "clear", "pop"}


@dataclass(frozen=True)
class FunctionReference:
    """A function by "module:name" or "file.py:name", which is imported when it is first called, in any process."""

    place: str

    @classmethod
    def at(cls, place: str) -> FunctionReference:
        """That of a place; a file's path is made absolute, so that it is found from anywhere."""
        home, _, name = place.rpartition(":")
        return cls(f"{Path(home).absolute()}:{name}" if home.endswith(".py") else place)

    @cached_property
    def function(self) -> Any:
        """The function itself. Raises UsageError where there is none, ArchwalkError where its module fails."""
        found = find_attribute(self.place, "an objective")
        if not callable(found):
            raise UsageError(f"{self.place} is a {type(found).__name__}, no function of an architecture")
        return found

    def __call__(self, architecture: Architecture) -> object:
        """Call it."""
        return self.function(architecture)


def function_name(function: Any) -> str:
    """What a function is called, for people."""
    if isinstance(function, FunctionReference):
        return function.place.rpartition(":")[2]
    if isinstance(function, functools.partial):
        return function_name(function.func)
    name = getattr(function, "__name__", type(function).__name__)
    return "objective" if name == "<lambda>" else str(name)


def function_digest(function: Any) -> str:
    """SHA-256 of what a function does, as far as its own module says.

    That is its code (comments do not count), that of all functions and classes of its module that it uses, in turn, and
    the plain values that it reads: defaults, what it closes over, constants of the module. What it only writes to
    (a list that it appends to, a counter) is left out, and so is the code of other modules.
    """
    if isinstance(function, FunctionReference):
        function = function.function
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for part in _parts(function, set()):
        digest.update(f"{part}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _parts(value: Any, seen: set[int]) -> Iterator[str]:
    """Texts that say what a value is."""
    if isinstance(value, _PLAIN):
        yield repr(value)
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, MethodType):
        yield from _parts(value.__func__, seen)
        yield from _parts(value.__self__, seen)
    elif isinstance(value, FunctionType):
        yield from _function_parts(inspect.unwrap(value), seen)
    elif isinstance(value, functools.partial):
        yield from _parts([value.func, value.args, value.keywords], seen)
    elif isinstance(value, type):
        yield f"class {value.__qualname__}"
        for name, one in sorted(vars(value).items()):
            if isinstance(one, FunctionType | property | staticmethod | classmethod | _PLAIN):
                yield name
                yield from _parts(getattr(one, "__func__", getattr(one, "fget", one)), seen)
    elif isinstance(value, np.ndarray):
        yield hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()
    elif isinstance(value, dict):
        for name, one in sorted(value.items(), key=lambda pair: repr(pair[0])):
            yield from _parts(name, seen)
            yield from _parts(one, seen)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one, seen)
    elif isinstance(value, set | frozenset):
        yield from sorted(map(repr, value))
    else:
        yield f"a {type(value).__module__}.{type(value).__qualname__}"
        if type(value).__module__ == getattr(sys.modules.get("__main__"), "__name__", "") or callable(value):
            yield from _parts(type(value), seen)
            yield from _parts(getattr(value, "__dict__", {}), seen)


def _function_parts(function: FunctionType, seen: set[int]) -> Iterator[str]:
    code, written = function.__code__, _written(function.__code__)
    yield f"def {function.__qualname__}"
    yield from _code_parts(code)
    yield from _parts([function.__defaults__, function.__kwdefaults__], seen)
    closed = zip(code.co_freevars, function.__closure__ or (), strict=True)
    read = {name: cell.cell_contents for name, cell in closed if _is_filled(cell)}
    read |= {name: function.__globals__[name] for name in sorted(_names(code)) if name in function.__globals__}
    for name, value in read.items():
        foreign = isinstance(value, FunctionType | type) and value.__module__ != function.__module__
        if name not in written and not foreign and not inspect.ismodule(value):
            yield name
            yield from _parts(value, seen)


def _code_parts(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_parts(constant)
        else:
            yield repr(sorted(map(repr, constant))) if isinstance(constant, frozenset) else repr(constant)


def _inner(code: CodeType) -> Iterator[CodeType]:
    """A code and all that is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _inner(constant)


def _names(code: CodeType) -> set[str]:
    return {name for one in _inner(code) for name in one.co_names}


def _written(code: CodeType) -> set[str]:
    """Names that are rebound, or that a method is called of which changes what they name."""
    found: set[str] = set()
    for one in _inner(code):
        before = ""
        for step in dis.get_instructions(one):
            if step.opname in ("STORE_GLOBAL", "STORE_DEREF"):
                found.add(str(step.argval))
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in _WRITES:
                found.add(before)
            before = str(step.argval)
    return found


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - it raises
    except ValueError:
        return False
    return True
