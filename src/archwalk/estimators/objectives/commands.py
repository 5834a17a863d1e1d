"""Commands as objectives: a program that is handed an architecture and prints what it is worth."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from archwalk.errors import UsageError
from archwalk.estimators.objectives.measuring import ObjectiveError
from archwalk.spaces.architecture import Architecture

_PLACE = re.compile(r"\{(json|file|fidelity)\}")
_TOLD = re.compile(r"\{(json|file)\}")
_TAIL = 1 << 20
"""Bytes of the output that are looked at, from its end."""


@dataclass(frozen=True)
class Command:
    """A command line. `{json}` in it is replaced by the architecture as JSON, `{file}` by the path of a file with that;
    where it has neither, the JSON comes on standard input. No shell is between.

    The last line that it prints is a number, or one JSON object of numbers by name. Lines before that are objects of
    the same names are what the steps on the way came to.
    """

    line: str
    fidelity: int | None = None
    """How far is trained, `{fidelity}` in the line."""
    steps: int | None = None
    """It is ended after so many lines that are JSON objects."""

    @classmethod
    def checked(cls, line: str) -> Command:
        """Raises UsageError for a line that no program stands in."""
        command = cls(line)
        if not command.words:
            raise UsageError("--command is empty; say what trains, as in --command 'python train.py {json}'")
        command.program  # noqa: B018 - it raises
        return command

    @cached_property
    def words(self) -> list[str]:
        """Split as a shell would split it."""
        try:
            return shlex.split(self.line)
        except ValueError as error:
            raise UsageError(f"the command {self.line!r} cannot be read: {error}") from None

    @cached_property
    def program(self) -> str:
        """What is run; a file of the current folder needs no ./ before it."""
        word = self.words[0]
        here = Path(word).absolute()
        if found := shutil.which(word):
            return found
        if here.is_file():
            if not os.access(here, os.X_OK):
                raise UsageError(f"{word} is no program that may be run; say sh {word}, or chmod +x {word}")
            return str(here)
        raise UsageError(f"there is no program {word}")

    @property
    def digest(self) -> str:
        """SHA-256 of the line and of the files that it names."""
        digest = hashlib.sha256(self.line.encode())
        if self.fidelity is not None:
            digest.update(f"fidelity {self.fidelity}".encode())
        if self.steps is not None:
            digest.update(f"steps {self.steps}".encode())
        for word in self.words:
            if not _PLACE.search(word) and (file := Path(word)).is_file():
                digest.update(file.read_bytes())
        return digest.hexdigest()

    def __call__(self, architecture: Architecture) -> object:
        """Run it. Raises ObjectiveError where it fails or prints something else."""
        text = json.dumps(architecture.description)
        with tempfile.TemporaryDirectory(prefix="archwalk-") as folder:
            file = Path(folder) / "architecture.json"
            values = {"json": text, "file": str(file), "fidelity": str(self.fidelity or "")}
            words = [_PLACE.sub(lambda found: values[found[1]], word) for word in self.words[1:]]
            if any("{file}" in word for word in self.words):
                file.write_text(text + "\n")
            told = subprocess.DEVNULL if _TOLD.search(self.line) else None
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
                streams: dict[str, Any] = {"stdout": out, "stderr": error}
                streams |= {"stdin": told} if told is not None else {"input": text.encode()}
                try:
                    if self.steps is not None:
                        return self._first_steps([self.program, *words], text, told, error)
                    ended = subprocess.run([self.program, *words], check=False, **streams)
                except OSError as reason:
                    raise ObjectiveError(f"{self.words[0]} cannot be run: {reason.strerror}") from None
                if ended.returncode:
                    raise ObjectiveError(_how_it_ended(ended.returncode, _last_line(error)))
                return _with_steps(_lines(out))

    def _first_steps(self, words: list[str], text: str, told: int | None, error: IO[bytes]) -> object:
        """Run it until it has printed as many steps as are wanted, and end it. What it has started finds nobody to
        print to then.
        """
        assert self.steps is not None
        found: list[dict[str, Any]] = []
        last = ""
        with subprocess.Popen(
            words, stdin=subprocess.PIPE if told is None else told, stdout=subprocess.PIPE, stderr=error, text=True,
            encoding="utf-8", errors="replace",
        ) as running:  # fmt: skip
            assert running.stdout is not None
            try:
                if running.stdin is not None:
                    with suppress(BrokenPipeError):
                        running.stdin.write(text)
                        running.stdin.close()
                while len(found) < self.steps and (line := running.stdout.readline()):
                    last = line.strip() or last
                    if (step := _as_object(line)) is not None:
                        found.append(step)
            finally:
                if len(found) == self.steps or sys.exc_info()[0] is not None:
                    running.kill()
        if len(found) < self.steps and running.returncode:
            raise ObjectiveError(_how_it_ended(running.returncode, _last_line(error)))
        return iter(found) if found else _read(last)


def _how_it_ended(status: int, last: str) -> str:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"the command {how}{f': {last}' if last else ''}"


def _lines(file: IO[bytes]) -> list[str]:
    """The lines of a file that are not blank, its last ones where it is large."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    lines = file.read().decode("utf-8", "replace").split("\n")
    return [line.strip() for line in lines if line.strip()]


def _last_line(file: IO[bytes]) -> str:
    return next(reversed(_lines(file)), "")


def _with_steps(lines: list[str]) -> object:
    """What the last line says; with the steps before it, where there are lines that have the same names."""
    last = _read(lines[-1] if lines else "")
    if not isinstance(last, dict):
        return last
    every = [step for line in lines if (step := _as_object(line)) is not None and step.keys() == last.keys()]
    return iter(every) if len(every) > 1 else last


def _as_object(line: str) -> dict[str, Any] | None:
    """A line that is one JSON object; None for any other."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _read(line: str) -> object:
    if not line:
        raise ObjectiveError("the command printed nothing; its last line is a number, or one JSON object")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        try:
            found = float(line)
        except ValueError:
            found = None
    if isinstance(found, int | float | dict) and not isinstance(found, bool):
        return found
    shown = line if len(line) <= 60 else f"{line[:60]}..."
    raise ObjectiveError(f"the command's last line is {shown!r}, neither a number nor one JSON object")
