"""What Gomez Robles and Vanschoren's experiments 1 and 2 answer: whether a transferred policy starts ahead, and
whether a frozen one adapts.
"""

from collections.abc import Mapping
from typing import Any

from archwalk.papers.drawing.blocks import Block, Grid, Record, Words
from archwalk.report.values import count, p_text, points

Estimate = Mapping[str, Any]
"""A mean, and a 95 % interval."""

INTERVALS = "Intervals: 95 %, bootstrapped over seeds; of a few seeds they are rather too narrow."


def early_blocks(record: Record) -> list[Block]:
    """Experiment 1: the first steps on each data set."""
    found = record["result"].get("early")
    if not found:
        return []
    agents = list(next(iter(found["data"].values()))["reward"])
    rows = []
    for name, one in found["data"].items():
        cells = [stacked(one["reward"][agent]) for agent in agents]
        cells += [stacked(ahead, signed=True) for ahead in one["ahead_of"].values()]
        rows.append((name, None, cells))
    head = ["data set", *agents, *(f"ahead of {agent}" for agent in agents[1:])]
    notes = [f"Mean reward a step in percent, mean over seeds. {INTERVALS}"]
    texts = [
        _ahead_text(name, one["ahead_of"], found["steps"], first=not number)
        for number, (name, one) in enumerate(found["data"].items())
    ]
    return [Words(texts), Grid(head, rows, notes, f"Over the first {count(found['steps'])} steps")]


def _ahead_text(name: str, ahead_of: Mapping[str, Estimate], steps: int, *, first: bool) -> str:
    who = "the untrained policy" if first else "the transferred policy"
    parts = [f"{verdict(one)} {agent} by {interval(one, signed=True)}" for agent, one in ahead_of.items()]
    return f"On {name}, over the first {count(steps)} steps, {who} is {' and '.join(parts)} points."


def verdict(one: Estimate) -> str:
    """What the interval of a difference says."""
    low, high = one["ci95"]
    return "ahead of" if low > 0 else "behind" if high < 0 else "not settled against"


def thirds_blocks(record: Record) -> list[Block]:
    """Experiment 2: the first and the last third of a trial, and whether the policy differs between data sets."""
    result = record["result"]
    if "thirds" not in result:
        return []
    rows, texts = [], []
    for name, by_agent in result["thirds"].items():
        for agent, one in by_agent.items():
            cells = [stacked(one[key]) for key in ("first", "last", "whole")]
            cells[2:2] = [stacked(one[key], signed=True) for key in ("gain", "settled_gain")]
            rows.append((f"{name}: {agent}", None, cells))
            if one["frozen"]:
                texts.append(_gain_text(name, agent, one))
    head = ["data set and agent", "first third", "last third", "gain", "once settled", "whole trial"]
    notes = [
        "Mean reward a step in percent, mean over seeds; the gain is that of each seed: last third less first third, "
        f"and once settled without the first twentieth of the trial, in which a blank memory fills. {INTERVALS} "
        "Random search cannot adapt: what it gains is chance."
    ]
    steps = record["settings"]["steps"]
    texts += [_strategy_text(agent, found) for agent, found in result["strategies"].items() if found]
    return [Words(texts), Grid(head, rows, notes, f"Within a trial of {count(steps)} steps")]


def _gain_text(name: str, agent: str, one: Mapping[str, Estimate]) -> str:
    gain, settled = one["gain"], one["settled_gain"]
    text = (
        f"On {name} the frozen policy of {agent} {_change(gain)} within the trial: last third less first third "
        f"{interval(gain, signed=True)} points"
    )
    if _change(gain) != _change(settled):
        text += f", but {_change(settled)} once its memory has settled ({interval(settled, signed=True)})"
    return text + "."


def _change(gain: Estimate) -> str:
    low, high = gain["ci95"]
    return "improves" if low > 0 else "becomes worse" if high < 0 else "is not seen to change"


def _strategy_text(agent: str, found: Mapping[str, Any]) -> str:
    each = ", ".join(f"{p:.2f}" for p in found["each"])
    return (
        f"Whether {agent} acts differently on the two data sets: {p_text(found['p'])} (Wilcoxon's signed-rank test of "
        f"the shares of {found['pairs']} actions, exact, as the paper; single seeds: {each}). Shares add up to one, "
        "so the pairs are not independent, and few pairs find little."
    )


def interval(one: Estimate, *, signed: bool = False) -> str:
    """Say `81.50 [78.93, 84.06]`, or with a sign."""
    say = points if signed else "{:.2f}".format
    low, high = one["ci95"]
    return f"{say(one['mean'])} [{say(low)}, {say(high)}]"


def stacked(one: Estimate, *, signed: bool = False) -> str:
    """The same for a cell of a table, the interval below the mean."""
    return interval(one, signed=signed).replace(" [", "\n[")
