"""Views of the items about single episodes: Figures 7, 8, 12, 13 and the tests of normality."""

from collections.abc import Sequence

import numpy as np

from archwalk.papers.drawing.blocks import Block, Grid, Record, Words, chart, comparison_in
from archwalk.papers.drawing.density import Frame, Panel, draw_densities, shares
from archwalk.report.facts import short_labels
from archwalk.report.figures import histograms_caption
from archwalk.report.histograms import draw_histograms
from archwalk.report.palette import Colour, colours_of, strategy_colours
from archwalk.report.values import NBSP, count, percent, points


def view_improvement(record: Record) -> list[Block]:
    """Figures 7 and 12: a panel a strategy, with lines of equal final accuracy."""
    result = record["result"]
    strategies = result["strategies"]
    colours = item_colours(list(strategies))
    panels = [
        Panel(
            name,
            f"median {points(s['median_improvement'])}, {percent(100 * s['worse'], 0)} got worse",
            colours[name],
            np.array(s["counts"]),
        )
        for name, s in strategies.items()
    ]
    frame = Frame(
        f"{record['item']}-density", np.array(result["start_edges"]), np.array(result["gained_edges"]),
        "initial accuracy (%)", "improvement (points)", "improvement of one episode over initial accuracy",
        record["settings"]["protocol"], result["diagonals"],
    )  # fmt: skip
    steadiest = min(strategies, key=lambda name: strategies[name]["final_std"])
    text = (
        f"Dashed: a final accuracy of {', '.join(f'{d:.0f}' for d in result['diagonals'])}{NBSP}%. Who always ends in "
        f"the same architecture draws one diagonal; {steadiest} comes nearest, with a standard deviation of the final "
        f"accuracy of {strategies[steadiest]['final_std']:.2f} points."
    )
    outside = shares({name: s["outside"] for name, s in strategies.items()})
    episodes = ", ".join(f"{name} {count(s['episodes'])}" for name, s in strategies.items())
    caption = (
        f"Episodes: {episodes}; the fuller the colour, the more (logarithmic). Outside the frame: {outside}."
    )
    return [Words([text]), chart(lambda width: draw_densities(panels, frame, width), caption)]


def view_histograms(record: Record) -> list[Block]:
    """Figures 8 and 13."""
    comparison, key = comparison_in(record), f"{record['item']}-histograms"

    def draw(width: int) -> str:
        return draw_histograms(comparison, width=width, key=key) or ""

    rows = []
    colours, short = strategy_colours(comparison), short_labels(comparison.strategies, 36)
    for name, strategy in comparison.strategies.items():
        episodes, more = strategy.episodes, record["result"]["more"][name]
        assert episodes is not None
        assert episodes.median_improvement is not None
        assert episodes.skew is not None
        medians = more["medians"]
        cells = [
            points(episodes.median_improvement),
            f"{points(medians['least'])} to {points(medians['most'])}",
            *(f"{points(low, 1)} to {points(high, 1)}" for low, high in episodes.intervals.values()),
            points(episodes.skew, 2),
            points(more["skew_within_12.5"], 2),
        ]
        rows.append((short[name], colours[name], cells))
    held = [f"{share}{NBSP}%" for share in (50, 90, 95)]
    head = ["strategy", "median", "of agents and sets", *held, "skew", "skew within 12.5"]
    notes = [
        "Intervals around the median that hold so many episodes, in points. Skew of all episodes, and of those within "
        "12.5 points (as the paper's histogram has them). The paper reports negative skews of local search "
        "and Ape-X; here the sign is that of the third moment: positive where the long tail is one of large "
        "improvements."
    ]
    return [chart(draw, histograms_caption(comparison)), Grid(head, rows, notes)]


def view_normality(record: Record) -> list[Block]:
    """Section 4.2.2: two tests a strategy."""
    tests, threshold = record["result"]["tests"], record["result"]["threshold"]
    colours = item_colours(list(tests))
    rows = [
        (
            name,
            colours[name],
            [
                count(t["values"]),
                _p(t["normal_p"]),
                _verdict(t["normal_rejected"]),
                count(t["t_values"]),
                _p(t["t_p"]),
                _verdict(t["t_rejected"]),
            ],
        )
        for name, t in tests.items()
    ]
    rejected = [name for name, t in tests.items() if t["normal_rejected"]]
    who = ", ".join(rejected) if rejected else "no strategy"
    text = f"At p below {threshold:g}, the improvements are not normally distributed for: {who}."
    head = ["strategy", "values", "normal: p", "rejected", "values", "t: p", "rejected"]
    notes = [
        "Normal: SciPy's normaltest (skew and kurtosis together) of all improvements. t: SciPy's goodness_of_fit "
        f"(Anderson-Darling) of a fitted t-distribution with {count(record['settings']['monte_carlo'])} Monte-Carlo "
        "samples, on a random part of the improvements where that is fewer."
    ]
    return [Words([text]), Grid(head, rows, notes)]


def item_colours(names: Sequence[str]) -> dict[str, Colour]:
    """The colours of strategies, as in every other figure."""
    return colours_of(names, names[0])


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-6 else "< 1e-6"


def _verdict(rejected: bool) -> str:
    return "yes" if rejected else "no"
