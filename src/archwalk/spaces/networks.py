"""Networks of any space, by one contract: `space.build(code_L, task, size)`.

A space may say in `default_task` for what its networks are where nothing else is said, and in `default_size`, a frozen
dataclass whose fields all have a default, how large they are and what else they can be told. One that says neither
builds networks all the same: then every task has to be given, and `size` is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import msgspec

from archwalk.errors import UsageError, unknown
from archwalk.spaces.base import Codes
from archwalk.spaces.task import ACTOR_CRITIC, CLASSIFICATION, Task

if TYPE_CHECKING:
    from torch import nn


@runtime_checkable
class ScalableSize(Protocol):
    """A size that can be said in the terms that networks for images share."""

    def scaled(self, channels: int, cells: int) -> Self:
        """The size of networks with so many channels at first, and so many cells at each resolution."""


class NetworkSource(Protocol):
    """What is asked of a space by whoever builds or trains its networks."""

    @property
    def name(self) -> str:
        """See `SearchSpace`."""

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """See `SearchSpace`."""

    def build(self, code_L: Codes, task: Task, size: Any) -> nn.Module:
        """See `SearchSpace`."""


def default_task(space: NetworkSource) -> Task | None:
    """For what the networks of a space are where nothing else is said; None where the space is silent."""
    task: Task | None = getattr(space, "default_task", None)
    return task


def default_size(space: NetworkSource) -> Any:
    """How large they are where nothing else is said; None where there is no choice."""
    return getattr(space, "default_size", None)


def task_for(space: NetworkSource, task: Task | None) -> Task:
    """The task, or the space's own. Raises UsageError where neither is said."""
    found = task or default_task(space)
    if found is None:
        raise UsageError(f"the space {space.name} does not say what its networks read; give a task")
    return found


def make_size(space: NetworkSource, settings: Mapping[str, Any]) -> Any:
    """The space's size with some settings changed. Raises UsageError for one that there is not, or of another type."""
    size = default_size(space)
    if not is_dataclass(size) or isinstance(size, type):
        if settings:
            raise UsageError(
                f"networks of {space.name} have no settings, so not {next(iter(settings))!r} either"
            )
        return size
    known = asdict(size)
    for name in settings:
        if name not in known:
            raise unknown(f"setting of networks of {space.name}", name, known)
    try:
        return msgspec.convert(known | dict(settings), type(size))
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise UsageError(f"{where.rstrip('`') or 'a setting'} of networks of {space.name}: {what}") from error


def size_settings(size: Any) -> dict[str, Any]:
    """A size as JSON has it, as `make_size` reads it."""
    return asdict(size) if is_dataclass(size) and not isinstance(size, type) else {}


def build_network(
    space: NetworkSource, code_L: Codes, task: Task | None = None, size: Any = None
) -> nn.Module:
    """The network of a code (L,), fresh: what all of archwalk builds by.

    A space of classifiers has agents too: of the outputs the last is the value then. Raises UsageError for a task or a
    size that the space does not have, InvalidArchitectureError where the architecture has no network for this task.
    """
    task, own = task_for(space, task), default_size(space)
    if size is None:
        size = own
    elif type(size) is not type(own):
        raise UsageError(f"a size of networks of {space.name} is a {type(own).__name__}, not {size!r}")
    if task.kind == ACTOR_CRITIC and _classifies(space):
        from archwalk.spaces.actor_critic import ActorCritic

        return ActorCritic(space.build(code_L, Task(task.shape, task.outputs + 1), size))
    return space.build(code_L, task, size)


def check_task(space: NetworkSource, task: Task) -> None:
    """Raise UsageError where a space has no networks for a task, as far as it says: by its own task, or by a method
    `check_task` that raises it.
    """
    wanted = Task(task.shape, task.outputs) if task.kind == ACTOR_CRITIC and _classifies(space) else task
    if (own := default_task(space)) is not None:
        own.check(wanted, f"networks of {space.name}")
    if (check := getattr(space, "check_task", None)) is not None:
        check(wanted)


def described_as(space: NetworkSource) -> str:
    """The space whose descriptions these are: one for spaces in which a description means the same network."""
    name: str = getattr(space, "described_as", space.name)
    return name


def network_settings(space: NetworkSource, size: Any) -> dict[str, Any]:
    """What decides on a network beside description and task, as JSON: its size, and what the space says in
    `network_identity`, a declaration say. What is the same in all networks need not be there.
    """
    found: dict[str, Any] = {}
    if identity := getattr(space, "network_identity", None):
        found["networks"] = identity
    if settings := size_settings(size):
        found["size"] = settings
    return found


def _classifies(space: NetworkSource) -> bool:
    own = default_task(space)
    return own is None or own.kind == CLASSIFICATION
