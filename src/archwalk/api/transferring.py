"""Training over source tasks and searching tasks that were not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archwalk.agents.transfer.settings import TransferSettings
from archwalk.api.progress import progress_bar
from archwalk.data.added.names import added_names, is_added
from archwalk.data.decoding import encode_json
from archwalk.data.files import make_folder, write_atomically
from archwalk.errors import UsageError
from archwalk.estimators.added.benchmark import load_tasks
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments import transfer as protocol
from archwalk.experiments.records import RESULT
from archwalk.experiments.settings import make_settings
from archwalk.experiments.transfer_records import Transfer
from archwalk.experiments.transfer_target import PRETRAINED


def transfer(
    family: str | Sequence[Benchmark | str],
    strategies: Sequence[str] = (PRETRAINED, "mean-rank", "graph-gp", "local-search"),
    *,
    targets: Sequence[str] = (),
    budget: int = 150,
    trials: int = 20,
    seeds: Sequence[int] = (0,),
    settings: Mapping[str, Any] | None = None,
    sources: int | None = None,
    workers: int = 1,
    out: str | Path | None = None,
    command: str | None = None,
    progress: bool | None = None,
) -> Transfer:
    """Leave each target out of a family, train on all other tasks, and search it: by the trained agent and by others.

    `family` is one of `experiments.transfer.FAMILIES`, an added table of several tasks, or a list of benchmarks of one
    space. `strategies` are names: `pretrained` is the agent, `mean-rank` and `rgpe` know the same sources, all others
    begin from nothing; the first is tested against the rest. `targets` are all tasks unless some are named. An agent
    is trained for each of `seeds`; `settings` are those of the training. With `sources`, the agent learns from so many
    of the other tasks, those that follow the target in the family. With `out`, `result.json` is written there, and
    what is done is kept there, so that the same call goes on after a kill. The same seeds give the same result to the
    bit, but for seconds.

    Raises UsageError for an unknown family, tasks of several spaces, a target that is its own source or whose rewards
    are all alike.
    """
    tasks = _tasks(family, seeds[0])
    chosen = make_settings(TransferSettings, None, settings or {})
    folder = make_folder(Path(out)) if out is not None else None
    with progress_bar("tasks", 1.0, progress) as bar:
        record = protocol.transfer(
            tasks, strategies, family=family if isinstance(family, str) else tasks[0].space.name, targets=targets,
            budget=budget, trials=trials, seeds=seeds, settings=chosen, sources=sources, workers=workers,
            out=folder, command=command, tell=lambda target, share: bar.to(share),
        )  # fmt: skip
    if folder is not None:
        write_atomically(folder / RESULT, encode_json(record, indent=1) + "\n")
    return record


def _tasks(family: str | Sequence[Benchmark | str], seed: int) -> list[Benchmark]:
    if not isinstance(family, str):
        named = family
    elif "," in family:
        named = family.split(",")
    elif is_added(family):
        return load_tasks(family)
    elif family in protocol.FAMILIES:
        named = protocol.FAMILIES[family]
    else:
        raise UsageError(
            f"unknown family {family!r}; there are {', '.join([*protocol.FAMILIES, *added_names()])}, "
            "or name benchmarks with commas"
        )
    return [load_benchmark(name, seed) if isinstance(name, str) else name for name in named]
