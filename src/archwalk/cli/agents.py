"""Commands about learned agents: demo, train, improve."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import OUT, Bar, note, print_json, progress_bar, read_json, readable
from archwalk.cli.numbers import SEED, STEPS, WORKERS
from archwalk.cli.results import compare_with_progress, show
from archwalk.errors import UsageError
from archwalk.late import use_one_thread
from archwalk.learning.engines import ENGINES

if TYPE_CHECKING:
    from archwalk.experiments.runs import Place, RunFolder

DEMO_SCALES = {"smoke": (50, 20, 200), "small": (150, 200, 2_000)}
"""Budget, trials and starts of single episodes."""

DEMO_TRAINING = {
    ("planner", "smoke"): ["evaluations=200", "initial=100", "distil_updates=500"],
    ("dqn", "smoke"): ["steps=20_000"],
}
"""Settings that differ from the preset's."""

BASELINES = ["local-search", "random-walk", "random-search"]


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    demo = commands.add_parser("demo", help="train an agent, compare, write a report: minutes, no download")
    demo.add_argument("--benchmark", default="nas-bench-graph:photo")
    demo.add_argument("--strategy", choices=["planner", "dqn"], default="planner", help="the agent to train")
    demo.add_argument("--scale", choices=list(DEMO_SCALES), default="small")
    demo.add_argument("--seed", type=SEED, default=0)
    demo.add_argument(
        "--out", type=Path, help="folder for the agent and the report (default: runs/demo-TIME)"
    )
    demo.add_argument("--json", action="store_true")
    demo.set_defaults(run=run_demo)

    train = commands.add_parser("train", help="train an agent into a run folder")
    train.add_argument("strategy", metavar="STRATEGY")
    train.add_argument("--benchmark", help="needed unless --resume")
    train.add_argument("--preset", help="default: archwalk-<benchmark> if there is one")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="assignments")
    train.add_argument(
        "--steps",
        type=STEPS,
        help="how long: environment steps (apex, dqn, meta-rl), evaluated architectures (planner)",
    )
    train.add_argument("--seed", type=SEED, default=0)
    train.add_argument("--out", type=Path, help="run folder (default: runs/<strategy>-<benchmark>-<seed>)")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
    train.add_argument("--engine", choices=ENGINES, default="local", help="where the actors run (apex)")
    train.add_argument("--address", help="of a Ray cluster to join (default: start one here)")
    train.add_argument("--workers", type=WORKERS, help="actors (apex): the setting of that name")
    train.add_argument("--device", default="cpu", help="of the learner's network (apex): cpu, cuda")
    train.set_defaults(run=run_train)

    improve = commands.add_parser("improve", help="a few steps from your architecture to a better one")
    improve.add_argument("checkpoint", metavar="CHECKPOINT", type=Path, help="run folder of a trained agent")
    improve.add_argument("architecture", metavar="ARCH.json", type=Path)
    improve.add_argument("--seed", type=SEED, default=0)
    improve.add_argument("--json", action="store_true")
    improve.set_defaults(run=run_improve)


def run_demo(options: argparse.Namespace) -> None:
    """Train, compare and draw."""
    budget, trials, episodes = DEMO_SCALES[options.scale]
    assignments = DEMO_TRAINING.get((options.strategy, options.scale), [])
    out: Path = options.out or Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    use_one_thread()
    run = train(options.benchmark, options.strategy, None, assignments, options.seed, out / "agent")
    from msgspec.structs import replace

    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.records import training_curve
    from archwalk.experiments.runs import load_contestants

    benchmark = load_benchmark(options.benchmark)
    contestants = load_contestants([str(run.path), *BASELINES], benchmark.space)
    record = compare_with_progress(benchmark, contestants, budget, trials, options.seed, episodes)
    training = training_curve(run.metrics(), benchmark.objective.reward)
    show(replace(record, training=training), out, options.json)


