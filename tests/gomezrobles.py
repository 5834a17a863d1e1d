"""Gomez Robles and Vanschoren's items on made-up data sets, for the tests of experiments and of reports."""

from dataclasses import replace

import reproduced
from archwalk.papers import gomezrobles2019
from archwalk.papers.gomezrobles2019.sizes import Size
from archwalk.papers.item import run_item
from building_cases import branches, chains

NAMES = ("one", "two", "three", "four", "five")

SIZE = Size(
    NAMES[:3], (60, 50, 50), (40, 30, 50), NAMES[3:], 60, 2, 1, 128, "branches", 30, 1, ("one", "four"), 20
)
"""To stand in for that of the scale smoke."""


def load(name, seed):
    """Another table for each name."""
    return replace(branches() if name == "branches" else chains(NAMES.index(name)), name=name)


def setup(out, **changes):
    """A setup of these data sets."""
    return replace(reproduced.setup(None, out), load=load, **changes)


def run(name, made):
    """The record of one item."""
    (item,) = (item for item in gomezrobles2019.PAPER.items if item.name == name)
    return run_item("gomezrobles2019", item, made)
