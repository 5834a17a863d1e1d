"""Commands about learned agents: demo, train, improve."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archwalk.cli.common import OUT, note, print_json, readable
from archwalk.cli.numbers import STEPS
from archwalk.cli.options import (
    add_benchmark,
    add_json,
    add_out,
    add_seed,
    add_settings,
    add_tracking,
    read_callbacks,
    read_settings,
    require_benchmark,
)
from archwalk.cli.results import print_result
from archwalk.data.decoding import to_plain
from archwalk.errors import UsageError
from archwalk.late import use_one_thread
from archwalk.learning.engines import ENGINES

if TYPE_CHECKING:
    from archwalk.api.agents import Improvement, TrainedAgent

DEMO_SCALES = {"smoke": (50, 20, 200), "small": (150, 40, 2_000)}
"""Budget, trials and starts of single episodes."""

DEMO_TRAINING = {
    ("planner", "smoke"): {"evaluations": 200, "initial": 100, "distil_updates": 500},
    ("dqn", "smoke"): {"steps": 20_000},
}
"""Settings that differ from the preset's."""

BASELINES = {"smoke": ["local-search", "random-walk", "random-search"]}
BASELINES["small"] = ["graph-gp", *BASELINES["smoke"]]


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    demo = commands.add_parser("demo", help="train an agent, compare, write a report: minutes, no download")
    add_benchmark(demo, "nas-bench-graph:photo")
    demo.add_argument("--strategy", choices=["planner", "dqn"], default="planner", help="the agent to train")
    demo.add_argument("--scale", choices=list(DEMO_SCALES), default="small")
    add_seed(demo)
    add_out(demo, "folder for the agent and the report (default: runs/demo-TIME)")
    add_json(demo)
    demo.set_defaults(run=run_demo)

    train = commands.add_parser("train", help="train an agent into a run folder")
    train.add_argument("strategy", metavar="AGENT", nargs="?", help="archwalk list agents names them")
    add_benchmark(train)
    train.add_argument(
        "--preset", help="a name or a TOML file (default: archwalk-<benchmark> if there is one)"
    )
    add_settings(train)
    train.add_argument(
        "--steps",
        type=STEPS,
        help="how long: environment steps (apex, dqn, meta-rl), evaluated architectures (the planners, climber)",
    )
    for name, words in (
        ("--maximise", "a metric, of an agent for several goals"),
        ("--minimise", "the same"),
    ):
        train.add_argument(name, metavar="METRIC", action="append", default=[], help=words)
    add_seed(train)
    add_out(train, "run folder (default: runs/<agent>-<benchmark>-<seed>)")
    train.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="RUN",
        help="train further: begin with the weights of the agent in this run folder (dqn, apex, planner)",
    )
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
    train.add_argument("--engine", choices=ENGINES, default="local", help="where the actors run (apex)")
    train.add_argument("--address", help="of a Ray cluster to join (default: start one here)")
    train.add_argument("--workers", help=argparse.SUPPRESS)  # those of other commands change no result
    train.add_argument("--device", default="cpu", help="of the learner's network (apex): cpu, cuda")
    add_tracking(train)
    add_json(train)
    train.set_defaults(run=run_train)

    improve = commands.add_parser("improve", help="a few edits from your architecture to a better one")
    improve.add_argument(
        "agent",
        metavar="AGENT",
        type=Path,
        nargs="?",
        help="run folder of a trained agent; none with --space",
    )
    improve.add_argument("architecture", metavar="ARCH.json", type=Path)
    improve.add_argument("--space", metavar="S", help="by the agent of the package that knows this space")
    add_benchmark(improve)
    add_seed(improve)
    add_json(improve)
    improve.set_defaults(run=run_improve)


def run_demo(options: argparse.Namespace) -> None:
    """Train, compare and draw."""
    from archwalk.api.agents import train
    from archwalk.api.searching import compare
    from archwalk.estimators.stored import cores

    budget, trials, episodes = DEMO_SCALES[options.scale]
    out: Path = options.out or Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    use_one_thread()
    agent = train(
        options.strategy, options.benchmark, out=out / "agent", seed=options.seed,
        settings=DEMO_TRAINING.get((options.strategy, options.scale)), progress=True,
    )  # fmt: skip
    result = compare(
        [agent, *BASELINES[options.scale]], options.benchmark, budget=budget, trials=trials, seed=options.seed,
        episodes=episodes, out=out, command=options.command_line, progress=True, workers=cores(),
    )  # fmt: skip
    print_result(result, options.json, out)


