"""Presets: every setting of an experiment in one file, with where it comes from beside it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from typing import Any, TypeVar, get_type_hints

from archwalk.errors import UsageError, unknown

S = TypeVar("S")
_FOLDER = files("archwalk.experiments") / "presets"


@dataclass(frozen=True)
class Preset:
    """Settings of one strategy, read from `presets/<name>.toml`.

    `citation` names the paper that they are of. The `default` one of a strategy holds on every benchmark for which
    there is none of ours; `benchmarks` are the beginnings of those for which one of ours is, unless its name says it.
    """

    name: str
    strategy: str
    settings: Mapping[str, Any]
    citation: str = ""
    default: bool = False
    benchmarks: tuple[str, ...] = ()


def preset_names() -> list[str]:
    """All presets."""
    return sorted(
        entry.name.removesuffix(".toml") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml")
    )


def load_preset(name: str) -> Preset:
    """Read a preset. Raises UsageError if there is none of that name."""
    if name not in preset_names():
        raise unknown("preset", name, preset_names())
    content = tomllib.loads((_FOLDER / f"{name}.toml").read_text())
    return Preset(
        name,
        content["strategy"],
        content["settings"],
        content.get("citation", ""),
        content.get("default", False),
        tuple(content.get("benchmarks", ())),
    )


def default_preset(strategy: str, benchmark: str) -> Preset | None:
    """Our own preset for a strategy on a benchmark, or the strategy's default one; None if there is neither.

    Ours is named `archwalk-<benchmark without its task>`, with the strategy behind it unless that is our best, or says
    itself which its `benchmarks` are.
    """
    best = f"archwalk-{benchmark.split(':')[0]}"
    names = (best, f"{best}-{strategy}")
    every = [preset for preset in map(load_preset, preset_names()) if preset.strategy == strategy]
    ours = (
        preset
        for preset in every
        if (benchmark.startswith(preset.benchmarks) if preset.benchmarks else preset.name in names)
    )
    return next(ours, None) or next((preset for preset in every if preset.default), None)


def make_settings(cls: type[S], preset: Preset | None, assignments: Sequence[str] = ()) -> S:
    """Settings of a dataclass: its defaults, then the preset's, then KEY=VALUE assignments.

    Raises UsageError for an unknown key or a value of the wrong kind, with what would be right.
    """
    values = dict(preset.settings) if preset else {}
    hints = get_type_hints(cls)
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError(f"--set takes KEY=VALUE, not {assignment!r}")
        if key not in names:
            raise unknown("setting", key, names)
        values[key] = _convert(key, text, hints[key])
    return cls(**values)


def describe_settings(settings: Any) -> dict[str, Any]:
    """Settings as JSON."""
    return asdict(settings)


def _convert(key: str, text: str, hint: Any) -> Any:
    if hint is bool:
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{key} takes true or false, not {text!r}")
        return text.lower() == "true"
    if hint == float | None:
        if text.lower() == "none":
            return None
        hint = float
    if hint not in (int, float):
        return text
    try:
        number = float(text.replace("_", ""))
        if hint is int and number != int(number):
            raise ValueError
    except (ValueError, OverflowError):
        wanted = "a whole number" if hint is int else "a number"
        raise UsageError(f"{key} takes {wanted}, not {text!r}") from None
    return hint(number)
