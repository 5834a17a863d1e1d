"""The decisions of a declared space: categorical, ordinal, integer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from archwalk.errors import InvalidArchitectureError, UsageError

Value = str | int | float | bool
Rule = str | Callable[..., bool]
"""An expression over decisions, or a function whose parameters are named as they are."""

MOST_VALUES = 1_000
KINDS = ("categorical", "ordinal", "integer")


@dataclass(frozen=True)
class Decision:
    """One decision: `values` are strings, numbers or booleans, all different.

    Neighbours have any other value of a `categorical` decision, and the next lower or higher one of an `ordinal` or
    `integer` one. A decision exists only where its rule `when` is true; without one it always does.
    Raises UsageError.
    """

    name: str
    kind: str
    values: tuple[Value, ...]
    when: Rule | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not self.values:
            raise UsageError(f"decision {self.name!r} has no values")
        if len(self.values) > MOST_VALUES:
            raise UsageError(
                f"decision {self.name!r} has {len(self.values):,} values; at most {MOST_VALUES:,} are allowed "
                "(take larger steps)"
            )
        for value in self.values:
            known: object = value
            if not isinstance(known, str | int | float) or known != known:
                raise UsageError(
                    f"values of {self.name!r} are strings, numbers or booleans, not {_plain(value)}"
                )
        seen: set[tuple[bool, Value]] = set()
        for value in self.values:
            if (key := (isinstance(value, bool), value)) in seen:
                raise UsageError(f"decision {self.name!r} has the value {value!r} twice")
            seen.add(key)
        if self.when is not None and not isinstance(self.when, str) and not callable(self.when):
            raise UsageError(f"when of {self.name!r} is an expression or a function, not {_plain(self.when)}")

    @property
    def ordered(self) -> bool:
        """Whether the next values are near."""
        return self.kind != "categorical"

    def index(self, value: object) -> int:
        """Where a value stands; 3 and 3.0 are the same, 1 and true are not. Raises InvalidArchitectureError."""
        for i, known in enumerate(self.values):
            if known == value and isinstance(known, bool) == isinstance(value, bool):
                return i
        known = ", ".join(map(_plain, self.values[:12])) + (", ..." if len(self.values) > 12 else "")
        raise InvalidArchitectureError(f'"{self.name}" is one of {known}, not {_plain(value)}')

    def as_dict(self) -> dict[str, Any]:
        """As `read_decision` takes it. Raises UsageError where `when` is a function."""
        values: list[Any] = list(self.values)
        if self.kind == "integer":  # three values would be read as first, last and step
            values = [values[0], values[-1], values[1] - values[0] if len(values) > 1 else 1]
        found: dict[str, Any] = {self.kind: values}
        if self.when is not None:
            if not isinstance(self.when, str):
                raise UsageError(f"when of {self.name!r} is a Python function, which no file can hold")
            found["when"] = self.when
        return found


def Categorical(name: str, values: Iterable[Value], when: Rule | None = None) -> Decision:
    """A decision among values in no order."""
    return Decision(name, "categorical", _listed(name, values), when)


def Ordinal(name: str, values: Iterable[Value], when: Rule | None = None) -> Decision:
    """A decision among values that stand in an order."""
    return Decision(name, "ordinal", _listed(name, values), when)


def Integer(name: str, first: int, last: int, step: int = 1, when: Rule | None = None) -> Decision:
    """A decision among `first`, `first + step`, ... up to `last`, which is a value if the steps meet it."""
    for what, number in (("first", first), ("last", last), ("step", step)):
        if type(number) is not int:
            raise UsageError(f"{what} of {name!r} is a whole number, not {_plain(number)}")
    if step < 1:
        raise UsageError(f"step of {name!r} is at least 1, not {step}")
    if last < first:
        raise UsageError(f"decision {name!r} goes from {first} to {last}: nothing lies between")
    count = (last - first) // step + 1
    if count > MOST_VALUES:
        raise UsageError(
            f"decision {name!r} has {count:,} values; at most {MOST_VALUES:,} are allowed (take larger steps)"
        )
    return Decision(name, "integer", tuple(range(first, last + 1, step)), when)


def read_decision(name: str, declared: object) -> Decision:
    """The decision of a TOML entry: a list (categorical), or a table with one of `KINDS` and perhaps `when`.

    `integer` is [first, last] or [first, last, step]. Raises UsageError.
    """
    if isinstance(declared, list):
        return Categorical(name, declared)
    if not isinstance(declared, Mapping):
        raise UsageError(
            f"decision {name!r} is a list of values or a table such as {{ ordinal = [16, 32, 64] }}, "
            f"not {_plain(declared)}"
        )
    for key in declared:
        if key not in (*KINDS, "when"):
            raise UsageError(f"decision {name!r} has no key {key!r}; known: {', '.join(KINDS)}, when")
    kinds = [kind for kind in KINDS if kind in declared]
    if len(kinds) != 1:
        raise UsageError(f"decision {name!r} needs exactly one of {', '.join(KINDS)}")
    kind, when = kinds[0], declared.get("when")
    given = declared[kind]
    if not isinstance(given, list):
        raise UsageError(f"{kind} of {name!r} is a list, not {_plain(given)}")
    if when is not None and not isinstance(when, str):
        raise UsageError(f"when of {name!r} is an expression in quotes, not {_plain(when)}")
    if kind == "integer":
        if len(given) not in (2, 3):
            raise UsageError(f"integer of {name!r} is [first, last] or [first, last, step]")
        return Integer(name, given[0], given[1], given[2] if len(given) > 2 else 1, when)
    return Decision(name, kind, _listed(name, given), when)


def _listed(name: str, values: Iterable[Value]) -> tuple[Value, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise UsageError(f"values of {name!r} are a list, not {_plain(values)}")
    return tuple(values)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip() or "\n" in name:
        raise UsageError(f"the name of a decision is a word, not {name!r}")


def _plain(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
