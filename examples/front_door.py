"""All that one does with archwalk from Python, in the order of the documentation's quick start."""

import argparse
from pathlib import Path

import archwalk

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--out", type=Path, default=Path("runs/front-door"))
parser.add_argument("--smoke", action="store_true", help="seconds in place of minutes: says whether it runs")
options = parser.parse_args()
budget, trials = (30, 3) if options.smoke else (150, 20)
short = {"evaluations": 120, "initial": 60, "distil_updates": 200} if options.smoke else {}

benchmark = archwalk.load_benchmark("nas-bench-graph:cora")
cell = {"link": [0, 1, 1, 2], "ops": ["graph", "gcn", "sage", "gin"]}
print(benchmark.evaluate(cell))

result = archwalk.search(
    "graph-gp", benchmark, budget=budget, trials=trials, seed=0, workers=2, out=options.out / "search"
)
print(result.best.architecture, result.best.reward, result.best.report)
print(result.best.network())
print(result.frame().groupby("trial")["report"].max())
result.plot(options.out / "search" / "curve.png")

agent = archwalk.train("planner", benchmark, out=options.out / "agent", settings=short)
improvement = agent.improve(cell, benchmark=benchmark)
print(improvement.before, "->", improvement.after, "by", [edit.kind for edit in improvement.edits])
agent = archwalk.load_agent(options.out / "agent")

comparison = archwalk.compare(
    [agent, "local-search", "random-search"], benchmark, budget=budget, trials=trials
)
comparison.page(options.out / "report.html")
print(comparison.record.strategies["local-search"].best_after[budget].mean)

found = archwalk.search("pretrained", "chain-digits", budget=5)  # an agent that comes with the package
print(found.best.architecture, found.best.reward)

study = archwalk.study(benchmark.space, "regularized-evolution", path=options.out / "mine.study")
for _ in range(20):
    architecture = study.ask()
    study.tell(architecture, reward=-len(str(architecture.description)))  # whatever you make of it
print(study.best)

print(
    list(archwalk.list_strategies()),
    list(archwalk.list_benchmarks()),
    list(archwalk.list_presets()),
    sep="\n",
)
