"""Training over source tasks, searching an unseen one: leave one task out of a family, compare with searches from
scratch.

Tasks count alike, by the normalised reward: 0 is the task's median, 1 its best. Nothing of it reaches a search.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.tasks import space_difference, told_apart
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.bootstrap import BOOTSTRAP_SAMPLES
from archwalk.experiments.protocol import spawn
from archwalk.experiments.runs import now
from archwalk.experiments.significance import judge, signed_rank
from archwalk.experiments.transfer_records import Normalised, Recommended, TaskPair, Transfer
from archwalk.experiments.transfer_target import (
    Call,
    SearchedTask,
    TargetTask,
    scale_of,
    told_after,
)
from archwalk.versions import versions

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

Tell = Callable[[str, float], None]
"""Is told which task is searched, and which share of all is done."""


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
    out: Path | None = None,
    command: str | None = None,
    tell: Tell | None = None,
) -> Transfer:
    """Search each target by agents that were trained on all other tasks, one a seed, and by other strategies.

    `strategies` are names: `pretrained`, `mean-rank` and `rgpe` learn from the sources, all others search from scratch.
    `targets` are all tasks where none is named; the first strategy is tested against the rest. With `sources`, so many
    of the other tasks are trained on: those that follow the target, from the last to the first again. What a strategy
    of the package did on a target is kept in `out`, so that the same call goes on there after a kill. Raises UsageError
    for tasks of several spaces, an unknown target, no source or too many, or a target whose rewards are all alike.
    """
    tasks = told_apart(tasks)
    names = [task.name for task in tasks]
    chosen = list(targets) or names
    _check(tasks, chosen, strategies)
    if sources is not None and not 1 <= sources < len(tasks):
        raise UsageError(f"there are 1 to {len(tasks) - 1} source tasks for each target, not {sources}")
    for target in chosen:
        scale_of(tasks[names.index(target)])  # or it says why there is none, before anything is trained
    call = Call(strategies, settings or TransferSettings(), budget, trials, seeds, workers, out)
    done: dict[str, SearchedTask] = {}
    for number, target in enumerate(chosen):
        place = names.index(target)
        others = [*tasks[place + 1 :], *tasks[:place]] if sources else [*tasks[:place], *tasks[place + 1 :]]
        told = (lambda share, n=number, t=target: tell(t, (n + share) / len(chosen))) if tell else None
        done[target] = TargetTask(tasks[place], others[:sources], call).search(told)
    return _record(done, list(strategies), family, budget, trials, list(seeds), command)


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


def _record(
    done: Mapping[str, SearchedTask],
    strategies: Sequence[str],
    family: str,
    budget: int,
    trials: int,
    seeds: list[int],
    command: str | None,
) -> Transfer:
    shown = told_after(budget)
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
    done: Mapping[str, SearchedTask], strategies: Sequence[str], rng: np.random.Generator
) -> dict[str, Recommended]:
    found: dict[str, Recommended] = {}
    if any(task.record.report != next(iter(done.values())).record.report for task in done.values()):
        return found
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
