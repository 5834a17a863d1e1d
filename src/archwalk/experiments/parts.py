"""Finished parts of a long computation: computed once, in this process or in several, and found again after a kill."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import archwalk
from archwalk.data.files import make_folder
from archwalk.data.states import read_state, write_state
from archwalk.errors import DataError
from archwalk.experiments.running import process_pool

_log = logging.getLogger(__name__)


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

    def kept(self, out: Path) -> dict[str, Any] | None:
        """Read it; None where it is not there, or damaged."""
        path = self.path(out)
        try:
            return read_state(path) if path.exists() else None
        except DataError as error:
            _log.warning("archwalk: %s; it is computed again", error)
            return None

    def get(self, out: Path) -> dict[str, Any]:
        """Read it where it is kept, compute and keep it otherwise."""
        kept = self.kept(out)
        return self.make(out) if kept is None else kept

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
    values = {n: value for n, part in enumerate(parts) if (value := part.kept(out)) is not None}
    missing = [n for n in range(len(parts)) if n not in values]
    if workers > 1 and len(missing) > 1:
        with process_pool(min(workers, len(missing))) as pool:
            futures = [pool.submit(_make, parts[n], out) for n in missing]
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                tell(done / len(missing))
        values |= {n: read_state(parts[n].path(out)) for n in missing}
    else:
        for done, n in enumerate(missing):
            tell(done / len(missing))
            values[n] = parts[n].make(out)
    return [values[n] for n in range(len(parts))]
