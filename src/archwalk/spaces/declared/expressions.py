"""A small language of expressions over decisions, for conditions and constraints in files.

Numbers, 'strings', true and false, names of decisions, + - * / // % **, comparisons (chained ones and `in (...)` too),
`and`, `or`, `not`, and sum, min, max, abs. It is read by Python's parser, and nothing but these is let through; nothing
is run as Python.

A decision that does not exist is unknown, and so is what is computed from it, but for `sum`, `min` and `max`, which
leave it out. `and`, `or` and `not` follow Kleene's logic of three values, as SQL's do. Where a file says `True`, it may
say `true`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError, unknown
from archwalk.spaces.declared.decisions import Decision

MOST_CHARACTERS = 2_000
MOST_DEPTH = 100


@dataclass(frozen=True)
class Column:
    """Values (B,) of a part of an expression (of a decision: their indices), and where they are known."""

    values_B: NDArray[Any]
    known_B: NDArray[np.bool_]


Columns = Mapping[str, Column]
Part = Callable[[Columns], Column]

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Pow: np.power,
}  # fmt: skip
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal, ast.NotEq: np.not_equal, ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}  # fmt: skip
_AGGREGATES: Mapping[str, tuple[Callable[[Any, Any], Any], float]] = {
    "sum": (np.add, 0.0), "min": (np.minimum, np.inf), "max": (np.maximum, -np.inf),
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A compiled expression and the decisions that it names, in the order of their names."""

    text: str
    names: tuple[str, ...]
    part: Part

    def __call__(self, columns: Columns) -> Column:
        """Truth of each row; what is not a number in between counts as false."""
        with np.errstate(all="ignore"):
            return self.part(columns)


def word(name: str) -> str:
    """The name of a decision as expressions and functions write it: other characters than letters and digits are _."""
    found = re.sub(r"\W", "_", name.strip())
    return f"_{found}" if found[:1].isdigit() else found


