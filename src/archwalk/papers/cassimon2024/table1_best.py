"""tables 1 and 2: the best after so many queries; what others report stands apart."""

from msgspec.structs import replace

from archwalk.experiments.records import plain
from archwalk.papers.cassimon2024.fig10_queries import BUDGETS
from archwalk.papers.cassimon2024.reported import reported
from archwalk.papers.cassimon2024.searches import search
from archwalk.papers.item import Answer, Item
from archwalk.papers.searches import search_settings
from archwalk.papers.setup import Setup

QUERIES = {"nasbench101": (50, 100, 150, 300), "nasbench301:yahpo": (150, 200, 300, 400, 800, 1_000)}


def compute(setup: Setup, benchmark: str) -> Answer:
    """Mean, deviation and bootstrap interval of every strategy after the paper's numbers of queries."""
    found, budget = setup.find_benchmark(benchmark), BUDGETS[benchmark]
    record = search(setup, found, budget)
    shown = [queries for queries in QUERIES[benchmark] if queries <= budget]
    table = "table1" if benchmark == "nasbench101" else "table2"
    rows = {
        name: {str(queries): plain(strategy.best_after[queries]) for queries in shown}
        for name, strategy in record.strategies.items()
    }
    without = {name: replace(strategy, curve=None) for name, strategy in record.strategies.items()}
    return Answer(
        search_settings(setup, found, budget) | {"queries": shown},
        {
            "comparison": plain(replace(record, strategies=without)),
            "queries": shown,
            "best_after": rows,
            "reported": reported(table),
        },
    )


def _item(name: str, source: str, benchmark: str) -> Item:
    return Item(name, source, "The best after so many queries", "best", compute, benchmark, agents=True)


TABLE1 = _item("table1", "Table 1", "nasbench101")
TABLE2 = _item("table2", "Table 2", "nasbench301:yahpo")
