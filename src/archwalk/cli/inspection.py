"""Commands that look at spaces: space, neighbours, oracle."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.text import Text

from archwalk.cli.common import OUT, print_json
from archwalk.errors import UsageError


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands of this file."""
    space = commands.add_parser("space", help="counts, encoding and an example of a search space")
    space.add_argument("name", metavar="NAME", help="a name, FILE.toml that declares one, or FILE.py:NAME")
    space.add_argument("--json", action="store_true")
    space.set_defaults(run=run_space)

    neighbours = commands.add_parser("neighbours", help="all architectures one edit away")
    neighbours.add_argument("space", metavar="SPACE")
    neighbours.add_argument("architecture", metavar="ARCH.json", type=Path)
    neighbours.add_argument("--json", action="store_true")
    neighbours.set_defaults(run=run_neighbours)

    oracle = commands.add_parser("oracle", help="exact optimum of a tabular benchmark by value iteration")
    oracle.add_argument("benchmark", metavar="BENCHMARK")
    oracle.add_argument("--gamma", type=float, default=0.99)
    oracle.add_argument(
        "--alpha", type=float, default=6.0, help="of the reward shaping (default 6, as Cassimon et al. 2024)"
    )
    oracle.add_argument("--json", action="store_true")
    oracle.set_defaults(run=run_oracle)


def run_space(options: argparse.Namespace) -> None:
    """Print a space."""
    import numpy as np

    from archwalk.spaces.capabilities import capabilities_of
    from archwalk.spaces.catalogue import load_space

    space = load_space(options.name)
    example_L = space.sample(np.random.default_rng(0), 1)[0]
    facts: dict[str, Any] = {"name": space.name}
    size, graph = getattr(space, "size", None), getattr(space, "graph", None)
    if size is not None and graph is not None:
        kinds = np.bincount(graph.kinds_E, minlength=len(space.edit_kinds))
        facts |= {
            "architectures": size,
            "edges": graph.edges,
            "neighbours": {
                "mean": float(graph.degrees.mean()),
                "median": float(np.median(graph.degrees)),
                "min": int(graph.degrees.min()),
                "max": int(graph.degrees.max()),
            },
            "edges_by_kind": dict(zip(space.edit_kinds, kinds.tolist(), strict=True)),
        }
    facts |= {
        "code_length": space.code_length,
        "features": space.feature_count,
        "choices": list(space.choices),
        "can": capabilities_of(space),
        "example": space.describe(example_L),
    }
    if options.json:
        print_json(facts)
        return
    for key, value in facts.items():
        OUT.print(Text.assemble((key.replace("_", " "), "bold"), f": {_plain(value)}"))


def run_neighbours(options: argparse.Namespace) -> None:
    """Print the neighbours of an architecture."""
    from archwalk.data.architectures import code_of
    from archwalk.spaces.catalogue import load_space

    space = load_space(options.space)
    code_L = code_of(space, options.architecture)
    found = space.neighbours(code_L[None])
    hash_of = getattr(space, "published_hash", None)
    rows = [
        {
            "kind": space.edit_kinds[kind],
            **({"hash": hash_of(neighbour_L)} if hash_of else {}),
            **space.describe(neighbour_L),
        }
        for neighbour_L, kind in zip(found.codes_EL, found.kinds_E, strict=True)
    ]
    if options.json:
        print_json({"neighbours": rows})
        return
    OUT.print(f"{len(rows)} neighbours", highlight=False)
    for row in rows:
        OUT.print(_plain(row), highlight=False, soft_wrap=True)


def run_oracle(options: argparse.Namespace) -> None:
    """Print the exact optimum."""
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.comparison import solve_benchmark, summarise_oracle
    from archwalk.experiments.records import plain
    from archwalk.report.values import Format
    from archwalk.spaces.base import EnumerableSpace

    benchmark = load_benchmark(options.benchmark)
    oracle = solve_benchmark(benchmark, options.gamma, options.alpha)
    if oracle is None or not isinstance(benchmark.space, EnumerableSpace):
        raise UsageError(
            f"{benchmark.name} has no table with one value for each architecture, so no exact optimum"
        )
    found = summarise_oracle(benchmark, oracle, benchmark.space.start_weights, options.alpha)
    summary = {"benchmark": benchmark.name} | plain(found)
    if options.json:
        print_json(summary)
        return
    objective = benchmark.objective
    OUT.print(f"Exact optimum of the incremental problem, {benchmark.name}, objective {objective.name}")
    reward, report = Format(objective.reward, 4), Format(objective.report, 4)
    lines = {
        "mean final": reward.value(found.mean_final),
        "median final": reward.value(found.median_final),
        "mean steps": _plain(found.mean_steps),
        "median improvement": reward.change(found.median_improvement),
        "mean improvement": reward.change(found.mean_improvement),
        "mean final report": report.value(found.mean_final_report),
        "best reward": reward.value(found.best_reward),
        "report of that best": report.value(found.best_report),
        "gamma": f"{found.gamma:g}",
        "alpha": "none" if found.alpha is None else f"{found.alpha:g}",
    }
    for label, value in lines.items():
        OUT.print(f"  {label:20} {value}", highlight=False)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value)
