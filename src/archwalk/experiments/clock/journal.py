"""What a search has done, line by line, so that it goes on where it was after a kill at any moment."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from archwalk.data.decoding import convert, decode_json, read_text
from archwalk.data.files import make_folder, write_atomically
from archwalk.errors import DataError

WHAT = "the journal of a search"


class _Line(msgspec.Struct):
    """What a line may say; `at` are seconds of the clock."""

    at: float = 0.0
    planned: bool = False
    begun: Any = None
    rung: int = 0
    steps: tuple[int, ...] = ()
    done: int = 0
    final: float = 0.0
    loss: float = 0.0
    progress: float = 0.0


class Journal:
    """A file of JSON lines; the last may be torn, and is then written again."""

    def __init__(self, path: Path) -> None:
        """Raises DataError where it cannot be read or written."""
        self.path = path
        make_folder(path.parent)
        *lines, torn = read_text(path).split("\n") if path.exists() else [""]
        self.lines: list[dict[str, Any]] = []
        for number, line in enumerate(lines, 1):
            place = f"line {number} of {path}"
            row = decode_json(line, dict[str, Any], place, WHAT)
            if {"planned", "done", "final"} & row.keys() and "at" not in row:
                raise DataError(f"{place} is not {WHAT}: it does not say when")
            if ("loss" in row) != ("progress" in row):
                raise DataError(f"{place} is not {WHAT}: a loss has its progress")
            convert(row, _Line, place, WHAT)
            self.lines.append(row)
        if torn:
            write_atomically(path, "".join(line + "\n" for line in lines))

    def write(self, line: dict[str, Any]) -> None:
        """Append a line."""
        self.lines.append(line)
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise DataError(f"cannot write {self.path}: {error.strerror}") from error

    def clear(self) -> None:
        """Forget everything."""
        self.lines.clear()
        self.path.unlink(missing_ok=True)

    @property
    def is_final(self) -> bool:
        """Whether the final training has begun."""
        return self.at("final") is not None

    def at(self, name: str) -> float | None:
        """When the first line of a kind was written, by the clock; None where there is none."""
        return next((line["at"] for line in self.lines if name in line), None)

    @property
    def seconds(self) -> float:
        """Of the clock, that it accounts for."""
        return max((line["at"] for line in self.lines if "at" in line), default=0.0)


class Clock:
    """Seconds since a search began, without those in which it was dead; `now` says what a second is."""

    def __init__(self, before: float, now: Callable[[], float] = time.monotonic) -> None:
        self.before, self.now = before, now
        self.started = now()

    @property
    def elapsed(self) -> float:
        """Until now."""
        return self.before + self.now() - self.started
