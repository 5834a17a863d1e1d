"""PyTorch's layers as the calls that make them, and names for them."""

import inspect
import keyword
import re
from typing import Any

from torch import Tensor, nn

from archwalk.errors import UsageError

_PLACEMENT = {"device", "dtype"}


def constructor(layer: nn.Module, indent: str) -> str:
    """The call that makes a plain layer with other weights; later lines begin with `indent`.

    Raises UsageError for a layer that does not keep what it was made with.
    """
    if isinstance(layer, nn.Sequential):
        inner = "".join(f"{indent}    {constructor(part, indent + '    ')},\n" for part in layer)
        return f"nn.Sequential(\n{inner}{indent})" if inner else "nn.Sequential()"
    return f"nn.{type(layer).__name__}({', '.join(_arguments(layer))})"


def _arguments(layer: nn.Module) -> list[str]:
    found, kind = [], type(layer)
    if kind is nn.Identity or kind.__init__ is nn.Module.__init__:
        return []
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in _PLACEMENT:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or not hasattr(layer, name):
            raise UsageError(f"nn.{kind.__name__} is not a layer that can be written as code")
        value = _plain(getattr(layer, name), parameter.default)
        if parameter.default is parameter.empty:
            found.append(repr(value))
        elif value != parameter.default:
            found.append(f"{name}={value!r}")
    return found


def _plain(value: Any, default: Any) -> Any:
    """What was given for an attribute: (3, 3) is 3, and a bias is whether there is one."""
    if isinstance(default, bool):
        return isinstance(value, Tensor) or bool(value)
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value


def readable(network: nn.Module, path: str) -> list[str]:
    """A module's path in words: `body.1.projections.2` is cell1, projection2, if `body.1` is a `_Cell`."""
    words: list[str] = []
    module = network
    for part in path.split(".") if path else ():
        parent, module = module, module.get_submodule(part)
        if not part.isdigit():
            words.append(part)
        elif isinstance(parent, nn.Sequential) and not type(module).__module__.startswith("torch.nn."):
            words = [*words[:-1], _snake(type(module).__name__) + part]
        else:
            words = [*words[:-1], (_singular(words[-1]) if words else "layer") + part]
    return words


def attribute(words: list[str], taken: set[str]) -> str:
    """A name for an attribute of the network, not yet taken."""
    name = unused("_".join(words), taken | set(dir(nn.Module())))
    taken.add(name)
    return name


def unused(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken."""
    if keyword.iskeyword(name):
        name += "_"
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_")).lower()


def _singular(word: str) -> str:
    return word if word.endswith("ss") else word.removesuffix("s")
