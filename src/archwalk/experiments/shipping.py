"""Making the agents that come with the package."""

from dataclasses import replace
from pathlib import Path

from archwalk.agents.saving import save_agent
from archwalk.agents.shipped import SHIPPED, shipped_path
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.transfer import train_over


def make_shipped(name: str, out: Path | None = None) -> Path:
    """Train one anew, to the same bits on the same kind of machine; over the package's own where `out` is None.

    Raises UsageError for a name that there is not, DataError where a source's table is not here.
    """
    inside = shipped_path(name)
    card = SHIPPED[name]
    sources = [load_benchmark(source) for source in card.sources]
    agent = train_over(sources, TransferSettings(samples=card.samples), seed=0)
    agent.paid = replace(agent.paid, seconds=card.seconds)
    save_agent(out or inside, agent)
    return out or inside
