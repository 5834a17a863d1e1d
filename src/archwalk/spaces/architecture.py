"""An architecture with all that its network hangs on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import build_network, default_size, default_task, make_size, size_settings
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Architecture:
    """A code (L,) of a space and the network that it stands for: for which task, and how large.

    Without a task it is the space's own (None where the space has none); likewise the size.
    """

    space: SearchSpace
    code_L: Codes
    task: Task | None = None
    size: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "task", self.task or default_task(self.space))
        if self.size is None:
            object.__setattr__(self, "size", default_size(self.space))

    @classmethod
    def read(
        cls,
        space: SearchSpace,
        description: object,
        task: Task | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Architecture:
        """From a description, and settings of its size.

        Raises InvalidArchitectureError for the one, UsageError for the others.
        """
        return cls(space, space.parse(description), task, make_size(space, settings or {}))

    @property
    def description(self) -> dict[str, Any]:
        """As the space describes it."""
        return self.space.describe(self.code_L)

    @property
    def settings(self) -> dict[str, Any]:
        """Those of its size."""
        return size_settings(self.size)

    @property
    def changed_settings(self) -> dict[str, Any]:
        """Those of its size that are not the space's own."""
        own = size_settings(default_size(self.space))
        return {name: value for name, value in self.settings.items() if value != own.get(name)}

    def build(self) -> nn.Module:
        """The network, fresh; see `build_network`."""
        return build_network(self.space, self.code_L, self.task, self.size)

    def draw(self) -> str:
        """A self-contained SVG."""
        return self.space.draw(self.code_L)

    def neighbours(self) -> list[Architecture]:
        """All architectures that are one edit away."""
        found_EL = self.space.neighbours(self.code_L[None]).codes_EL
        return [replace(self, code_L=code_L) for code_L in found_EL]

    def __eq__(self, other: object) -> bool:
        """The same code of the same space, whatever the network is for."""
        return isinstance(other, Architecture) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, bytes]:
        return self.space.name, self.code_L.tobytes()

    def __repr__(self) -> str:
        return f"Architecture({self.space.name}, {json.dumps(self.description)})"

    def _repr_html_(self) -> str:
        return self.draw()
