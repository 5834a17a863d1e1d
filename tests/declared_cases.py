"""Declared spaces that the tests share."""

from pathlib import Path

from archwalk.spaces.declared import Categorical, Integer, Ordinal, declare

TOML = """
name = "small-mlp"
constraints = ["depth * width <= 96", "not (activation == 'tanh' and depth == 7)"]

[decisions]
optimiser = ["sgd", "adam"]
activation = ["relu", "tanh", "gelu"]
depth = { integer = [5, 7] }
width = { ordinal = [8, 12, 16] }
momentum = { ordinal = [0.25, 0.9], when = "optimiser == 'sgd'" }
norm = { categorical = ["batch", "layer"], when = "optimiser == 'sgd' and momentum > 0.5" }
fixed = ["always"]

[[build]]
layer = "Linear(inputs, width)"
[[build]]
layer = "GELU()"
when = "activation == 'gelu'"
[[build]]
layer = "Linear(width, width)"
repeat = "depth - 1"
[[build]]
layer = "Linear(width, outputs)"
"""


def small_file(folder: Path) -> Path:
    path = folder / "small-mlp.toml"
    path.write_text(TOML)
    return path


def made_network(architecture, task):
    """What `build` of the large space calls."""
    from torch import nn

    return nn.Linear(task.shape[0], task.outputs)


def even(width0, width1):
    return width0 is None or width1 is None or (width0 + width1) % 48 != 0


def large():
    """Some 10^14 architectures with conditions and constraints, one of them a function."""
    layers = [Categorical(f"op{i}", ["conv", "pool", "skip", "mlp"]) for i in range(20)]
    widths = [Ordinal(f"width{i}", [16, 24, 32], when=f"op{i} in ('conv', 'mlp')") for i in range(8)]
    return declare(
        "large", *layers, *widths, Integer("stem", 4, 12, 2),
        constraints=["sum(width0, width1, width2, width3) <= 112", even], build=made_network,
    )  # fmt: skip
