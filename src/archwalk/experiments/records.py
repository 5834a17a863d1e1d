"""Results as typed structures: what `compare` returns, `result.json` holds, pages and tables are drawn from.

The tables of fields in docs/results.md are made from here. Values are as they are, in the unit and the direction of
their metric; what is gained (`improvement`, `gain`) is turned so that above zero is better. None, null in JSON, stands
for what is not known: no number was there to take a mean of.

Structures of msgspec: it writes and checks them by these types in one pass (see `data/decoding.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from archwalk.data.decoding import encode_json, read_json, to_plain
from archwalk.data.files import write_atomically
from archwalk.errors import DataError
from archwalk.estimators.metrics import Metric
from archwalk.experiments.differences import Profile, Ranks, Significance

Record = TypeVar("Record", bound=Struct)

RESULT = "result.json"

FORMAT = 2
"""Of `result.json`: changed whenever a file of before could be read wrongly."""

Value = float | None
Interval = tuple[float, float] | None
"""Both ends."""


class Best(Struct, frozen=True, kw_only=True):
    """The report of the best architecture, by reward, after so many queries; over trials, and agents."""

    mean: Value
    """Mean over trials and agents."""
    std: Value
    """Standard deviation (population)."""
    ci95: Interval
    """95 % bootstrap interval of the mean."""
    iqm: Value
    """Interquartile mean: that of the middle half."""
    iqm_ci95: Interval
    """95 % bootstrap interval of the interquartile mean."""
    reward_mean: Value
    """Mean of its reward."""
    unknown: int = 0
    """Trials, of all agents, whose best has no report; they are in no figure here."""


class Curve(Struct, frozen=True, kw_only=True):
    """`Best` after every query: lists of one length."""

    queries: list[int]
    """1 to the budget."""
    mean: list[Value]
    """Means over trials and agents."""
    lo: list[Value]
    """Lower ends of the 95 % intervals."""
    hi: list[Value]
    """Upper ends."""

    def __post_init__(self) -> None:
        _one_length(self.queries, self.mean, self.lo, self.hi)


class Histogram(Struct, frozen=True, kw_only=True):
    """How many episodes improved by how much."""

    edges: list[float]
    """Ends of the bins, one more than counts; what lies outside is not counted."""
    counts: list[int]
    """Episodes in each bin."""

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.counts) + 1:
            raise ValueError("a histogram has one edge more than counts")


class Episodes(Struct, frozen=True, kw_only=True):
    """One episode of every agent from each of the same starts. Improvements are above zero where the end is better."""

    mean_start: Value
    """Mean report of the starts."""
    mean_final: Value
    """Mean report of the ends."""
    mean_final_reward: Value
    """Mean reward of the ends."""
    median_final: Value
    """Median report of the ends."""
    mean_improvement: Value
    """Mean improvement of the report."""
    median_improvement: Value
    """Median improvement of the report."""
    mean_improvement_reward: Value
    """Mean improvement of the reward."""
    share_of_optimum: Value = None
    """`mean_improvement_reward` over that of an optimal policy from the same starts."""
    improved: Value
    """Share of the episodes whose end is better."""
    mean_steps: float
    """Mean number of steps."""
    evaluations: int
    """Paid on the way, by all agents."""
    histogram: Histogram
    """Of the improvements of the report."""
    intervals: dict[int, tuple[float, float]]
    """By percentage, 50, 90 and 95: the interval around the median that holds so many of the improvements."""
    skew: Value
    """Of the improvements."""
    unknown: int = 0
    """Episodes whose improvement is not known, since a report is not; they are in no figure here."""


class Found(Struct, frozen=True, kw_only=True):
    """An architecture with its scores."""

    description: Any
    """As the space reads it, in JSON."""
    svg: str = ""
    """Its drawing; empty until somebody wants to see it."""
    reward: Value
    """What the search saw."""
    report: Value
    """What it is judged by."""


class Example(Struct, frozen=True, kw_only=True):
    """One episode."""

    start: Found
    """Where it set out."""
    found: Found
    """Where it stopped."""
    steps: int
    """Edits on the way."""


class StrategyResult(Struct, frozen=True, kw_only=True):
    """What one strategy did."""

    query: str
    """What a query is."""
    strategy: str = ""
    """Its name in the registry; empty for trained agents."""
    trials: int
    """Trials of this strategy; in a reproduction slow ones have fewer than the others."""
    trained: bool
    """Whether it is a trained agent."""
    agents: int = 1
    """How many agents there are; 1 where nothing was trained."""
    training_seeds: list[int] = []
    """The seed of each agent's training."""
    settings: dict[str, Any] = {}
    """All its settings."""
    preset: str | None = None
    """That its settings are of."""
    assignments: list[str] = []
    """What was changed by `--set`."""
    citation: str = ""
    """The paper of the preset."""
    chosen_here: bool = False
    """Whether the values of the preset were chosen in sight of this benchmark: no evidence for them, then."""
    best_after: dict[int, Best] = {}
    """By number of queries: 10, 50, 100, 150, 200, 300, ... below the budget, and the budget."""
    curve: Curve | None = None
    """The same after every query."""
    evaluations: int = 0
    """Evaluations in all trials, of all agents."""
    failed: int = 0
    """Those of them that gave no reward."""
    unique_mean: Value = None
    """Different architectures evaluated in a trial, mean."""
    training_queries: int = 0
    """Evaluations that training paid, mean over agents."""
    training_unique: int = 0
    """Different architectures among them."""
    training_seconds: float = 0.0
    """Wall time of training, mean over agents."""
    seconds: Value = None
    """Wall time of the search, all trials together; of one that goes on after a kill, since then."""
    findings: dict[str, Any] = {}
    """What a strategy says of itself: of `enas` and `spos`, how its `proxy` agrees with the rewards."""
    recommended_mean: Value = None
    """Mean report of what the strategy recommends at the end by its model, which has not always the best reward; null
    where it recommends nothing. `best_after` has that of the best by reward."""
    found: Found | None = None
    """The architecture of best reward of all agents and trials."""
    episodes: Episodes | None = None
    """Null without single episodes, and for strategies that cannot start from anywhere."""
    examples: list[Example] = []
    """Of trained agents: three episodes, from starts at the quartiles of reward."""


