"""From the words of `--track` to a callback."""

from __future__ import annotations

from archwalk.errors import UsageError
from archwalk.registry import find_attribute
from archwalk.tracking.mlflow import MLflow
from archwalk.tracking.step import Callback
from archwalk.tracking.tensorboard import TensorBoard

FORMS = "tensorboard:DIR, mlflow:URI, FILE.py:FUNCTION or MODULE:FUNCTION"


def track(words: str) -> Callback:
    """`tensorboard:DIR`, `mlflow:URI` (`mlflow` alone: where MLflow itself says), or a function of yours.

    Raises UsageError for anything else, and what the trackers raise.
    """
    kind, colon, place = words.partition(":")
    if kind == "mlflow":
        return MLflow(place or None)
    if not colon or not place or not kind:
        raise UsageError(f"--track takes {FORMS}, not {words!r}")
    if kind == "tensorboard":
        return TensorBoard(place)
    found = find_attribute(words, "a callback")
    if not callable(found):
        raise UsageError(f"{words} is a {type(found).__name__}, which cannot be called with a step")
    callback: Callback = found
    return callback
