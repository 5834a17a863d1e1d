"""A table of one's own that holds some architectures of its space only: searched among them, and by a surrogate."""

import csv
import itertools
import random
import tempfile
from pathlib import Path

import archwalk

OPERATIONS = ["conv3x3", "conv5x5", "skip", "pool"]
WORTH = {"conv3x3": 2.0, "conv5x5": 2.5, "skip": 0.5, "pool": 0.0}

folder = Path(tempfile.mkdtemp())
draw = random.Random(0)
with (folder / "measured.csv").open("w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["cell", "valid accuracy", "test accuracy", "latency_ms"])
    for cell in draw.sample(list(itertools.product(OPERATIONS, repeat=6)), 600):  # of 4,096
        accuracy = (
            80 + sum(WORTH[name] * (place + 1) / 4 for place, name in enumerate(cell)) + draw.gauss(0, 0.3)
        )
        latency = 2 + 0.4 * cell.count("conv5x5") + 0.2 * cell.count("conv3x3")
        table.writerow(["|".join(cell), f"{accuracy:.2f}", f"{accuracy - 0.5:.2f}", f"{latency:.3f}"])

for mode in ("known", "surrogate"):
    benchmark = archwalk.add_table(f"my-{mode}-cells", folder / "measured.csv", mode=mode)
    result = archwalk.search("local-search", benchmark, budget=100, trials=5, seed=0)
    print(mode, result.best.architecture.description, f"{result.best.report:.2f} %")

fastest = archwalk.search("local-search", "my-known-cells:latency_ms", budget=100, seed=0)
print("fastest", fastest.best.architecture.description, f"{fastest.best.reward:.2f} ms")
for mode in ("known", "surrogate"):
    archwalk.remove_table(f"my-{mode}-cells")
