"""Views of the paper's other items: how hard data sets are, the best networks, and their final training."""

from collections.abc import Mapping
from typing import Any

from archwalk.papers.drawing.blocks import Block, Drawings, Grid, Record, Words, chart
from archwalk.papers.drawing.cited import reported_grids
from archwalk.papers.gomezrobles2019.evolution_views import duration
from archwalk.report.bars import Bars, draw_bars
from archwalk.report.boxes import draw_boxes
from archwalk.report.palette import BLUE
from archwalk.report.values import count, percent

HARD, TRIVIAL = 30.0, 75.0
"""Percent. The paper calls hard what stays below the first; from which median on a data set is trivial is ours."""


def view_hardness(record: Record) -> list[Block]:
    """Figure 17 and Table 9."""
    data, steps = record["result"]["data"], record["settings"]["steps"]
    boxes = [(name, one["box"]) for name, one in data.items()]
    title = "reward of the networks on the way (%)"

    def draw(width: int) -> str:
        return draw_boxes(boxes, key=f"{record['item']}-boxes", title=title, description=title, width=width)

    def draw_means(width: int) -> str:
        bars = Bars("mean", BLUE, *_means(data))
        names = [name.removeprefix("chain-") for name in data]
        return draw_bars(
            [bars], names, key=f"{record['item']}-bars", x="data set", y="mean reward (%)", description=title,
            width=width,
        )  # fmt: skip

    seeds = len(record["settings"]["seeds"])
    rows = [
        (name, None, [f"{q:.1f}" for q in one["box"]["quartiles"]]
         + [f"{one['box']['range'][1]:.1f}", kind(one["box"]), duration(one["times"]["network_seconds"]),
            f"{one['times']['seconds']:.1f} s"])
        for name, one in data.items()
    ]  # fmt: skip
    head = [
        "data set",
        "lower quartile",
        "median",
        "upper quartile",
        "highest",
        "kind",
        "of network training",
        "here",
    ]
    notes = [
        f"Times are means over {seeds} seeds of trials of {count(steps)} steps. Hard: no network above {HARD:g} % "
        f"(the paper); trivial: a median above {TRIVIAL:g} % (ours, the paper gives no number); medium: the rest."
    ]
    caption = (
        f"All queries of {seeds} seeds of {count(steps)} steps each. Box: quartiles, dot: mean, whiskers: to 1.5 times "
        "the box."
    )
    return [
        chart(draw, caption, title="Accuracies"),
        chart(draw_means, "Mean of the same queries; lines: one standard deviation."),
        Grid(head, rows, notes, "Kinds and times"),
        *reported_grids(record),
    ]


def _means(data: Mapping[str, Any]) -> tuple[list[float], list[float], list[float]]:
    boxes = [one["box"] for one in data.values()]
    return (
        [box["mean"] for box in boxes],
        [max(0.0, box["mean"] - box["std"]) for box in boxes],
        [box["mean"] + box["std"] for box in boxes],
    )


def kind(box: Mapping[str, Any]) -> str:
    """The paper's three kinds of data sets."""
    if box["range"][1] < HARD:
        return "hard"
    return "trivial" if box["quartiles"][1] > TRIVIAL else "medium"


def view_networks(record: Record) -> list[Block]:
    """Figures 18 to 21."""
    by_figure: dict[str, list[tuple[str, str]]] = {}
    for one in record["result"]["groups"]:
        by_figure.setdefault(one["figure"], []).extend(
            (
                f"{one['data']}, {one['agent']}: {percent(net['reward'])}, test {percent(net['report'])}",
                net["svg"],
            )
            for net in one["networks"]
        )
    blocks: list[Block] = [
        Words(
            ["The networks of highest reward (validation accuracy) of all seeds, with their test accuracy."]
        )
    ]
    for figure, drawings in by_figure.items():
        blocks += [Words([figure]), Drawings(drawings)]
    return blocks + reported_grids(record)


def view_intensive(record: Record) -> list[Block]:
    """Table 6."""
    settings = record["settings"]
    rows = []
    for row in record["result"]["rows"]:
        reward = f"{row['reward']:.2f}" if "reward" in row else "–"
        failed = f"; {len(row['failed'])} failed" if row["failed"] else ""
        cells = [
            reward, f"{row['mean']:.2f} ± {row['two_deviations']:.2f}{failed}", count(row["parameters"] or 0),
            duration(row["seconds"]),
        ]  # fmt: skip
        rows.append((f"{row['data']}: {row['network']}", None, cells))
    training = settings["training"]
    notes = [
        f"Test accuracy in percent: mean and two standard deviations of {settings['trainings']} trainings of "
        f"{training['epochs']} epochs, {settings['size']['dense']} units, filters that double with each "
        "convolution. VGG-19's blocks have the same prediction module, no normalisation, and filters of their own."
    ]
    head = ["data set and network", "reward in the search", "test accuracy", "weights", "processor time"]
    return [Words([_better_text(record)]), Grid(head, rows, notes, "Ours"), *reported_grids(record)]


def _better_text(record: Record) -> str:
    parts, by_data = [], dict[str, list[Mapping[str, Any]]]()
    for row in record["result"]["rows"]:
        by_data.setdefault(row["data"], []).append(row)
    for name, rows in by_data.items():
        *found, vgg = rows
        best = max(found, key=lambda row: row["mean"])
        clear = best["mean"] - best["two_deviations"] > vgg["mean"] + vgg["two_deviations"]
        ahead = best["mean"] > vgg["mean"]
        parts.append(
            f"on {name} {'above' if ahead else 'not above'} the blocks of VGG-19 ({best['mean']:.2f} against "
            f"{vgg['mean']:.2f} %{', ranges of two deviations apart' if clear else ''})"
        )
    return f"The better of the two networks is {' and '.join(parts)}."
