"""Which decisions exist, and which architectures are allowed: conditions and constraints of a declaration, compiled.

A string of decisions is a row of indices into their values, those that do not exist 0: *settled*. Settled rows are
equal where architectures are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError, unknown
from archwalk.spaces.declared.decisions import Decision, Rule
from archwalk.spaces.declared.expressions import Column, Expression, compile_expression, word

Digits = NDArray[np.signedinteger[Any]]
"""Rows (B, D) of indices into the values of decisions."""

Bools = NDArray[np.bool_]

_MOST_REMEMBERED = 1 << 16  # combinations of values for which a function's answers are kept


class Function:
    """A Python function over decisions, whose parameters say which: asked once for each combination of their values."""

    def __init__(self, function: Callable[..., Any], decisions: Sequence[Decision], where: str) -> None:
        self.text = f"{getattr(function, '__name__', 'function')}(...)"
        self.function, self.where = function, where
        by_word = {word(decision.name): decision for decision in decisions}
        try:
            parameters = list(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            parameters = []
        for name in parameters:
            if name not in by_word:
                raise UsageError(f"{where}: a parameter is an {unknown('decision', name, by_word)}")
        if not parameters:
            raise UsageError(f"{where}: a function names the decisions that it reads as its parameters")
        self.names = tuple(parameters)
        self.decisions = [by_word[name] for name in parameters]
        self._sizes = [len(decision.values) + 1 for decision in self.decisions]
        count = int(np.prod(self._sizes, dtype=object))
        self._known: NDArray[np.int8] | dict[int, int] = (
            np.full(count, -1, np.int8) if count <= _MOST_REMEMBERED else {}
        )

    def __call__(self, columns: dict[str, Column]) -> Column:
        """Truth of each row. A decision that does not exist is None to the function."""
        parts = [columns[name] for name in self.names]
        indices = [np.where(part.known_B, part.values_B, -1) + 1 for part in parts]
        key_B = np.zeros(len(indices[0]), np.int64)
        for size, index_B in zip(self._sizes, indices, strict=True):
            key_B = key_B * size + index_B
        if isinstance(self._known, dict):
            self._known = {}
            keys, first, back_B = np.unique(key_B, return_index=True, return_inverse=True)
            found = [self._ask([int(index_B[row]) for index_B in indices]) for row in first]
            truth_B = np.array(found, np.bool_)[back_B] if len(keys) else np.zeros(0, np.bool_)
        else:
            _, first = np.unique(key_B, return_index=True)
            for row in first[self._known[key_B[first]] < 0]:
                self._known[key_B[row]] = self._ask([int(index_B[row]) for index_B in indices])
            truth_B = self._known[key_B] == 1
        return Column(truth_B, np.ones(len(truth_B), np.bool_))

    def _ask(self, indices: Sequence[int]) -> bool:
        values = [
            decision.values[index - 1] if index else None
            for decision, index in zip(self.decisions, indices, strict=True)
        ]
        try:
            return bool(self.function(*values))
        except Exception as error:
            told = ", ".join(f"{name}={value!r}" for name, value in zip(self.names, values, strict=True))
            raise UsageError(f"{self.where}: {self.text} fails for {told}: {error}") from error


Compiled = Expression | Function


def compile_rule(rule: Rule, decisions: Sequence[Decision], where: str) -> Compiled:
    """An expression or a function over decisions. Raises UsageError."""
    if isinstance(rule, str):
        return compile_expression(rule, decisions, where)
    if not callable(rule):
        raise UsageError(f"{where}: a rule is an expression in quotes or a function, not {rule!r}")
    return Function(rule, decisions, where)


@dataclass(frozen=True)
class Rules:
    """`place_of` says where the decision of a word stands; `order` are the decisions such that each comes after those
    that its condition names; `conditions` are by decision; `last` says of each constraint after which place in `order`
    all that it names is decided.
    """

    decisions: tuple[Decision, ...]
    place_of: Mapping[str, int]
    order: tuple[int, ...]
    conditions: tuple[Compiled | None, ...]
    constraints: tuple[Compiled, ...]
    last: tuple[int, ...]

    @classmethod
    def of(cls, decisions: Sequence[Decision], constraints: Sequence[Rule]) -> Rules:
        """Compile. Raises UsageError for conditions in a circle, and whatever cannot be compiled."""
        words = [word(decision.name) for decision in decisions]
        for name in words:
            if words.count(name) > 1:
                twice = [decision.name for decision in decisions if word(decision.name) == name]
                shown = f"{twice[0]!r} twice" if len(set(twice)) == 1 else " and ".join(map(repr, twice))
                raise UsageError(f"decisions need names that differ, also as {name}: there is {shown}")
        conditions = [
            None
            if decision.when is None
            else compile_rule(decision.when, decisions, f"when of {decision.name!r}")
            for decision in decisions
        ]
        order = _ordered(decisions, conditions, words)
        compiled = [compile_rule(rule, decisions, "a constraint") for rule in constraints]
        place = {words[d]: p for p, d in enumerate(order)}
        last = [max(place[name] for name in rule.names) for rule in compiled]
        places = {name: d for d, name in enumerate(words)}
        return cls(tuple(decisions), places, order, tuple(conditions), tuple(compiled), tuple(last))

    @property
    def plain(self) -> bool:
        """Whether every string is settled and allowed."""
        return not self.constraints and all(condition is None for condition in self.conditions)

    def settle(self, digits_BD: Digits) -> Bools:
        """Set what does not exist to 0, in place; say what exists, (B, D)."""
        exists_BD = np.ones(digits_BD.shape, np.bool_)
        for d in self.order:
            self.settle_one(d, digits_BD, exists_BD)
        return exists_BD

    def settle_one(self, d: int, digits_BD: Digits, exists_BD: Bools) -> None:
        """The same of one decision, those before it in `order` being settled."""
        if (condition := self.conditions[d]) is not None:
            column = condition(self._columns(condition, digits_BD, exists_BD))
            exists_BD[:, d] = column.values_B.astype(np.bool_) & column.known_B
            digits_BD[~exists_BD[:, d], d] = 0

    def exists(self, digits_BD: Digits) -> Bools:
        """What exists (B, D) of settled rows."""
        return self.settle(digits_BD.copy())

    def allowed(self, digits_BD: Digits, exists_BD: Bools, place: int | None = None) -> Bools:
        """Whether settled rows (B,) violate no constraint; of those only that are decided at a `place` in `order`.

        A constraint that is unknown, since a decision does not exist, is not violated.
        """
        allowed_B = np.ones(len(digits_BD), np.bool_)
        for constraint, last in zip(self.constraints, self.last, strict=True):
            if place is None or place == last:
                allowed_B &= self._kept(constraint, digits_BD, exists_BD)
        return allowed_B

    def broken(self, digits_1D: Digits, exists_1D: Bools) -> str | None:
        """The first constraint that a settled row violates."""
        broken = (rule.text for rule in self.constraints if not self._kept(rule, digits_1D, exists_1D)[0])
        return next(broken, None)

    def _kept(self, constraint: Compiled, digits_BD: Digits, exists_BD: Bools) -> Bools:
        column = constraint(self._columns(constraint, digits_BD, exists_BD))
        return column.values_B.astype(np.bool_) | ~column.known_B

    def _columns(self, rule: Compiled, digits_BD: Digits, exists_BD: Bools) -> dict[str, Column]:
        return {name: Column(digits_BD[:, d := self.place_of[name]], exists_BD[:, d]) for name in rule.names}


def _ordered(
    decisions: Sequence[Decision], conditions: Sequence[Compiled | None], words: Sequence[str]
) -> tuple[int, ...]:
    """Each decision after those that its condition names, else as declared. Raises UsageError for a circle."""
    order: list[int] = []
    rest = list(range(len(decisions)))
    while rest:
        done = {words[d] for d in order}
        free = [d for d in rest if (rule := conditions[d]) is None or done.issuperset(rule.names)]
        if not free:
            names = ", ".join(repr(decisions[d].name) for d in rest)
            raise UsageError(f"the conditions of {names} form a circle: each waits for another")
        order.append(free[0])
        rest.remove(free[0])
    return tuple(order)
