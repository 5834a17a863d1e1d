"""One evaluation by an objective of the user's: whatever it returns, yields or raises is an outcome."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.estimators.store.records import DONE, OBJECTIVE, Outcome
from archwalk.secrets import hide_secrets
from archwalk.spaces.architecture import Architecture

ObjectiveFunction = Callable[[Architecture], object]
"""Takes an architecture and returns a number, or numbers by name; or yields them after every step of a training."""

FAILED = "failed"
ONLY = ""
"""The name under which the store keeps a number that has none."""

SECONDS = "seconds"
"""A number of this name is what the evaluation cost, in place of the time that it took."""

FIRST = "first"
"""Among the versions of an outcome: the name that came first."""

_LONGEST_REASON = 300


class NotMeasuredError(ValueError):
    """What an objective gave is no measurement."""


class ObjectiveError(Exception):
    """The objective says what is wrong in words that need no type before them."""


def measure(objective: ObjectiveFunction, architecture: Architecture, steps: int | None = None) -> Outcome:
    """Call an objective. What it raises, and what it returns that is no number, is a failure with its reason.

    One that yields says what the architecture is worth after each step; the last step counts, or the one after which
    it is ended, the `steps`-th.
    """
    began = time.perf_counter()
    try:
        value = objective(architecture)
        every = [read_metrics(value)] if not isinstance(value, Iterator) else read_steps(value, steps)
    except (ObjectiveError, NotMeasuredError) as error:
        return failure(str(error), time.perf_counter() - began)
    except (Exception, SystemExit) as error:
        return failure(f"{type(error).__name__}: {error}", time.perf_counter() - began)
    seconds = time.perf_counter() - began
    return outcome_of(every, seconds)


def outcome_of(every: Sequence[Mapping[str, list[float]]], seconds: float) -> Outcome:
    """What came of an evaluation of these steps, in which `seconds` passed. Each metric has a curve of all steps, or,
    where it was not given at each, its last number alone.
    """
    last = every[-1]
    curves = {
        name: [step[name][0] for step in every] if all(step.get(name) for step in every) else numbers
        for name, numbers in last.items()
    }
    known = next(numbers[0] for name, numbers in last.items() if numbers)
    spent = sum(step[SECONDS][0] for step in every) if SECONDS in last else seconds
    return Outcome(
        DONE,
        "",
        known,
        known,
        seconds=spent,
        curves=curves,
        versions={FIRST: next(iter(last))},
        metric=OBJECTIVE,
    )


def read_steps(values: Iterator[object], steps: int | None) -> list[dict[str, list[float]]]:
    """What an objective yielded, up to `steps` times, and perhaps returned in the end. It is closed then, so that it
    can put away what it holds. Raises NotMeasuredError for a step without a number, and where there was none.
    """
    found: list[dict[str, list[float]]] = []
    try:
        while steps is None or len(found) < steps:
            try:
                value = next(values)
            except StopIteration as end:
                if end.value is not None:
                    found.append(_step(end.value, len(found) + 1))
                break
            found.append(_step(value, len(found) + 1))
            if found[-1].keys() != found[0].keys():
                raise NotMeasuredError(
                    f"in step {len(found)}: the objective gave {', '.join(found[-1])}, before it was "
                    f"{', '.join(found[0])}"
                )
    finally:
        if isinstance(values, Generator):
            values.close()
    if not found:
        raise NotMeasuredError("the objective yielded nothing")
    return found


def _step(value: object, number: int) -> dict[str, list[float]]:
    try:
        found = read_metrics(value)
    except NotMeasuredError as error:
        raise NotMeasuredError(f"in step {number}: {error}") from None
    first = next(name for name in found if name != SECONDS)
    if not found[first]:
        raise NotMeasuredError(f"in step {number}: {first or 'the objective'} is no finite number")
    return found


def failure(reason: str, seconds: float = 0.0, status: str = FAILED) -> Outcome:
    """An evaluation without a result."""
    words = hide_secrets(" ".join(reason.split()))
    if len(words) > _LONGEST_REASON:
        words = f"{words[:_LONGEST_REASON]}..."
    return Outcome(status, words, seconds=seconds, metric=OBJECTIVE)


def read_metrics(value: object) -> dict[str, list[float]]:
    """What an objective returned, as lists by name: of one number each, or of none where it is not finite.

    A bare number has the name `ONLY`. Raises NotMeasuredError, which says what is wrong, where no number is finite.
    """
    if not isinstance(value, Mapping):
        number = _number(value, "the objective")
        if not math.isfinite(number):
            raise NotMeasuredError(f"the objective gave {number}")
        return {ONLY: [number]}
    if not value:
        raise NotMeasuredError("the objective gave a mapping with no metric in it")
    found: dict[str, list[float]] = {}
    for name, one in value.items():
        if not isinstance(name, str) or not name:
            raise NotMeasuredError(f"the objective named a metric {name!r}; names are text")
        number = _number(one, name)
        found[name] = [number] if math.isfinite(number) else []
    if (seconds := found.get(SECONDS)) is not None and (not seconds or seconds[0] < 0):
        raise NotMeasuredError(f"the objective gave {value[SECONDS]} as seconds, which is no time")
    if not any(numbers for name, numbers in found.items() if name != SECONDS):
        shown = ", ".join(f"{name}: {value[name]}" for name in found)
        raise NotMeasuredError(f"the objective gave no number that is finite ({shown})")
    return found


def _number(value: object, what: str) -> float:
    """A number of Python, NumPy or PyTorch. Raises NotMeasuredError for anything else."""
    if isinstance(value, np.ndarray | np.generic) or type(value).__module__.partition(".")[0] == "torch":
        value = _single(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        shown = repr(value)
        raise NotMeasuredError(
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
