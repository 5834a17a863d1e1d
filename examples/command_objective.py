"""A command as objective: a program that is given an architecture as JSON and prints numbers as JSON."""

import sys
from pathlib import Path

import archwalk

space = archwalk.declare(
    "commanded",
    archwalk.Integer("depth", 1, 8),
    archwalk.Ordinal("width", [16, 32, 64]),
    archwalk.Ordinal("learning_rate", [0.001, 0.003, 0.01, 0.03, 0.1]),
)
script = Path(__file__).with_name("command_script.py")
result = archwalk.search(
    "regularized-evolution", space, command=f"'{sys.executable}' '{script}' {{json}}", minimise="loss",
    budget=40, workers=2, limit_seconds=60, store=False, settings={"population": 10, "sample": 4},
)  # fmt: skip
print(f"loss {result.best.reward:.3f}: {result.best.architecture.description}")
