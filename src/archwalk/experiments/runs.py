"""Run folders: config, metrics, checkpoints and the trained agent, written so that a kill loses little.

DIR/config.json              benchmark, settings, seed, versions: all that a resumed run needs
DIR/metrics.jsonl            one line every so many steps
DIR/checkpoint.safetensors   everything that the next step depends on
DIR/agent.safetensors        the trained agent, at the end
DIR/source.safetensors       the agent that it was trained further from, where there is one
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.shipped import PRETRAINED, SHIPPED, load_shipped, name_for
from archwalk.data.decoding import convert, decode_json, encode_json, read_json
from archwalk.data.files import (
    alone_with,
    make_folder,
    read_file,
    remove_file,
    unfinished,
    write_atomically,
)
from archwalk.data.states import read_state, write_state
from archwalk.errors import DataError, UsageError
from archwalk.experiments.presets import default_preset, is_preset, load_preset, preset_names
from archwalk.experiments.protocol import Method
from archwalk.experiments.settings import Changes, describe_settings, make_settings
from archwalk.registry import find_attribute
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.catalogue import STRATEGIES

if TYPE_CHECKING:  # searchers that are not trained need none of it
    from archwalk.agents.base import Agent

CONFIG, METRICS, CHECKPOINT, AGENT, SOURCE = (
    "config.json",
    "metrics.jsonl",
    "checkpoint.safetensors",
    "agent.safetensors",
    "source.safetensors",
)


def now() -> str:
    """The time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Place:
    """Where a training runs; it changes no bit of the result, but for the device.

    `engine` and `address` are those of `make_engine`, `device` is that of the learner's network.
    """

    engine: str = "local"
    address: str | None = None
    device: str = "cpu"


HERE = Place()


