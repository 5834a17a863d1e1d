"""What a table's rows say of each architecture: means over repeats, by task and by number of epochs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.data.added.columns import MISSING, Column, says_nothing
from archwalk.data.added.metric_names import ACCURACY, ERROR, lower_is_better, says, unit_of
from archwalk.data.added.roles import Roles
from archwalk.data.added.rows import Faults
from archwalk.errors import DataError
from archwalk.spaces.base import Codes

_UNITS = {
    "ms": ("ms", "milliseconds"), "s": ("seconds", "sec", "secs", "time", "runtime"),
    "parameters": ("params", "nparams", "parameters"), "MB": ("mb",),
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Values of one metric of N architectures after F numbers of epochs, (F, N), NaN where there is none."""

    name: str
    unit: str
    higher_is_better: bool
    values_FN: NDArray[np.float64]


@dataclass(frozen=True)
class Measurements:
    """`codes_NL` are different architectures; `repeats_N` how many rows (or entries of lists) their means are over."""

    codes_NL: Codes
    repeats_N: NDArray[np.int32]
    fidelities: tuple[int, ...]
    metrics: list[Measured]
    scaled: list[str]
    """Metrics that were fractions and are in percent."""


def measure(
    columns: dict[str, Column],
    roles: Roles,
    codes_RL: Codes,
    rows: NDArray[np.int64],
    faults: Faults,
    higher: dict[str, bool],
) -> Measurements:
    """Group rows by architecture. Raises DataError where no row is left."""
    values_RM = np.stack([_numbers(columns[name], rows, faults) for name in roles.metrics], axis=1)
    kept_R = codes_RL[:, 0] >= 0
    silent_R = kept_R & np.isnan(values_RM).all(axis=1)
    faults.add("no number in any metric", "left out", rows[silent_R])
    kept_R &= ~silent_R
    for name in roles.metrics:
        missing_R = kept_R & _silent(columns[name])
        if missing_R.sum() <= kept_R.sum() / 2:  # else it is not measured in general
            faults.add(f"no number for {name}", "its other metrics count", rows[missing_R])
    fidelity_R, fidelities = _fidelities(columns, roles, kept_R, rows, faults)
    kept_R &= fidelity_R >= 0
    if not kept_R.any():
        raise DataError("no row of the table can be used: " + ("; ".join(faults.lines()) or "there is none"))
    task_R, tasks = _tasks(columns, roles, len(rows))
    seed_R = columns[roles.seed].index_R if roles.seed else np.zeros(len(rows), np.int32)
    at = np.flatnonzero(kept_R)
    codes_NL, group_K = _unique_rows(codes_RL[at])
    place_K = (group_K * len(tasks) + task_R[at]) * len(fidelities) + fidelity_R[at]
    single_K = _once(place_K, seed_R[at], values_RM[at], roles.seed is not None, rows[at], faults)
    at, group_K, place_K = at[single_K], group_K[single_K], place_K[single_K]
    shape = len(codes_NL), len(tasks), len(fidelities)
    metrics, scaled = [], []
    for m, name in enumerate(roles.metrics):
        mean_NTF = _means(values_RM[at, m], place_K, shape)
        unit = _unit(name)
        if says(name, ACCURACY | ERROR) and _lies_in(mean_NTF, 0, 100):
            unit = "%"
            if _lies_in(mean_NTF, 0, 1):
                mean_NTF = 100 * mean_NTF
                scaled.append(name)
        better = higher.get(name, not lower_is_better(name))
        for t, task in enumerate(tasks):
            full_name = f"{task}.{name}" if task else name
            metrics.append(Measured(full_name, unit, better, np.ascontiguousarray(mean_NTF[:, t].T)))
    runs_K = _runs(columns, roles)[at]
    per_place = np.bincount(place_K, runs_K, minlength=int(np.prod(shape))).reshape(shape[0], -1)
    return Measurements(codes_NL, per_place.max(axis=1).astype(np.int32), fidelities, metrics, scaled)


def _numbers(column: Column, rows: NDArray[np.int64], faults: Faults) -> NDArray[np.float64]:
    number_R = column.number_R()
    wrong_R = np.isnan(number_R) & ~_silent(column)
    if wrong_R.any():
        shown = column.values[column.index_R[wrong_R.argmax()]]
        faults.add(f"{column.name} is no number ({str(shown)[:30]!r})", "taken for missing", rows[wrong_R])
    return number_R


def _silent(column: Column) -> NDArray[np.bool_]:
    """Rows (R,) that say nothing of a metric."""
    return np.array([*map(says_nothing, column.values), True])[column.index_R]


