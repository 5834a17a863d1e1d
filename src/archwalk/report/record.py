"""The record of a comparison, `result.json` in a run folder: read, and checked before anything is drawn.

Accuracies are in percent, improvements in percentage points. `reward` is what the strategies saw, `report`
what they are judged by.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from archwalk.errors import DataError

Record = Mapping[str, Any]

RESULT = "result.json"

_NUMBER = (int, float)
_KIND = {int: "a whole number", _NUMBER: "a number", str: "text"}

# What a report relies on. Of an object the keys ("*" each one, "?" may be absent or null), of a list the items.
_SHAPE: dict[str, Any] = {
    "benchmark": str,
    "objective": str,
    "objective_meaning?": str,
    "budget": int,
    "trials": int,
    "seeds?": [int],
    "created?": str,
    "command?": str,
    "versions?": {"*": str},
    "provenance?": {},
    "space?": {"name?": str, "architectures?": int, "edges?": int},
    "query?": {"*": str},
    "evaluation?": str,
    "optimum?": {},
    "significance?": {
        "test?": str,
        "correction?": str,
        "level": _NUMBER,
        "trials": int,
        "after": {
            "*": {
                "friedman?": {"statistic": _NUMBER, "p": _NUMBER},
                "ranks": {"*": _NUMBER},
                "groups": [[str]],
                "pairs": [
                    {
                        "one": str,
                        "other": str,
                        "trials": int,
                        "difference": _NUMBER,
                        "ci95": [_NUMBER],
                        "superiority": _NUMBER,
                        "p": _NUMBER,
                        "p_holm": _NUMBER,
                    }
                ],
            }
        },
    },
    "ranks?": {"trials": int, "queries": [_NUMBER], "mean": {"*": [_NUMBER]}},
    "profile?": {
        "queries": int,
        "tau": [_NUMBER],
        "strategies": {"*": {"share": [_NUMBER], "lo": [_NUMBER], "hi": [_NUMBER]}},
    },
    "episodes?": {"starts?": int, "limit?": int},
    "training?": {
        "seconds?": _NUMBER,
        "steps?": [_NUMBER],
        "epsilon?": [_NUMBER],
        "stop_reward?": [_NUMBER],
        "unique?": [_NUMBER],
        "best_reward?": [_NUMBER],
    },
    "strategies": {
        "*": {
            "query?": str,
            "agents?": int,
            "best_after": {"*": {"ci95?": [_NUMBER]}},
            "curve?": {"queries": [_NUMBER], "mean": [_NUMBER], "lo?": [_NUMBER], "hi?": [_NUMBER]},
            "episodes?": {
                "histogram?": {"edges": [_NUMBER], "counts": [_NUMBER]},
                "intervals?": {"*": [_NUMBER]},
            },
            "found?": {"svg?": str, "reward?": _NUMBER, "report?": _NUMBER},
            "examples?": [{"start": {"svg?": str}, "found": {"svg?": str}}],
        }
    },
}


def read_record(folder: Path) -> dict[str, Any]:
    """The record in a run folder. Raises DataError if there is none, or if it is damaged."""
    path = folder / RESULT
    try:
        record = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{folder} is not a run folder: no {RESULT}; make one with archwalk compare ... --out DIR"
        ) from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}") from error
    problem = _mismatch(record, _SHAPE, "") or next(
        chain(_uneven(record["strategies"]), _strangers(record)), None
    )
    if problem:
        raise DataError(f"{path} is not the record of a comparison: {problem}")
    checked: dict[str, Any] = record
    return checked


def _mismatch(value: object, shape: Any, place: str) -> str | None:
    """How a part of a record differs from its shape, or None. `place` is where it is, say `strategies.dqn`."""
    name = place or "the whole"
    if isinstance(shape, dict):
        return (
            _object_mismatch(value, shape, place) if isinstance(value, dict) else f"{name} is not an object"
        )
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{name} is not a list"
        inner = ((f"{place}[{i}]", item) for i, item in enumerate(value) if item is not None)
        return next(filter(None, (_mismatch(item, shape[0], where) for where, item in inner)), None)
    return None if isinstance(value, shape) else f"{name} is not {_KIND[shape]}"


def _object_mismatch(value: dict[str, Any], shape: dict[str, Any], place: str) -> str | None:
    for pattern, inner in shape.items():
        for key in list(value) if pattern == "*" else [pattern.removesuffix("?")]:
            where = f"{place}.{key}" if place else key
            if value.get(key) is not None:
                problem = _mismatch(value[key], inner, where)
            else:
                problem = None if pattern.endswith("?") else f"it has no {where}"
            if problem:
                return problem
    return None


def _uneven(strategies: dict[str, Any]) -> Iterator[str]:
    """Lists that belong together and are not of one length."""
    if not strategies:
        yield "strategies is empty"
    for name, strategy in strategies.items():
        curve, episodes = strategy.get("curve") or {}, strategy.get("episodes") or {}
        if len({len(values) for values in curve.values() if values is not None}) > 1:
            yield f"the lists of strategies.{name}.curve are not of one length"
        histogram = episodes.get("histogram")
        if histogram and len(histogram["edges"]) != len(histogram["counts"]) + 1:
            yield f"strategies.{name}.episodes.histogram does not have one edge more than counts"
        if any(len(ends) != 2 for ends in (episodes.get("intervals") or {}).values() if ends is not None):
            yield f"strategies.{name}.episodes.intervals are not pairs"


def _strangers(record: dict[str, Any]) -> Iterator[str]:
    """Comparisons of strategies that the record does not have, or by lists that are not of one length."""
    known = set(record["strategies"])
    ranks, profile = record.get("ranks") or {}, record.get("profile") or {}
    for at, after in ((record.get("significance") or {}).get("after") or {}).items():
        named = {name for pair in after["pairs"] for name in (pair["one"], pair["other"])}
        if not named | set(after["ranks"]) | set(chain(*after["groups"])) <= known:
            yield f"significance.after.{at} names a strategy that is not there"
        if any(len(pair["ci95"]) != 2 for pair in after["pairs"]):
            yield f"significance.after.{at} has an interval that is no pair"
    if not set(ranks.get("mean") or {}) | set(profile.get("strategies") or {}) <= known:
        yield "ranks or profile name a strategy that is not there"
    if any(len(values) != len(ranks["queries"]) for values in (ranks.get("mean") or {}).values()):
        yield "the lists of ranks are not of one length"
    for name, lists in (profile.get("strategies") or {}).items():
        if any(len(values) != len(profile["tau"]) for values in lists.values()):
            yield f"the lists of profile.strategies.{name} are not as long as tau"
