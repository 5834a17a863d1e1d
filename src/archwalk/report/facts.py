"""The questions that every table, figure and sentence asks of a record."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.report.record import Record

PREFERRED_BUDGET = 50


def number(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def floats(values: Sequence[float | None] | None) -> Floats:
    """A list as an array, NaN for null; empty for no list."""
    return np.array([np.nan if value is None else value for value in values or []], np.float64)


def budgets(record: Record) -> list[int]:
    """All numbers of queries after which some strategy's best is on record, ascending."""
    return sorted({int(q) for s in record["strategies"].values() for q in s["best_after"] if q.isdecimal()})


def best_after(record: Record, name: str, queries: int) -> float | None:
    """Mean over trials of the report of the best by reward, after so many queries."""
    after = record["strategies"][name]["best_after"].get(str(queries)) or {}
    return number(after.get("mean"))


def interval_after(record: Record, name: str, queries: int) -> tuple[float, float] | None:
    """The 95 % interval of `best_after`; None where there is none."""
    after = record["strategies"][name]["best_after"].get(str(queries)) or {}
    ends = [number(end) for end in after.get("ci95") or []]
    match ends:
        case [float(low), float(high)]:
            return low, high
    return None


def headline_budget(record: Record) -> int | None:
    """The queries after which the result is told: 50 where they are on record, else those in the middle."""
    known = budgets(record)
    if PREFERRED_BUDGET in known:
        return PREFERRED_BUDGET
    return known[len(known) // 2] if known else None


def settled_budget(record: Record) -> int | None:
    """The last number of queries after which differences were tested; None where none were."""
    after = (record.get("significance") or {}).get("after") or {}
    return max((int(queries) for queries in after if queries.isdecimal()), default=None)


def pair_of(record: Record, one: str, other: str, queries: int) -> Mapping[str, Any] | None:
    """The test of two strategies after so many queries, as that of `one` less `other`; None where there is none."""
    after = ((record.get("significance") or {}).get("after") or {}).get(str(queries)) or {}
    pair: Mapping[str, Any]
    for pair in after.get("pairs") or []:
        if (pair["one"], pair["other"]) == (one, other):
            return pair
        if (pair["one"], pair["other"]) == (other, one):
            low, high = pair["ci95"]
            turned = {
                "difference": -pair["difference"],
                "ci95": [-high, -low],
                "superiority": 1 - pair["superiority"],
            }
            return {**pair, "one": one, "other": other, **turned}
    return None


def ranked(record: Record, names: Iterable[str]) -> list[str]:
    """Strategies by their mean best at the headline budget, the best first."""
    queries = headline_budget(record)

    def worth(name: str) -> float:
        mean = best_after(record, name, queries) if queries else None
        return -math.inf if mean is None else mean

    return sorted(names, key=worth, reverse=True)


def focus(record: Record) -> str:
    """What the report is about: the best of the trained agents, or of all strategies if none is trained."""
    strategies = record["strategies"]
    trained = [name for name in strategies if strategies[name].get("trained")]
    return ranked(record, trained or strategies)[0]


def optimum_line(record: Record) -> float | None:
    """Mean report of where an optimal policy ends.

    Not the best report of any architecture: the policy seeks the reward, as the strategies do.
    """
    return number((record.get("optimum") or {}).get("mean_final_report"))


def metrics(record: Record) -> tuple[str, str]:
    """Names of reward and report, say ("validation accuracy", "test accuracy")."""
    meaning = re.sub(r"\s*\([^)]*\)\s*$", "", record.get("objective_meaning") or "")
    if same := re.fullmatch(r"reward and report: (?:mean )?(.+)", meaning):
        return same[1], same[1]
    if two := re.fullmatch(r"reward: (.+?)[,;] report: (.+)", meaning):
        return two[1], two[2]
    return "reward", "reported accuracy"


def in_percent(record: Record) -> bool:
    """Whether figures are accuracies; those of agents are raw scores of a game."""
    return "raw score" not in (record.get("objective_meaning") or "")


def labels(record: Record) -> dict[str, str]:
    """Short names: of a path, as many of its last parts as tell it from the other strategies."""
    parts = {name: PurePosixPath(name.replace("\\", "/")).parts or (name,) for name in record["strategies"]}

    def short(name: str) -> str:
        others = [other for key, other in parts.items() if key != name]
        for length in range(1, len(parts[name])):
            tail = parts[name][-length:]
            if all(other[-length:] != tail for other in others):
                return "/".join(tail)
        return name

    return {name: short(name) for name in parts}


def short_labels(record: Record, length: int) -> dict[str, str]:
    """`labels` of at most `length` characters, or of as many more as keep them apart."""
    full = labels(record)
    while True:
        short = {name: shorten(label, length) for name, label in full.items()}
        if len(set(short.values())) == len(set(full.values())):
            return short
        length += 1


def shorten(text: str, length: int) -> str:
    """At most `length` characters, cut in the middle: a name is told apart by both its ends."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[head + len(text) - length + 1 :]}"
