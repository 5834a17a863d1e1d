"""The space of a declaration, numbered where it is small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from archwalk.errors import UsageError
from archwalk.spaces.base import remake
from archwalk.spaces.declared.building import Entry
from archwalk.spaces.declared.decisions import Decision, Rule
from archwalk.spaces.declared.declaration import Builder, Declaration
from archwalk.spaces.declared.enumeration import enumerate_strings
from archwalk.spaces.declared.numbered import NumberedSpace
from archwalk.spaces.declared.walked import DeclaredSpace

Space = NumberedSpace | DeclaredSpace


def declare(
    name: str,
    *decisions: Decision,
    constraints: Iterable[Rule] = (),
    build: Builder | str | Iterable[Entry] | None = None,
) -> Space:
    """The space of these decisions.

    A constraint is an expression over decisions, or a function whose parameters are named as decisions are. `build`
    makes a network: a function that is handed the description of an architecture, {"depth": 3, ...}, where to import it
    from ("module:function"), or the entries of a template. Raises UsageError for what makes no sense.
    """
    made = build if build is None or isinstance(build, str) or callable(build) else tuple(build)
    rules = (constraints,) if isinstance(constraints, str) else tuple(constraints)
    return make_space(Declaration(name, decisions, rules, made))


def make_space(declaration: Declaration) -> Space:
    """The space of a declaration, one a process: numbered where it has at most some million architectures.

    Raises UsageError where no architecture satisfies the constraints.
    """
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


def _impossible(declaration: Declaration) -> str:
    """The constraint that nothing satisfies; all, where it takes several."""
    for rule, compiled in zip(declaration.constraints, declaration.rules.constraints, strict=True):
        rows_ND = enumerate_strings(replace(declaration, constraints=(rule,)))
        if rows_ND is not None and not len(rows_ND):
            return compiled.text
    return "all constraints: " + "; ".join(rule.text for rule in declaration.rules.constraints)[:300]
