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
    folder: str
    """From which a file is named."""

    @classmethod
    def at(cls, place: str) -> FunctionReference:
        """That of a place, named from the current folder."""
        return cls(place, str(Path.cwd()))

    @cached_property
    def function(self) -> Any:
        """The function itself. Raises UsageError where there is none, ArchwalkError where its module fails."""
        home, _, name = self.place.rpartition(":")
        place = f"{Path(self.folder) / home}:{name}" if home.endswith(".py") else self.place
        found = find_attribute(place, "an objective")
        if not callable(found):
            raise UsageError(f"{self.place} is a {type(found).__name__}, no function of an architecture")
        return found

    def __call__(self, architecture: Architecture, **more: object) -> object:
        """Call it."""
        return self.function(architecture, **more)

    def __reduce__(self) -> tuple[Any, ...]:
        return FunctionReference, (self.place, self.folder)  # each process imports it


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
    if isinstance(function, functools.partial) and isinstance(function.func, FunctionReference):
        function = functools.partial(function.func.function, *function.args, **function.keywords)
    elif isinstance(function, FunctionReference):
        function = function.function
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for part in _Parts(_home(function)).of(function):
        digest.update(f"{part}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _home(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__module__", type(function).__module__))


class _Parts:
    """Texts that say what values are, by the code of one module."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.seen: set[int] = set()

    def of(self, value: Any) -> Iterator[str]:
        """Those of a value that were not given yet."""
        if isinstance(value, _PLAIN):
            yield repr(value)
        elif isinstance(value, np.ndarray):
            yield hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()
        elif isinstance(value, set | frozenset):
            yield from sorted(map(repr, value))
        elif id(value) not in self.seen:
            self.seen.add(id(value))
            yield from self._inside(value)

    def _inside(self, value: Any) -> Iterator[str]:
        if isinstance(value, MethodType):
            yield from self._all(value.__func__, value.__self__)
        elif isinstance(value, functools.partial):
            yield from self._all(value.func, value.args, value.keywords)
        elif isinstance(value, FunctionType | type):
            yield f"{value.__module__}.{value.__qualname__}"
            if value.__module__ == self.home:
                yield from self._function(value) if isinstance(value, FunctionType) else self._class(value)
        elif isinstance(value, dict):
            pairs = sorted(value.items(), key=lambda pair: repr(pair[0]))
            yield from self._all(*(one for pair in pairs for one in pair))
        elif isinstance(value, list | tuple):
            yield from self._all(*value)
        else:
            yield from self.of(type(value))
            if type(value).__module__ == self.home:
                yield from self.of(getattr(value, "__dict__", {}))

    def _all(self, *values: Any) -> Iterator[str]:
        for value in values:
            yield from self.of(value)

    def _class(self, kind: type) -> Iterator[str]:
        yield from self._all(*kind.__bases__)
        for name, value in sorted(vars(kind).items()):
            function = getattr(value, "__func__", getattr(value, "fget", value))
            if isinstance(function, (FunctionType, *_PLAIN)):
                yield name
                yield from self.of(function)

    def _function(self, function: FunctionType) -> Iterator[str]:
        function = inspect.unwrap(function)
        code, written = function.__code__, _written(function.__code__)
        yield from _code_parts(code)
        yield from self._all(function.__defaults__, function.__kwdefaults__)
        closed = zip(code.co_freevars, function.__closure__ or (), strict=True)
        read = {name: cell.cell_contents for name, cell in closed if _is_filled(cell)}
        known = function.__globals__
        read |= {name: known[name] for name in sorted(_names(code)) if name in known}
        for name, value in read.items():
            if name not in written and not inspect.ismodule(value):
                yield name
                yield from self.of(value)


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
