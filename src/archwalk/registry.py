"""Names for what can be plugged in: ours, and what other packages register by entry points."""

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from archwalk.errors import ArchwalkError, unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """Things by name, imported only when asked for.

    `builtin` maps a name to "module:attribute". Another package adds its own by an entry point in `group`;
    a built-in name wins.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self.builtin = builtin

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({*self.builtin, *self._plugins})

    def target(self, name: str) -> str:
        """Where the thing of that name is, as "module:attribute". Raises UsageError if there is none."""
        if name in self.builtin:
            return self.builtin[name]
        if name not in self._plugins:
            raise unknown(self.kind, name, self.names())
        return self._plugins[name].value

    def load(self, name: str) -> T:
        """The thing of that name. Raises UsageError if there is none, ArchwalkError if a plug-in fails."""
        if name in self.builtin:
            module, attribute = self.builtin[name].split(":")
            return cast(T, getattr(import_module(module), attribute))
        if name not in self._plugins:
            raise unknown(self.kind, name, self.names())
        try:
            return cast(T, self._plugins[name].load())
        except Exception as error:
            raise ArchwalkError(
                f"the plug-in {self._plugins[name].value} for {name!r} fails: {error}"
            ) from error
