"""An architecture with all that its network hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
