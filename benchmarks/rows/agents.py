"""Agents: their training, and searches by them."""

from typing import Any

from rows.table import CELLS, GRAPHS, Work, row


def training(agent: str, benchmark: str, *changes: str) -> Work:
    """A training to its end."""
    from rows.names import trainer_of

    _, short = trainer_of(agent, benchmark, *changes)
    next(short.run())
    _, trainer = trainer_of(agent, benchmark, *changes)
    return lambda: list(trainer.run()), 1


@row("planner, trained on NAS-Bench-101", "s", slow=True)
def planner() -> Work:
    return training("planner", CELLS)


@row("climber, trained on NAS-Bench-101", "s", slow=True)
def climber() -> Work:
    return training("climber", CELLS)


@row("double DQN, 50,000 steps", "s", peer="Adam not fused")
def double_dqn() -> Work:
    return training("dqn", GRAPHS, "steps=50000")


@row("double DQN, 50,000 steps/peer", "s")
def double_dqn_unfused() -> Work:
    unfuse()
    return double_dqn()


@row("planner, trained on NAS-Bench-Graph", "s", peer="Adam not fused")
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


def searching(agent: Any, problem: Any) -> Work:
    """The demo's comparison: 200 trials of 150 queries by an agent that has seen nothing yet."""
    from archwalk.experiments.protocol import run_search
    from rows.names import Method

    return lambda: run_search(problem, Method("agent", (agent,)), budget=150, trials=200, seed=0), 1


def briefly_trained() -> tuple[Any, Any]:
    from rows.names import trainer_of

    short = ["evaluations=400", "initial=200", "distil_updates=1000"]
    problem, trainer = trainer_of("planner", "nas-bench-graph:photo", *short)
    for _ in trainer.run():
        pass
    return trainer.agent(), problem


@row("planner's search, 200 trials of 150", "s", peer="asking its network at every step")
def agent_search() -> Work:
    return searching(*briefly_trained())


@row("planner's search, 200 trials of 150/peer", "s")
def agent_search_asking() -> Work:
    from agent_search import AskingPlanner

    agent, problem = briefly_trained()
    return searching(AskingPlanner(problem.space, agent.shape, agent.network), problem)
