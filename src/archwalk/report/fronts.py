"""A search with several goals, as lines for a terminal and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archwalk.data.files import make_folder
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.experiments.records import Comparison, Front, Fronts, Goal
from archwalk.report.facts import labels
from archwalk.report.palette import GREY, INK, MUTED, VERMILION, strategy_colours
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg
from archwalk.report.values import count, counted
from archwalk.report.wording import setting

if TYPE_CHECKING:
    import matplotlib.axes

Values = Sequence[tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]]
"""Of each trial: values of the goals, of which higher is better, and which keep the limits."""

_MOST_LINES = 30
_LOW, _HIGH = 1.0, 99.0
"""Percentiles of what was evaluated that the axes reach to, beside the fronts: a few outliers would hide the rest."""


def front_lines(record: Front, with_table: bool = True) -> list[str]:
    """The result in words, and the front as a table."""
    goals = ", ".join(
        f"{goal.name} {'high' if goal.metric.higher_is_better else 'low'}" for goal in record.goals
    )
    limits = f"; limits: {', '.join(map(str, record.limits))}" if record.limits else ""
    lines = [
        f"{record.benchmark}: {record.strategy}, {goals}{limits}; {counted(record.budget, 'query')}, "
        f"{counted(record.trials, 'trial')}, seed {record.seeds[0]}."
    ]
    if not record.points:
        lines.append(
            f"None of {count(record.evaluations)} evaluations keeps the limits."
            if record.limits
            else f"None of {count(record.evaluations)} evaluations has values."
        )
        if record.exact is None and record.evaluation == "table":
            lines.append("No architecture of the table does.")
    else:
        lines += _table(record) if with_table else []
        lines.append(volume_line(record))
    if record.limits and record.points:
        lines.append(
            f"{count(record.within_limits)} of {count(record.evaluations)} evaluations keep the limits."
        )
    if record.failed:
        why = next(iter(record.failures), "")
        lines.append(
            f"{count(record.failed)} of {count(record.evaluations)} evaluations lack a value"
            + (f"; most often: {why}." if why else ".")
        )
    return lines


def front_rows(record: Front) -> tuple[list[str], list[list[str]]]:
    """Names of the metrics, goals first, and their values at the points, at most `_MOST_LINES` of them."""
    names = list(record.points[0].metrics)
    first = [goal.name for goal in record.goals if goal.name in names]
    names = first + [name for name in names if name not in first]
    return names, [[_shown(point.metrics[name]) for name in names] for point in record.points[:_MOST_LINES]]


def _table(record: Front) -> list[str]:
    names, points = front_rows(record)
    rows = [names, *points]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    more = len(record.points) - _MOST_LINES
    return ["", *lines, *([f"and {more} more"] if more > 0 else []), ""]


def volume_line(record: Front) -> str:
    """How large the front is, and its hypervolume."""
    text = f"Front of {counted(len(record.points), 'architecture')}; hypervolume {_shown(record.hypervolume[-1])}"
    if record.trials > 1:
        low, high = min(record.hypervolume_trials), max(record.hypervolume_trials)
        text += f" (mean of trials; {_shown(low)} to {_shown(high)})"
    if record.exact_hypervolume:
        share = (record.hypervolume[-1] or 0.0) / record.exact_hypervolume
        text += f", {100 * share:.1f} % of the exact front's, which has {counted(len(record.exact or []), 'point')}"
    reference = ", ".join(
        f"{goal.name} {_shown(value)}" for goal, value in zip(record.goals, record.reference, strict=True)
    )
    return f"{text}. Reference point: {reference}."


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.5g}"


def plot_front(
    record: Front, values: Values | None, path: Path | None, axes: matplotlib.axes.Axes | None
) -> matplotlib.axes.Axes:
    """The first two goals: what was evaluated (`values`, where it is known), the front, the exact front."""
    if len(record.goals) < 2:
        raise UsageError("a front of one goal is one point, which is not drawn")
    figure = None
    if axes is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 5), layout="constrained")
        axes = figure.subplots()
    one, other = record.goals[:2]
    ends: list[Floats] = []
    for number, (value_EG, allowed_E) in enumerate(values or []):
        shown_E2 = _as_they_are(record.goals, value_EG)
        ends.append(shown_E2[~np.isnan(shown_E2).any(axis=1)])
        for kept, marker, words in ((True, "o", "evaluated"), (False, "x", "beyond a limit")):
            part_E2 = shown_E2[allowed_E == kept]
            if len(part_E2) and not np.isnan(part_E2).all():
                axes.scatter(part_E2[:, 0], part_E2[:, 1], s=12, marker=marker, color=GREY.light, alpha=0.5, lw=0.8,
                             label=None if number else words)  # fmt: skip
    fronts: list[Floats] = []
    for rows, colour, marker, words in (
        (record.exact or [], INK.light, "-", f"exact front ({len(record.exact or [])})"),
        ([[p.metrics[g.name] for g in record.goals[:2]] for p in record.points], VERMILION.light, "o-",
         f"found ({len(record.points)})"),
    ):  # fmt: skip
        line = _staircase(axes, one, rows, colour, marker, words)
        if line is not None:
            fronts.append(line)
    title = f"{record.benchmark}, {record.strategy}, {counted(record.budget, 'query')}"
    _finish(axes, (one, other), ends, fronts, title)
    if figure is not None and path is not None:
        figure.savefig(make_folder(path.absolute().parent) / path.name)
    return axes


def plot_fronts(
    record: Comparison, path: Path | None, axes: matplotlib.axes.Axes | None
) -> matplotlib.axes.Axes:
    """The fronts of a comparison by the first two goals, and the exact front."""
    figure = None
    if axes is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 5), layout="constrained")
        axes = figure.subplots()
    assert record.fronts is not None
    shown, colours = record.fronts, strategy_colours(record)
    one, other = shown.goals[:2]
    lines: list[tuple[str, Sequence[Sequence[Any]], str, str]] = [
        (f"exact front ({len(shown.exact or [])})", shown.exact or [], INK.light, "-")
    ]
    for name, label in labels(record.strategies).items():
        points = [[point.metrics[goal.name] for goal in shown.goals[:2]] for point in shown.found[name]]
        lines.append((f"{label} ({len(points)})", points, colours[name].light, "o-"))
    fronts = [
        line
        for words, rows, colour, marker in lines
        if (line := _staircase(axes, one, rows, colour, marker, words)) is not None
    ]
    title = f"{record.benchmark}, {counted(record.budget, 'query')}, {counted(record.trials, 'trial')}"
    _finish(axes, (one, other), [], fronts, title)
    if figure is not None and path is not None:
        figure.savefig(make_folder(path.absolute().parent) / path.name)
    return axes


def draw_fronts(comparison: Comparison, *, width: int) -> str | None:
    """The fronts of a comparison as an SVG for a page; None for one with one goal, or where nothing was found."""
    if comparison.fronts is None or not any(comparison.fronts.found.values()):
        return None
    narrow = width <= NARROW
    height = 340 if narrow else 440
    with style():
        figure = new_figure(width, height)
        room = {"left": 56 / width, "right": 1 - 12 / width, "top": 1 - 34 / height, "bottom": 48 / height}
        axes = figure.subplots(gridspec_kw=room)
        plot_fronts(comparison, None, axes)
        one, other = comparison.fronts.goals[:2]
        axes.set_title("")
        axes.set_ylabel("")
        heading(axes, _label(other))
        if narrow and (legend := axes.get_legend()) is not None:
            legend.remove()
        return to_svg(
            figure,
            key=f"fronts-{width}",
            label=f"Fronts by {one.metric.name} and {other.metric.name}: "
            + ", ".join(f"{name} {len(points)} points" for name, points in comparison.fronts.found.items()),
            description=setting(comparison),
        )


def hypervolume_meaning(fronts: Fronts) -> str:
    """What is measured, and from where."""
    goals = ", ".join(
        f"{goal.name} {'high' if goal.metric.higher_is_better else 'low'}" for goal in fronts.goals
    )
    point = ", ".join(
        f"{goal.name} {_shown(value)}" for goal, value in zip(fronts.goals, fronts.reference, strict=True)
    )
    share = (
        f" in percent of that of the exact front, which has {counted(len(fronts.exact), 'point')}"
        if fronts.exact
        else ""
    )
    return (
        f"the volume that is dominated by what was found, in all goals ({goals}), down to the reference point "
        f"({point or 'none: nothing was found'}){share}. Larger is better."
    )


def _staircase(
    axes: matplotlib.axes.Axes,
    goal: Goal,
    rows: Sequence[Sequence[Any]],
    colour: str,
    marker: str,
    words: str,
) -> Floats | None:
    """Draw a front by its first two goals, of which `goal` is the first."""
    if not len(rows):
        return None
    line = np.array(rows, float)[:, :2]
    line = line[np.argsort(line[:, 0], kind="stable")]
    steps = "steps-pre" if goal.metric.higher_is_better else "steps-post"
    axes.plot(
        *line.T, marker, color=colour, ms=5, lw=1.4, drawstyle=steps, label=words, zorder=2 + (marker == "o-")
    )
    return line


def _finish(
    axes: matplotlib.axes.Axes,
    goals: tuple[Goal, Goal],
    every: list[Floats],
    fronts: list[Floats],
    title: str,
) -> None:
    _frame(axes, every, fronts)
    axes.set(xlabel=_label(goals[0]), ylabel=_label(goals[1]))
    axes.set_title(title, color=INK.light)
    axes.grid(alpha=0.25)
    axes.tick_params(colors=MUTED.light)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False)


def _frame(axes: matplotlib.axes.Axes, every: list[Floats], fronts: list[Floats]) -> None:
    """Axes that show the fronts whole, and all but the outliers of what was evaluated."""
    inner = [np.percentile(part, (_LOW, _HIGH), axis=0) for part in every if len(part)]
    shown = [*inner, *fronts]
    if not shown:
        return
    together = np.concatenate(shown)
    low, high = together.min(axis=0), together.max(axis=0)
    margin = 0.05 * np.where(high > low, high - low, 1.0)
    axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axes.set_ylim(low[1] - margin[1], high[1] + margin[1])


def _as_they_are(goals: Sequence[Goal], values_EG: Floats) -> Floats:
    return np.stack([goal.metric.upward(values_EG[:, g]) for g, goal in enumerate(goals[:2])], axis=1)


def _label(goal: Goal) -> str:
    unit = f" ({goal.metric.unit})" if goal.metric.unit else ""
    better = "higher" if goal.metric.higher_is_better else "lower"
    return f"{goal.metric.name}{unit}, {better} is better"