def run_train(options: argparse.Namespace) -> None:
    """Train or resume."""
    from archwalk.agents.catalogue import TRAINERS
    from archwalk.experiments.runs import Place

    use_one_thread()
    place = Place(options.engine, options.address, options.device)
    if options.resume:
        if options.out is None:
            raise UsageError("--resume needs the run folder: --out DIR")
        if options.workers is not None:
            raise UsageError("--workers cannot change under way; leave it out with --resume")
        run = resume(options.out, place)
    else:
        if options.benchmark is None:
            raise UsageError("which benchmark? say --benchmark nas-bench-graph:cora")
        assignments = list(options.assignments)
        if options.steps is not None:
            assignments.append(f"{TRAINERS.load(options.strategy)[0].length}={options.steps}")
        if options.workers is not None:
            assignments.append(f"workers={options.workers}")
        name = f"{options.strategy}-{options.benchmark}-{options.seed}".replace(":", "-")
        out = options.out or Path("runs") / name
        run = train(
            options.benchmark, options.strategy, options.preset, assignments, options.seed, out, place
        )
    last = (run.metrics() or [{}])[-1]
    note(f"the agent is in {run.path}; training paid for {last.get('unique', 0):,} different architectures")
    note(
        f"next: archwalk compare --benchmark ... --strategies {run.path},local-search --budget 150 --trials 100"
    )


def run_improve(options: argparse.Namespace) -> None:
    """Walk once from an architecture."""
    from archwalk.experiments.protocol import spawn
    from archwalk.experiments.runs import RunFolder
    from archwalk.spaces.catalogue import SPACES

    use_one_thread()
    run = RunFolder(options.checkpoint)
    space = SPACES.load(run.config().space)()
    start_L = space.parse(read_json(options.architecture))
    episodes = run.agent(space).improve(start_L[None], spawn(options.seed, 0))
    found = space.describe(episodes.finals_BL[0])
    answer = {"start": space.describe(start_L), "found": found, "steps": int(episodes.steps_B[0])}
    if options.json:
        print_json(answer)
    else:
        OUT.print(readable(found), highlight=False, markup=False, soft_wrap=True)
        note(f"{answer['steps']} edits from your architecture")


def train(
    benchmark_name: str,
    strategy: str,
    preset_name: str | None,
    assignments: list[str],
    seed: int,
    out: Path,
    place: Place | None = None,
) -> RunFolder:
    """Train an agent under a progress bar."""
    from archwalk.agents.catalogue import TRAINERS
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.presets import default_preset, load_preset, make_settings
    from archwalk.experiments.runs import HERE
    from archwalk.experiments.training import train_agent

    settings_class, _ = TRAINERS.load(strategy)
    preset = load_preset(preset_name) if preset_name else default_preset(strategy, benchmark_name)
    if preset and preset.strategy != strategy:
        raise UsageError(f"the preset {preset.name} is for {preset.strategy}, not for {strategy}")
    settings = make_settings(settings_class, preset, assignments)
    benchmark = load_benchmark(benchmark_name, seed)
    with progress_bar(f"training on {benchmark.name}, {benchmark.objective.name}") as bar:
        return train_agent(
            benchmark, strategy, settings, seed=seed, out=out, preset=preset.name if preset else None,
            progress=_shower(bar), place=place or HERE, asked=benchmark_name,
        )  # fmt: skip


def resume(out: Path, place: Place) -> RunFolder:
    """Go on with a training under a progress bar."""
    from archwalk.experiments.training import resume_training

    with progress_bar(f"training in {out}") as bar:
        return resume_training(out, progress=_shower(bar), place=place)


def _shower(bar: Bar) -> Callable[[int, int, dict[str, float]], None]:
    """Shows progress, and the metrics that are charts."""

    def show_metrics(done: int, total: int, metrics: dict[str, float]) -> None:
        charts = (
            f"{k.removeprefix('charts/')} {v:.4g}" for k, v in metrics.items() if k.startswith("charts/")
        )
        bar.to(done, total, "  ".join(charts))

    return show_metrics
