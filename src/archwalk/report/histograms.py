"""Figure: how far one episode improves the architecture it starts from (Cassimon et al. 2024, figure 8)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

from archwalk.experiments.records import Comparison, Episodes
from archwalk.report.facts import report_format, short_labels
from archwalk.report.palette import INK, MUTED, Colour, strategy_colours
from archwalk.report.svg import NARROW, new_figure, style, to_svg
from archwalk.report.values import NBSP, Format, percent, points
from archwalk.report.wording import setting

PANEL, LEFT, RIGHT, BELOW = 78, 42, 16, 46  # CSS pixels
LINE = 17  # of the text above a panel
LEAST_ROOM = 0.08  # of the width, for the name of an interval between its end and the frame's


def draw_histograms(comparison: Comparison, *, width: int, key: str = "improvement") -> str | None:
    """A panel a strategy, all on one axis; None where no histogram is on record.

    `key` tells apart several such figures of one page.
    """
    episodes = with_histogram(comparison)
    if not episodes:
        return None
    short, colours = short_labels(comparison.strategies, 36), strategy_colours(comparison)
    written = report_format(comparison)
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
            _bars(axes, episode, colours[name], histogram_range(comparison), written)
            _lines(axes, episode, written)
            _title(axes, short[name], summary(episode, written), narrow)
            axes.tick_params(labelbottom=name == last)
        unit = f" ({written.unit})" if written.unit else ""
        axes.set_xlabel(f"{changes(comparison)} over one episode{unit}")
        return to_svg(
            figure,
            key=f"{key}-{width}",
            label=f"Histograms of the {changes(comparison)} over one episode. "
            + "; ".join(f"{short[name]}: {summary(episode, written)}" for name, episode in episodes.items()),
            description=setting(comparison),
        )


def changes(comparison: Comparison) -> str:
    """What histograms show: where lower is better an improvement, that above zero may always be better."""
    report = comparison.report
    return f"{'change' if report.higher_is_better else 'improvement'} of {report.name}"


def with_histogram(comparison: Comparison) -> dict[str, Episodes]:
    """The `episodes` of the strategies that have a histogram with anything in it."""
    return {
        name: one.episodes
        for name, one in comparison.strategies.items()
        if one.episodes and any(one.episodes.histogram.counts)
    }


def histogram_range(comparison: Comparison) -> tuple[float, float]:
    """Range that the bars of all strategies span; bins empty for all at both ends are left away."""
    low, high = np.inf, -np.inf
    for episode in with_histogram(comparison).values():
        edges, filled = episode.histogram.edges, np.flatnonzero(episode.histogram.counts)
        low, high = min(low, edges[filled[0]]), max(high, edges[filled[-1] + 1])
    return float(low), float(high)


def shares_outside(comparison: Comparison) -> dict[str, float]:
    """Share of the episodes that no bar counts, by strategy; only where the number of starts is on record."""
    if comparison.episodes is None:
        return {}
    outside = {}
    for name, episode in with_histogram(comparison).items():
        episodes = comparison.episodes.starts * comparison.strategies[name].agents - episode.unknown
        outside[name] = max(0.0, 1 - float(sum(episode.histogram.counts)) / episodes)
    return outside


def _bars(
    axes: Axes, episode: Episodes, colour: Colour, limits: tuple[float, float], written: Format
) -> None:
    counts = np.array(episode.histogram.counts, np.float64)
    share = 100 * counts / counts.sum()
    axes.stairs(share, episode.histogram.edges, fill=True, color=colour.light, alpha=0.75, linewidth=0)
    axes.set_xlim(*limits)
    axes.set_ylim(0, 1.3 * share.max())
    whole = written.metric.unit == "%" or limits[1] - limits[0] >= 6
    axes.xaxis.set_major_formatter(
        FuncFormatter(
            lambda value, _: (points(value, 0) if whole else written.signed(value)) if value else "0"
        )
    )
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.axvline(0, color=MUTED.light, linewidth=0.8)


def _lines(axes: Axes, episode: Episodes, written: Format) -> None:
    """The median, and both ends of the intervals around it that hold 50, 90 and 95 % of the episodes."""
    median, (low, high) = episode.median_improvement, axes.get_xlim()
    if median is not None and low <= median <= high:
        axes.axvline(median, color=INK.light, linewidth=2)
    for i, (held, ends) in enumerate(sorted(episode.intervals.items())):
        for end, side in zip(ends, (-1, 1), strict=True):
            _interval_end(axes, end, side, (f"{held}{NBSP}%", written.signed(end)), top=0.98 - 0.2 * i)


def _interval_end(axes: Axes, end: float, side: int, texts: tuple[str, str], top: float) -> None:
    """A dashed line with its name on the outer side, or the inner where the frame ends; an arrow where it is out."""
    low, high = axes.get_xlim()
    placed = blended_transform_factory(axes.transData, axes.transAxes)
    inside, (text, value) = low <= end <= high, texts
    if inside:
        axes.plot([end, end], [0, top], transform=placed, color=INK.light, linewidth=0.9, dashes=(3, 2.5))
        room = (end - low if side < 0 else high - end) / (high - low)
        outward = side if room > LEAST_ROOM else -side
        x, shift, align = end, 3 * outward, "right" if outward < 0 else "left"
    else:
        x, shift, align = (low, 0, "left") if side < 0 else (high, 0, "right")
        text = f"← {text}: {value}" if side < 0 else f"{text}: {value} →"
    axes.annotate(
        text, (x, top), xycoords=placed, xytext=(shift, 0), textcoords="offset points",
        ha=align, va="top", fontsize=10, color=MUTED.light, annotation_clip=False,
    )  # fmt: skip


def _title(axes: Axes, name: str, figures: str, narrow: bool) -> None:
    """Name and figures above a panel: on one line where it is wide enough for both."""
    name_y, (x, align) = (10 + LINE, (0, "left")) if narrow else (10, (1, "right"))
    for text, at, y, side, weight, colour in (
        (name, 0, name_y, "left", "bold", INK),
        (figures, x, 10, align, "normal", MUTED),
    ):
        axes.annotate(
            text, (at, 1), xycoords="axes fraction", xytext=(0, y - 4), textcoords="offset points",
            ha=side, va="bottom", weight=weight, color=colour.light, annotation_clip=False,
        )  # fmt: skip


def summary(episode: Episodes, written: Format) -> str:
    """Median, share improved and skew, say above a histogram."""
    parts = [f"median {written.signed(episode.median_improvement)}"]
    parts += [] if episode.improved is None else [f"{percent(100 * episode.improved, 0)} improved"]
    parts += [] if episode.skew is None else [f"skew {points(episode.skew, 1)}"]
    return ", ".join(parts)
