"""Trainings that a reproduction of the paper starts itself: the paper's agent, or another, cut to the scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from archwalk.agents.catalogue import TRAINERS
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.presets import default_preset, load_preset, preset_names
from archwalk.experiments.runs import CONFIG, RunFolder
from archwalk.experiments.settings import describe_settings, make_settings
from archwalk.experiments.training import resume_training, train_agent
from archwalk.papers.item import Item
from archwalk.papers.scales import Scale
from archwalk.papers.setup import Setup

PAPERS_STRATEGY, PAPERS_PRESET = "apex", "cassimon2024-{}"
"""The preset is named after the benchmark."""

_SHORT: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        "environments": 16, "batch": 32, "width": 32, "learning_starts": 500,
        "actors": 2, "fragment": 10, "block": 1,
    },
    "small": {"environments": 32, "batch": 128, "learning_starts": 2_000},
}  # fmt: skip
"""Settings of trainings much shorter than the paper's; those that a strategy does not have are left away."""


@dataclass(frozen=True)
class Training:
    """One training: what it is called, its settings and seed, and where it goes."""

    label: str
    settings: Any
    seed: int
    out: Path


def train_papers_agents(setup: Setup, items: Sequence[Item]) -> list[str]:
    """The paper's agents on the benchmarks of items that show them, as often and as long as the scale says.

    Gives the folders of their runs, one a benchmark. Raises UsageError where no item shows an agent, DataError where
    the data of none of the benchmarks is here.
    """
    names = {setup.benchmark or item.benchmark: None for item in items if item.agents}
    if not names:
        raise UsageError("none of these items shows the paper's agent; leave the training out")
    folders, missing = [], []
    for name in names:
        try:
            folders.append(_train_on(setup, setup.find_benchmark(name)))
        except DataError as error:
            missing.append(error)
    if not folders:
        raise missing[0]
    return folders


def _train_on(setup: Setup, benchmark: Benchmark) -> str:
    scale = setup.scale
    settings = settings_at(scale, benchmark, PAPERS_STRATEGY, scale.agent_steps, whole=scale.name != "smoke")
    folder = setup.out / "runs" / f"{PAPERS_STRATEGY}-{benchmark.name.split(':')[0]}-{scale.name}"
    wanted = [
        Training(f"the paper's agent on {benchmark.name}", settings, setup.seed + seed, folder / str(seed))
        for seed in range(scale.agent_seeds)
    ]
    train_or_resume(setup, benchmark, PAPERS_STRATEGY, wanted)
    return str(folder)


def default_strategy() -> str:
    """The paper's agent where this version has it."""
    return PAPERS_STRATEGY if PAPERS_STRATEGY in TRAINERS.names() else "dqn"


def settings_at(
    scale: Scale, benchmark: Benchmark, strategy: str, steps: int | None, *, whole: bool = False
) -> Any:
    """The paper's preset or ours, cut to the scale; `steps` is the length of the training (None: the preset's), and
    with `whole` nothing else is cut.
    """
    settings_class, _ = TRAINERS.load(strategy)
    papers = PAPERS_PRESET.format(benchmark.name.split(":")[0])
    of_paper = strategy == PAPERS_STRATEGY and papers in preset_names()
    preset = load_preset(papers) if of_paper else default_preset(strategy, benchmark.name)
    known = {field.name for field in fields(settings_class)}
    cuts = {} if whole else _SHORT.get(scale.name, {})
    short = {key: value for key, value in cuts.items() if key in known}
    if steps is not None:
        short[settings_class.length] = steps
    return make_settings(settings_class, preset, short)


def train_or_resume(
    setup: Setup, benchmark: Benchmark, strategy: str, wanted: Sequence[Training]
) -> list[RunFolder]:
    """Train what is not trained yet. Raises DataError where a folder holds a run with other settings."""
    runs = []
    for done, training in enumerate(wanted):
        tell = partial(_tell, setup, done, len(wanted), f"training, {training.label}, seed {training.seed}")
        runs.append(_train(benchmark, strategy, training, tell))
    return runs


def _train(benchmark: Benchmark, strategy: str, training: Training, tell: Any) -> RunFolder:
    out, settings, seed = training.out, training.settings, training.seed
    if not (out / CONFIG).exists():
        return train_agent(benchmark, strategy, settings, seed=seed, out=out, progress=tell)
    config = RunFolder(out).config()
    if config.settings != describe_settings(settings) or config.seed != seed:
        raise DataError(f"{out} holds a training with other settings; delete it or name another --out")
    return resume_training(out, progress=tell)


def _tell(setup: Setup, before: int, total: int, text: str, done: int, of: int, metrics: Any) -> None:
    setup.tell((before + done / max(of, 1)) / total, text)
