"""An architecture as people handle it: a code together with the space that it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archwalk.errors import DataError, InvalidArchitectureError, UsageError
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Architecture:
    """A code (L,) in its space. Two are equal if their spaces' names and their codes are."""

    space: SearchSpace
    code_L: Codes

    @property
    def description(self) -> dict[str, Any]:
        """What `space.parse` reads: plain values, for JSON."""
        return self.space.describe(self.code_L)

    def network(self, **settings: Any) -> torch.nn.Module:
        """A fresh PyTorch module; `settings` are those of the space's networks, say `classes=100`."""
        return self.space.build(self.code_L, **settings)

    def draw(self) -> str:
        """A self-contained SVG."""
        return self.space.draw(self.code_L)

    def neighbours(self) -> list[Architecture]:
        """All architectures that are one edit away."""
        return [
            Architecture(self.space, code_L) for code_L in self.space.neighbours(self.code_L[None]).codes_EL
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Architecture) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, bytes]:
        return self.space.name, self.code_L.tobytes()

    def __repr__(self) -> str:
        return f"Architecture({self.space.name}, {json.dumps(self.description)})"

    def _repr_html_(self) -> str:
        return self.draw()


def read_architecture(space: SearchSpace, given: object) -> Codes:
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
        return space.parse(_read_file(given))
    if isinstance(given, str):
        if given.lstrip().startswith(("{", "[")):
            return space.parse(_loads(given))
        if given.endswith(".json"):
            return space.parse(_read_file(Path(given)))
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


def _read_file(path: Path) -> object:
    try:
        return _loads(path.read_text("utf-8-sig"), f"{path}")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _loads(text: str, source: str = "the architecture") -> object:
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError(f"{source} is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{source} is not JSON: {error}") from error
