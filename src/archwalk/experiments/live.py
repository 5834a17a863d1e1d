"""The journal of a search that runs: `live.jsonl` in its folder, by which it is watched from outside.

A line a batch of evaluations, with what is searched before. A kill may tear the last line, which is then left out. The
file is there as long as the search is not whole: the result takes its place.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import msgspec
import numpy as np

from archwalk.data.decoding import decode_json, encode_json
from archwalk.data.files import require_regular, write_atomically
from archwalk.errors import DataError
from archwalk.experiments.evaluated import Batch, Searched
from archwalk.experiments.watching import Watcher

LIVE = "live.jsonl"
_HEAD = 1024
"""Bytes by which a journal is told from another one."""
_WHAT = "the journal of a search that runs"


class _Line(msgspec.Struct, omit_defaults=True):
    """Either what is searched, or evaluations."""

    about: Searched | None = None
    strategy: str = ""
    agent: int = 0
    trial: int = 0
    query: int = 1
    shape: tuple[int, int, int] = (0, 0, 0)
    codes: list[int] = []
    reward: list[float | None] = []
    report: list[float | None] = []
    metrics: dict[str, list[float | None]] = {}


class LiveJournal(Watcher):
    """Writes it; a line is in the file when the call returns."""

    name = "the journal by which the search can be watched"

    def __init__(self, folder: Path) -> None:
        self.path = folder / LIVE
        self._file: TextIO | None = None

    def begin(self, about: Searched) -> None:
        """The first time the file is made anew, whatever a search that was killed has left."""
        line = encode_json(_Line(about=about)) + "\n"
        if self._file is None:
            write_atomically(self.path, line)
            self._file = self.path.open("a", encoding="utf-8")
        else:
            self._write(line)

    def evaluated(self, batch: Batch) -> None:
        """Append a line."""
        self._write(
            encode_json(
                _Line(
                    strategy=batch.strategy, agent=batch.agent, trial=batch.trial, query=batch.query,
                    shape=batch.codes_TNL.shape, codes=batch.codes_TNL.reshape(-1).tolist(),
                    reward=_plain(batch.reward_TN), report=_plain(batch.report_TN),
                    metrics={name: _plain(values_TN) for name, values_TN in batch.metrics_TN.items()},
                )
            )
            + "\n"
        )  # fmt: skip

    def end(self) -> None:
        """Close it; it stays until the result is there."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, line: str) -> None:
        assert self._file is not None
        self._file.write(line)
        self._file.flush()


class LiveReader:
    """Reads it while it is written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LIVE
        self._at = 0
        self._number, self._head = -1, b""

    def read(self) -> tuple[bool, Searched | None, list[Batch]]:
        """What came since the last call: whether the file is another one than before, what is searched where that was
        said, evaluations. Raises DataError where it is damaged, FileNotFoundError where it is gone.
        """
        try:
            require_regular(self.path)
            with self.path.open("rb") as file:
                found, head = os.fstat(file.fileno()), file.read(_HEAD)
                anew = (
                    found.st_ino != self._number
                    or found.st_size < self._at
                    or not head.startswith(self._head)
                )
                if anew:
                    self._number, self._at = found.st_ino, 0
                self._head = head
                file.seek(self._at)
                *lines, _ = file.read().split(b"\n")
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}") from error
        self._at += sum(len(line) + 1 for line in lines)
        about, batches = None, []
        for text in lines:
            line = decode_json(text, _Line, str(self.path), _WHAT)
            if line.about is not None:
                about = line.about
            else:
                batches.append(self._batch(line))
        return anew, about, batches

    def _batch(self, line: _Line) -> Batch:
        try:
            trials_evaluations = line.shape[:2]

            def array(values: list[Any]) -> Any:
                return np.array([np.nan if value is None else value for value in values]).reshape(
                    trials_evaluations
                )

            return Batch(
                line.strategy, np.array(line.codes, np.int32).reshape(line.shape), array(line.reward),
                array(line.report), line.agent, line.trial, line.query,
                {name: array(values) for name, values in line.metrics.items()},
            )  # fmt: skip
        except (ValueError, OverflowError) as error:
            raise DataError(f"{self.path} is not {_WHAT}: {error}") from error


def _plain(values_TN: Any) -> list[float | None]:
    """NaN becomes null when it is written."""
    return list(np.asarray(values_TN, np.float64).reshape(-1).tolist())
