"""Searchers from scratch."""

import numpy as np

from rows.table import CELLS, Work, row


def search(strategy: str, benchmark: str, queries: int) -> Work:
    """A search, after a short one."""
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.protocol import run_search
    from rows.names import load_methods

    problem = load_benchmark(benchmark)
    (method,) = load_methods([strategy], problem.space, benchmark)
    run_search(problem, method, budget=min(queries, 30), trials=1, seed=0)
    return lambda: run_search(problem, method, budget=queries, trials=1, seed=1), 1


for _queries in (150, 300, 600):
    row(f"graph-gp, {_queries} queries", "s")(lambda queries=_queries: search("graph-gp", CELLS, queries))  # type: ignore[misc]
for _queries in (150, 300):
    row(f"bananas, {_queries} queries", "s")(lambda queries=_queries: search("bananas", CELLS, queries))  # type: ignore[misc]


@row("tpe, a query", "ms", peer="Optuna")
def tpe() -> Work:
    return search("tpe", CELLS, 150)[0], 150


@row("tpe, a query/peer", "ms")
def tpe_by_optuna() -> Work:
    """Its sampler over the same decisions."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sizes = (*[2] * 21, *[3] * 5)
    space = {f"{c}": optuna.distributions.CategoricalDistribution(range(n)) for c, n in enumerate(sizes)}

    def work() -> None:
        sampler = optuna.samplers.TPESampler(n_startup_trials=20, multivariate=False, seed=0)
        study = optuna.create_study(sampler=sampler, direction="maximize")
        for _ in range(150):
            trial = study.ask(space)
            study.tell(trial, sum(trial.params.values()))

    return work, 150


def assign(operations: int) -> Work:
    """The assignment in the distance of two graphs with so many operations."""
    from archwalk.spaces import otmann

    costs = np.random.default_rng(0).uniform(0, 3, (operations, operations))
    if hasattr(otmann, "_assign_many"):
        cubic = otmann._assign_many
        cubic(costs, operations, operations)
        return lambda: [cubic(costs, operations, operations) for _ in range(1000)], 1000
    best = np.empty(1 << operations)
    otmann._assign(costs[:3], 3, 3, best)  # type: ignore[attr-defined]
    times = 20 if operations < 15 else 1
    return lambda: [otmann._assign(costs, operations, operations, best) for _ in range(times)], times  # type: ignore[attr-defined]


def assign_by_scipy(operations: int) -> Work:
    from scipy.optimize import linear_sum_assignment

    costs = np.minimum(np.random.default_rng(0).uniform(0, 3, (operations, operations)), 2)
    return lambda: [linear_sum_assignment(costs) for _ in range(1000)], 1000


for _n in (12, 20):
    row(f"OTMANN, {_n} operations", "us", peer="SciPy")(lambda n=_n: assign(n))  # type: ignore[misc]
    row(f"OTMANN, {_n} operations/peer", "us")(lambda n=_n: assign_by_scipy(n))  # type: ignore[misc]
