"""Agents: their training, and searches by them."""

from typing import Any

from rows.table import CELLS, GRAPHS, Work, folder, row

PHOTO = "nas-bench-graph:photo"


def training(agent: str, benchmark: str, *changes: str) -> Work:
    """A training to its end."""
    from rows.names import chosen

    problem, trainer, settings = chosen(agent, benchmark, *changes)
    next(trainer(problem, settings, 0).run())
    return lambda: list(trainer(problem, settings, 0).run()), 1


@row("planner, trained on NAS-Bench-101", "s", slow=True)
def planner() -> Work:
    return training("planner", CELLS)


@row("climber, trained on NAS-Bench-101", "s", slow=True)
def climber() -> Work:
    return training("climber", CELLS)


@row("double DQN, 20,000 steps", "s", peer="Adam not fused")
def double_dqn() -> Work:
    return training("dqn", GRAPHS, "steps=20000")


@row("double DQN, 20,000 steps/peer", "s")
def double_dqn_unfused() -> Work:
    unfuse()
    return double_dqn()


@row("planner, trained on NAS-Bench-Graph", "s", peer="Adam not fused", slow=True)
def planner_of_graphs() -> Work:
    return training("planner", GRAPHS)


@row("planner, trained on NAS-Bench-Graph/peer", "s")
def planner_of_graphs_unfused() -> Work:
    unfuse()
    return planner_of_graphs()


def unfuse() -> None:
    """Adam and AdamW as PyTorch makes them unless told otherwise."""
    import torch

    make = torch.optim.Adam.__init__

    def make_plain(self: Any, *words: Any, fused: bool | None = None, **more: Any) -> None:
        make(self, *words, **more)

    torch.optim.Adam.__init__ = make_plain  # type: ignore[method-assign]


def searching(method: Any, problem: Any) -> Work:
    """200 trials of 150 queries by an agent that has seen nothing yet."""
    from archwalk.experiments.protocol import run_search

    return lambda: run_search(problem, method, budget=150, trials=200, seed=0), 1


def briefly_trained() -> tuple[Any, Any]:
    """The benchmark, and a run folder."""
    from archwalk.experiments.training import train_agent
    from rows.names import chosen

    short = ["evaluations=400", "initial=200", "distil_updates=1000"]
    problem, _, settings = chosen("planner", PHOTO, *short)
    return problem, train_agent(problem, "planner", settings, seed=0, out=folder() / "run")


@row("planner's search, 200 trials of 150", "s", peer="asking its network at every step", slow=True)
def agent_search() -> Work:
    from rows.names import load_methods

    problem, run = briefly_trained()
    (method,) = load_methods([str(run.path)], problem.space, PHOTO)
    return searching(method, problem)


@row("planner's search, 200 trials of 150/peer", "s")
def agent_search_asking() -> Work:
    from agent_search import AskingPlanner
    from archwalk.experiments.protocol import Method

    problem, run = briefly_trained()
    agent = run.agent(problem.space)
    return searching(Method("agent", (AskingPlanner(problem.space, agent.shape, agent.network),)), problem)
