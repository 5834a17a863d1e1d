"""figures 10, 14 and 15: the best so far against queries, and where local search takes the lead."""

from functools import partial
from typing import Any

import numpy as np

from archwalk.experiments.records import Comparison, plain
from archwalk.experiments.statistics import crossing
from archwalk.papers.cassimon2024.reported import reported
from archwalk.papers.cassimon2024.searches import curve_of, search
from archwalk.papers.item import Answer, Item
from archwalk.papers.searches import search_settings
from archwalk.papers.setup import Setup

BUDGETS = {"nasbench101": 300, "nasbench301:yahpo": 1_000}
LEADER = "local-search"


def compute(setup: Setup, benchmark: str, shown: int) -> Answer:
    """Curves to `shown` queries; beside them what others report at that budget, in settings of their own."""
    found, budget = setup.find_benchmark(benchmark), BUDGETS[benchmark]
    record = search(setup, found, budget, shown)
    table = "table1" if benchmark == "nasbench101" else "table2"
    others = [row for row in reported(table) if row["queries"] == min(shown, 800) and not row["of_paper"]]
    return Answer(
        search_settings(setup, found, budget) | {"shown": shown},
        {"comparison": plain(record), "crossings": crossings(record), "reported": others},
    )


def crossings(record: Comparison) -> list[dict[str, Any]]:
    """From how many queries on local search's mean stays above each other strategy's.

    None where it never takes the lead for good, or has it from the first query on (`leads_at_last` tells which).
    """
    curves = {name: np.array(curve_of(one).mean) for name, one in record.strategies.items()}
    leader = curves.pop(LEADER)
    return [
        {
            "over": name,
            "queries": None if (at := crossing(curve, leader)) is None else at + 1,
            "leads_at_last": bool(leader[-1] > curve[-1]),
        }
        for name, curve in curves.items()
    ]


def _item(name: str, source: str, benchmark: str, shown: int) -> Item:
    title = f"The best found so far, to {shown:,} queries"
    return Item(name, source, title, "queries", partial(compute, shown=shown), benchmark, agents=True)


FIG10 = _item("fig10", "Figure 10", "nasbench101", 300)
FIG14 = _item("fig14", "Figure 14", "nasbench301:yahpo", 300)
FIG15 = _item("fig15", "Figure 15", "nasbench301:yahpo", 1_000)
