"""section 5 (Figures 17 to 19): learning curves under other discounts, neighbours and shapings."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.errors import DataError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.runs import RunFolder
from archwalk.experiments.statistics import moving_average
from archwalk.papers.cassimon2024.trainings import (
    Training,
    default_strategy,
    settings_at,
    train_or_resume,
)
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup, benchmark_settings, run_folders

WINDOW = 10
"""Of the moving average (figures 17 to 19)."""

METRIC = "charts/end_reward"
"""Mean reward, in percent, of the architectures in which episodes of training ended."""


@dataclass(frozen=True)
class Ablation:
    """A setting, and the values that the paper gives it."""

    setting: str
    values: tuple[Any, ...]

    def label(self, value: Any) -> str:
        """As in the legend."""
        return f"{self.setting} {'none' if value is None else format(value, 'g')}"


GAMMA = Ablation("gamma", (0.9, 0.95, 0.99))
NEIGHBOURS = Ablation("neighbours", (25, 50, 100))
ALPHA = Ablation("alpha", (None, 2.0, 6.0, 10.0))


def compute(setup: Setup, benchmark: str, ablation: Ablation, item: str) -> Answer:
    """Learning curves of the runs that the call names as NAME=RUNS, or of short ones trained here."""
    found = setup.find_benchmark(benchmark)
    strategy = setup.strategy or default_strategy()
    given = _groups_of(setup, item)
    if given:
        runs = {
            name: [RunFolder(folder) for folder in run_folders(Path(path))] for name, path in given.items()
        }
    else:
        runs = _train_all(setup, found, ablation, item, strategy)
        setup.note(
            f"Trained here by {strategy} at scale {setup.scale.name}; the paper trains for 10,000,000 steps. To draw "
            f"your own: --agents NAME=RUNS,... with runs of: archwalk train {strategy} --benchmark "
            f"{found.name}:{found.objective.name} --set {ablation.setting}=VALUE --out RUNS/SEED"
        )
    return Answer(
        benchmark_settings(found)
        | {"setting": ablation.setting, "window": WINDOW, "metric": METRIC, "seed": setup.seed}
        | {"runs": {name: [_about(run) for run in group] for name, group in runs.items()}},
        {"setting": ablation.setting, "window": WINDOW, "curves": {n: _curve(n, g) for n, g in runs.items()}},
    )


def _groups_of(setup: Setup, item: str) -> dict[str, str]:
    """The groups of this item: `fig17/NAME=RUNS`, or `NAME=RUNS` for whichever ablation is called."""
    return {
        name.removeprefix(f"{item}/"): path
        for name, path in setup.groups.items()
        if "/" not in name or name.startswith(f"{item}/")
    }


def _train_all(
    setup: Setup, benchmark: Benchmark, ablation: Ablation, item: str, strategy: str
) -> dict[str, list[RunFolder]]:
    settings = settings_at(setup.scale, benchmark, strategy, setup.scale.training_steps)
    folder = setup.out / "runs" / item / f"{strategy}-{setup.scale.name}"
    wanted = [
        Training(
            ablation.label(value),
            replace(settings, **{ablation.setting: value}),
            setup.seed + seed,
            folder / ablation.label(value).replace(" ", "-") / str(seed),
        )
        for value in ablation.values
        for seed in range(setup.scale.training_seeds)
    ]
    runs = train_or_resume(setup, benchmark, strategy, wanted)
    labels = [training.label for training in wanted]
    return {
        label: [run for run, of in zip(runs, labels, strict=True) if of == label]
        for label in dict.fromkeys(labels)
    }


def _curve(name: str, runs: list[RunFolder]) -> dict[str, Any]:
    """Mean over seeds of the smoothed accuracy, and its least and most, at the steps that all have logged."""
    if not runs:
        raise DataError(f"the runs of {name} hold no run folder")
    curves = [_read(run) for run in runs]
    length = min(len(steps_T) for steps_T, _ in curves)
    smooth_ST = np.stack([accuracy_T[:length] for _, accuracy_T in curves])
    return {
        "seeds": len(runs),
        "steps": curves[0][0][:length].astype(int).tolist(),
        "mean": _finite(np.nanmean(smooth_ST, axis=0)),
        "lo": _finite(np.nanmin(smooth_ST, axis=0)),
        "hi": _finite(np.nanmax(smooth_ST, axis=0)),
    }


def _read(run: RunFolder) -> tuple[Floats, Floats]:
    rows = [row for row in run.metrics() if METRIC in row]
    if not rows:
        raise DataError(f"the run in {run.path} has logged no {METRIC}, which Figures 17 to 19 draw")
    steps_T = np.array([row["steps"] for row in rows], np.float64)
    return steps_T, moving_average(np.array([row[METRIC] for row in rows], np.float64), WINDOW)


def _finite(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _about(run: RunFolder) -> dict[str, Any]:
    config, rows = run.config(), run.metrics()
    last = rows[-1] if rows else {}
    return {
        **{key: getattr(config, key) for key in ("strategy", "objective", "preset", "settings", "seed")},
        "steps": last.get("steps"),
        "queries": last.get("queries"),
        "unique": last.get("unique"),
    }


def _item(name: str, what: str, ablation: Ablation) -> Item:
    made = partial(compute, ablation=ablation, item=name)
    return Item(
        name,
        f"Figure {name.removeprefix('fig')}",
        f"Training under other {what}",
        "ablation",
        made,
        "nasbench101",
    )


FIG17 = _item("fig17", "discounts", GAMMA)
FIG18 = _item("fig18", "numbers of neighbours", NEIGHBOURS)
FIG19 = _item("fig19", "shapings", ALPHA)
