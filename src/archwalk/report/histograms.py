"""Figure: how far one episode improves the architecture it starts from (P1 Figure 8)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

from archwalk.report.facts import floats, metrics, number, short_labels
from archwalk.report.palette import INK, MUTED, Colour, strategy_colours
from archwalk.report.record import Record
from archwalk.report.svg import NARROW, new_figure, style, to_svg
from archwalk.report.wording import NBSP, percent, points, rules

Episodes = Mapping[str, Any]

PANEL, LEFT, RIGHT, BELOW = 78, 42, 16, 46  # CSS pixels
LINE = 17  # of the text above a panel
LEAST_ROOM = 0.08  # of the width, for the name of an interval between its end and the frame's


def draw_histograms(record: Record, *, width: int, key: str = "improvement") -> str | None:
    """A panel a strategy, all on one axis; None where no histogram is on record.

    `key` tells apart several such figures of one page.
    """
    episodes = with_histogram(record)
    if not episodes:
        return None
    short, colours, report = short_labels(record, 36), strategy_colours(record), metrics(record)[1]
    narrow, last = width <= NARROW, list(episodes)[-1]
    above = 14 + LINE * (2 if narrow else 1)
    height = BELOW + len(episodes) * (PANEL + above)
    with style():
        figure = new_figure(width, height)
        for i, (name, episode) in enumerate(episodes.items()):
            bottom = height - (i + 1) * (PANEL + above)
            axes = figure.add_axes(
                (LEFT / width, bottom / height, (width - LEFT - RIGHT) / width, PANEL / height)
            )
            _bars(axes, episode, colours[name], histogram_range(record))
            _lines(axes, episode)
            _title(axes, short[name], episode, narrow)
            axes.tick_params(labelbottom=name == last)
        axes.set_xlabel(f"change of {report} over one episode (points)")
        return to_svg(
            figure,
            key=f"{key}-{width}",
            label=f"Histograms of the change of {report} over one episode. "
            + "; ".join(f"{short[name]}: {_summary(episode)}" for name, episode in episodes.items()),
            description=" ".join(rules(record)),
        )


def with_histogram(record: Record) -> dict[str, Episodes]:
    """The `episodes` of the strategies that have a histogram with anything in it."""
    episodes = {name: strategy.get("episodes") or {} for name, strategy in record["strategies"].items()}
    return {
        name: episode
        for name, episode in episodes.items()
        if np.nansum(floats((episode.get("histogram") or {}).get("counts"))) > 0
    }


def histogram_range(record: Record) -> tuple[float, float]:
    """Range in points that the bars of all strategies span; bins empty for all at both ends are left away."""
    low, high = np.inf, -np.inf
    for episode in with_histogram(record).values():
        edges, filled = floats(episode["histogram"]["edges"]), np.flatnonzero(_counts(episode))
        low, high = min(low, edges[filled[0]]), max(high, edges[filled[-1] + 1])
    return float(low), float(high)


def shares_outside(record: Record) -> dict[str, float]:
    """Share of the episodes that no bar counts, by strategy; only where the number of starts is on record."""
    starts = number((record.get("episodes") or {}).get("starts"))
    outside = {}
    for name, episode in with_histogram(record).items():
        counted = float(_counts(episode).sum())
        if starts:
            agents = record["strategies"][name].get("agents") or 1
            outside[name] = max(0.0, 1 - counted / (starts * agents))
    return outside


def _bars(axes: Axes, episode: Episodes, colour: Colour, limits: tuple[float, float]) -> None:
    share = 100 * _counts(episode) / _counts(episode).sum()
    edges = floats(episode["histogram"]["edges"])
    axes.stairs(share, edges, fill=True, color=colour.light, alpha=0.75, linewidth=0)
    axes.set_xlim(*limits)
    axes.set_ylim(0, 1.3 * share.max())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: points(value, 0) if value else "0"))
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.axvline(0, color=MUTED.light, linewidth=0.8)


def _lines(axes: Axes, episode: Episodes) -> None:
    """The median, and both ends of the intervals around it that hold 50, 90 and 95 % of the episodes."""
    median, (low, high) = number(episode.get("median_improvement")), axes.get_xlim()
    if median is not None and low <= median <= high:
        axes.axvline(median, color=INK.light, linewidth=2)
    intervals = sorted((episode.get("intervals") or {}).items(), key=lambda item: float(item[0]))
    for i, (held, ends) in enumerate(intervals):
        for end, side in zip(ends, (-1, 1), strict=True):
            if (value := number(end)) is not None:
                _interval_end(axes, value, side, f"{held}{NBSP}%", top=0.98 - 0.2 * i)


def _interval_end(axes: Axes, end: float, side: int, text: str, top: float) -> None:
    """A dashed line with its name on the outer side, or the inner where the frame ends; an arrow where it is out."""
    low, high = axes.get_xlim()
    placed = blended_transform_factory(axes.transData, axes.transAxes)
    inside = low <= end <= high
    if inside:
        axes.plot([end, end], [0, top], transform=placed, color=INK.light, linewidth=0.9, dashes=(3, 2.5))
        room = (end - low if side < 0 else high - end) / (high - low)
        outward = side if room > LEAST_ROOM else -side
        x, shift, align = end, 3 * outward, "right" if outward < 0 else "left"
    else:
        x, shift, align = (low, 0, "left") if side < 0 else (high, 0, "right")
        text = f"← {text}: {points(end)}" if side < 0 else f"{text}: {points(end)} →"
    axes.annotate(
        text, (x, top), xycoords=placed, xytext=(shift, 0), textcoords="offset points",
        ha=align, va="top", fontsize=10, color=MUTED.light, annotation_clip=False,
    )  # fmt: skip


def _title(axes: Axes, name: str, episode: Episodes, narrow: bool) -> None:
    """Name and figures above a panel: on one line where it is wide enough for both."""
    name_y, (x, align) = (10 + LINE, (0, "left")) if narrow else (10, (1, "right"))
    for text, at, y, side, weight, colour in (
        (name, 0, name_y, "left", "bold", INK),
        (_summary(episode), x, 10, align, "normal", MUTED),
    ):
        axes.annotate(
            text, (at, 1), xycoords="axes fraction", xytext=(0, y - 4), textcoords="offset points",
            ha=side, va="bottom", weight=weight, color=colour.light, annotation_clip=False,
        )  # fmt: skip


def _summary(episode: Episodes) -> str:
    median, improved = number(episode.get("median_improvement")), number(episode.get("improved"))
    skew = number(episode.get("skew"))
    parts = [] if median is None else [f"median {points(median)}"]
    parts += [] if improved is None else [f"{percent(100 * improved, 0)} improved"]
    parts += [] if skew is None else [f"skew {points(skew, 1)}"]
    return ", ".join(parts)


def _counts(episode: Episodes) -> Any:
    return np.nan_to_num(floats(episode["histogram"]["counts"]))
