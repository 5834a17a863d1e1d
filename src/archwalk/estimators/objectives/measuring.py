"""One evaluation by an objective of the user's: whatever it returns or raises is an outcome."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from archwalk.estimators.store.records import DONE, OBJECTIVE, Outcome
from archwalk.secrets import hide_secrets
from archwalk.spaces.architecture import Architecture

ObjectiveFunction = Callable[[Architecture], object]
"""Takes an architecture and returns a number, or numbers by name."""

FAILED = "failed"
ONLY = ""
"""The name under which the store keeps a number that has none."""

SECONDS = "seconds"
"""A number of this name is what the evaluation cost, in place of the time that it took."""

FIRST = "first"
"""Among the versions of an outcome: the name that came first."""

_LONGEST_REASON = 300


class ObjectiveError(Exception):
    """The objective says what is wrong in words that need no type before them."""


def measure(objective: ObjectiveFunction, architecture: Architecture) -> Outcome:
    """Call an objective. What it raises, and what it returns that is no number, is a failure with its reason."""
    began = time.perf_counter()
    try:
        value = objective(architecture)
    except ObjectiveError as error:
        return failure(str(error), time.perf_counter() - began)
    except (Exception, SystemExit) as error:
        return failure(f"{type(error).__name__}: {error}", time.perf_counter() - began)
    seconds = time.perf_counter() - began
    try:
        metrics = read_metrics(value)
    except ValueError as error:
        return failure(str(error), seconds)
    first = next(iter(metrics))
    known = next(numbers[0] for numbers in metrics.values() if numbers)
    return Outcome(
        DONE, "", known, known, seconds=metrics.get(SECONDS, [seconds])[0], curves=metrics,
        versions={FIRST: first}, metric=OBJECTIVE,
    )  # fmt: skip


def failure(reason: str, seconds: float = 0.0, status: str = FAILED) -> Outcome:
    """An evaluation without a result."""
    words = hide_secrets(" ".join(reason.split()))
    if len(words) > _LONGEST_REASON:
        words = f"{words[:_LONGEST_REASON]}..."
    return Outcome(status, words, seconds=seconds, metric=OBJECTIVE)


def read_metrics(value: object) -> dict[str, list[float]]:
    """What an objective returned, as lists by name: of one number each, or of none where it is not finite.

    A bare number has the name `ONLY`. Raises ValueError, which says what is wrong, where no number is finite.
    """
    if not isinstance(value, Mapping):
        number = _number(value, "the objective")
        if not math.isfinite(number):
            raise ValueError(f"the objective gave {number}")
        return {ONLY: [number]}
    if not value:
        raise ValueError("the objective gave a mapping with no metric in it")
    found: dict[str, list[float]] = {}
    for name, one in value.items():
        if not isinstance(name, str) or not name:
            raise ValueError(f"the objective named a metric {name!r}; names are text")
        number = _number(one, name)
        found[name] = [number] if math.isfinite(number) else []
    if (seconds := found.get(SECONDS)) is not None and (not seconds or seconds[0] < 0):
        raise ValueError(f"the objective gave {value[SECONDS]} as seconds, which is no time")
    if not any(numbers for name, numbers in found.items() if name != SECONDS):
        shown = ", ".join(f"{name}: {value[name]}" for name in found)
        raise ValueError(f"the objective gave no number that is finite ({shown})")
    return found


def _number(value: object, what: str) -> float:
    """A number of Python, NumPy or PyTorch. Raises ValueError for anything else."""
    if isinstance(value, np.ndarray | np.generic) or type(value).__module__.partition(".")[0] == "torch":
        value = _single(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        shown = repr(value)
        raise ValueError(
            f"{what} gave {shown if len(shown) < 60 else type(value).__name__}, which is no number"
        )
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _single(value: Any) -> object:
    try:
        return value.item()
    except (ValueError, RuntimeError, AttributeError):
        return value
