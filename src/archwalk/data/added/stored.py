"""Added tables as they are kept: a folder each in the cache, with the table, what was wrong with rows, surrogates."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from archwalk.data.added.metric_names import TEST, TRAIN, says
from archwalk.data.added.names import TABLE, added_folder, added_names, is_added
from archwalk.data.decoding import decode_json, encode_json
from archwalk.data.files import write_atomically
from archwalk.data.table import Table, read_table, write_table
from archwalk.errors import DataError, unknown
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.catalogue import load_space
from archwalk.spaces.declared import make_space
from archwalk.spaces.declared.reading import read_declaration

FAULTS = "faults.csv"


class StoredMetric(msgspec.Struct, frozen=True):
    """A metric of an added table. `report` is the metric that judges what is found by it."""

    name: str
    unit: str
    higher_is_better: bool
    report: str


class About(msgspec.Struct, frozen=True):
    """What is kept beside the figures. The space is that of a `declaration`, or `base` names it.

    `mode` says how gaps are treated: "complete" (there are none), "known" or "surrogate"; `linked`, that walks go to
    the nearest known architectures too. `notes` and `faults` are lines for people.
    """

    name: str
    source: str
    sha256: str
    created: str
    rows: int
    mode: str
    linked: bool
    connected: float
    metrics: list[StoredMetric]
    default: str
    fidelities: list[int]
    notes: list[str]
    faults: list[str]
    seconds: str | None = None
    declaration: dict[str, Any] | None = None
    base: str | None = None
    numbering: str | None = None


class Added(msgspec.Struct, frozen=True):
    """An added table: `codes_NL` in its whole space, values (F, N) by the name of the metric."""

    about: About
    codes_NL: Codes
    repeats_N: NDArray[np.int32]
    values: dict[str, NDArray[np.float64]]

    @property
    def tasks(self) -> list[str]:
        """What the default metric is for each task: `jigsaw.val_acc`, `normal.val_acc`; or a column each."""
        first = self.metric(self.about.default)
        return [
            metric.name
            for metric in self.about.metrics
            if (metric.higher_is_better, metric.unit, _last(metric.name))
            == (first.higher_is_better, first.unit, _last(first.name))
            and (metric.name == first.name or not says(metric.name, TEST | TRAIN))
        ]

    def metric(self, name: str) -> StoredMetric:
        """The metric of a name, whatever its capitals and signs. Raises UsageError with the nearest one."""
        metrics = {metric.name: metric for metric in self.about.metrics}
        if name in metrics:
            return metrics[name]
        alike = [known for known in metrics if _folded(known) == _folded(name)]
        if len(alike) == 1:
            return metrics[alike[0]]
        raise unknown(f"metric of {self.about.name}", name, metrics)


def write_added(added: Added, faults: list[tuple[int, str, str]]) -> Path:
    """Keep a table, whole or not at all."""
    folder = added_folder(added.about.name)
    lines = ["row,fault,what was done", *(f'{row},"{what}","{done}"' for row, what, done in faults)]
    write_atomically(folder / FAULTS, "\n".join(lines) + "\n")
    columns: dict[str, NDArray[Any]] = {"codes": added.codes_NL, "repeats": added.repeats_N}
    columns |= {f"metric {m}": added.values[metric.name].T for m, metric in enumerate(added.about.metrics)}
    write_table(folder / TABLE, Table(columns, {"about": encode_json(added.about)}))
    return folder


def read_added(name: str) -> Added:
    """The table of a name. Raises UsageError where there is none, DataError where it is damaged."""
    if not is_added(name):
        raise unknown("added table", name, added_names())
    path = added_folder(name) / TABLE
    table = read_table(path)
    about = decode_json(
        table.provenance.get("about", ""), About, str(path), "the description of an added table"
    )
    try:
        values = {metric.name: np.array(table[f"metric {m}"]).T for m, metric in enumerate(about.metrics)}
        return Added(about, np.array(table["codes"]), np.array(table["repeats"]), values)
    except KeyError as error:
        raise DataError(f"{path} lacks its column {error}; remove and add the table again") from error


def remove_added(name: str) -> None:
    """Forget a table. Raises UsageError where there is none."""
    if not is_added(name):
        raise unknown("added table", name, added_names())
    folder = added_folder(name)
    try:
        (folder / TABLE).unlink()  # first, so that a half removed one is none
        shutil.rmtree(folder)
    except OSError as error:
        raise DataError(f"cannot remove {folder}: {error.strerror}") from error


def whole_space(about: About) -> SearchSpace:
    """The space that an added table is about. Raises DataError where its architectures are numbered otherwise today."""
    if about.declaration is not None:
        return make_space(read_declaration(about.declaration, about.name))
    assert about.base is not None
    space = load_space(about.base)
    if getattr(space, "numbering", None) != about.numbering:
        raise DataError(f"{about.name} was added by another version of archwalk; remove it and add it again")
    return space


def _last(name: str) -> str:
    """What a metric of a task is of it: `val_acc` of `jigsaw.val_acc`."""
    return name.rpartition(".")[2] if "." in name else ""


def _folded(name: str) -> str:
    return re.sub(r"\W|_", "", name).lower()
