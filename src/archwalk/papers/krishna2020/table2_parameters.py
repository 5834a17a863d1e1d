"""table 2: parameters of the context representation, over the number N of decisions and the width d."""

from collections.abc import Mapping
from importlib import import_module
from math import log2
from typing import Any

from archwalk.papers.item import Answer, Item
from archwalk.papers.krishna2020.tables import PAPER
from archwalk.papers.reported import read_reported
from archwalk.papers.setup import Setup
from archwalk.strategies.catalogue import STRATEGIES

CHOICES = (2,) * 21 + (3,) * 5
"""NAS-Bench-101 as the paper writes it: 21 edges, 5 operations."""

TIMES = (1, 2, 4)
"""How often the decisions are repeated, to see what grows with N."""

WIDTHS = (36, 45, 72, 144)
"""The paper's two, and two more to see what grows with d."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Counts of the real networks, and the exponents of N and d at the largest of each."""
    rows = []
    here = "remaade" in STRATEGIES.names()
    if not here:
        setup.note("This version does not have the strategy remaade, so nothing could be counted.")
    for entry in read_reported(PAPER)["complexity"]:
        row: dict[str, Any] = {key: entry[key] for key in ("policy", "name", "order", "exponents")}
        rows.append(row | {"counts": [], "measured": None} | (_measure(entry["policy"]) if here else {}))
    return Answer(
        {
            "decisions": [len(CHOICES) * times for times in TIMES],
            "widths": list(WIDTHS),
            "counted": "parameters of the context representation, without embeddings and output layers",
            "seed": setup.seed,
        },
        {"rows": rows},
    )


def _measure(policy: str) -> dict[str, Any]:
    def count(times: int, width: int) -> int:
        counts = import_module("archwalk.strategies.remaade").parameter_counts(policy, CHOICES * times, width)
        return int(counts["context"] if isinstance(counts, Mapping) else counts)

    counts = [[count(times, width) for width in WIDTHS] for times in TIMES]  # N down, d across
    return {
        "counts": counts,
        "measured": {"N": _growth(counts[-2][0], counts[-1][0]), "d": _growth(counts[0][-2], counts[0][-1])},
    }


def _growth(one: int, doubled: int) -> float | None:
    """The exponent of what was doubled; None where nothing is counted."""
    return log2(doubled / one) if one and doubled else None


ITEM = Item("table2", "Table 2", "Parameters of the context representation", "parameters", compute)
