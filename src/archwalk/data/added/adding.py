"""Adding a table: read, understood, checked row by row, kept."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.added.columns import MISSING, Column
from archwalk.data.added.exploding import explode
from archwalk.data.added.inference import Decided, infer_decisions
from archwalk.data.added.lists import apart, together
from archwalk.data.added.measuring import Measured, Measurements, measure
from archwalk.data.added.metric_names import SECONDS, TEST, TRAIN, VALIDATION, lower_is_better, says, words
from archwalk.data.added.names import added_folder, is_added
from archwalk.data.added.reading import RawTable, read_table_file
from archwalk.data.added.roles import Asked, Roles, find_roles
from archwalk.data.added.rows import (
    Faults,
    codes_of_architectures,
    codes_of_decisions,
    read_architecture,
)
from archwalk.data.added.stored import About, Added, StoredMetric, write_added
from archwalk.data.files import sha256_of
from archwalk.errors import UsageError
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace
from archwalk.spaces.catalogue import load_space
from archwalk.spaces.declared import Declaration, make_space
from archwalk.spaces.declared.cells.declaration import CellDeclaration
from archwalk.spaces.declared.decisions import Value
from archwalk.spaces.declared.expressions import word
from archwalk.spaces.known import MOST_LINKED, KnownSpace

COMPLETE, KNOWN, SURROGATE = "complete", "known", "surrogate"

CONNECTED = 0.9
"""The share of known architectures that walks must connect, where they are searched without a surrogate by default."""

_PUBLISHED = ("darts", "nasbench201", "nasbench101", "nas-bench-graph")
"""Spaces whose architectures others write too."""

_MOST_TOLD = 12
"""Kinds of decisions that are told one by one."""

LEAST_LEARNED = 20
"""Architectures from which on a surrogate can be fitted."""

INFER = Asked()


@dataclass(frozen=True)
class _Understood:
    """A table whose columns and space are clear: codes (R, L) of rows in the whole space, -1 for none."""

    raw: RawTable
    roles: Roles
    space: SearchSpace
    codes_RL: Codes
    rows: NDArray[np.int64]
    faults: Faults
    notes: list[str]


def add_table(
    name: str, path: Path, space: str | None = None, asked: Asked = INFER, mode: str | None = None
) -> Added:
    """Read a table and keep it under a name; `space` is a space's name or the file that declares it.

    Raises UsageError where the columns do not say enough, with what to say, DataError where no row is left.
    """
    if is_added(name):
        raise UsageError(f"there is a table {name!r} already; archwalk data remove {name} forgets it")
    added_folder(name)
    understood = _understand(name, read_table_file(path), space, asked)
    raw, roles = understood.raw, understood.roles
    higher = dict(asked.higher)
    measured = measure(raw.columns, roles, understood.codes_RL, understood.rows, understood.faults, higher)
    metrics = [_stored(metric, measured.metrics, asked) for metric in measured.metrics]
    default = _default(metrics, asked)
    chosen, linked, connected, notes = _mode(understood.space, measured, default, mode)
    about = About(
        name=name, source=path.name, sha256=sha256_of(path), created=_now(), rows=len(raw), mode=chosen, linked=linked,
        connected=connected, metrics=metrics, default=default, fidelities=list(measured.fidelities),
        notes=understood.notes + _metric_notes(measured, metrics, asked) + notes, faults=understood.faults.lines(),
        seconds=_seconds(metrics), **_identity(understood.space, space),
    )  # fmt: skip
    values = {metric.name: metric.values_FN for metric in measured.metrics}
    added = Added(about, measured.codes_NL, measured.repeats_N, values)
    write_added(added, understood.faults.listed())
    return added


def _understand(name: str, raw: RawTable, space_name: str | None, asked: Asked) -> _Understood:
    space = load_space(space_name) if space_name else None
    raw = replace(raw, columns=together(raw.columns, space) if space else apart(raw.columns, asked))
    roles = find_roles(raw.columns, space, asked)
    faults, rows, notes = Faults(raw.unit), np.array(raw.rows, np.int64), []
    for row, what in raw.faults:
        faults.add(what, "not read", [row])
    if roles.left_out:
        notes.append("left out: " + "; ".join(f"{column} ({why})" for column, why in roles.left_out.items()))
    columns = {column: raw.columns[column] for column in roles.decisions}
    if space is None:
        columns = columns or _exploded(raw.columns[roles.architecture or ""])
        decided = infer_decisions(list(columns.values()))
        space = make_space(Declaration(name, tuple(one.decision for one in decided)))
        notes.append(f"inferred the space: {_shown(decided)}")
        if roles.architecture and (other := _known_space(raw.columns[roles.architecture])):
            notes.append(
                f"the space {other} reads these architectures too, and knows more of them: --space {other}"
            )
        columns = {one.decision.name: one.column for one in decided}
    if columns:
        by_word = {word(column).lower(): value for column, value in columns.items()}
        codes_RL = codes_of_decisions(space, by_word, rows, faults)  # type: ignore[arg-type]
    else:
        codes_RL = codes_of_architectures(space, raw.columns[roles.architecture or ""], rows, faults)
    return _Understood(raw, roles, space, codes_RL, rows, faults, notes)


def _known_space(column: Column) -> str | None:
    """A space of ours that reads some of the architectures of a column, if one does and they name operations."""
    some = column.values[:: max(1, len(column.values) // 8)][:8]
    if not any(re.search("[a-z]", str(value)) for value in some):
        return None
    for name in _PUBLISHED:
        space = load_space(name)
        if all(read_architecture(space, value) is not None for value in some):
            return name
    return None


def _exploded(column: Column) -> dict[str, Column]:
    """The decisions of a column of whole architectures, as columns."""
    found = {}
    for name, values in explode(column.values, column.name).items():
        place: dict[tuple[type, object], int] = {}
        index_V = np.full(len(values) + 1, MISSING, np.int32)
        for v, value in enumerate(values):
            if value is not None:
                index_V[v] = place.setdefault((type(value), value), len(place))
        found[name] = Column(name, index_V[column.index_R], [value for _, value in place])
    return found


def _shown(decided: list[Decided]) -> str:
    """Decisions for people; those that have the same values together."""
    alike: dict[tuple[str, tuple[Value, ...], Any], list[str]] = {}
    for one in decided:
        decision = one.decision
        alike.setdefault((decision.kind, decision.values, decision.when), []).append(decision.name)
    told = [_shown_alike(names, *key) for key, names in alike.items()]
    more = f"; {len(told) - _MOST_TOLD} other kinds of decisions" if len(told) > _MOST_TOLD else ""
    return "; ".join(told[:_MOST_TOLD]) + more


def _shown_alike(names: list[str], kind: str, values: tuple[Value, ...], when: Any) -> str:
    which = names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]} ({len(names)})"
    shown = ", ".join(map(str, values[:8])) + (", ..." if len(values) > 8 else "")
    return f"{which}: {kind}, {shown}" + (f", when {when}" if when else "")


def _stored(metric: Measured, all_metrics: list[Measured], asked: Asked) -> StoredMetric:
    """With the metric that judges: told, or the test metric that a validation metric has beside it."""
    names = [one.name for one in all_metrics]
    report = metric.name
    if asked.reward == metric.name and asked.report in names:
        report = str(asked.report)
    elif says(metric.name, VALIDATION):
        partner = [other for other in names if _paired(metric.name) == _paired(other) and says(other, TEST)]
        report = partner[0] if len(partner) == 1 else report
    return StoredMetric(metric.name, metric.unit, metric.higher_is_better, report)


def _paired(name: str) -> list[str]:
    return [part for part in words(name) if part not in VALIDATION | TEST]


def _default(metrics: list[StoredMetric], asked: Asked) -> str:
    """What is searched for unless another metric is named."""
    names = [metric.name for metric in metrics]
    if asked.reward:
        return asked.reward if asked.reward in names else names[0]
    quality = [name for name in names if not lower_is_better(name) and not says(name, TRAIN)]
    for wanted in (
        [name for name in quality if says(name, VALIDATION)], quality,
        [name for name in names if says(name, VALIDATION)], names,
    ):  # fmt: skip
        if wanted:
            return wanted[0]
    raise AssertionError("a table has a metric")


def _seconds(metrics: list[StoredMetric]) -> str | None:
    """The metric that says what a training costs."""
    timed = [metric.name for metric in metrics if says(metric.name, SECONDS) and metric.unit == "s"]
    return timed[0] if len(timed) == 1 else None


def _metric_notes(measured: Measurements, metrics: list[StoredMetric], asked: Asked) -> list[str]:
    notes = []
    if measured.scaled:
        notes.append(f"fractions, which are in percent now: {', '.join(measured.scaled)}")
    guessed = [m.name for m in metrics if not m.higher_is_better and m.name not in asked.higher]
    if guessed:
        notes.append(
            f"lower is better, by their names: {', '.join(guessed)} (--maximise COLUMN says otherwise)"
        )
    if (most := int(measured.repeats_N.max())) > 1:
        notes.append(f"up to {most} runs of an architecture, of which the mean counts")
    if len(measured.fidelities) > 1:
        notes.append(f"trainings of {', '.join(map(str, measured.fidelities))} epochs")
    return notes


def _mode(
    space: SearchSpace, measured: Measurements, default: str, asked: str | None
) -> tuple[str, bool, float, list[str]]:
    """(mode, linked, connected, notes): see `About`."""
    value_N = next(metric for metric in measured.metrics if metric.name == default).values_FN[-1]
    known_NL = measured.codes_NL[~np.isnan(value_N)]
    if isinstance(space, EnumerableSpace) and len(known_NL) == space.size and asked in (None, COMPLETE):
        return COMPLETE, False, 1.0, [f"complete: all {space.size:,} architectures of the space"]
    if asked == COMPLETE:
        raise UsageError(
            f"the table holds {len(known_NL):,} architectures, not all of its space: {_size(space)}"
        )
    if not len(known_NL):
        raise UsageError(f"no architecture has a number for {default}: name another metric, --reward COLUMN")
    known = KnownSpace(space, known_NL)
    there = f"{len(known_NL):,} of {_size(space)} architectures have a number for {default}"
    connected = known.connected if len(known_NL) > 1 else 1.0
    if asked is None and connected < CONNECTED and len(known_NL) >= LEAST_LEARNED:
        told = f"edits connect only {connected:.0%} of them, so a surrogate is fitted (--mode known walks among them)"
        return SURROGATE, False, connected, [f"{there}; {told}"]
    if asked == SURROGATE:
        return SURROGATE, False, connected, [f"{there}; all others are predicted by a surrogate"]
    linked = connected < CONNECTED and len(known_NL) <= MOST_LINKED
    told = "searched among them alone: walks step through known architectures only, of which edits connect "
    return KNOWN, linked, connected, [
        f"{there}; {told}{connected:.0%}" + ("; so they also go to the ten nearest" if linked else "")
    ]  # fmt: skip


def _size(space: SearchSpace) -> str:
    if isinstance(space, EnumerableSpace):
        return f"{space.size:,}"
    declaration = getattr(space, "declaration", None)
    return f"about {float(declaration.strings):.1g}" if declaration is not None else "very many"


def _identity(space: SearchSpace, name: str | None) -> dict[str, Any]:
    """How the space is found again."""
    declaration = getattr(space, "declaration", None)
    if isinstance(declaration, Declaration | CellDeclaration):
        return {"declaration": declaration.as_dict()}
    return {"base": name, "numbering": getattr(space, "numbering", None)}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