def run_train(options: argparse.Namespace) -> None:
    """Train or resume."""
    from archwalk.api.agents import resume, train

    if options.workers is not None:
        raise UsageError("train has no --workers: how many actors there are is a setting, --set actors=2")
    use_one_thread()
    place = {"engine": options.engine, "address": options.address, "device": options.device}
    if options.resume:
        if options.out is None:
            raise UsageError("--resume needs the run folder: --out DIR")
        if options.assignments or options.steps or options.preset or options.maximise or options.minimise:
            raise UsageError(
                "settings cannot change under way; leave --set, --steps, --preset and goals out with --resume"
            )
        if options.source:
            raise UsageError(
                "what it was trained further from is in the run folder; leave --from out with --resume"
            )
        _print_agent(resume(options.out, **place, callbacks=read_callbacks(options), progress=True), options)
        return
    if options.strategy is None:
        raise UsageError("which agent? say archwalk train planner (archwalk list agents names them all)")
    settings: dict[str, Any] = read_settings(options.assignments, [options.strategy]).get(
        options.strategy, {}
    )
    agent = train(
        options.strategy, require_benchmark(options), out=options.out, preset=options.preset, settings=settings,
        maximise=options.maximise, minimise=options.minimise, steps=options.steps, seed=options.seed,
        source=options.source, **place,
        callbacks=read_callbacks(options), progress=True,
    )  # fmt: skip
    _print_agent(agent, options)


def _print_agent(agent: TrainedAgent, options: argparse.Namespace) -> None:
    """Say where it is, what it cost, and what may come next."""
    paid, source = agent.paid, agent.config.source
    if options.json:
        print_json(
            {
                "agent": str(agent.path), "strategy": agent.config.strategy, "benchmark": agent.benchmark,
                "training_queries": paid.queries, "training_unique": paid.unique, "training_unscored": paid.unscored,
                "training_seconds": paid.seconds, "from": source and to_plain(source),
            }
        )  # fmt: skip
        return
    note(
        f"the agent is in {agent.path}; its training paid for {paid.unique:,} different architectures"
        + (f", {source.unique:,} of them on {source.benchmark} before" if source else "")
    )
    if paid.unscored:
        note(f"{paid.unscored:,} of them have no score and counted as the worst there is")
    goals = [
        f"--{way} {name}" for way in ("maximise", "minimise") for name in agent.config.settings.get(way, ())
    ]
    others = "nsga2" if goals else "local-search"
    note(
        f"next: archwalk compare --benchmark {agent.benchmark} --strategies {agent.path},{others} "
        f"{' '.join([*goals, ''])}--budget {50 if goals else 150} --trials {20 if goals else 100}"
    )


def run_improve(options: argparse.Namespace) -> None:
    """Walk once from an architecture."""
    from archwalk.api.agents import improve_in, load_agent

    use_one_thread()
    if (options.agent is None) == (options.space is None):
        raise UsageError(
            "which agent? say archwalk improve DIR ARCH.json, or archwalk improve ARCH.json --space S for that of the "
            "package"
        )
    if options.space:
        improvement = improve_in(
            options.space, options.architecture, benchmark=options.benchmark, seed=options.seed
        )
    else:
        agent = load_agent(options.agent)
        improvement = agent.improve(
            options.architecture, benchmark=options.benchmark or agent.table(), seed=options.seed
        )
    if options.json:
        print_json(_improvement_json(improvement))
        return
    OUT.print(readable(improvement.found.description), highlight=False, soft_wrap=True)
    if not improvement.edits:
        note("no edits from your architecture: the agent takes it for the best that it can reach")
    else:
        kinds = ", ".join(edit.kind for edit in improvement.edits)
        note(f"{len(improvement.edits)} edits from your architecture: {kinds}")
    if improvement.before and improvement.after:
        note(f"before: {improvement.before}; after: {improvement.after}")


def _improvement_json(improvement: Improvement) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "start": improvement.start.description,
        "found": improvement.found.description,
        "steps": len(improvement.edits),
        "edits": [
            {"kind": edit.kind, "architecture": edit.architecture.description} for edit in improvement.edits
        ],
    }
    for name, evaluation in (("before", improvement.before), ("after", improvement.after)):
        if evaluation is not None:
            answer[name] = evaluation.as_dict()
    return answer
