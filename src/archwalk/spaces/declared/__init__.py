"""Spaces by declaration: a user's own decisions, conditions and constraints, in TOML or in Python.

    from archwalk.spaces.declared import Categorical, Integer, Ordinal, declare

    space = declare(
        "mlp",
        Categorical("optimiser", ["sgd", "adam"]),
        Ordinal("momentum", [0.0, 0.9, 0.99], when="optimiser == 'sgd'"),
        Integer("depth", 1, 8),
        Ordinal("width", [16, 32, 64, 128]),
        constraints=["depth * width <= 512"],
    )

Small ones are numbered and made a graph of neighbours, all others are walked and sampled.
"""

from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.cells.space import CellSpace, NumberedCellSpace
from archwalk.spaces.declared.decisions import Categorical, Decision, Integer, Ordinal
from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.declared.numbered import NumberedSpace
from archwalk.spaces.declared.reading import read_space
from archwalk.spaces.declared.space import declare, make_space
from archwalk.spaces.declared.walked import DeclaredSpace

__all__ = [
    "Categorical",
    "Cell",
    "CellSpace",
    "Decision",
    "Declaration",
    "DeclaredSpace",
    "Integer",
    "NumberedCellSpace",
    "NumberedSpace",
    "Ordinal",
    "declare",
    "make_space",
    "read_space",
]
