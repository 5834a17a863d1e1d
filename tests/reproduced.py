"""Reproductions of the tiny benchmark, for the tests of experiments and of reports."""

from dataclasses import replace

from archwalk.papers.catalogue import find_items
from archwalk.papers.item import run_item
from archwalk.papers.scales import Scale
from archwalk.papers.setup import Setup

TINY = Scale("smoke", 2, 30, 1, 4, 40, 19, 1_600, 1, 600, 2, 0.001)
"""Smaller than any that a user can ask for."""


def setup(benchmark, out, **changes):
    """A setup in which every name of a benchmark is this one."""

    def load(name, seed):
        return replace(benchmark, name=name.removesuffix(":test-mean"))

    return Setup(TINY, changes.pop("seed", 0), out, load=load, **changes)


def run(name, made, paper="cassimon2024"):
    """The record of one item."""
    paper, (item,) = find_items(f"{paper}/{name}")
    return run_item(paper, item, made)