class Optimum(Struct, frozen=True, kw_only=True):
    """Where the optimal policy ends, exactly, by value iteration over the whole table."""

    mean_final: Value
    """Mean reward of where it ends."""
    median_final: Value
    """Median reward of where it ends."""
    mean_steps: float
    """Mean number of steps."""
    median_improvement: Value
    """Median improvement of the reward."""
    mean_improvement: Value
    """Mean improvement of the reward."""
    mean_final_report: Value
    """Mean report of where it ends."""
    best_reward: Value
    """The best reward of any architecture."""
    best_report: Value
    """The report of that architecture."""
    gamma: float
    """Discount of a step."""
    alpha: float | None
    """Sharpness of the shaped reward, exp(alpha accuracy); null where rewards are not in percent and stay."""
    objective: str
    """The name of what reward and report are."""


class EpisodeProtocol(Struct, frozen=True, kw_only=True):
    """Under what rules single episodes were taken."""

    starts: int
    """Starts, the same for all strategies."""
    limit: int
    """Most steps of an episode."""


class SpaceSize(Struct, frozen=True, kw_only=True):
    """The search space."""

    name: str
    """In the registry."""
    architectures: int | None = None
    """Where it can be enumerated."""
    edges: int | None = None
    """Directed edges of the neighbour graph."""


class Training(Struct, frozen=True, kw_only=True):
    """What a trainer logged: lists with a value a line, empty where it logs no such thing."""

    seconds: float = 0.0
    """Wall time of the training."""
    steps: list[Value] = []
    """Steps of the environment."""
    unique: list[Value] = []
    """Different architectures evaluated."""
    epsilon: list[Value] = []
    """Share of random actions."""
    stop_reward: list[Value] = []
    """Mean shaped reward of stopping."""
    best_reward: list[Value] = []
    """Best reward evaluated."""


class Goal(Struct, frozen=True, kw_only=True):
    """What a search with several goals is to make high or low."""

    name: str
    """Of the metric, in the benchmark."""
    metric: Metric
    """With the direction that was asked for."""


class Bound(Struct, frozen=True, kw_only=True):
    """A limit that an architecture must keep to be an answer."""

    name: str
    """Of the metric, in the benchmark."""
    unit: str = ""
    """Its unit."""
    value: float
    """The limit."""
    at_most: bool
    """Whether values are to be at most that; else at least."""

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {'≤' if self.at_most else '≥'} {self.value:,.6g}{unit}"


