"""Names for what can be plugged in: ours, and what other packages register by entry points."""

import sys
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from archwalk.errors import ArchwalkError, UsageError, unknown

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


def find_attribute(place: str, what: str) -> Any:
    """What "module:attribute" or "file.py:attribute" names, a module of the current folder too; `what` it is to be.

    Raises UsageError where there is no such place, ArchwalkError where the module fails.
    """
    home, separator, attribute = place.rpartition(":")
    if not separator or not home or not attribute:
        raise UsageError(f"{what} is written module:name or file.py:name, not {place!r}")
    module = _import_file(Path(home)) if home.endswith(".py") else _import_module(home)
    if not hasattr(module, attribute):
        public = [name for name in vars(module) if not name.startswith("_")]
        raise UsageError(f"{home} has no {attribute!r}: {unknown('name', attribute, public)}")
    return getattr(module, attribute)


def _import_file(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    name = path.stem
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python module")
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path.resolve()):
        return loaded
    module = module_from_spec(spec)
    module.__file__ = str(path.resolve())
    if loaded is None:
        sys.modules[name] = module  # so that what it defines can be pickled
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        sys.modules.pop(name, None) if loaded is None else None
        raise ArchwalkError(f"{path} fails: {type(error).__name__}: {error}") from error
    return module


def _import_module(name: str) -> Any:
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise UsageError(f"there is no module {name}") from None
        raise ArchwalkError(f"{name} fails: {error}") from error
    except Exception as error:
        raise ArchwalkError(f"{name} fails: {type(error).__name__}: {error}") from error
    finally:
        if added:
            sys.path.remove(here)
