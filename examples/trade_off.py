"""Accuracy against latency on NAS-Bench-Graph: what a search finds, and the exact front of the whole table."""

import archwalk

result = archwalk.search_front(
    "nsga2", "nas-bench-graph:cora", maximise="accuracy", minimise="latency_ms",
    limits={"parameters": 1_500_000}, budget=300, seed=0,
)  # fmt: skip
for architecture, point in zip(result.architectures, result.points, strict=True):
    figures = point.metrics
    print(f"{figures['accuracy']:.2f} %  {figures['latency_ms']:.2f} ms  {architecture.description}")
print(
    f"{100 * (result.share_of_exact or 0):.1f} % of the exact front's hypervolume after {result.record.budget} queries"
)
result.plot("trade_off.png")
