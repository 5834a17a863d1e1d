"""Spaces of policy networks that are small enough to number: what tables of them are about."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes, Features, NeighbourGraph, remake
from archwalk.spaces.dags import Dags
from archwalk.spaces.mixed_base import MixedBaseSpace
from archwalk.spaces.policy_cnn.declaration import Declaration
from archwalk.spaces.policy_cnn.space import PolicyCNN
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from archwalk.spaces.policy_cnn.network import PolicyNetwork

MOST = 100_000
"""Architectures that are numbered; a larger space has codes of several integers."""


def policy_space(declaration: Declaration) -> NumberedPolicyCNN | PolicyCNN:
    """The space of a declaration, numbered where it is small."""
    return numbered(declaration) if declaration.size <= MOST else PolicyCNN(declaration)


def numbered(declaration: Declaration) -> NumberedPolicyCNN:
    """The numbered space of a declaration, one a process."""
    space: NumberedPolicyCNN = remake(NumberedPolicyCNN, declaration)
    return space


class NumberedPolicyCNN(MixedBaseSpace):
    """The networks of a declaration of at most 100,000, numbered.

    An id is the decisions of `PolicyCNN` as digits of a mixed base, the first decision first. Neighbours, features,
    JSON and networks are that space's. Starts are uniform.
    """

    numbering = "mixed-base-of-decisions"
    """Which network each id is; it stands in tables."""

    made_as = "policy-cnn"

    def __init__(self, declaration: Declaration) -> None:
        if declaration.size > MOST:
            raise UsageError(
                f"spaces are numbered up to {MOST:,} networks; this one has {declaration.size:,}"
            )
        self.declaration = declaration
        self.blocks = PolicyCNN(declaration)
        self.name = declaration.name
        self.parameters, self.network_identity = self.blocks.parameters, self.blocks.network_identity
        self.default_task = self.blocks.default_task
        self.choices = self.blocks.choices
        self.edit_kinds = self.blocks.edit_kinds
        self.dag_operations, self.dag_depth = self.blocks.dag_operations, self.blocks.dag_depth
        self.dag_inputs = 1

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), self.declaration)

    @property
    def size(self) -> int:
        """Number of architectures."""
        return self.declaration.size

    @cached_property
    def graph(self) -> NeighbourGraph:
        """The networks that differ in one decision."""
        found = self.blocks.neighbours(self._all)
        return NeighbourGraph(found.offsets, self.from_choices(found.codes_EL)[:, 0], found.kinds_E)

    @cached_property
    def feature_table(self) -> Features:
        """One-hot decisions, (size, F)."""
        return self.blocks.features(self._all)

    def options(self, code_L: Codes) -> list[tuple[int, int]]:
        """(kernel, channels) of every block."""
        return self.blocks.options(self._row(code_L))

    def parse(self, description: object) -> Codes:
        """The code (1,); see `PolicyCNN.parse`."""
        code: Codes = self.from_choices(self.blocks.parse(description)[None])[0]
        return code

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """What `parse` reads."""
        return self.blocks.describe(self._row(code_L))

    def dags(self, codes_BL: Codes) -> Dags:
        """The blocks' convolutions in a row, between input and output."""
        return self.blocks.dags(self.to_choices(codes_BL))

    def build(self, code_L: Codes, task: Task | None = None, size: None = None) -> PolicyNetwork:
        """See `PolicyCNN.build`."""
        return self.blocks.build(self._row(code_L), task)

    def check_task(self, task: Task | None) -> Task:
        """See `PolicyCNN.check_task`."""
        return self.blocks.check_task(task)

    def draw(self, code_L: Codes) -> str:
        """The layers as SVG."""
        return self.blocks.draw(self._row(code_L))

    @cached_property
    def _all(self) -> Codes:
        return self.to_choices(self._everyone)

    def _row(self, code_L: Codes) -> Codes:
        row: Codes = self.to_choices(code_L[None])[0]
        return row