def numeric(decision: Decision) -> bool:
    """Whether a decision's values are all numbers."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in decision.values)


def compile_expression(text: str, decisions: Sequence[Decision], where: str) -> Expression:
    """Compile what is true or false; `where` begins every error. Raises UsageError in one line."""
    reader = _Reader(text, {word(decision.name): decision for decision in decisions}, where)
    expression = reader.read(reader.truth)
    if not expression.names:
        raise UsageError(f"{where}: {text!r} names no decision")
    return expression


def compile_number(text: str, decisions: Sequence[Decision], where: str) -> Expression:
    """Compile what is a number; see `compile_expression`."""
    reader = _Reader(text, {word(decision.name): decision for decision in decisions}, where)
    return reader.read(reader.number)


class _Reader:
    def __init__(self, text: str, decisions: Mapping[str, Decision], where: str) -> None:
        self.text, self.decisions, self.where = text, decisions, where
        self.used: set[str] = set()

    def read(self, kind: Callable[[ast.expr], Part]) -> Expression:
        if len(self.text) > MOST_CHARACTERS:
            raise self._wrong(f"is longer than {MOST_CHARACTERS:,} characters")
        try:
            tree = ast.parse(self.text.strip(), mode="eval")
            if _depth(tree.body) > MOST_DEPTH:
                raise RecursionError
            part = kind(tree.body)
        except (SyntaxError, ValueError, OverflowError) as error:
            raise self._wrong(f"cannot be read ({getattr(error, 'msg', error)})") from None
        except (RecursionError, MemoryError):
            raise self._wrong("is nested too deeply; long sums are written sum(a, b, ...)") from None
        return Expression(self.text, tuple(sorted(self.used)), part)

    def _wrong(self, what: str) -> UsageError:
        text = self.text if len(self.text) <= 80 else f"{self.text[:77]}..."
        return UsageError(f"{self.where}: {text!r} {what}")

    def truth(self, node: ast.expr) -> Part:
        """A part that is true or false."""
        match node:
            case ast.BoolOp(op, parts):
                return _joined([self.truth(part) for part in parts], isinstance(op, ast.And))
            case ast.UnaryOp(ast.Not(), operand):
                return _negated(self.truth(operand))
            case ast.Compare(left, operators, others):
                ends = [left, *others]
                pairs = [
                    self._comparison(ends[i], operator, ends[i + 1]) for i, operator in enumerate(operators)
                ]
                return _joined(pairs, conjunction=True)
            case ast.Constant(bool() as value):
                return _constant(float(value))
            case ast.Name(name):
                decision = self._decision(name)
                if decision is None:
                    return _constant(float(name == "true"))
                if not all(isinstance(value, bool) for value in decision.values):
                    raise self._wrong(f"takes {name} for true or false, which it is not; compare it")
                return _is(name, decision.values.index(True) if True in decision.values else -1)
            case _:
                raise self._wrong("is not true or false; compare what it says, as in depth * width <= 512")

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Part:
        if isinstance(operator, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List | ast.Set):
                raise self._wrong("needs values in brackets behind `in`")
            found = _joined([self._equality(left, one) for one in right.elts], conjunction=False)
            return _negated(found) if isinstance(operator, ast.NotIn) else found
        if type(operator) not in _COMPARISONS:
            raise self._wrong("compares by something else than ==, !=, <, <=, >, >= and in")
        if isinstance(operator, ast.Eq):
            return self._equality(left, right)
        if isinstance(operator, ast.NotEq):
            return _negated(self._equality(left, right))
        return _of_two(_COMPARISONS[type(operator)], self.number(left), self.number(right))

    def _equality(self, left: ast.expr, right: ast.expr) -> Part:
        for one, other in ((left, right), (right, left)):
            name = one.id if isinstance(one, ast.Name) else ""
            decision = self._decision(name) if name else None
            if decision is None or (numeric(decision) and not isinstance(_value(other), str | bool)):
                continue
            second = other.id if isinstance(other, ast.Name) else ""
            if second in self.decisions:
                return self._same_value(name, second)
            value = _value(other)
            if value is None:
                raise self._wrong(f"compares {name} with something else than a value")
            found = [i for i, known in enumerate(decision.values) if _same(known, value)]
            if not found:
                known = [known for known in decision.values if isinstance(known, str)]
                hint = unknown("value", str(value), known) if known else f"{value!r} is no value of it"
                raise self._wrong(f"compares {name} with what it never is: {hint}")
            return _is(name, found[0])
        return _of_two(np.equal, self.number(left), self.number(right))

    def _same_value(self, one: str, other: str) -> Part:
        """Two decisions that are not both numbers: compare the values that they have in common."""
        self._decision(other)
        values, others = self.decisions[one].values, self.decisions[other].values
        table = np.array([[_same(value, known) for known in others] for value in values])
        if not table.any():
            raise self._wrong(f"compares {one} with {other}, which have no value in common")

        def part(columns: Columns) -> Column:
            a, b = columns[one], columns[other]
            return Column(table[a.values_B, b.values_B], a.known_B & b.known_B)

        return part

    def number(self, node: ast.expr) -> Part:
        """A part that is a number; true counts as 1."""
        match node:
            case ast.Constant(bool() | int() | float() as value):
                return _constant(float(value))
            case ast.Name(name):
                decision = self._decision(name)
                if decision is None:
                    return _constant(float(name == "true"))
                if not numeric(decision):
                    if all(isinstance(value, bool) for value in decision.values):
                        return self.truth(node)
                    raise self._wrong(f"computes with {name}, whose values are not numbers")
                return _values(name, np.array(decision.values, np.float64))
            case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
                return _of_two(_ARITHMETIC[type(operator)], self.number(left), self.number(right))
            case ast.UnaryOp(ast.USub(), operand):
                return _of_two(np.subtract, _constant(0.0), self.number(operand))
            case ast.Call(ast.Name("abs"), [argument], []):
                return _of_two(np.maximum, inner := self.number(argument), _opposite(inner))
            case ast.Call(ast.Name(name), arguments, []) if name in _AGGREGATES:
                listed = arguments[0].elts if _is_list(arguments) else arguments  # type: ignore[attr-defined]
                return _aggregate(*_AGGREGATES[name], [self.number(one) for one in listed])
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(ast.Not(), _):
                return self.truth(node)
            case ast.Constant(str() as value):
                raise self._wrong(f"computes with the string {value!r}")
            case _:
                raise self._wrong(f"holds {_shown(node)}, which expressions do not have")

    def _decision(self, name: str) -> Decision | None:
        """The decision of a name; None for true and false."""
        if name in self.decisions:
            self.used.add(name)
            return self.decisions[name]
        if name in ("true", "false"):
            return None
        raise self._wrong(f"has an {unknown('decision', name, self.decisions)}")


def _value(node: ast.expr) -> Any:
    """A constant's value; None for anything else."""
    match node:
        case ast.Constant(str() | bool() | int() | float() as value):
            return value
        case ast.Name("true" | "false" as name):
            return name == "true"
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            return -value
    return None