class FrontPoint(Struct, frozen=True, kw_only=True):
    """An architecture that no other one evaluated is better than in all goals, within the limits."""

    description: Any
    """As the space reads it, in JSON."""
    metrics: dict[str, Value]
    """All that is known of it, by name."""
    trial: int
    """Which trial evaluated it, from 0."""
    query: int
    """After how many queries."""


class Fronts(Struct, frozen=True, kw_only=True):
    """What a comparison over several goals judges by: the hypervolume of what each strategy found."""

    goals: list[Goal]
    """In the order of all points below."""
    limits: list[Bound]
    """What an answer keeps."""
    reference: list[float]
    """The point from which hypervolumes are taken, a value a goal; empty where nothing was found."""
    exact: list[list[float]] | None
    """Goals of the front of the whole table; null where there is none."""
    exact_hypervolume: Value
    """Of the exact front; where it is known, hypervolumes are shares of it in percent."""
    found: dict[str, list[FrontPoint]]
    """By strategy: the front of all its trials and agents, from the worst of the first goal to the best."""

    def __post_init__(self) -> None:
        points = [point for points in self.found.values() for point in points]
        _require_goals(self.goals, self.reference, self.exact, points)


class Comparison(Struct, frozen=True, kw_only=True):
    """Strategies on one benchmark, from the same starts: a whole `result.json`."""

    kind: Literal["comparison"] = "comparison"
    """What the file is."""
    format: Literal[2] = 2
    """Of this file."""
    archwalk: str
    """The version that made it."""
    created: str
    """When, UTC."""
    command: str | None = None
    """The call, where there was a command line."""
    versions: dict[str, str]
    """Of what results depend on."""
    benchmark: str
    """Its name without the objective."""
    objective: str
    """The name of what reward and report are."""
    objective_meaning: str
    """The same in words."""
    reward: Metric
    """What strategies see."""
    report: Metric
    """What their results are judged by."""
    provenance: dict[str, str]
    """Where the benchmark's data came from."""
    evaluation: str
    """How architectures are scored: `table`, `surrogate`, `on demand`."""
    space: SpaceSize
    """What was searched."""
    budget: int
    """Queries in each trial; 0 where single episodes alone were taken."""
    trials: int
    """Searches of each strategy, and of each agent."""
    seeds: list[int]
    """All randomness follows from them."""
    query: dict[str, str]
    """By strategy: what a query is."""
    optimum: Optimum | None = None
    """Null where there is no table or no episodes."""
    episodes: EpisodeProtocol | None = None
    """Null without single episodes."""
    significance: Significance | None = None
    """Null for one strategy or one trial."""
    ranks: Ranks | None = None
    """Null for one strategy."""
    profile: Profile | None = None
    """Null where there is one strategy or run."""
    strategies: dict[str, StrategyResult]
    """By name, in the order in which they were given."""
    training: Training | None = None
    """Of `archwalk demo` alone."""
    failures: dict[str, int] = {}
    """Why architectures could not be evaluated, and how many for each reason; of estimators that keep reasons."""
    fronts: Fronts | None = None
    """Of a comparison over several goals alone: `report` is the hypervolume there."""

    def __post_init__(self) -> None:
        if not self.strategies:
            raise ValueError("strategies is empty")
        named = {*self.query} | (self.significance.names if self.significance else set())
        named |= {*self.ranks.mean} if self.ranks else set()
        named |= {*self.profile.strategies} if self.profile else set()
        if strangers := named - set(self.strategies):
            raise ValueError(f"it names {sorted(strangers)[0]}, which is not among the strategies")


