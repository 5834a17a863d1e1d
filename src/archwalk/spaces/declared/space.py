"""The space of a declaration, numbered where it is small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from archwalk.errors import UsageError
from archwalk.spaces.base import remake
from archwalk.spaces.declared.building import Builder, Entry
from archwalk.spaces.declared.cells.building import CellTemplate
from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.cells.declaration import CellDeclaration
from archwalk.spaces.declared.cells.enumeration import enumerate_cells
from archwalk.spaces.declared.cells.space import CellSpace, NumberedCellSpace
from archwalk.spaces.declared.decisions import Decision, Rule
from archwalk.spaces.declared.declaration import Declaration
from archwalk.spaces.declared.enumeration import enumerate_strings
from archwalk.spaces.declared.numbered import NumberedSpace
from archwalk.spaces.declared.walked import DeclaredSpace

Space = NumberedSpace | DeclaredSpace | NumberedCellSpace | CellSpace


def declare(
    name: str,
    *parts: Decision | Cell,
    constraints: Iterable[Rule] = (),
    build: Builder | str | Iterable[Entry] | Mapping[str, Any] | None = None,
) -> Space:
    """The space of these decisions, or of a cell.

    A constraint is an expression over decisions, or a function whose parameters are named as decisions are. `build`
    makes a network: a function that is handed the description of an architecture, {"depth": 3, ...}, where to import it
    from ("module:function"), or a template: of decisions a list of layers, of a cell a table (`cells/building.py`).
    Raises UsageError for what makes no sense.
    """
    rules = (constraints,) if isinstance(constraints, str) else tuple(constraints)
    cells = [part for part in parts if isinstance(part, Cell)]
    if cells:
        if len(parts) > 1 or rules:
            raise UsageError(
                f"the space {name!r} has a cell, beside which there is nothing to declare but build"
            )
        template = CellTemplate.of(build, cells[0]) if isinstance(build, Mapping) else build
        if isinstance(template, Iterable) and not isinstance(template, str):
            raise UsageError(
                "build of a cell is a function, where it is, or a table with stem, operations and head"
            )
        return make_space(CellDeclaration(name, cells[0], template))
    if isinstance(build, Mapping):
        raise UsageError("build of decisions is a function, where it is, or a list of layers")
    made = build if build is None or isinstance(build, str) or callable(build) else tuple(build)
    decisions = tuple(part for part in parts if isinstance(part, Decision))
    return make_space(Declaration(name, decisions, rules, made))


def make_space(declaration: Declaration | CellDeclaration) -> Space:
    """The space of a declaration, one a process: numbered where it has at most some million architectures.

    Raises UsageError where no architecture satisfies the constraints.
    """
    if isinstance(declaration, CellDeclaration):
        return _make_cells(declaration)
    rows_ND = enumerate_strings(declaration)
    if rows_ND is None:
        walked: DeclaredSpace = remake(DeclaredSpace, declaration)
        walked.sample(np.random.default_rng(0), 1)  # or it says that there is none
        return walked
    if not len(rows_ND):
        raise UsageError(f"no architecture of {declaration.name!r} satisfies {_impossible(declaration)}")
    if len(rows_ND) == 1:
        raise UsageError(
            f"the space {declaration.name!r} has a single architecture: there is nothing to search"
        )
    numbered: NumberedSpace = remake(NumberedSpace, declaration)
    return numbered


def _make_cells(declaration: CellDeclaration) -> NumberedCellSpace | CellSpace:
    codes_NL = enumerate_cells(declaration.cell.limits)
    if codes_NL is None:
        walked: CellSpace = remake(CellSpace, declaration)
        walked.sample(np.random.default_rng(0), 1)  # or it says that there is none
        return walked
    if len(codes_NL) < 2:
        told = (
            "no cell is within the limits"
            if not len(codes_NL)
            else "there is a single cell within the limits"
        )
        raise UsageError(f"{told} of {declaration.name!r}: there is nothing to search")
    numbered: NumberedCellSpace = remake(NumberedCellSpace, declaration)
    return numbered


def _impossible(declaration: Declaration) -> str:
    """The constraint that nothing satisfies; all, where it takes several."""
    for rule, compiled in zip(declaration.constraints, declaration.rules.constraints, strict=True):
        rows_ND = enumerate_strings(replace(declaration, constraints=(rule,)))
        if rows_ND is not None and not len(rows_ND):
            return compiled.text
    return "all constraints: " + "; ".join(rule.text for rule in declaration.rules.constraints)[:300]
