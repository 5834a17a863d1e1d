"""What a transfer to unseen tasks gives, as typed structures (`result.json` of `archwalk transfer`)."""

from typing import Literal

from msgspec import Struct

from archwalk.estimators.metrics import Metric
from archwalk.experiments.differences import Significance
from archwalk.experiments.records import StrategyResult


class Normalised(Struct, frozen=True, kw_only=True):
    """The best reward so far: 0 the median of the task, 1 its best. The search knows neither."""

    mean: float
    """Over tasks, agents and trials."""
    ci95: tuple[float, float]
    """95 % bootstrap interval, tasks drawn first, then agents, then trials."""


class SourceCost(Struct, frozen=True, kw_only=True):
    """What was learned from before a task was searched."""

    sources: list[str]
    """The source tasks."""
    queries: float
    """Evaluations on all sources together, mean over agents."""
    unique: float
    """Different architectures of each source, added up."""
    seconds: float
    """Wall time of one training."""


class Recommended(Struct, frozen=True, kw_only=True):
    """The report of what a strategy recommends, against that of the best by reward, at the end of the budget."""

    recommended: float
    """Mean report of what is recommended: tasks count alike."""
    by_reward: float
    """Mean report of the best by reward."""
    ci95: tuple[float, float]
    """95 % bootstrap interval of the difference: tasks drawn first, then agents, then trials."""


class TaskPair(Struct, frozen=True, kw_only=True):
    """Two strategies after so many queries, paired over tasks."""

    one: str
    """A strategy."""
    other: str
    """Another."""
    difference: float
    """Mean normalised reward of one less that of other."""
    ci95: tuple[float, float]
    """95 % bootstrap interval over tasks and agents."""
    p: float
    """Wilcoxon's signed-rank test over tasks, two-sided."""


class TaskResult(Struct, frozen=True, kw_only=True):
    """One target task."""

    source: SourceCost
    """What was learned from."""
    reward: Metric
    """What strategies see of it."""
    report: Metric
    """What is reported beside it."""
    median_reward: float
    """0 of the normalised scale."""
    best_reward: float
    """1 of the normalised scale."""
    strategies: dict[str, StrategyResult]
    """As in a comparison."""
    normalised: dict[str, dict[int, float]]
    """By strategy and number of queries: means over agents and trials."""


class Transfer(Struct, frozen=True, kw_only=True):
    """Agents that were trained over source tasks, on tasks that they have not seen: a whole `result.json`."""

    kind: Literal["transfer"] = "transfer"
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
    family: str
    """The tasks' common name."""
    budget: int
    """Queries in each trial."""
    trials: int
    """Searches of each strategy and agent on each task."""
    seeds: list[int]
    """Of the trainings, an agent each; the first one is also that of the searches."""
    tasks: dict[str, TaskResult]
    """By target."""
    overall: dict[str, dict[int, Normalised]]
    """By strategy and number of queries."""
    recommended: dict[str, Recommended]
    """Of the strategies that recommend by a model; empty where tasks report different metrics."""
    pairs: dict[int, list[TaskPair]]
    """By number of queries: the first strategy against each other one; empty for one task."""
    significance: Significance | None = None
    """Over trials, of the mean normalised reward of these tasks; null for one strategy or one trial."""