class Front(Struct, frozen=True, kw_only=True):
    """A search with several goals: a whole `front.json`."""

    kind: Literal["front"] = "front"
    """What the file is."""
    format: Literal[1] = 1
    """Of this file."""
    archwalk: str
    """The version that made it."""
    created: str
    """When, UTC."""
    command: str | None = None
    """The call, where there was a command line."""
    versions: dict[str, str]
    """Of what results depend on."""
    benchmark: str
    """Its name without the objective."""
    objective: str
    """Its objective, from which the metric `accuracy` of a table is."""
    provenance: dict[str, str]
    """Where the benchmark's data came from."""
    evaluation: str
    """How architectures are scored: `table`, `surrogate`, `on demand`."""
    space: str
    """What was searched."""
    strategy: str
    """Who searched."""
    settings: dict[str, Any]
    """All its settings."""
    query: str
    """What a query is."""
    budget: int
    """Queries in each trial."""
    trials: int
    """Independent searches."""
    seeds: list[int]
    """All randomness follows from them."""
    goals: list[Goal]
    """In the order of all points below."""
    limits: list[Bound]
    """What an answer keeps."""
    reference: list[float]
    """The point from which hypervolumes are taken, a value a goal; empty where nothing was found."""
    points: list[FrontPoint]
    """The front of all trials, from the worst of the first goal to the best; empty where nothing keeps the limits."""
    exact: list[list[float]] | None
    """Goals of the front of the whole table; null where there is none."""
    hypervolume: list[Value]
    """After each query, mean over trials."""
    hypervolume_trials: list[float]
    """At the end of each trial."""
    exact_hypervolume: Value
    """Of the exact front."""
    evaluations: int
    """In all trials."""
    within_limits: int
    """Those of them that have values and keep the limits."""
    failed: int
    """Those without a value of a goal."""
    failures: dict[str, int]
    """Why architectures could not be evaluated, and how many for each reason."""
    seconds: float
    """Wall time."""

    def __post_init__(self) -> None:
        _require_goals(self.goals, self.reference, self.exact, self.points)
        if not self.hypervolume or len(self.hypervolume_trials) != self.trials:
            raise ValueError("a front has a hypervolume after each query, and at the end of each trial")


def _require_goals(
    goals: Sequence[Goal],
    reference: list[float],
    exact: list[list[float]] | None,
    points: Sequence[FrontPoint],
) -> None:
    """Raise ValueError where a value of a goal is missing."""
    rows = [*(exact or []), *([reference] if reference else [])]
    names = {goal.name for goal in goals}
    if (
        not goals
        or any(len(row) != len(goals) for row in rows)
        or any(names - point.metrics.keys() for point in points)
    ):
        raise ValueError("a front has a value for each of its goals")


FRONT = "front.json"


def write_front(record: Front, folder: Path) -> Path:
    """Write `front.json` into a folder, whole or not at all; returns its path."""
    path = folder / FRONT
    write_atomically(path, encode_json(record, indent=1) + "\n")
    return path


def read_front(folder: Path) -> Front:
    """The `front.json` of a folder. Raises DataError if there is none or it is damaged."""
    path = folder / FRONT
    if not path.exists():
        raise DataError(f"{folder} holds no front: there is no {FRONT}")
    return read_json(path, Front, "the record of a search with several goals")


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write `result.json` into a folder, whole or not at all; returns its path."""
    path = folder / RESULT
    write_atomically(path, encode_json(comparison, indent=1) + "\n")
    return path


def read_comparison(folder: Path) -> Comparison:
    """The `result.json` of a folder. Raises DataError if there is none, it is damaged, or of another version."""
    path = folder / RESULT
    if not path.exists():
        raise DataError(
            f"{folder} is not a run folder: no {RESULT}; make one with archwalk compare ... --out DIR"
        )
    found = read_json(path, _Head, WHAT).format
    if found != FORMAT:
        raise DataError(
            f"{path} has format {found}, this version of archwalk reads {FORMAT}: run the comparison again"
        )
    return read_json(path, Comparison, WHAT)


def training_curve(rows: Sequence[Mapping[str, Any]], reward: Metric) -> Training:
    """What the log of a training says, a row a line; `reward` is the metric that it was rewarded by."""
    columns = {"steps": "steps", "epsilon": "charts/epsilon", "stop_reward": "charts/stop_reward",
               "best_reward": "charts/best_reward", "unique": "unique"}  # fmt: skip
    last = rows[-1] if rows else {}
    logged = {name: [row.get(column) for row in rows] for name, column in columns.items() if column in last}
    if "best_reward" in logged:  # trainers are told rewards of which higher is better
        logged["best_reward"] = [
            None if value is None else reward.upward(float(value)) for value in logged["best_reward"]
        ]
    return Training(seconds=last.get("seconds", 0.0), **logged)


WHAT = "the record of a comparison"


class _Head(Struct):
    """What tells a file's version."""

    format: int = 1


def plain(record: Struct) -> Any:
    """A record as JSON has it: dicts, lists, texts and numbers."""
    return to_plain(record)


def restored(values: Any, kind: type[Record]) -> Record:
    """A record of what `plain` gave. Raises msgspec.ValidationError where it is no such record."""
    return msgspec.convert(values, kind, str_keys=True)


def _one_length(*lists: list[Any]) -> None:
    if len({len(one) for one in lists}) > 1:
        raise ValueError("its lists are not of one length")