Seed = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True)
class Source:
    """The agent that another was trained further from: its run folder, what it was trained on, and what that has cost
    as `agents.base.Paid` says.
    """

    path: str
    benchmark: str
    seed: Seed
    queries: int
    unique: int
    seconds: float
    unscored: int


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What a run was begun with: all that a resumed one needs, and where it began.

    `asked` is the whole name that the benchmark was loaded by, where there is one; `fingerprint` is the benchmark's, on
    which alone the run goes on. `own_starts` says that training set out from architectures that a caller drew, `source`
    that it set out from another agent.
    """

    kind: Literal["agent"] = "agent"
    strategy: str
    benchmark: str
    asked: str | None = None
    objective: str
    space: str
    features: int
    preset: str | None = None
    settings: dict[str, Any]
    seed: Seed
    own_starts: bool = False
    source: Source | None = None
    fingerprint: dict[str, Any]
    place: Place = HERE
    created: str = ""
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """What is written of a training that goes on: the trainer's state, the rows of metrics that make no line yet, the
    time that it took, and how much of the metrics belongs to it.
    """

    trainer: dict[str, Any]
    window: list[dict[str, float]]
    seconds: float
    metrics_bytes: int


_Row = dict[str, int | float | None]


@dataclass(frozen=True)
class RunFolder:
    """The folder of one training run."""

    path: Path

    def alone(self) -> AbstractContextManager[None]:
        """Hold the folder, which is made, for this process alone. Raises UsageError where another trains into it."""
        return alone_with(make_folder(self.path), f"the training in {self.path}")

    def create(self, config: RunConfig, source: Agent | None = None) -> None:
        """Begin a run, with the agent that `config.source` tells of. Raises UsageError if the folder holds one."""
        if any((self.path / name).exists() for name in (CONFIG, METRICS, CHECKPOINT, AGENT)):
            raise UsageError(f"{self.path} holds a run already; add --resume to go on, or name another --out")
        if source is not None:
            from archwalk.agents.saving import save_agent

            save_agent(self.path / SOURCE, source)
        write_atomically(self.path / CONFIG, encode_json(config, indent=2) + "\n")

    def config(self) -> RunConfig:
        """What the run was begun with. Raises DataError if this is no run folder, or its config is no config."""
        file = self.path / CONFIG
        if not file.exists():
            raise DataError(f"{self.path} is not a run folder: it has no {CONFIG}")
        return read_json(file, RunConfig, "the config of a run of this version of archwalk")

    def log(self, row: Mapping[str, int | float | None]) -> None:
        """Append a line of metrics. Raises DataError if the disk refuses."""
        file = self.path / METRICS
        try:
            with file.open("a") as log:
                log.write(encode_json(row) + "\n")
        except OSError as error:
            raise DataError(f"cannot write {file}: {error.strerror}") from error

    def checkpoint(self, trainer: dict[str, Any], window: list[dict[str, float]], seconds: float) -> None:
        """Write the state of training, with how much of the metrics belongs to it."""
        metrics = self.path / METRICS
        size = metrics.stat().st_size if metrics.exists() else 0
        write_state(
            self.path / CHECKPOINT,
            {"trainer": trainer, "window": window, "seconds": seconds, "metrics_bytes": size},
        )

    def restore(self) -> Checkpoint | None:
        """The last checkpoint, with later metrics cut off; None if there is none yet. Raises DataError if damaged.

        For who holds the folder alone: what a kill has left of a checkpoint that was being written is deleted.
        """
        metrics, file = self.path / METRICS, self.path / CHECKPOINT
        for part in unfinished(file):
            remove_file(part)
        checkpoint = None
        if file.exists():
            what = "a checkpoint of this version of archwalk"
            checkpoint = convert(read_state(file), Checkpoint, str(file), what)
        if metrics.exists():
            self._cut(metrics, checkpoint.metrics_bytes if checkpoint else 0)
        return checkpoint

    def _cut(self, file: Path, size: int) -> None:
        """Forget what was written to a file behind its first `size` bytes."""
        if not 0 <= size <= file.stat().st_size:
            raise DataError(
                f"{file} has lost lines that the checkpoint beside it counts; begin the run again"
            )
        try:
            with file.open("r+b") as log:
                log.truncate(size)
        except OSError as error:
            raise DataError(f"cannot write {file}: {error.strerror}") from error

    def metrics(self) -> list[_Row]:
        """All lines of metrics; one that a kill cut off is left out. Raises DataError for a damaged one."""
        file = self.path / METRICS
        if not file.exists():
            return []
        *lines, _ = read_file(file).split(b"\n")
        return [decode_json(line, _Row, f"line {n} of {file}", "metrics") for n, line in enumerate(lines, 1)]

    def finish(self, agent: Agent) -> None:
        """Write the trained agent; the checkpoint is not needed any more."""
        from archwalk.agents.saving import save_agent

        save_agent(self.path / AGENT, agent)
        (self.path / CHECKPOINT).unlink(missing_ok=True)

    @property
    def finished(self) -> bool:
        """Whether the agent is there."""
        return (self.path / AGENT).exists()

    def agent(self, space: SearchSpace) -> Agent:
        """The trained agent. Raises DataError for one of another space or an unfinished run; see `load_agent`."""
        from archwalk.agents.saving import load_agent

        config = self.config()
        if not self.finished:
            raise DataError(
                f"the training in {self.path} is not finished; go on with: archwalk train {config.strategy} --resume "
                f"--out {self.path}"
            )
        return load_agent(self.path / AGENT, space)

    def source(self, space: SearchSpace) -> Agent | None:
        """The agent that this one is trained further from. Raises DataError where it is gone."""
        from archwalk.agents.saving import load_agent

        return load_agent(self.path / SOURCE, space) if self.config().source else None


def load_methods(
    names: Sequence[str], space: SearchSpace, benchmark: str = "", assignments: Sequence[str] = ()
) -> list[Method]:
    """See `load_method`. LABEL=NAME gives a strategy another name, so that it can take part under several settings.

    An assignment NAME.KEY=VALUE is for the strategy of that name or label. Run folders of the same name go by their
    whole paths. Raises UsageError too if two have one name.
    """
    sources = dict(map(_label, names))
    if len(sources) < len(names):
        raise UsageError("a strategy is named twice; LABEL=NAME tells two of them apart")
    for assignment in assignments:
        if not any(assignment.startswith(f"{label}.") for label in sources):
            raise UsageError(
                f"--set takes NAME.KEY=VALUE with NAME one of {', '.join(sources)}, not {assignment!r}"
            )
    methods = [
        load_method(
            source,
            space,
            benchmark,
            [a.removeprefix(f"{label}.") for a in assignments if a.startswith(f"{label}.")],
            label if label != source else "",
        )
        for label, source in sources.items()
    ]
    short = [method.name for method in methods]
    return [
        replace(method, name=label) if short.count(method.name) > 1 else method
        for method, label in zip(methods, sources, strict=True)
    ]


def _label(name: str) -> tuple[str, str]:
    """LABEL=NAME as a pair; without a label a name is its own. A folder may have an equals sign in its name."""
    label, separator, source = name.partition("=")
    return (label, source) if separator and label and source and not Path(name).is_dir() else (name, name)


def load_method(
    name: str,
    space: SearchSpace,
    benchmark: str = "",
    changes: Changes = (),
    label: str = "",
) -> Method:
    """A strategy by its name or a preset's, a trained agent by its run folder, or several by a folder of run folders.

    `pretrained` is the agent of the package that knows the space.

    A preset may be a file, NAME.toml; MODULE:NAME or FILE.py:NAME is a factory of your own. A strategy has the settings
    of its default preset on `benchmark`, with `changes`. It goes by `label` where there is one. Raises UsageError for
    an unknown name or setting, DataError for an agent of another space or an unfinished run.
    """
    path = Path(name)
    if name == PRETRAINED and not path.is_dir():
        return _load_pretrained(space, benchmark, changes, label)
    if name in STRATEGIES.names() or is_preset(name) or not path.is_dir():
        return _load_untrained(name, space, benchmark, changes, label)
    if changes:
        raise UsageError(f"{name} is a trained agent: its settings were those of its training")
    folders = [path] if (path / CONFIG).exists() else sorted(p.parent for p in path.glob(f"*/{CONFIG}"))
    if not folders:
        raise DataError(f"{path} is not a run folder (no {CONFIG}) and holds none")
    agents = [RunFolder(folder).agent(space) for folder in folders]
    configs = [RunFolder(folder).config() for folder in folders]
    return Method(
        label or _folder_name(path.resolve()),
        tuple(agents),
        tuple(config.seed for config in configs),
        strategy=configs[0].strategy,
        chosen_here=any(_was_chosen_on(config.preset, benchmark) for config in configs),
    )


def _was_chosen_on(preset: str | None, benchmark: str) -> bool:
    """Whether a preset that is still there was chosen in sight of a benchmark."""
    return preset in preset_names() and load_preset(preset).was_chosen_on(benchmark)


def _folder_name(path: Path) -> str:
    """The folder's name, with that of the folder around it where it is a number, say of a seed."""
    return f"{path.parent.name}-{path.name}" if path.name.isdigit() else path.name


