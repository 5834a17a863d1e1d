"""The figures of a comparison, each with its title and a caption that says how to read it.

A figure is drawn twice, for wide and for narrow screens: one drawing scaled down would be too small to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from archwalk.experiments.records import Comparison
from archwalk.report.curves import draw_curves, is_cut, visible_range
from archwalk.report.facts import best_word, labels, optimum_line, report_format, settled_budget
from archwalk.report.fronts import draw_fronts
from archwalk.report.histograms import changes, draw_histograms, histogram_range, shares_outside
from archwalk.report.palette import Colour
from archwalk.report.ranks import draw_critical, draw_profile, draw_ranks, profile_legend
from archwalk.report.svg import NARROW, WIDE
from archwalk.report.training import course, draw_training
from archwalk.report.values import NBSP, counted, percent, points
from archwalk.report.wording import interval_note, optimum_meaning

BEST_SO_FAR, ONE_EPISODE, TRAINING, FRONTS = "best-so-far", "one-episode", "training", "fronts"
RANKS, CRITICAL, PROFILE = "ranks", "critical-differences", "profile"


class Draw(Protocol):
    """Draws one figure `width` CSS pixels wide, or None where there is nothing to draw."""

    def __call__(self, comparison: Comparison, *, width: int) -> str | None:
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


def pictures(comparison: Comparison) -> list[Picture]:
    """The figures that a comparison has something for, in the order of reading."""
    every: list[tuple[str, str, Draw, Callable[[Comparison], str]]] = [
        (BEST_SO_FAR, f"The {best_word(comparison)} found so far", draw_curves, curves_caption),
        (FRONTS, "The fronts", draw_fronts, fronts_caption),
        (RANKS, "Ranks over queries", draw_ranks, ranks_caption),
        (CRITICAL, "Which differences are settled", draw_critical, critical_caption),
        (PROFILE, "What share of the runs gets how far", draw_profile, profile_caption),
        (ONE_EPISODE, "What one episode changes", draw_histograms, histograms_caption),
        (TRAINING, "Training", draw_training, training_caption),
    ]
    drawn = []
    for key, title, draw, caption in every:
        wide, narrow = draw(comparison, width=WIDE), draw(comparison, width=NARROW)
        if wide and narrow:
            legend = profile_legend(comparison) if key == PROFILE else ()
            drawn.append(Picture(key, title, caption(comparison), wide, narrow, legend))
    return drawn


def curves_caption(comparison: Comparison) -> str:
    """What the curves are, where the axis begins, and what the band and the dashed line mean."""
    reward, report, written = comparison.reward.name, comparison.report, report_format(comparison)
    shown = "" if reward == report.name else f" chosen by {reward} and shown by {report.name},"
    single = comparison.trials == 1 and all(one.agents == 1 for one in comparison.strategies.values())
    what = "The" if single else f"Mean over {counted(comparison.trials, 'trial')} of the"
    if comparison.fronts is not None:
        text = [f"{what} hypervolume of the front found so far, over queries."]
    else:
        text = [f"{what} best architecture found so far,{shown} over queries."]
    if any(one.trained for one in comparison.strategies.values()):
        text.append("The queries that training had paid before are not on the axis.")
    if is_cut(comparison):
        low, high = visible_range(comparison)
        begins = (
            f"begins at {written.value(low)}" if report.higher_is_better else f"ends at {written.value(high)}"
        )
        beyond = "below" if report.higher_is_better else "above"
        text.append(f"The vertical axis {begins}; the first queries of some strategies lie {beyond}.")
    text.append(interval_note(comparison))
    if optimum_line(comparison) is not None:
        text.append(f"Dashed: the optimum, {optimum_meaning(comparison)}")
    return " ".join(text)


def fronts_caption(comparison: Comparison) -> str:
    """What the points and lines are."""
    assert comparison.fronts is not None
    trials = counted(comparison.trials, "trial")
    exact = " Black: the exact front of the whole table." if comparison.fronts.exact else ""
    limits = f" Limits: {', '.join(map(str, comparison.fronts.limits))}." if comparison.fronts.limits else ""
    return (
        f"What each strategy found in {trials} together, and no other architecture that it evaluated is better than "
        f"in all goals, by the first two goals.{exact}{limits} The figure above is of single trials."
    )


def ranks_caption(comparison: Comparison) -> str:
    """What a rank is."""
    assert comparison.ranks is not None
    trials = counted(comparison.ranks.trials, "trial")
    return (
        f"In each of {trials} the strategies are ranked by the best that they have found so far, equal ones at their "
        "mean rank; drawn is the mean over trials. A rank says how often one is better, not by how much."
    )


def critical_caption(comparison: Comparison) -> str:
    """How to read the diagram, and what was tested."""
    assert comparison.significance is not None
    queries, trials = settled_budget(comparison) or 0, comparison.significance.trials
    return (
        f"Mean ranks after {counted(queries, 'query')}, over {counted(trials, 'trial')} (Demsar 2006). "
        "A bar joins neighbours in rank of which no two differ significantly: Wilcoxon's signed-rank test over trials, "
        "Holm's correction."
    )


def profile_caption(comparison: Comparison) -> str:
    """What the lines are."""
    assert comparison.profile is not None
    end = "at least" if comparison.report.higher_is_better else "at most"
    return (
        f"Performance profile (Agarwal et al. 2021) after {counted(comparison.profile.queries, 'query')}: share of "
        f"the trials, and agents, whose best reaches {end} what stands below. Bands: 95{NBSP}% bootstrap. A line "
        "above another everywhere is better at every level; the worst half percent of all runs lies outside."
    )


def histograms_caption(comparison: Comparison) -> str:
    """What the bars and lines are, and how much of the data the drawn range leaves out."""
    (low, high), taken, written = (
        histogram_range(comparison),
        comparison.episodes,
        report_format(comparison),
    )
    of_report = changes(comparison)
    text = [
        f"{of_report[:1].upper()}{of_report[1:]} from the start to the end of one episode"
        + (f", from the same {counted(taken.starts, 'random start')} for all strategies" if taken else "")
        + (f", at most {counted(taken.limit, 'step')} each" if taken else "")
        + "; right of zero is better.",
        f"Solid line: median; dashed: ends of the symmetric intervals that hold 50, 90 and 95{NBSP}% of the episodes.",
        "The vertical axes differ.",
    ]
    short, outside = labels(comparison.strategies), shares_outside(comparison)
    left_out = [
        f"{short[name]} {percent(100 * share, 1)}" for name, share in outside.items() if share >= 0.0005
    ]
    if left_out:
        unit = f" {written.unit}" if written.unit else ""
        drawn = partial(points, decimals=1) if comparison.report.unit == "%" else written.signed
        text.append(
            f"Drawn are changes from {drawn(low)} to {drawn(high)}{unit}; share of the episodes outside: "
            f"{', '.join(left_out)}. Medians and intervals are of all episodes."
        )
    return " ".join(text)


def training_caption(comparison: Comparison) -> str:
    """What was measured during training, and what it cost."""
    seconds = comparison.training.seconds if comparison.training else None
    drawn = course(comparison)
    text = drawn.meaning if drawn else ""
    return text + (f" Training took {counted(seconds, 'second')}." if seconds else "")
