"""A space as it is declared: decisions, conditions, constraints, and perhaps how to build a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archwalk.errors import UsageError
from archwalk.spaces.declared.building import (
    Builder,
    Entry,
    Layer,
    call_builder,
    columns_of,
    compile_template,
    task_words,
)
from archwalk.spaces.declared.decisions import Decision, Rule
from archwalk.spaces.declared.rules import Rules
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch

MOST_DECISIONS = 250


@dataclass(frozen=True)
class Declaration:
    """A space by declaration. `constraints` hold of every architecture; `build` is a function of a description, where
    to import it from ("module:function" or "file.py:function"), or the layers of a template (see `building`).
    Raises UsageError where it makes no sense.
    """

    name: str
    decisions: tuple[Decision, ...]
    constraints: tuple[Rule, ...] = ()
    build: Builder | str | tuple[Entry, ...] | None = None

    def __post_init__(self) -> None:
        if not self.decisions:
            raise UsageError(f"the space {self.name!r} has no decisions")
        if len(self.decisions) > MOST_DECISIONS:
            raise UsageError(
                f"the space {self.name!r} has {len(self.decisions)} decisions; at most {MOST_DECISIONS} are allowed"
            )
        if not self.free:
            raise UsageError(f"the space {self.name!r} has nothing to choose: no decision has two values")
        self.rules  # noqa: B018 - conditions, constraints and layers are compiled, or refused
        self.template  # noqa: B018

    def __reduce__(self) -> tuple[Any, ...]:
        return Declaration, (self.name, self.decisions, self.constraints, self.build)

    @cached_property
    def rules(self) -> Rules:
        """Conditions and constraints, compiled."""
        try:
            return Rules.of(self.decisions, self.constraints)
        except UsageError as error:
            raise UsageError(f"the space {self.name!r}: {error}") from error

    @cached_property
    def template(self) -> list[Layer] | None:
        """The layers of a template, compiled; None where there is none."""
        if not isinstance(self.build, tuple):
            return None
        try:
            return compile_template(self.build, self.decisions)
        except UsageError as error:
            raise UsageError(f"the space {self.name!r}: {error}") from error

    def make_network(self, description: Mapping[str, Any], task: Task | None) -> torch.nn.Module:
        """The network of an architecture for a task, which a function gets if it has a parameter of that name.

        Raises UsageError where none is declared, ArchwalkError where it cannot be built.
        """
        from torch import nn

        if self.template is not None:
            columns, words = columns_of(description, self.decisions), {**task_words(task), **description}
            return nn.Sequential(
                *(module for layer in self.template for module in layer.make(words, columns))
            )
        assert not isinstance(self.build, tuple)
        return call_builder(self.name, self.build, description, task)

    @property
    def free(self) -> tuple[int, ...]:
        """The decisions with two values or more."""
        return tuple(d for d, decision in enumerate(self.decisions) if len(decision.values) > 1)

    @property
    def strings(self) -> int:
        """How many strings of decisions there are, those that say nothing or are forbidden among them."""
        count = 1
        for decision in self.decisions:
            count *= len(decision.values)
        return count

    def as_dict(self) -> dict[str, Any]:
        """For JSON, as `read_declaration` takes it. Raises UsageError where it holds Python functions."""
        for rule in self.constraints:
            if not isinstance(rule, str):
                raise UsageError(
                    f"a constraint of {self.name!r} is a Python function, which no file can hold"
                )
        found: dict[str, Any] = {
            "name": self.name,
            "constraints": list(self.constraints),
            "decisions": {decision.name: decision.as_dict() for decision in self.decisions},
        }
        if isinstance(self.build, tuple):
            found["build"] = [entry.as_dict() for entry in self.build]
        elif isinstance(self.build, str):
            found["build"] = self.build
        elif self.build is not None:
            raise UsageError(
                f"build of {self.name!r} is a Python function; write where it is, module:function"
            )
        return {key: value for key, value in found.items() if value}