def _load_pretrained(space: SearchSpace, benchmark: str, changes: Changes, label: str) -> Method:
    """The agent of the package that knows a space; says so where it was trained on this very benchmark."""
    if changes:
        raise UsageError(f"{PRETRAINED} is a trained agent: its settings were those of its training")
    name = name_for(space)
    if benchmark and any(source.startswith(benchmark) for source in SHIPPED[name].sources):
        print(
            f"archwalk: {name} was trained on {benchmark} itself: what it finds there is no measure of transfer",
            file=sys.stderr,
        )
    return Method(label or PRETRAINED, (load_shipped(space, name),), (0,), strategy="transfer")


def _load_own(place: str, changes: Changes, label: str) -> Method:
    """What a module or a file of the user's makes: a factory of strategies, an `ExternalAgent` say."""
    factory = find_attribute(place, "a strategy of your own")
    if not callable(factory):
        raise UsageError(f"{place} makes no strategy: it cannot be called with trials")
    if changes:
        raise UsageError(f"{place} has no settings here; make them part of it")
    return Method(label or place.rpartition(":")[2], (factory,), strategy=place)


def _load_untrained(name: str, space: SearchSpace, benchmark: str, changes: Changes, label: str) -> Method:
    preset = load_preset(name) if is_preset(name) else default_preset(name, benchmark)
    strategy = preset.strategy if preset else name
    if ":" in strategy:
        return _load_own(strategy, changes, label)
    if "/" in strategy:
        raise UsageError(f"there is no run folder {strategy}")
    if strategy in TRAINERS.names():
        raise UsageError(
            f"{name} must be trained first: archwalk train {strategy} --benchmark B --out DIR, then name DIR"
        )
    factory = STRATEGIES.load(strategy)
    settings_class = getattr(factory, "settings_class", None)
    if settings_class is None:
        if changes:
            raise UsageError(f"{name} has no settings")
        return Method(label or name, (factory,), strategy=strategy)
    settings = make_settings(settings_class, preset, changes)
    changed = [f"{k}={v}" for k, v in changes.items()] if isinstance(changes, Mapping) else changes
    made = partial(factory, settings=settings)  # type: ignore[call-arg] # a class with settings_class takes them
    if prepared := getattr(factory, "prepared", None):  # it learns before it searches
        made = prepared(settings, space, benchmark)
    return Method(
        label or Path(name).name.removesuffix(".toml"),
        (made,),
        settings=describe_settings(settings),
        preset=preset.name if preset else None,
        citation=preset.citation if preset else "",
        chosen_here=bool(preset and preset.was_chosen_on(benchmark)),
        strategy=strategy,
        assignments=tuple(changed),
    )
