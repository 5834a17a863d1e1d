"""What settings are checked for, declared once: a field's type says which numbers it takes.

class MySettings:
    steps: Count = 100
    dropout: Share = 0.1

    def __post_init__(self) -> None:
        check_settings(self)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isinf, isnan
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from archwalk.errors import UsageError, unknown


@dataclass(frozen=True)
class Range:
    """Numbers from `least` or `above`, to `most` or `below`."""

    least: float = -inf
    above: float = -inf
    most: float = inf
    below: float = inf

    def __contains__(self, number: float) -> bool:
        return self.least <= number <= self.most and self.above < number < self.below

    def __str__(self) -> str:
        if self.least > -inf and self.most < inf:
            return f"between {self.least:g} and {self.most:g}"
        parts = {"at least": self.least, "above": self.above, "at most": self.most, "below": self.below}
        return " and ".join(f"{words} {end:g}" for words, end in parts.items() if not isinf(end))


Count = Annotated[int, Range(least=1)]
CountOrZero = Annotated[int, Range(least=0)]
Positive = Annotated[float, Range(above=0)]
NotNegative = Annotated[float, Range(least=0)]
Share = Annotated[float, Range(least=0, most=1)]
Discount = Annotated[float, Range(least=0, below=1)]


def check_settings(settings: Any) -> None:
    """Raise UsageError for a number outside of its field's `Range` or not finite, or a word that is none of its
    `Literal`.
    """
    for name, hint in get_type_hints(type(settings), include_extras=True).items():
        value = getattr(settings, name)
        if isinstance(value, float) and isinf(value):
            raise UsageError(f"{name} must be finite, not {value}")
        for part in _parts(hint):
            if isinstance(part, Range) and value is not None and value not in part:
                raise UsageError(f"{name} must be {part}, not {value}")
            if get_origin(part) is Literal and value not in get_args(part):
                raise unknown(name, value, get_args(part))
        if isinstance(value, float) and isnan(value):
            raise UsageError(f"{name} must be a number, not {value}")


def _parts(hint: Any) -> Iterator[Any]:
    """A type, the members of a union, and what is annotated."""
    yield hint
    if get_origin(hint) is not Literal:
        for part in [*get_args(hint), *getattr(hint, "__metadata__", ())]:
            yield from _parts(part)


def check_heads(settings: Any) -> None:
    """Raise UsageError for a `width` that `heads` do not divide."""
    if settings.width % settings.heads:
        raise UsageError(f"width {settings.width} must be a multiple of heads {settings.heads}")


def say_unused_target(updates: int, target_every: int, steps: int) -> str:
    """What is to be said of a training of `steps` in which the target network is never updated; else nothing."""
    if updates < target_every:
        return (
            f"the target network stays as it begins: {steps:,} steps have {max(0, updates):,} updates, and it follows "
            f"every {target_every:,}; lower target_every"
        )
    return ""
