"""Views of the paper's tables: what searches for an agent's network find, and whether that is more than chance."""

from collections.abc import Mapping
from typing import Any

from archwalk.papers.drawing.blocks import Block, Grid, Record, Words
from archwalk.papers.drawing.cited import reported_grids
from archwalk.papers.drawing.trials import INTERVALS, stacked
from archwalk.papers.mazyavkina2020.against_random import COSTS
from archwalk.papers.mazyavkina2020.sizes import TOP
from archwalk.papers.mazyavkina2020.table1 import BEST, NATURE, RANDOM
from archwalk.report.palette import AMBER, BLUE, GREY, INK, PURPLE, VERMILION, Colour
from archwalk.report.values import NBSP, count, counted

METRICS = {"mean_return": "mean return", "max_return": "max return"}

METRICS_NOTE = (
    "Raw scores. Mean return: mean of an agent's last 100 episodes; max return: the highest such mean in its training. "
    "Of fewer than 100 both are the mean of all; in MinAtar Freeway, whose games last 2,500 steps, that is about so. "
    f"The best of the top {TOP} is chosen by the mean return, which is shown as well."
)

_USUAL = {RANDOM: GREY, NATURE: AMBER, BEST: INK}


def colours(record: Record) -> dict[str, Colour]:
    """Of methods and of what they are compared with."""
    methods = record["settings"]["methods"]
    return dict(zip(methods, (VERMILION, BLUE, PURPLE), strict=False)) | _USUAL


def trained_line(record: Record) -> str:
    """What the agents are, how long they trained, and how often everything was done."""
    settings = record["settings"]
    steps = list_by_ground(settings["timesteps_of_a_training"], count)
    seeds = list_by_ground(settings["seeds_of_the_table"], lambda its: counted(len(its), "seed"))
    searches = counted(len(settings["seeds_of_searches"]), "seed")
    between = list_by_ground(settings.get("variance_between_networks", {}), _share)
    return (
        f"Budget: {settings['budget']}; query: {settings['query']}. {searches} of each search. Timesteps of an agent: "
        f"{steps}; seeds of the table: {seeds}. Of the variance of mean returns there is between networks, and not "
        f"between trainings of one: {between}."
    )


def _share(between: float | None) -> str:
    return "unknown, of one seed" if between is None else f"{between:.3f}"


def list_by_ground(values: Mapping[str, Any], say: Any) -> str:
    """Say `3 seeds`, or `3 seeds (A, B), 1 seed (C)` where they differ."""
    by_text: dict[str, list[str]] = {}
    for label, value in values.items():
        by_text.setdefault(say(value), []).append(label)
    if len(by_text) == 1:
        return next(iter(by_text))
    return ", ".join(f"{text} ({'; '.join(labels)})" for text, labels in by_text.items())


def view_found(record: Record) -> list[Block]:
    """Table 1: ours, then the paper's."""
    grounds, colour = record["result"]["grounds"], colours(record)
    names = list(dict.fromkeys(name for rows in grounds.values() for name in rows))
    rows = [
        (f"{name}, {said}", colour[name], [_cell(by_name.get(name), metric) for by_name in grounds.values()])
        for name in names
        for metric, said in METRICS.items()
    ]
    repeats = record["settings"]["repeats_of_random_search"]
    notes = [
        f"Mean ± standard deviation: of random search over {count(repeats)} repeats of {counted(TOP, 'training')}, of "
        "a single architecture over the seeds of the table (none where it has one), of ENAS and SPOS over searches, in "
        f"brackets the interval of their mean. {INTERVALS} {METRICS_NOTE}",
        trained_line(record),
    ]
    return [Grid(["method, metric", *grounds], rows, notes, "Ours"), *reported_grids(record)]


def _cell(row: Mapping[str, Any] | None, metric: str) -> str:
    if row is None:
        return "–"
    one = row[metric]
    text = f"{one['mean']:.2f}" + ("" if one["std"] is None else f" ± {one['std']:.2f}")
    return text + ("\n[{:.2f}, {:.2f}]".format(*one["ci95"]) if "ci95" in one else "")


def view_against(record: Record) -> list[Block]:
    """Whether searches beat random search, at both costs."""
    result = record["result"]
    blocks: list[Block] = [Words([_verdict(record, cost) for cost in COSTS])]
    for cost in COSTS:
        rows = [
            (f"{label}: {method}", colours(record)[method], _against_cells(by_cost[cost]))
            for label, methods in result["grounds"].items()
            for method, by_cost in methods.items()
        ]
        head = [
            "search",
            "random search trains",
            "place (%)",
            "ahead by",
            "p",
            "p, corrected",
            "p, relabelled",
        ]
        blocks.append(Grid(head, rows, _against_notes(record, cost), f"Equal {cost}"))
    return blocks


def _verdict(record: Record, cost: str) -> str:
    result = record["result"]
    rows = {
        f"{method} on {label}": by_cost[cost]
        for label, methods in result["grounds"].items()
        for method, by_cost in methods.items()
    }
    tests = result["tests"]
    which = [name for name, row in rows.items() if row["p_holm"] < result["level"]]
    text = (
        f"At equal {cost}, a search is shown to beat random search in {len(which)} of {counted(tests, 'test')} "
        f"(p{NBSP}<{NBSP}{result['level']:g}, corrected over all of them){': ' if which else ''}{'; '.join(which)}."
    )
    hopeless = sum(not row["can_be_shown"] for row in rows.values())
    if hopeless:
        text += (
            f" In {hopeless} of them that could not be shown alone, whatever was found: with so many trainings random "
            "search finds the best too often for so few seeds."
        )
    return text


def _against_cells(row: Mapping[str, Any]) -> list[str]:
    draws = sorted({min(row["trainings"]), max(row["trainings"])})
    least = "" if row["can_be_shown"] else f"\nleast {row['least_p']:.2g}"
    return [
        " to ".join(map(str, draws)),
        stacked(row["place"]),
        stacked(row["ahead"], signed=True),
        _p_cell(row["p"]) + least,
        _p_cell(row["p_holm"]),
        _p_cell(row["p_relabelled"]),
    ]


def _p_cell(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def _against_notes(record: Record, cost: str) -> list[str]:
    settings = record["settings"]
    paid = {
        "trainings": f"Random search trains {counted(TOP, 'architecture')}, as the searches do behind their supernets.",
        "timesteps": (
            f"Random search trains {TOP} and as many more as the timesteps of a search pay for: those of its supernet, "
            "and those that were played for the proxy."
        ),
    }[cost]
    return [
        f"{paid} Place: where what was found lies among what random search finds, 0 at the bottom and 50 in the mean. "
        f"Ahead by: mean return above the mean of random search, in raw scores. {INTERVALS}",
        f"Test: {settings['test']}. Correction: {settings['correction']}. Least: the lowest p that this test can give, "
        f"where that is too high to be shown alone. Relabelled: {settings['relabelled']}.",
        trained_line(record),
    ]
