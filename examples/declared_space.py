"""A space of one's own with conditions and a constraint, and a function of one's own, searched by ask and tell."""

import math
from typing import Any

import archwalk

space = archwalk.declare(
    "my-mlp",
    archwalk.Categorical("optimiser", ["sgd", "adam"]),
    archwalk.Ordinal("momentum", [0.0, 0.9, 0.99], when="optimiser == 'sgd'"),
    archwalk.Ordinal("learning_rate", [0.001, 0.003, 0.01, 0.03, 0.1]),
    archwalk.Integer("depth", 1, 6),
    archwalk.Ordinal("width", [16, 32, 64, 128, 256]),
    constraints=["depth * width <= 512", lambda depth, width: depth > 1 or width >= 64],
)


def accuracy(architecture: dict[str, Any]) -> float:
    """What would train a network: here a made-up accuracy in percent."""
    best_rate = 0.03 if architecture["optimiser"] == "sgd" else 0.003
    miss = abs(math.log10(architecture["learning_rate"] / best_rate))
    size = math.log2(architecture["depth"] * architecture["width"])
    return 70 + 2 * size - 5 * miss + 3 * float(architecture.get("momentum", 0.8))


study = archwalk.study(space, "graph-gp", seed=0)
for _ in range(40):
    architecture = study.ask()
    study.tell(architecture, accuracy(architecture.description))
assert study.best is not None
print(f"the best of {len(study)}: {study.best.reward:.2f} %")
print(study.best.architecture.description)
