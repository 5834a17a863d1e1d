"""The trained agent on NAS-Bench-101, test-mean: final accuracy of one episode, per seed.

A seeded 10 % of the cells with 6 and 7 vertices is held out: no training episode starts there (episodes may
pass through). Each agent walks once from random starts (size-uniform) and once from held-out cells.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archwalk.agents.catalogue import TRAINERS
from archwalk.environments.walks import Sampler
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.presets import Preset, load_preset
from archwalk.experiments.protocol import spawn
from archwalk.experiments.running import run_trials
from archwalk.experiments.runs import load_method
from archwalk.experiments.settings import make_settings
from archwalk.experiments.training import train_agent
from archwalk.spaces.base import Codes, sample_cumulative
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.strategies.base import Trials
from archwalk.strategies.walker import Walker

STARTS = 10_000


def hold_out(space: NASBench101) -> tuple[Sampler, Codes]:
    """A sampler of starts that avoids the held-out cells, and a sample of those."""
    rng = spawn(101, 0)
    held_N = (rng.random(space.size) < 0.1) & (space.tables.vertices_N >= 6)
    cumulative = np.cumsum(np.where(held_N, 0.0, space.start_weights))
    held = rng.choice(np.flatnonzero(held_N), STARTS).astype(np.int32)[:, None]
    return lambda rng, n: sample_cumulative(cumulative, rng, n)[:, None], held


def train_and_walk(
    benchmark: Benchmark, space: NASBench101, preset: Preset, settings: Any, seed: int
) -> dict[str, Any]:
    """Train one agent and take one episode from each start."""
    estimator = benchmark.estimator
    assert isinstance(estimator, TableEstimator)
    starts, held = hold_out(space)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = train_agent(
            benchmark, preset.strategy, settings, seed=seed, out=Path(folder) / "run", starts=starts
        )
        seconds = time.perf_counter() - started
        logged = run.metrics()[-1]
        agent = load_method(str(run.path), space).factories[0](Trials(space, 1, spawn(seed, 9)))
    assert isinstance(agent, Walker)
    found = run_trials(estimator, agent, 50).curves().report_TQ[0, -1]
    result: dict[str, Any] = {
        "seconds": seconds,
        "queries": agent.training_queries,
        "unique": agent.training_unique,
        "best evaluated": (evaluated := logged.get("charts/best_reward", np.nan)),
        "best known": max(evaluated, found),
    }
    for name, codes_BL in (("random", space.sample(spawn(7, 0), STARTS)), ("held-out", held)):
        started = time.perf_counter()
        finals = estimator.reward_N[agent.improve(codes_BL).finals_BL[:, 0]]
        result[name] = finals.mean()
        result[f"{name} median"] = np.median(finals)
        result["ms an episode"] = (time.perf_counter() - started) / STARTS * 1e3
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--preset", default="archwalk-nasbench101")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark("nasbench101:test-mean")
    space = benchmark.space
    assert isinstance(space, NASBench101)
    preset = load_preset(options.preset)
    settings = make_settings(TRAINERS.load(preset.strategy)[0], preset, options.set)
    print(f"nasbench101 test-mean, preset {options.preset} {' '.join(options.set)}, {STARTS:,} starts each")
    for seed in options.seeds:
        result = train_and_walk(benchmark, space, preset, settings, seed)
        print(f"seed {seed}: " + "  ".join(f"{k} {v:,.3f}" for k, v in result.items()), flush=True)


if __name__ == "__main__":
    main()
