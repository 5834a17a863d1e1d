"""The file of an architecture: all that is needed to build what was found, and where it was found.

`archwalk search --out` writes one, `found.json`. Whoever reads one takes a plain description too, as long as he knows
the space.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from archwalk.data.decoding import convert, encode_json, read_text
from archwalk.data.files import write_atomically
from archwalk.errors import DataError, InvalidArchitectureError, UsageError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace
from archwalk.spaces.catalogue import SpaceReference
from archwalk.spaces.foreign import read_foreign
from archwalk.spaces.task import Task

FORMAT = "archwalk architecture 1"
_KIND = "an architecture's file"


@dataclass(frozen=True)
class Origin:
    """Where an architecture was found, and what it scored there."""

    benchmark: str
    """Its full name, without the objective."""
    objective: str
    seed: int = 0
    """Of what the benchmark trains itself."""
    strategy: str = ""
    """Who found it: a strategy, or the run folder of an agent."""
    reward: float | None = None
    report: float | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    """The benchmark's own: the source, the data, the settings under which networks are trained."""


@dataclass(frozen=True)
class ArchitectureFile:
    """What the file holds; `task` and `size` are those of the network that was scored."""

    space: SpaceReference
    description: Any
    """As the space describes it."""
    task: Task | None = None
    size: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    format: str = FORMAT

    @classmethod
    def of(cls, architecture: Architecture, origin: Origin | None = None) -> Self:
        """That of an architecture."""
        return cls(
            SpaceReference.of(architecture.space),
            architecture.description,
            architecture.task,
            architecture.settings,
            origin,
        )

    def load(self, space: SearchSpace | None = None) -> Architecture:
        """The architecture, in a space of that kind or in its own.

        Raises UsageError where the space is another or its networks have no such settings, InvalidArchitectureError
        where it has no such architecture.
        """
        if space is None:
            space = self.space.load()
        elif (other := SpaceReference.of(space).name) != self.space.name:
            raise UsageError(f"this is an architecture of {self.space.name}, not of {other}")
        return Architecture.read(space, self.description, self.task, self.size)

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_atomically(path, encode_json(self, indent=1) + "\n")


def read_description(path: Path) -> Any:
    """Any JSON, or an architecture as others write it. Raises UsageError where there is no such file or it is neither,
    DataError where it cannot be read.
    """
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    return _loads(read_text(path), str(path))


def read_architecture_file(path: Path) -> ArchitectureFile | Any:
    """What is in a file: all of an architecture, or else the plain description that it is, which only a space can read.

    Raises DataError for a file that is damaged, or of another version of archwalk, and what `read_description` raises.
    """
    content = read_description(path)
    if not (isinstance(content, dict) and "format" in content):
        return content
    if content["format"] != FORMAT:
        raise DataError(
            f"{path} is of the format {content['format']!r}; this version of archwalk reads {FORMAT!r}"
        )
    return convert(content, ArchitectureFile, str(path), _KIND)


def read_architecture(path: Path, space: SearchSpace | None = None) -> tuple[Architecture, Origin | None]:
    """The architecture of a file, and where it was found. A plain description needs its space, and means the space's
    own network. Raises UsageError without one, and what `ArchitectureFile.load` raises.
    """
    found = read_architecture_file(path)
    if isinstance(found, ArchitectureFile):
        return found.load(space), found.origin
    if space is None:
        raise UsageError(f"{path} does not say of which space it is; name it, as in --space nasbench101")
    return Architecture.read(space, found), None


def code_of(space: SearchSpace, given: object) -> Codes:
    """The code (L,) of an architecture, however it is given.

    `given` is an `Architecture`, what `space.parse` reads (or JSON text of it), the path of a JSON file, a code (L,),
    or the number of an architecture in an `EnumerableSpace`. Raises InvalidArchitectureError for what is none of the
    space's, UsageError for text that is not JSON or a file that does not exist, DataError for one that cannot be
    read.
    """
    if isinstance(given, Architecture):
        if given.space.name != space.name:
            raise InvalidArchitectureError(f"an architecture of {given.space.name} is none of {space.name}")
        return given.code_L
    if isinstance(given, int | np.integer | np.ndarray) and not isinstance(given, bool):
        return _checked_code(space, np.atleast_1d(np.asarray(given)))
    if isinstance(given, Path):
        return _code_in_file(space, given)
    if isinstance(given, str):
        if given.lstrip().startswith(("{", "[")):
            return space.parse(_loads(given))
        if given.endswith(".json"):
            return _code_in_file(space, Path(given))
    return space.parse(given)


def _checked_code(space: SearchSpace, code_L: np.ndarray[Any, Any]) -> Codes:
    if code_L.shape != (space.code_length,) or not np.issubdtype(code_L.dtype, np.integer):
        raise InvalidArchitectureError(
            f"a code of {space.name} has {space.code_length} whole numbers, not {code_L.dtype} of shape {code_L.shape}"
        )
    if isinstance(space, EnumerableSpace):
        if not 0 <= code_L[0] < space.size:
            raise InvalidArchitectureError(
                f"{space.name} numbers its architectures 0 to {space.size - 1}, not {code_L[0]}"
            )
        return code_L.astype(np.int32)
    code_L = code_L.astype(np.int32)
    try:  # only a valid code has a description that names it
        valid = np.array_equal(space.parse(space.describe(code_L)), code_L)
    except (UsageError, LookupError, ValueError):
        valid = False
    if not valid:
        raise InvalidArchitectureError(f"{code_L.tolist()} is no code of {space.name}")
    return code_L


def _code_in_file(space: SearchSpace, path: Path) -> Codes:
    found = read_architecture_file(path)
    return found.load(space).code_L if isinstance(found, ArchitectureFile) else space.parse(found)


def _loads(text: str, source: str = "the architecture") -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError(f"{source} is not JSON that anybody reads: it is nested too deeply") from None
    except ValueError as error:
        written = read_foreign(text)
        if written is None:
            raise UsageError(f"{source} is not JSON: {error}") from error
        return written
