"""The file of an architecture: all that is needed to build what was found, and where it was found.

`archwalk search --out` writes one, `found.json`. Whoever reads one takes a plain description too, as long as he knows
the space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from archwalk.data.decoding import convert, encode_json, read_json
from archwalk.data.files import write_atomically
from archwalk.errors import DataError, UsageError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.catalogue import SpaceReference
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
    """Any JSON. Raises UsageError where there is no such file, DataError where it is no JSON or cannot be read."""
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    return read_json(path, Any, "JSON")


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
