"""Local search on a real benchmark, by ask and tell."""

import numpy as np

from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.ledger import QueryLedger
from archwalk.strategies.base import Trials
from archwalk.strategies.local_search import LocalSearch

benchmark = load_benchmark("nas-bench-graph:cora")
ledger = QueryLedger(benchmark.estimator, budget=150)
search = LocalSearch(Trials(benchmark.space, trials=1, rng=np.random.default_rng(0)))
while ledger.remaining:
    codes = search.ask(ledger.remaining)
    search.tell(codes, ledger.evaluate(codes))
print(f"best of {ledger.queries} queries: {ledger.curves().report_TQ[0, -1]:.2f} % test accuracy")
print(benchmark.space.describe(ledger.best_codes_TL()[0]))