def _fidelities(
    columns: dict[str, Column],
    roles: Roles,
    kept_R: NDArray[np.bool_],
    rows: NDArray[np.int64],
    faults: Faults,
) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Of each row an index into the numbers of epochs, ascending; -1 where it says none."""
    if roles.fidelity is None:
        return np.zeros(len(kept_R), np.int64), (1,)
    number_R = columns[roles.fidelity].number_R()
    unknown_R = kept_R & ~(number_R > 0)
    faults.add(f"no number of {roles.fidelity}", "left out", rows[unknown_R])
    known = np.unique(number_R[kept_R & (number_R > 0)])
    index_R = (
        np.searchsorted(known, np.where(number_R > 0, number_R, 0)) if len(known) else np.zeros(len(kept_R))
    )
    return np.where(number_R > 0, index_R, -1).astype(np.int64), tuple(int(number) for number in known) or (
        1,
    )


def _tasks(columns: dict[str, Column], roles: Roles, rows: int) -> tuple[NDArray[np.int64], list[str]]:
    if roles.task is None:
        return np.zeros(rows, np.int64), [""]
    column = columns[roles.task]
    names = [str(value) for value in column.values]
    if column.gaps:
        names.append("other")
    return np.where(column.index_R == MISSING, len(names) - 1, column.index_R).astype(np.int64), names


def _unique_rows(codes_KL: Codes) -> tuple[Codes, NDArray[np.int64]]:
    """Different codes in their order, and which each row is."""
    if codes_KL.shape[1] == 1:
        ids, group_K = np.unique(codes_KL[:, 0], return_inverse=True)
        return ids[:, None].astype(np.int32), group_K.astype(np.int64)
    order_K = np.lexsort(codes_KL.T[::-1])
    sorted_KL = codes_KL[order_K]
    new_K = np.concatenate([[True], (sorted_KL[1:] != sorted_KL[:-1]).any(axis=1)])
    group_K = np.empty(len(codes_KL), np.int64)
    group_K[order_K] = np.cumsum(new_K) - 1
    return sorted_KL[new_K], group_K


def _once(
    place_K: NDArray[np.int64],
    seed_K: NDArray[np.int32],
    values_KM: NDArray[np.float64],
    seeded: bool,
    rows_K: NDArray[np.int64],
    faults: Faults,
) -> NDArray[np.bool_]:
    """Which rows count: of equal ones the first. Rows that differ are repeats, or contradict each other."""
    keep_K = np.ones(len(place_K), np.bool_)
    several_K = np.bincount(place_K)[place_K] > 1
    at = np.flatnonzero(several_K)
    if not len(at):
        return keep_K
    comparable_KM = np.where(np.isnan(values_KM[at]), -np.inf, values_KM[at])
    order = np.lexsort((at, *comparable_KM.T, seed_K[at], place_K[at]))
    same_place = (place_K[at][order][1:] == place_K[at][order][:-1]) & (
        seed_K[at][order][1:] == seed_K[at][order][:-1]
    )
    same_values = (comparable_KM[order][1:] == comparable_KM[order][:-1]).all(axis=1)
    keep_K[at[order][1:][same_place & same_values]] = False
    faults.add("the same as a row before", "taken once", rows_K[~keep_K])
    differing = np.unique(place_K[at][order][1:][same_place & ~same_values])
    differing_K = keep_K & np.isin(place_K, differing)
    if seeded:
        faults.add(
            "contradict rows of the same architecture and seed", "the mean is taken", rows_K[differing_K]
        )
    else:
        faults.add("other values than another row of the same architecture", "taken for repeats, the mean counts",
                   rows_K[differing_K])  # fmt: skip
    return keep_K


def _means(
    values_K: NDArray[np.float64], place_K: NDArray[np.int64], shape: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Over the rows of each place that have a number, (N, T, F)."""
    known_K = ~np.isnan(values_K)
    size = int(np.prod(shape))
    count = np.bincount(place_K[known_K], minlength=size)
    total = np.bincount(place_K[known_K], values_K[known_K], minlength=size)
    with np.errstate(invalid="ignore"):
        return (total / np.where(count, count, np.nan)).reshape(shape)


def _runs(columns: dict[str, Column], roles: Roles) -> NDArray[np.int64]:
    """How many runs each row holds: the longest list of numbers in it, else one."""
    runs_R = np.ones(len(columns[roles.metrics[0]]), np.int64)
    for name in roles.metrics:
        column = columns[name]
        lengths = [len(value) if isinstance(value, list) else 1 for value in column.values]
        if max(lengths, default=1) > 1:
            runs_R = np.maximum(runs_R, np.array([*lengths, 1])[column.index_R])
    return runs_R


def _lies_in(values: NDArray[np.float64], low: float, high: float) -> bool:
    known = values[~np.isnan(values)]
    return bool(known.size and known.min() >= low and known.max() <= high)


def _unit(name: str) -> str:
    if unit := unit_of(name):
        return unit
    return next((unit for unit, parts in _UNITS.items() if says(name, frozenset(parts))), "")
