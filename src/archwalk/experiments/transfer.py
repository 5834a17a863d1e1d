"""Training over source tasks, searching an unseen one: leave one task out of a family, compare with searches from
scratch.

Tasks count alike, by the normalised reward: 0 is the task's median, 1 its best. Nothing of it reaches a search.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archwalk.agents.base import Paid
from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.baselines import BASELINES, search_with
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.tasks import space_difference, told_apart
from archwalk.agents.transfer.trainer import TransferTrainer
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.bootstrap import BOOTSTRAP_SAMPLES
from archwalk.experiments.protocol import (
    Method,
    recommended_reports,
    run_search,
    shown_budgets,
    spawn,
    summarise_search,
)
from archwalk.experiments.runs import load_method, now
from archwalk.experiments.significance import judge, signed_rank
from archwalk.experiments.transfer_records import (
    Normalised,
    Recommended,
    SourceCost,
    TaskPair,
    TaskResult,
    Transfer,
)
from archwalk.versions import versions

PRETRAINED = "pretrained"
"""The agent that is trained over the sources, as a strategy's name."""

FAMILIES = {
    "nas-bench-graph": tuple(
        f"nas-bench-graph:{graph}"
        for graph in ("arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "pubmed")
    ),
    "nasbench201": tuple(f"nasbench201:{task}" for task in ("cifar10", "cifar100", "ImageNet16-120")),
    "nasbench201-12": tuple(
        f"nasbench201:{task}:validation-12" for task in ("cifar10", "cifar100", "ImageNet16-120")
    ),
    "chains": tuple(
        f"chain-{images}" for images in ("digits", "mnist5k", "fashion-mnist", "omniglot", "dtd10")
    ),
}
"""Tasks of one space, by name."""

SHOWN = (5, 10, 20, 30, 50, 100, 150)
"""Numbers of queries after which results are told, beside the usual ones."""

Tell = Callable[[str, float], None]
"""Is told which task is searched, and which share of all is done."""


@dataclass(frozen=True)
class _Task:
    """A target with what was found on it: best so far by strategy, (G, T, Q), rewards turned upward."""

    record: TaskResult
    normalised: Mapping[str, Floats]
    recommended: Mapping[str, tuple[Floats, Floats]]
    """By strategy: reports (G, T) of what is recommended, and of the best by reward."""


def transfer(
    tasks: Sequence[Benchmark],
    strategies: Sequence[str],
    *,
    family: str,
    targets: Sequence[str] = (),
    budget: int,
    trials: int,
    seeds: Sequence[int] = (0,),
    settings: TransferSettings | None = None,
    sources: int | None = None,
    workers: int = 1,
    command: str | None = None,
    tell: Tell | None = None,
) -> Transfer:
    """Search each target by agents that were trained on all other tasks, one a seed, and by other strategies.

    `strategies` are names: `pretrained`, `mean-rank` and `rgpe` learn from the sources, all others search from scratch.
    `targets` are all tasks where none is named; the first strategy is tested against the rest. With `sources`, so many
    of the other tasks are trained on: those that follow the target, from the last to the first again. Raises UsageError
    for tasks of several spaces, an unknown target, no source or too many, or a target whose rewards are all alike.
    """
    tasks = told_apart(tasks)
    names = [task.name for task in tasks]
    chosen = list(targets) or names
    _check(tasks, chosen, strategies)
    if sources is not None and not 1 <= sources < len(tasks):
        raise UsageError(f"there are 1 to {len(tasks) - 1} source tasks for each target, not {sources}")
    for target in chosen:
        _scale(tasks[names.index(target)])  # or it says why there is none, before anything is trained
    done: dict[str, _Task] = {}
    for number, target in enumerate(chosen):
        if tell:
            tell(target, number / len(chosen))
        place = names.index(target)
        others = [*tasks[place + 1 :], *tasks[:place]] if sources else [*tasks[:place], *tasks[place + 1 :]]
        done[target] = _search(
            tasks[place],
            others[:sources],
            strategies,
            settings or TransferSettings(),
            budget,
            trials,
            seeds,
            workers,
        )
    return _record(
        done, tasks[names.index(chosen[0])], list(strategies), family, budget, trials, list(seeds), command
    )


def train_over(sources: Sequence[Benchmark], settings: TransferSettings, seed: int) -> TransferAgent:
    """An agent, trained over these tasks."""
    started = time.perf_counter()
    trainer = TransferTrainer(sources[0], settings, seed, then=sources[1:])
    for _ in trainer.run():
        pass
    agent = trainer.agent()
    agent.paid = Paid(trainer.ledger.queries, trainer.ledger.unique, time.perf_counter() - started)
    return agent


def _check(tasks: Sequence[Benchmark], targets: Sequence[str], strategies: Sequence[str]) -> None:
    names = [task.name for task in tasks]
    for task in tasks:
        if difference := space_difference(tasks[0].space, task.space):
            raise UsageError(f"tasks of a transfer share one space: what learns on {names[0]} {difference}")
        if names.count(task.name) > 1:
            raise UsageError(f"{task.name} is named twice: a target may not be among its own sources")
        if twin := next(
            (other.name for other in tasks if other is not task and _same_rewards(task, other)), None
        ):
            raise UsageError(
                f"{twin} and {task.name} have the same rewards: a target may not be among its own sources"
            )
    for target in targets:
        if target not in names:
            raise UsageError(f"{target} is not among the tasks; they are {', '.join(names)}")
    if len(tasks) < 2:
        raise UsageError("a transfer needs one source task at least beside the target; name more tasks")
    if len(set(strategies)) < len(strategies):
        raise UsageError("a strategy is named twice")


def _same_rewards(one: Benchmark, other: Benchmark) -> bool:
    ours, theirs = one.estimator, other.estimator
    if not isinstance(ours, TableEstimator) or not isinstance(theirs, TableEstimator):
        return False
    return np.array_equal(ours.reward_N, theirs.reward_N, equal_nan=True)


def _search(
    benchmark: Benchmark,
    sources: Sequence[Benchmark],
    strategies: Sequence[str],
    settings: TransferSettings,
    budget: int,
    trials: int,
    seeds: Sequence[int],
    workers: int,
) -> _Task:
    learning = any(name == PRETRAINED or name in BASELINES for name in strategies)
    agents = [train_over(sources, settings, seed) for seed in seeds] if learning else []
    median, best = _scale(benchmark)
    space, seed = benchmark.space, seeds[0]
    starts_TQL = space.sample(spawn(seed, 0), trials * budget).reshape(trials, budget, -1)
    results, normalised, recommended = {}, {}, {}
    for name in strategies:
        method = _method(name, agents, seeds, benchmark)
        search = run_search(
            benchmark, method, budget=budget, trials=trials, seed=seed, starts_TQL=starts_TQL, workers=workers
        )
        results[name] = summarise_search(search, method, budget, seed)
        reward_GTQ = np.stack([curves.reward_TQ for curves in search.curves])
        upward_GTQ = benchmark.objective.reward.upward(reward_GTQ)
        normalised[name] = np.where(np.isfinite(upward_GTQ), (upward_GTQ - median) / (best - median), -1.0)
        if (reports := recommended_reports(search)) is not None:
            recommended[name] = reports
    shown = _shown(budget)
    upward = benchmark.objective.reward.upward
    record = TaskResult(
        source=SourceCost(
            sources=[source.name for source in sources],
            queries=float(np.mean([agent.paid.queries for agent in agents] or [0])),
            unique=float(np.mean([agent.paid.unique for agent in agents] or [0])),
            seconds=float(np.mean([agent.paid.seconds for agent in agents] or [0])),
        ),
        median_reward=float(upward(median)),
        best_reward=float(upward(best)),
        strategies=results,
        normalised={
            name: {queries: float(values_GTQ[:, :, queries - 1].mean()) for queries in shown}
            for name, values_GTQ in normalised.items()
        },
    )
    return _Task(record, normalised, recommended)


def _method(name: str, agents: Sequence[TransferAgent], seeds: Sequence[int], benchmark: Benchmark) -> Method:
    if name == PRETRAINED:
        return Method(name, tuple(agents), tuple(seeds), strategy=TransferAgent.name)
    if name in BASELINES:
        return Method(name, tuple(search_with(name, agent) for agent in agents), tuple(seeds), strategy=name)
    return load_method(name, benchmark.space, benchmark.name)


def _scale(benchmark: Benchmark) -> tuple[float, float]:
    """Median and best of all finite rewards, turned upward. Raises UsageError where there is no table, or no
    difference.
    """
    estimator = benchmark.estimator
    if not isinstance(estimator, TableEstimator):
        raise UsageError(
            f"{benchmark.name} has no table, so that a reward has no place between median and best"
        )
    known_N = estimator.reward_N[np.isfinite(estimator.reward_N)]
    if not len(known_N) or known_N.min() == known_N.max():
        raise UsageError(f"the rewards of {benchmark.name} are all alike: there is nothing to search for")
    upward_N = benchmark.objective.reward.upward(known_N)
    median, best = float(np.median(upward_N)), float(upward_N.max())
    if median == best:
        raise UsageError(
            f"more than half of {benchmark.name} has its best reward: there is nothing to search for"
        )
    return median, best


def _shown(budget: int) -> list[int]:
    return sorted({*shown_budgets(budget), *(queries for queries in SHOWN if queries <= budget)})


def _record(
    done: Mapping[str, _Task],
    first: Benchmark,
    strategies: Sequence[str],
    family: str,
    budget: int,
    trials: int,
    seeds: list[int],
    command: str | None,
) -> Transfer:
    shown = _shown(budget)
    at = np.array(shown) - 1
    values = {name: [task.normalised[name][:, :, at] for task in done.values()] for name in strategies}
    means = {name: _sample_means(tasks, spawn(seeds[0], 11)) for name, tasks in values.items()}
    overall = {
        name: {
            queries: Normalised(mean=float(mean), ci95=(float(low), float(high)))
            for queries, mean, low, high in zip(
                shown, _mean(tasks), *np.quantile(means[name], [0.025, 0.975], axis=0), strict=True
            )
        }
        for name, tasks in values.items()
    }
    one = strategies[0]
    return Transfer(
        archwalk=versions()["archwalk"],
        created=now(),
        command=command,
        versions=versions(),
        family=family,
        reward=first.objective.reward,
        report=first.objective.report,
        budget=budget,
        trials=trials,
        seeds=seeds,
        tasks={target: task.record for target, task in done.items()},
        overall=overall,
        recommended=_recommendations(done, strategies, spawn(seeds[0], 12)),
        pairs={
            queries: [_pair(one, other, values, means, q) for other in strategies[1:]]
            for q, queries in enumerate(shown)
        }
        if len(done) > 1
        else {},
        significance=judge(
            {name: _over_tasks([task.normalised[name] for task in done.values()]) for name in strategies},
            shown, spawn(seeds[0], 13),
        ),
    )  # fmt: skip


def _over_tasks(tasks: Sequence[Floats]) -> Floats:
    """Mean over tasks and agents, (1, T, Q)."""
    mean_TQ: Floats = np.mean([values_GTQ.mean(axis=0) for values_GTQ in tasks], axis=0)
    return mean_TQ[None]


def _mean(tasks: Sequence[Floats]) -> Floats:
    """Over tasks, agents and trials: (Q,)."""
    mean_Q: Floats = np.mean([values_GTQ.mean(axis=(0, 1)) for values_GTQ in tasks], axis=0)
    return mean_Q


def _sample_means(tasks: Sequence[Floats], rng: np.random.Generator) -> Floats:
    """Means (S, Q) of bootstrap samples: tasks are drawn, for each an agent as often as there are, for each trials.

    All strategies draw the same tasks, so that what tasks have in common cancels in differences.
    """
    tasks_SK = rng.integers(0, len(tasks), (BOOTSTRAP_SAMPLES, len(tasks)))
    sampled = []
    for values_GTQ in tasks:
        agents, trials = values_GTQ.shape[:2]
        agents_SG = rng.integers(0, agents, (BOOTSTRAP_SAMPLES, agents))
        shares_ST = rng.multinomial(trials, np.full(trials, 1 / trials), BOOTSTRAP_SAMPLES) / trials
        shares_SG = np.stack([(agents_SG == g).mean(axis=1) for g in range(agents)], axis=1)
        sampled.append(np.einsum("sg,st,gtq->sq", shares_SG, shares_ST, values_GTQ, optimize=True))
    means_KSQ = np.stack(sampled)
    means_SQ: Floats = means_KSQ[tasks_SK, np.arange(BOOTSTRAP_SAMPLES)[:, None]].mean(axis=1)
    return means_SQ


def _pair(
    one: str, other: str, values: Mapping[str, Sequence[Floats]], means: Mapping[str, Floats], q: int
) -> TaskPair:
    difference_K = np.array(
        [a[:, :, q].mean() - b[:, :, q].mean() for a, b in zip(values[one], values[other], strict=True)]
    )
    low, high = np.quantile(means[one][:, q] - means[other][:, q], [0.025, 0.975])
    return TaskPair(
        one=one, other=other, difference=float(difference_K.mean()), ci95=(float(low), float(high)),
        p=signed_rank(difference_K),
    )  # fmt: skip


def _recommendations(
    done: Mapping[str, _Task], strategies: Sequence[str], rng: np.random.Generator
) -> dict[str, Recommended]:
    found = {}
    for name in strategies:
        if not all(name in task.recommended for task in done.values()):
            continue
        pairs = [task.recommended[name] for task in done.values()]
        gained = [(wanted_GT - best_GT)[:, :, None] for wanted_GT, best_GT in pairs]
        low, high = np.quantile(_sample_means(gained, rng)[:, 0], [0.025, 0.975])
        found[name] = Recommended(
            recommended=float(np.mean([wanted_GT.mean() for wanted_GT, _ in pairs])),
            by_reward=float(np.mean([best_GT.mean() for _, best_GT in pairs])),
            ci95=(float(low), float(high)),
        )
    return found
