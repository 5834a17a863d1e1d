"""Finished parts of a reproduction: computed once, in this process or in several, and found again after a kill."""

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import archwalk
from archwalk.data.files import make_folder
from archwalk.data.states import read_state, write_state
from archwalk.experiments.running import use_one_thread


@dataclass(frozen=True)
class Part:
    """What `compute` gives (as `write_state` takes it) under some settings.

    Parts are told apart by `stem`, their settings and the version of archwalk. For several processes `compute` must
    be picklable.
    """

    stem: str
    settings: Mapping[str, Any]
    compute: Callable[[], dict[str, Any]]

    @property
    def name(self) -> str:
        """No other part has it."""
        text = json.dumps({**self.settings, "archwalk": archwalk.__version__}, sort_keys=True, default=str)
        return f"{self.stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def path(self, out: Path) -> Path:
        """Where the part is kept below `out`."""
        return out / "parts" / f"{self.name}.safetensors"

    def get(self, out: Path) -> dict[str, Any]:
        """Read it where it is kept, compute and keep it otherwise."""
        path = self.path(out)
        return read_state(path) if path.exists() else self.make(out)

    def make(self, out: Path) -> dict[str, Any]:
        """Compute and keep it."""
        value, path = self.compute(), self.path(out)
        make_folder(path.parent)
        write_state(path, value)
        return value


def _make(part: Part, out: Path) -> None:
    part.make(out)  # its value need not travel back


def keep_all(
    out: Path, parts: Sequence[Part], workers: int, tell: Callable[[float], None] = lambda done: None
) -> list[dict[str, Any]]:
    """All parts in their order, the missing ones computed by so many processes; `tell` is told the share done."""
    missing = [part for part in parts if not part.path(out).exists()]
    if workers > 1 and len(missing) > 1:
        context = multiprocessing.get_context(
            "spawn"
        )  # a fork would copy the threads' locks of numba and torch
        with ProcessPoolExecutor(min(workers, len(missing)), context, initializer=use_one_thread) as pool:
            futures = [pool.submit(_make, part, out) for part in missing]
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                tell(done / len(missing))
        return [read_state(part.path(out)) for part in parts]
    values = []
    for done, part in enumerate(parts):
        tell(done / len(parts))
        values.append(part.get(out))
    return values
