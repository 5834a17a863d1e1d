"""Views of the paper's experiments: how agents that build fare over episodes, what they do, what they cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from archwalk.papers.drawing.blocks import Block, Grid, Record, Words, chart
from archwalk.papers.drawing.cited import reported_grids
from archwalk.papers.drawing.trials import early_blocks, thirds_blocks
from archwalk.papers.gomezrobles2019.exp1 import DEEP_Q, META, RANDOM
from archwalk.papers.gomezrobles2019.exp2 import ADAPTIVE
from archwalk.report.bars import Bars, draw_bars
from archwalk.report.lines import Axis, Plot, Series, legend_of, short_count
from archwalk.report.palette import AMBER, BLUE, GREEN, GREY, PURPLE, VERMILION
from archwalk.report.panels import Panels, draw_panels
from archwalk.report.values import count, percent

COLOURS = {META: VERMILION, DEEP_Q: BLUE, RANDOM: GREY, ADAPTIVE: PURPLE}
OTHERS = (VERMILION, BLUE)
"""Of what the record compares where it is not agents."""

DATA_COLOURS = (GREEN, AMBER, BLUE)

MEASURES = {
    "best": ("best reward (%)", "episodes"),
    "reward": ("accumulated reward (%)", "episodes"),
    "length": ("actions an episode", "episodes"),
    "entropy": ("entropy of the policy (nats)", "steps"),
    "branched": ("share with branches", "episodes"),
}


def view_evolution(record: Record) -> list[Block]:
    """Figures 9 to 16: curves over episodes, shares of actions; Tables 4, 5 and 7."""
    result = record["result"]
    blocks = early_blocks(record) + thirds_blocks(record) + _branched(result)
    blocks += [_curves(record), _shares(record), _times(result)]
    return blocks + reported_grids(record)


def _curves(record: Record) -> Block:
    data = record["result"]["data"]
    agents = list(next(iter(data.values())))
    measures = [m for m in MEASURES if any(m in one["curves"] for by in data.values() for one in by.values())]
    rows = [[_panel(record, by_agent, measure) for by_agent in data.values()] for measure in measures]
    every = [one["episodes"] for by_agent in data.values() for one in by_agent.values()]
    sizes, number = sorted({min(every), max(every)}), len(record["settings"]["seeds"])
    seeds = f"all {number} seeds" if number > 1 else "the one seed"
    panels = Panels(
        f"{record['item']}-evolution", list(data), rows,
        "best and accumulated reward, length and entropy over episodes, for each data set",
        f"{', '.join(agents)}; seeds {record['settings']['seeds']}.",
    )  # fmt: skip
    caption = (
        f"Means of {' to '.join(map(str, sizes))} episodes of {seeds}; bands: one "
        "standard deviation of single episodes. A curve ends with the seed that has the fewest episodes. The "
        "accumulated reward is the sum over an episode's actions, so it grows with its length."
    )
    legend = legend_of([_series(agent, number, {}, "step") for number, agent in enumerate(agents)])
    return chart(lambda width: draw_panels(panels, width), caption, legend, "Evolution")


def _panel(record: Record, by_agent: Mapping[str, Any], measure: str) -> Plot | None:
    title, axis = MEASURES[measure]
    found = [
        _series(agent, number, one["curves"][measure], axis[:-1])
        for number, (agent, one) in enumerate(by_agent.items())
        if measure in one["curves"]
    ]
    if not found:
        return None
    longest = max(series.x[-1] or 0 for series in found)
    whole = short_count if longest >= 20 else "{:g}".format
    return Plot(record["item"], Axis(axis, format=whole), Axis(title, format="{:g}".format), found, title, "")


def _series(agent: str, number: int, curve: Mapping[str, list[float]], axis: str) -> Series:
    mean, std = curve.get("mean", []), curve.get("std", [])
    low, high = ([m + sign * s for m, s in zip(mean, std, strict=True)] for sign in (-1, 1))
    colour = COLOURS.get(agent) or OTHERS[number % len(OTHERS)]
    return Series(agent, colour, curve.get(axis, []), mean, low, high)


def _shares(record: Record) -> Block:
    """Of one agent by data set; of several on one data set by agent."""
    result = record["result"]
    data = result["data"]
    first = next(iter(next(iter(data.values()))))
    if len(data) > 1:
        shown, who = {name: by_agent[first]["shares"] for name, by_agent in data.items()}, first
    else:
        shown, who = (
            {agent: one["shares"] for agent, one in next(iter(data.values())).items()},
            META,
        )
    series = [
        Bars(name, colour, s["mean"], s["lo"], s["hi"])
        for (name, s), colour in zip(shown.items(), DATA_COLOURS, strict=False)
    ]
    names = [f"A{number}" for number in range(len(result["actions"]))]
    key = "; ".join(f"{short} {action}" for short, action in zip(names, result["actions"], strict=True))

    def draw(width: int) -> str:
        return draw_bars(
            series, names, key=f"{record['item']}-shares", x="action", y="share of all actions (%)",
            description=key, width=width,
        )  # fmt: skip

    caption = f"{who}. Bars: mean over seeds, lines: 95 % bootstrap interval. {key}."
    return chart(draw, caption, [(bars.label, bars.colour) for bars in series], "What the policy does")


def _times(result: Mapping[str, Any]) -> Block:
    rows = []
    for name, by_agent in result["data"].items():
        for agent, one in by_agent.items():
            found = one["times"]
            cells = [
                f"{found['seconds']:.1f} s", duration(found["network_seconds"]), count(found["queries"]),
                count(found["unique"]), best_cell(one["networks"]),
            ]  # fmt: skip
            rows.append((f"{name}: {agent}", None, cells))
    head = ["data set and agent", "here", "of network training", "queries", "unique", "best network"]
    notes = [
        "Means over seeds. Here: wall time of the agent, evaluations included. Of network training: processor time "
        "that the evaluated networks took, or would have taken, each query counted. Best network: highest reward of "
        "all seeds, with its test accuracy in brackets.",
    ]
    return Grid(head, rows, notes, "Running times")


def best_cell(networks: Sequence[Mapping[str, Any]]) -> str:
    """Reward and report of the best, both in percent."""
    return f"{networks[0]['reward']:.2f} ({networks[0]['report']:.2f})" if networks else "–"


def duration(seconds: float) -> str:
    """Say `3 h 5 min`, `4 min 10 s` or `2.5 s`."""
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s" if seconds >= 60 else f"{seconds:.1f} s"


def _branched(result: Mapping[str, Any]) -> list[Block]:
    if "branched" not in result:
        return []
    parts = [f"{name} {percent(one['mean'], 1)} of the episodes" for name, one in result["branched"].items()]
    return [Words([f"Episodes that ended with a network that is no chain: {', '.join(parts)}."])]
