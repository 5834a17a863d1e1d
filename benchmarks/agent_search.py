"""A search by a trained agent that values each architecture once, beside one that asks its network at every step.

Processor time of a whole search, ledger included, in pairs A B A B; medians, and whether the curves are the same to the
bit. The agents are trained briefly first, which is not timed.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.agents.base import Agent
from archwalk.agents.catalogue import TRAINERS
from archwalk.agents.climber.agent import ClimberAgent
from archwalk.agents.planner.agent import PlannerAgent
from archwalk.agents.saving import pack_agent, unpack_agent
from archwalk.agents.walking import JudgingAgent, WalkingAgent
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.presets import default_preset
from archwalk.experiments.protocol import Method, run_search
from archwalk.experiments.settings import make_settings
from archwalk.experiments.training import train_agent
from archwalk.spaces.base import Codes


class Asking(JudgingAgent[Any, Any]):
    """Asks the network whenever it acts or judges."""

    act = WalkingAgent.act

    def worth(self, codes_BL: Codes) -> Floats:
        worth_B: Floats = self._value(codes_BL)[0]
        return worth_B


class AskingPlanner(Asking, PlannerAgent):
    """See `Asking`."""


class AskingClimber(Asking, ClimberAgent):
    """See `Asking`."""


AGENTS = {"planner": AskingPlanner, "climber": AskingClimber}


def train(benchmark: Benchmark, name: str, strategy: str, out: Path) -> JudgingAgent[Any, Any]:
    settings_class, _ = TRAINERS.load(strategy)
    short = ["evaluations=400", "initial=200", "distil_updates=1000"]
    settings = make_settings(settings_class, default_preset(strategy, name), short)
    agent = train_agent(benchmark, strategy, settings, seed=0, out=out).agent(benchmark.space)
    assert isinstance(agent, JudgingAgent)
    return agent


def search(benchmark: Benchmark, agent: Agent, trials: int, budget: int) -> tuple[float, NDArray[np.int32]]:
    """Seconds of processor time, and what was asked for."""
    fresh = unpack_agent(pack_agent(agent), benchmark.space, "memory")  # one that has seen nothing
    if isinstance(agent, Asking):
        fresh = agent
    started = time.process_time()
    found = run_search(benchmark, Method("agent", (fresh,)), budget=budget, trials=trials, seed=0)
    return time.process_time() - started, found.ledgers[0].codes_TQL


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="nas-bench-graph:photo")
    parser.add_argument("--strategies", default="planner,climber")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--budget", type=int, default=150)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark(options.benchmark)
    print(f"{benchmark.name}, {options.trials} trials of {options.budget} queries, seconds of processor time")
    for strategy in options.strategies.split(","):
        with tempfile.TemporaryDirectory() as folder:
            agent = train(benchmark, options.benchmark, strategy, Path(folder) / "run")
        asking = AGENTS[strategy](benchmark.space, agent.shape, agent.network)
        for one in (agent, asking):
            search(benchmark, one, 2, 2)  # kernels and tables
        pairs = [
            [search(benchmark, one, options.trials, options.budget) for one in (agent, asking)]
            for _ in range(options.pairs)
        ]
        once, always = (statistics.median(pair[i][0] for pair in pairs) for i in range(2))
        same = all(np.array_equal(one, other) for (_, one), (_, other) in pairs)
        print(
            f"{strategy:8} each once {once:7.2f}   at every step {always:7.2f}   ratio {always / once:5.1f}   "
            f"{'the same' if same else 'OTHER'} architectures",
            flush=True,
        )


if __name__ == "__main__":
    main()
