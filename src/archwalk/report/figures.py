"""The figures of a comparison, each with its title and a caption that says how to read it.

A figure is drawn twice, for wide and for narrow screens: one drawing scaled down would be too small to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from archwalk.report.curves import draw_curves, is_cut, visible_range
from archwalk.report.facts import labels, metrics, number, optimum_line, settled_budget
from archwalk.report.histograms import draw_histograms, histogram_range, shares_outside
from archwalk.report.palette import Colour
from archwalk.report.ranks import draw_critical, draw_profile, draw_ranks, profile_legend
from archwalk.report.record import Record
from archwalk.report.svg import NARROW, WIDE
from archwalk.report.training import course, draw_training
from archwalk.report.wording import (
    NBSP,
    counted,
    interval_note,
    optimum_meaning,
    percent,
    points,
    worth,
)

BEST_SO_FAR, ONE_EPISODE, TRAINING = "best-so-far", "one-episode", "training"
RANKS, CRITICAL, PROFILE = "ranks", "critical-differences", "profile"


class Draw(Protocol):
    """Draws one figure `width` CSS pixels wide, or None where the record has nothing to draw."""

    def __call__(self, record: Record, *, width: int) -> str | None:
        """Draw it."""


@dataclass(frozen=True)
class Picture:
    """A figure of a report: `wide` and `narrow` are SVG, the rest is plain text."""

    key: str
    title: str
    caption: str
    wide: str
    narrow: str
    legend: Sequence[tuple[str, Colour]] = ()


def pictures(record: Record) -> list[Picture]:
    """The figures that the record has something for, in the order of reading."""
    every: list[tuple[str, str, Draw, Callable[[Record], str]]] = [
        (BEST_SO_FAR, "The best found so far", draw_curves, curves_caption),
        (RANKS, "Ranks over queries", draw_ranks, ranks_caption),
        (CRITICAL, "Which differences are settled", draw_critical, critical_caption),
        (PROFILE, "What share of the runs gets how far", draw_profile, profile_caption),
        (ONE_EPISODE, "What one episode changes", draw_histograms, histograms_caption),
        (TRAINING, "Training", draw_training, training_caption),
    ]
    drawn = []
    for key, title, draw, caption in every:
        wide, narrow = draw(record, width=WIDE), draw(record, width=NARROW)
        if wide and narrow:
            legend = profile_legend(record) if key == PROFILE else ()
            drawn.append(Picture(key, title, caption(record), wide, narrow, legend))
    return drawn


def curves_caption(record: Record) -> str:
    """What the curves are, where the axis begins, and what the band and the dashed line mean."""
    reward, report = metrics(record)
    shown = "" if reward == report else f" chosen by {reward} and shown by {report},"
    text = [
        f"Mean over {counted(record['trials'], 'trial')} of the best architecture found so far,{shown} over queries."
    ]
    if is_cut(record):
        low = visible_range(record)[0]
        text.append(
            f"The vertical axis begins at {worth(record, low)}; the first queries of some strategies lie below."
        )
    text.append(interval_note(record))
    if optimum_line(record) is not None:
        text.append(f"Dashed: the optimum, {optimum_meaning(record)}")
    return " ".join(text)


def ranks_caption(record: Record) -> str:
    """What a rank is."""
    trials = counted(record["ranks"]["trials"], "trial")
    return (
        f"In each of {trials} the strategies are ranked by the best that they have found so far, equal ones at their "
        "mean rank; drawn is the mean over trials. A rank says how often one is better, not by how much."
    )


def critical_caption(record: Record) -> str:
    """How to read the diagram, and what was tested."""
    queries, trials = settled_budget(record) or 0, record["significance"]["trials"]
    return (
        f"Mean ranks after {counted(queries, 'query')}, over {counted(trials, 'trial')} (Demsar 2006). "
        "A bar joins neighbours in rank of which no two differ significantly: Wilcoxon's signed-rank test over trials, "
        "Holm's correction."
    )


def profile_caption(record: Record) -> str:
    """What the lines are."""
    return (
        f"Performance profile (Agarwal et al. 2021) after {counted(record['profile']['queries'], 'query')}: share of "
        f"the trials, and agents, whose best reaches at least what stands below. Bands: 95{NBSP}% bootstrap. A line "
        "above another everywhere is better at every level; the lowest half percent of all runs lies left of the axis."
    )


def histograms_caption(record: Record) -> str:
    """What the bars and lines are, and how much of the data the drawn range leaves out."""
    report, (low, high) = metrics(record)[1], histogram_range(record)
    starts = number((record.get("episodes") or {}).get("starts"))
    limit = number((record.get("episodes") or {}).get("limit"))
    text = [
        f"Change of {report} from the start to the end of one episode"
        + (f", from the same {counted(starts, 'random start')} for all strategies" if starts else "")
        + (f", at most {counted(limit, 'step')} each" if limit else "")
        + "; right of zero is better.",
        f"Solid line: median; dashed: ends of the symmetric intervals that hold 50, 90 and 95{NBSP}% of the episodes.",
        "The vertical axes differ.",
    ]
    short, outside = labels(record), shares_outside(record)
    left_out = [
        f"{short[name]} {percent(100 * share, 1)}" for name, share in outside.items() if share >= 0.0005
    ]
    if left_out:
        text.append(
            f"Drawn are changes from {points(low, 1)} to {points(high, 1)} points; share of the episodes outside: "
            f"{', '.join(left_out)}. Medians and intervals are of all episodes."
        )
    return " ".join(text)


def training_caption(record: Record) -> str:
    """What was measured during training, and what it cost."""
    seconds = number((record.get("training") or {}).get("seconds"))
    drawn = course(record)
    text = drawn.meaning if drawn else ""
    return text + (f" Training took {counted(seconds, 'second')}." if seconds else "")
