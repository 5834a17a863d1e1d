"""What a search has done, line by line, so that it goes on where it was after a kill at any moment."""

import json
import time
from pathlib import Path
from typing import Any

from archwalk.data.files import make_folder
from archwalk.errors import DataError


class Journal:
    """A file of JSON lines; the last may be torn, and is then written again."""

    def __init__(self, path: Path) -> None:
        """Raises DataError where it cannot be read or written."""
        self.path = path
        make_folder(path.parent)
        try:
            text = path.read_text() if path.is_file() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read {path}: {error}") from error
        self.lines: list[dict[str, Any]] = []
        for line in text.splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                break
        whole = "".join(json.dumps(line) + "\n" for line in self.lines)
        if whole != text:
            path.write_text(whole)

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
        return any("final" in line for line in self.lines)

    @property
    def seconds(self) -> float:
        """Of the clock, that it accounts for."""
        return max((line["at"] for line in self.lines if "at" in line), default=0.0)


class Clock:
    """Seconds since a search began, without those in which it was dead."""

    def __init__(self, before: float) -> None:
        self.before = before
        self.started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Until now."""
        return self.before + time.monotonic() - self.started
