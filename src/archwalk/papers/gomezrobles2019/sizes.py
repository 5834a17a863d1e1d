"""How large the paper's experiments are at each scale: data sets, steps, seeds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from archwalk.estimators.benchmarks import Benchmark
from archwalk.papers.setup import Setup, benchmark_settings

SMALL_TABLES = ("chain-digits", "chain-mnist5k", "chain-fashion-mnist")
P3_DEPTH = 10
UNSEEN_TABLES = ("chain-omniglot", "chain-dtd10")


@dataclass(frozen=True)
class Size:
    """One scale. `steps` are the policy's on each of the data sets `train`, in their order, `baseline_steps` those of
    DQN and of random search (section 6.1).

    Our agent goes over `train` `our_rounds` times (0: it takes no part), as long as its preset says or `our_steps`
    steps each. `branching` is the data set of experiment 3. Every agent is trained or played with `seeds` seeds, and
    `branching_seeds` in experiment 3. `kinds` are the data sets of appendix A.
    """

    train: tuple[str, ...]
    steps: tuple[int, int, int]
    baseline_steps: tuple[int, int, int]
    unseen: tuple[str, ...]
    unseen_steps: int
    seeds: int
    our_rounds: int
    our_steps: int | None
    branching: str
    branching_steps: int
    branching_seeds: int
    kinds: tuple[str, ...]
    kinds_steps: int


SIZES = {
    "smoke": Size(
        SMALL_TABLES, (400, 350, 350), (320, 280, 350), UNSEEN_TABLES, 200, 2, 2, 1_280,
        "images:digits:small:branches", 24, 1, (*SMALL_TABLES, *UNSEEN_TABLES), 100,
    ),
    "small": Size(
        SMALL_TABLES, (8_000, 7_000, 7_000), (6_500, 5_500, 7_000), UNSEEN_TABLES, 2_000, 5, 8, None,
        "images:digits:small:branches", 1_500, 1, (*SMALL_TABLES, *UNSEEN_TABLES), 200,
    ),
    "full": Size(
        ("images:omniglot:full", "images:flowers5:full", "images:dtd10:full"),
        (8_000, 7_000, 7_000), (6_500, 5_500, 7_000), ("images:cifar10:full", "images:fashion-mnist:full"), 2_000, 1,
        0, None, "images:omniglot:full:branches", 20_000, 1,
        ("images:omniglot:full", "images:flowers5:full", "images:dtd10:full", "images:cifar10:full"), 200,
    ),
}  # fmt: skip
"""`full` has the paper's steps, depths and settings of training (section 6), and like it one run of each. Its data
sets are those of the paper that archwalk knows, or some of their classes; its own are named by `--benchmark`. `small`
has the paper's steps but in experiment 3, on tables of chains of at most four layers, with seeds (ours).
"""


def find_size(setup: Setup) -> Size:
    """The size of the call's scale."""
    return SIZES[setup.scale.name]


def seeds_of(setup: Setup, count: int) -> list[int]:
    """Consecutive seeds from the call's on."""
    return [setup.seed + number for number in range(count)]


def depends_on(setup: Setup, data: Sequence[Benchmark]) -> dict[str, Any]:
    """What a record of these data sets depends on."""
    return {"size": asdict(find_size(setup)), "data": [benchmark_settings(one) for one in data]}


def data_settings(setup: Setup, data: Sequence[Benchmark]) -> dict[str, Any]:
    """What a record says of its data sets: each with its objective, and what a step and a query are."""
    if setup.scale.name == "full":
        setup.note(
            "The paper's data sets do not come with archwalk. Name yours by --benchmark, say images:FOLDER:full, in "
            "this order."
        )
    depth = max(benchmark.space.table.depth for benchmark in data)  # type: ignore[attr-defined]
    if depth < P3_DEPTH:
        setup.note(
            f"Networks have at most {depth} layers here, so episodes are short; the paper's had up to {P3_DEPTH}."
        )
    return {
        "benchmarks": {benchmark.name: benchmark_settings(benchmark) for benchmark in data},
        "reward": "validation accuracy of the network after each action; test accuracy is only reported",
        "query": "a network on the way: every layer that is added is evaluated",
        "seed": setup.seed,
    }
