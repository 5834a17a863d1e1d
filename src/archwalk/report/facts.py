"""The questions that every table, figure and sentence asks of a comparison."""

import math
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np
from msgspec.structs import replace

from archwalk.estimators.base import Floats
from archwalk.experiments.differences import Differences, Pair
from archwalk.experiments.records import Best, Comparison
from archwalk.report.values import Format


def floats(values: Sequence[float | None]) -> Floats:
    """A list as an array, NaN for None."""
    return np.array([np.nan if value is None else value for value in values], np.float64)


def report_format(comparison: Comparison) -> Format:
    """How reports are written."""
    strategies = comparison.strategies.values()
    values = [best.mean for one in strategies for best in one.best_after.values()]
    values += [one.episodes.mean_final for one in strategies if one.episodes]
    return Format.of(comparison.report, values)


def reward_format(comparison: Comparison) -> Format:
    """How rewards are written."""
    strategies = comparison.strategies.values()
    values = [best.reward_mean for one in strategies for best in one.best_after.values()]
    return Format.of(comparison.reward, values)


def budgets(comparison: Comparison) -> list[int]:
    """All numbers of queries after which some strategy's best is on record, ascending."""
    return sorted({queries for one in comparison.strategies.values() for queries in one.best_after})


def best_after(comparison: Comparison, name: str, queries: int | None) -> Best | None:
    """What a strategy has found after so many queries; None where that is not on record, or has no report."""
    best = comparison.strategies[name].best_after.get(queries or 0)
    return best if best and best.mean is not None else None


def headline_budget(comparison: Comparison) -> int | None:
    """The queries after which the result is told: the whole budget. None where no result is on record."""
    return max(budgets(comparison), default=None)


def settled_budget(comparison: Comparison) -> int | None:
    """The last number of queries after which differences were tested; None where none were."""
    return max(comparison.significance.after, default=None) if comparison.significance else None


def tested_after(comparison: Comparison, queries: int | None) -> Differences | None:
    """The tests after so many queries; None where there are none."""
    return comparison.significance.after.get(queries or 0) if comparison.significance else None


def pair_of(comparison: Comparison, one: str, other: str, queries: int) -> Pair | None:
    """The test of two strategies after so many queries, as that of `one` less `other`; None where there is none."""
    after = tested_after(comparison, queries)
    for pair in after.pairs if after else []:
        if (pair.one, pair.other) == (one, other):
            return pair
        if (pair.one, pair.other) == (other, one):
            return replace(
                pair,
                one=one,
                other=other,
                difference=None if pair.difference is None else -pair.difference,
                ci95=None if pair.ci95 is None else (-pair.ci95[1], -pair.ci95[0]),
                superiority=None if pair.superiority is None else 1 - pair.superiority,
            )
    return None


def ranked(comparison: Comparison, names: Iterable[str]) -> list[str]:
    """Strategies by their mean best at the headline budget, the best first."""
    queries = headline_budget(comparison)

    def worth(name: str) -> float:
        best = best_after(comparison, name, queries)
        return -math.inf if best is None or best.mean is None else comparison.report.upward(best.mean)

    return sorted(names, key=worth, reverse=True)


def focus(comparison: Comparison) -> str:
    """What the report is about: the best of the trained agents, or of all strategies if none is trained."""
    strategies = comparison.strategies
    trained = [name for name in strategies if strategies[name].trained]
    return ranked(comparison, trained or strategies)[0]


def best_word(comparison: Comparison) -> str:
    """What a search is after: "best", or, with several goals, "front"."""
    return "best" if comparison.fronts is None else "front"


def optimum_line(comparison: Comparison) -> float | None:
    """Mean report of where an optimal policy ends.

    Not the best report of any architecture: the policy seeks the reward, as the strategies do.
    """
    return comparison.optimum.mean_final_report if comparison.optimum else None


def labels(names: Iterable[str]) -> dict[str, str]:
    """Short names: of a path, as many of its last parts as tell it from the other strategies, and never a number alone,
    as folders of seeds have.
    """
    parts = {name: PurePosixPath(name.replace("\\", "/")).parts or (name,) for name in names}

    def short(name: str) -> str:
        others = [other for key, other in parts.items() if key != name]
        for length in range(1, len(parts[name])):
            tail = parts[name][-length:]
            if not tail[0].isdecimal() and all(other[-length:] != tail for other in others):
                return "/".join(tail)
        return name

    return {name: short(name) for name in parts}


def short_labels(names: Iterable[str], length: int) -> dict[str, str]:
    """`labels` of at most `length` characters, or of as many more as keep them apart."""
    full = labels(names)
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
