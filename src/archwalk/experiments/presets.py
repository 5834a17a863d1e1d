"""Presets: every setting of an experiment in one file, with where it comes from beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from archwalk.data.decoding import convert, decode_toml, read_text
from archwalk.errors import ArchwalkError, UsageError, unknown
from archwalk.registry import Registry

_FOLDER = files("archwalk.experiments") / "presets"

PLUGINS: Registry[Any] = Registry("preset", "archwalk.presets", {})
"""Presets of other packages. An entry point names a mapping, as a file has it, or a package in which NAME.toml lies."""


@dataclass(frozen=True)
class Preset:
    """Settings of one strategy, and what it was called by: a name or a file.

    `citation` names the paper that they are of. The `default` one of a strategy holds on every benchmark for which
    there is none of ours; `benchmarks` are the beginnings of those for which one of ours is, unless its name says it.
    `chosen_on` are the beginnings of those whose results were looked at when our values were chosen: on them the
    strategy has an advantage that is no evidence for it.
    """

    name: str
    strategy: str
    settings: Mapping[str, Any]
    citation: str = ""
    default: bool = False
    benchmarks: tuple[str, ...] = ()
    chosen_on: tuple[str, ...] = ()

    def was_chosen_on(self, benchmark: str) -> bool:
        """Whether its values were chosen in sight of this benchmark."""
        return bool(self.chosen_on) and benchmark.startswith(self.chosen_on)


@dataclass(frozen=True)
class _Content:
    """What a preset's file holds."""

    strategy: str
    settings: dict[str, Any]
    citation: str = ""
    default: bool = False
    benchmarks: tuple[str, ...] = field(default_factory=tuple)
    chosen_on: tuple[str, ...] = field(default_factory=tuple)


def preset_names() -> list[str]:
    """All presets that have a name."""
    ours = [entry.name.removesuffix(".toml") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml")]
    return sorted({*ours, *PLUGINS.names()})


def is_preset(name: str) -> bool:
    """Whether this is a preset's name, or says a file of TOML."""
    return name.endswith(".toml") or name in preset_names()


def load_preset(name: str) -> Preset:
    """The preset of a name, ours or a plug-in's, or in a file. Raises UsageError if there is none, DataError for one
    that cannot be read.
    """
    if name.endswith(".toml"):
        return _read(Path(name), name)
    if name not in preset_names():
        raise unknown("preset", name, preset_names())
    ours = _FOLDER / f"{name}.toml"
    if ours.is_file():
        return _read(ours, name)
    found = PLUGINS.load(name)
    if isinstance(found, Mapping):
        return _make(dict(found), name, f"the preset {name}")
    try:
        return _read(files(found) / f"{name}.toml", name)
    except (TypeError, ModuleNotFoundError) as error:
        raise ArchwalkError(f"the plug-in's preset {name!r} is neither a mapping nor in a package") from error


def _read(file: Traversable, name: str) -> Preset:
    if isinstance(file, Path) and not file.exists():
        raise UsageError(f"there is no preset {file}")
    text = read_text(file) if isinstance(file, Path) else file.read_text("utf-8")
    return _make(decode_toml(text, dict[str, Any], str(file), "a preset"), name, str(file))


def _make(content: dict[str, Any], name: str, source: str) -> Preset:
    read = convert(content, _Content, source, "a preset")
    return Preset(
        name, read.strategy, read.settings, read.citation, read.default, read.benchmarks, read.chosen_on
    )


def choose_preset(strategy: str, benchmark: str, name: str | None = None) -> Preset | None:
    """The preset that was named, or the default one. Raises UsageError for one of another strategy."""
    if name is None:
        return default_preset(strategy, benchmark)
    preset = load_preset(name)
    if preset.strategy != strategy:
        raise UsageError(f"the preset {preset.name} is for {preset.strategy}, not for {strategy}")
    return preset


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
