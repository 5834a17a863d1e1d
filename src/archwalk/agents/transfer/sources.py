"""Source tasks by their names, for searchers that learn from them before they begin."""

import time
from dataclasses import dataclass
from functools import lru_cache

from archwalk.agents.base import Paid
from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.tasks import space_difference
from archwalk.agents.transfer.trainer import TransferTrainer
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.checks import Count, check_settings


@dataclass(frozen=True)
class SourceSettings:
    """`sources` are other benchmarks of the space that is searched, with commas between. On each of them `samples`
    architectures are evaluated before any trial, which is counted as training; `members` networks of `width` learn by
    `updates` steps what architectures are worth there. All of it depends on `seed` alone.
    """

    sources: str = ""
    samples: Count = 8_000
    members: Count = 2
    width: Count = 128
    updates: Count = 1_000
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def names(self) -> list[str]:
        """Of the sources."""
        return [name.strip() for name in self.sources.split(",") if name.strip()]


def learn_from(settings: SourceSettings, space: SearchSpace, target: str = "") -> TransferAgent:
    """What the sources say of the architectures of a space, learned once a process.

    Raises UsageError where none is named, where one is the `target`, or is on another space.
    """
    if not settings.names:
        raise UsageError("which source tasks? say --set STRATEGY.sources=chain-digits,chain-mnist5k")
    if target and any(f"{name}:".startswith(f"{target}:") for name in settings.names):
        raise UsageError(
            f"{target} is searched: it may not be among its own sources (archwalk transfer has columns of one table)"
        )
    agent = _learn(settings)
    if difference := space_difference(agent.space, space):
        raise UsageError(
            f"source tasks share the space that is searched: what learns on {settings.sources} {difference}"
        )
    return agent


@lru_cache(maxsize=4)
def _learn(settings: SourceSettings) -> TransferAgent:
    started = time.perf_counter()
    sources = [load_benchmark(name, settings.seed) for name in settings.names]
    chosen = TransferSettings(
        samples=settings.samples, members=settings.members, width=settings.width, updates=settings.updates,
        first=1, optimism=1.0,  # nothing is rehearsed: these searchers begin and choose in ways of their own
    )  # fmt: skip
    trainer = TransferTrainer(sources[0], chosen, settings.seed, then=sources[1:])
    for _ in trainer.run():
        pass
    agent = trainer.agent()
    agent.paid = Paid(trainer.ledger.queries, trainer.ledger.unique, time.perf_counter() - started)
    return agent