def _depth(node: ast.AST) -> int:
    """How deep a tree is, found without recursion."""
    depth, level = 0, [node]
    while level:
        depth, level = depth + 1, [child for one in level for child in ast.iter_child_nodes(one)]
    return depth


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _is_list(arguments: Sequence[ast.expr]) -> bool:
    return len(arguments) == 1 and isinstance(arguments[0], ast.List | ast.Tuple)


def _shown(node: ast.expr) -> str:
    return repr(ast.unparse(node)[:40])


def _constant(value: float) -> Part:
    column = Column(np.array([value]), np.ones(1, np.bool_))
    return lambda columns: column


def _is(name: str, index: int) -> Part:
    """Whether a decision has the value of an index."""

    def part(columns: Columns) -> Column:
        column = columns[name]
        return Column(column.values_B == index, column.known_B)

    return part


def _values(name: str, table: NDArray[np.float64]) -> Part:
    """The numbers that a decision's indices stand for."""

    def part(columns: Columns) -> Column:
        column = columns[name]
        return Column(table[column.values_B], column.known_B)

    return part


def _opposite(part: Part) -> Part:
    return _of_two(np.subtract, _constant(0.0), part)


def _of_two(function: Callable[[Any, Any], Any], one: Part, other: Part) -> Part:
    def part(columns: Columns) -> Column:
        a, b = one(columns), other(columns)
        return Column(
            function(a.values_B.astype(np.float64), b.values_B.astype(np.float64)), a.known_B & b.known_B
        )

    return part


def _negated(part: Part) -> Part:
    def negated(columns: Columns) -> Column:
        column = part(columns)
        return Column(~column.values_B.astype(np.bool_), column.known_B)

    return negated


def _joined(parts: Sequence[Part], conjunction: bool) -> Part:
    """`and` or `or`: known where all are, or where one decides alone."""

    def joined(columns: Columns) -> Column:
        found = [part(columns) for part in parts]
        truths = [column.values_B.astype(np.bool_) for column in found]
        decided = [
            column.known_B & (truth ^ conjunction) for column, truth in zip(found, truths, strict=True)
        ]
        deciding = reduce(np.logical_or, decided)
        known = reduce(np.logical_and, [column.known_B for column in found])
        return Column(~deciding if conjunction else deciding, known | deciding)

    return joined


def _aggregate(function: Callable[[Any, Any], Any], empty: float, parts: Sequence[Part]) -> Part:
    """Over the known ones; unknown where there is none."""

    def aggregate(columns: Columns) -> Column:
        found = [part(columns) for part in parts]
        values = [np.where(column.known_B, column.values_B, empty) for column in found]
        return Column(
            reduce(function, values, np.array([empty])),
            reduce(np.logical_or, [column.known_B for column in found], np.zeros(1, np.bool_)),
        )

    return aggregate
