"""What there is, by name with a line about each: strategies, agents, benchmarks, spaces, presets, plug-ins included."""

import ast
import re
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from archwalk.agents.catalogue import TRAINERS
from archwalk.data.added.names import added_names
from archwalk.errors import unknown
from archwalk.estimators.benchmarks import BENCHMARKS
from archwalk.experiments.presets import load_preset, preset_names
from archwalk.registry import Registry
from archwalk.spaces.catalogue import SPACES
from archwalk.strategies.catalogue import STRATEGIES
from archwalk.strategies.goals.catalogue import GOAL_STRATEGIES

_SEE = "See the module."
"""The docstring of a class that its module is about."""


def list_strategies() -> dict[str, str]:
    """Strategies that search from scratch, for one goal or (`nsga2`) for several."""
    return _about(GOAL_STRATEGIES) | _about(STRATEGIES)


def list_agents() -> dict[str, str]:
    """Agents that are trained first."""
    return _about(TRAINERS)


def list_benchmarks() -> dict[str, str]:
    """Search problems; what may stand behind a name (a task, an objective) is in its line."""
    return _about(BENCHMARKS) | dict.fromkeys(added_names(), "A table of yours")


def list_spaces() -> dict[str, str]:
    """Search spaces."""
    return _about(SPACES)


def list_presets() -> dict[str, str]:
    """Settings with their sources: the strategy that they are of, and the paper."""
    presets = map(load_preset, preset_names())
    return {
        preset.name: f"{preset.strategy}{f'; {preset.citation}' if preset.citation else ''}"
        for preset in presets
    }


def settings_of(name: str) -> dict[str, Any]:
    """The settings of a strategy or an agent with their defaults. Raises UsageError for a name that there is not."""
    if name in TRAINERS.names():
        cls: Any = TRAINERS.load(name)[0]
    elif name in GOAL_STRATEGIES.names() and name not in STRATEGIES.names():
        cls = getattr(GOAL_STRATEGIES.load(name), "settings_class", None)
    elif name in STRATEGIES.names():
        cls = getattr(STRATEGIES.load(name), "settings_class", None)
    else:
        raise unknown("strategy", name, [*STRATEGIES.names(), *TRAINERS.names()])
    if cls is None:
        return {}
    default = cls()
    return {field.name: getattr(default, field.name) for field in fields(cls)}


def _about(registry: Registry[Any]) -> dict[str, str]:
    return {name: _summary(registry.target(name)) for name in registry.names()}


def _summary(target: str) -> str:
    """The first line of what is documented at "module:attribute", without importing it: some need seconds for it."""
    module, _, attribute = target.partition(":")
    spec = find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ""
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    texts = [_own_docstring(tree, attribute), ast.get_docstring(tree) or ""]
    return next((_first_sentence(text) for text in texts if text and text != _SEE), "")


def _own_docstring(tree: ast.Module, name: str) -> str:
    """Of a class or function of a module, or the text below an assignment."""
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            value = after.value if isinstance(after, ast.Expr) else None
            return str(value.value) if isinstance(value, ast.Constant) else ""
    return ""


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", 1)[0].split())
    return re.split(r"(?<=[^.][^A-Z.])(?<!et al)\.( |$)", paragraph, maxsplit=1)[0].removesuffix(".")
