"""Who takes part in the paper's tables, under which settings, and how many trials each can afford."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.presets import preset_names
from archwalk.experiments.runs import load_method
from archwalk.papers.setup import NamedMethod, Setup
from archwalk.strategies.catalogue import STRATEGIES

FAST, SLOW, SLOWEST = "fast", "slow", "slowest"
"""All trials side by side; a model a trial; a model or a tree a trial that grows with the queries."""


@dataclass(frozen=True)
class Size:
    """Queries, and trials of a strategy by its cost."""

    queries: int
    trials: Mapping[str, int]


SIZES = {
    "short": {
        "smoke": Size(60, {FAST: 8, SLOW: 3, SLOWEST: 2}),
        "small": Size(150, {FAST: 100, SLOW: 20, SLOWEST: 8}),
        "full": Size(150, {FAST: 500, SLOW: 50, SLOWEST: 20}),
    },
    "medium": {
        "smoke": Size(128, {FAST: 8, SLOW: 3, SLOWEST: 2}),
        "small": Size(800, {FAST: 100, SLOW: 20, SLOWEST: 0}),
        "full": Size(3_200, {FAST: 500, SLOW: 50, SLOWEST: 0}),
    },
}
"""By term and scale. The paper: 150 and 3,200 architectures, 500 trials of everything. Fewer trials of what is slow
are ours; with 3,200 queries a trial of the slowest takes up to hours, so these are left to the paper's reported
figures.
"""


@dataclass(frozen=True)
class Variant:
    """A strategy or preset (`source`) under settings (KEY=VALUE); `label` is its name in the table."""

    label: str
    source: str
    assignments: tuple[str, ...] = ()
    cost: str = FAST

    @property
    def is_here(self) -> bool:
        """Whether this version has it."""
        return self.source in STRATEGIES.names() or self.source in preset_names()

    def named(self, benchmark: Benchmark) -> NamedMethod:
        """The strategy under its settings; the same settings under another label are the same search."""
        who = load_method(self.source, benchmark.space, benchmark.name, self.assignments, self.label)
        return NamedMethod(
            who, f"{who.strategy} {json.dumps(dict(who.settings), sort_keys=True, default=str)}"
        )

    def trials(self, setup: Setup, term: str) -> int:
        """How many trials it runs at this scale, at most those of the scale; 0 if it is too slow."""
        return min(SIZES[term][setup.scale.name].trials[self.cost], setup.scale.trials)


def _rivals(remaade: str, tpe: str) -> tuple[Variant, ...]:
    """The paper's Tables 3 and 5; `tpe` is the cost of TPE, which grows with the queries."""
    return (
        Variant("TPE", "tpe", cost=tpe),
        Variant("BOHB", "bohb", cost=SLOW),
        Variant("Random search", "random-search"),
        Variant("AlphaX", "alphax", cost=SLOWEST),
        Variant("NASBOT", "nasbot", cost=SLOWEST),
        Variant("Regularized evolution", "regularized-evolution"),
        Variant("ReMAADE", remaade),
        Variant("BANANAS", "bananas", cost=SLOWEST),
    )


SHORT_TERM, MEDIUM_TERM = _rivals("krishna2020-short", SLOW), _rivals("krishna2020-medium", SLOWEST)

PPO_EPOCHS = 4
"""Ours: the paper does not say how often a batch is learned from, and with one epoch PPO is REINFORCE."""

ABLATION = (
    Variant("Random search", "random-search"),
    Variant("Plain vanilla REINFORCE", "krishna2020-short", ("policy=independent", "objective=reinforce")),
    Variant("REINFORCE with MADE", "krishna2020-short", ("policy=made", "objective=reinforce")),
    Variant("REINFORCE with NADE", "krishna2020-short", ("policy=nade", "objective=reinforce")),
    Variant("REINFORCE with LSTM", "krishna2020-short", ("policy=lstm", "objective=reinforce")),
    Variant(
        "ReMAADE with PPO", "krishna2020-short", ("policy=maade", "objective=ppo", f"epochs={PPO_EPOCHS}")
    ),
    Variant("ReMAADE without PPO", "krishna2020-short", ("policy=maade", "objective=reinforce")),
)
"""The paper's Table 4, with NADE and the LSTM of its Table 2."""

ORDERS = tuple(
    Variant(f"S = {orders or 'N!'}", "krishna2020-medium", (f"orders={orders}",))
    for orders in (1, 2, 4, 6, 8, 16, 0)
)
"""The paper's Table 6; 0 stands for all orders."""
