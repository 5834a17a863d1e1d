"""Views of the items about the space and its rewards: Figures 2 to 5, 9 and 11."""

import numpy as np

from archwalk.papers.drawing.blocks import Block, Drawings, Grid, Record, Words, chart
from archwalk.papers.drawing.density import Frame, Panel, draw_densities
from archwalk.report.lines import Axis, Plot, Series, draw_lines, legend_of
from archwalk.report.palette import BLUE, GREEN, GREY, INDIGO, PURPLE, VERMILION, Colour
from archwalk.report.values import NBSP, count, counted, percent, points

_SHADES = (VERMILION, BLUE, GREEN, PURPLE, INDIGO)


def view_neighbours(record: Record) -> list[Block]:
    """Figure 2: the cell, what removing its vertex 2 leaves, and its neighbours by kind."""
    result = record["result"]
    removed = result["without_vertex_2"]
    counts, every = result["by_kind"], result["neighbour_count"]
    return [
        Words(
            [
                f"The cell has {count(result['neighbours'])} neighbours. Removing its vertex 2 (the 1x1 convolution) "
                f"gives {count(len(removed))} of them: every choice of new edges that leaves each vertex an in-edge "
                "and an out-edge.",
                f"Over all cells the mean is {every['mean']:.1f} neighbours, the median {every['median']:.0f}, "
                f"the most {count(every['most'])}.",
            ]
        ),
        Drawings(
            [
                ("the cell", result["cell"]["svg"]),
                *((f"without vertex 2, {i}", n["svg"]) for i, n in enumerate(removed, 1)),
            ]
        ),
        Grid(["edit", "neighbours"], [(kind, None, [count(n)]) for kind, n in counts.items()]),
    ]


def view_accuracies(record: Record) -> list[Block]:
    """Figure 3: two histograms on one axis."""
    result, settings = record["result"], record["settings"]
    edges = np.array(result["edges"])
    middle = ((edges[:-1] + edges[1:]) / 2).tolist()
    names = {"accuracy": "accuracy as it is", "shaped": f"shaped, alpha {settings['alpha']:g}"}
    series = [
        Series(names[key], colour, middle, [c or None for c in result["counts"][key]], steps=True)
        for key, colour in (("accuracy", BLUE), ("shaped", VERMILION))
    ]
    plot = Plot(
        f"{record['item']}-accuracies",
        Axis("reward (fraction)", limits=(0, 1), format=lambda v: f"{v:.1f}"),
        Axis("architectures (logarithmic)", log=True),
        series,
        "how many architectures have each reward, before and after shaping",
        _setting(record),
    )
    share = percent(100 * result["share_85_to_94"], 1)
    text = (
        f"{share} of the architectures lie between 85{NBSP}% and 94{NBSP}%; the mean is "
        f"{percent(result['mean_accuracy'])}. Shaping spreads them: the standard deviation grows from "
        f"{result['deviation']['accuracy']:.3f} to {result['deviation']['shaped']:.3f}."
    )
    other = (
        f"The paper draws the validation accuracies of all three trainings of every cell; here it is the reward of "
        f"{settings['benchmark']}, objective {settings['objective']}."
    )
    return [
        Words([text, other]),
        chart(lambda width: draw_lines(plot, width), "Histogram with a hundred bins.", legend_of(series)),
    ]


def view_shaping(record: Record) -> list[Block]:
    """Figure 4: a curve for each alpha."""
    result = record["result"]
    series = []
    for curve, colour in zip(result["curves"], _SHADES, strict=True):
        alpha, used = curve["alpha"], curve["used_for"]
        name = "no shaping" if alpha is None else f"alpha {alpha:g}"
        series.append(
            Series(name + (f" ({used})" if used else ""), colour, result["accuracy"], curve["shaped"])
        )
    plot = Plot(
        f"{record['item']}-shaping",
        Axis(f"accuracy ({NBSP}%)".replace(f"({NBSP}", "("), limits=(0, 100)),
        Axis("shaped reward", limits=(0, 1), format=lambda v: f"{v:.1f}"),
        series,
        "shaped reward over accuracy",
        record["settings"]["shaping"],
    )
    return [
        chart(lambda width: draw_lines(plot, width), f"{record['settings']['shaping']}.", legend_of(series))
    ]


def view_samplers(record: Record) -> list[Block]:
    """Figure 5: vertices, edges and accuracies that three samplers draw."""
    result, samplers = record["result"], record["result"]["samplers"]
    colours = dict(zip(samplers, (VERMILION, GREY, BLUE), strict=True))
    edges = np.array(result["accuracy_edges"])
    middle = ((edges[:-1] + edges[1:]) / 2).tolist()
    blocks: list[Block] = [
        Words(
            [
                "Uniform over the table, most cells have seven vertices; the paper's sampler makes every size equally "
                "likely, so that a sixth of its draws is the one cell of two vertices, input to output. Mean "
                "accuracies: "
                + ", ".join(f"{name} {percent(s['mean_accuracy'])}" for name, s in samplers.items())
                + "."
            ]
        )
    ]
    axes = {
        "vertices": (
            Axis("vertices", ticks=range(2, 8)),
            Axis("share of draws (%, logarithmic)", log=True, format=_share),
        ),
        "edges": (
            Axis("edges", ticks=range(1, 10)),
            Axis("share of draws (%, logarithmic)", log=True, format=_share),
        ),
        "accuracy": (
            Axis("reported accuracy (%)", limits=(80, 95.5)),
            Axis("share of draws in a quarter of a point (%)", format=lambda v: f"{v:g}"),
        ),
    }
    for what, (x, y) in axes.items():
        series = [_sampled(name, what, s[what], colours[name], middle) for name, s in samplers.items()]
        plot = Plot(
            f"{record['item']}-{what}",
            x,
            y,
            series,
            f"share of draws by {what}",
            _setting(record),
            height=280,
        )
        left = ", ".join(f"{name} {percent(100 * s['below'], 1)}" for name, s in samplers.items())
        caption = f"Left out, below 80{NBSP}%: {left}." if what == "accuracy" else ""
        blocks.append(chart(lambda width, plot=plot: draw_lines(plot, width), caption, legend_of(series)))  # type: ignore[misc]
    return blocks


def _sampled(name: str, what: str, shares: list[float], colour: Colour, middle: list[float]) -> Series:
    percents: list[float | None] = [100 * share if share > 0 else None for share in shares]
    if what == "accuracy":
        return Series(name, colour, middle, [100 * share for share in shares])
    first = next(i for i, share in enumerate(percents) if share is not None)
    return Series(name, colour, list(range(first, len(percents))), percents[first:], dots=True)


def _share(value: float) -> str:
    return f"{value:g}" if value >= 1e-4 else f"{value:.0e}"


def view_optimum(record: Record) -> list[Block]:
    """Figure 9: the architectures in which most of local search's episodes end."""
    result = record["result"]
    first, *others = result["ends"]
    fullest = result["fullest_bin"]
    kind = "a local optimum" if first["is_local_optimum"] else "no local optimum"
    text = (
        f"{percent(100 * first['share'], 1)} of {counted(result['episodes'], 'episode')} of local search end in one "
        f"architecture, {kind}: its reward is {percent(first['reward'])}, that of the best of its "
        f"{count(first['neighbours'])} neighbours {percent(first['best_neighbour_reward'])}. "
        f"All episodes end in {count(result['different_ends'])} different architectures."
    )
    low, high = (points(fullest[end], 1) for end in ("low", "high"))
    in_bin, at_one_end = (percent(100 * fullest[share], 1) for share in ("share", "share_of_one_end"))
    of_bin = (
        f"The fullest bin of improvements in Figure 8, {low} to {high} points, holds {in_bin} of the episodes, and "
        f"{at_one_end} of these end in one architecture: the paper's 20{NBSP}% may be that of the bin."
    )
    return [
        Words([text, of_bin]),
        Drawings(
            [
                (
                    f"{percent(100 * end['share'], 1)} of the episodes; report {percent(end['report'])}",
                    end["svg"],
                )
                for end in (first, *others)
            ]
        ),
    ]


def view_degrees(record: Record) -> list[Block]:
    """Figure 11: number of neighbours against accuracy."""
    result, around = record["result"], record["result"]["neighbours"]
    text = (
        f"Pearson's r is {_signed(result['pearson'])}, Kendall's tau {_signed(result['kendall'])}: how many neighbours "
        f"an architecture has says little about its accuracy. The mean is {around['mean']:.1f} neighbours, the median "
        f"{around['median']:.0f}, from {around['least']} to {around['most']}; "
        f"{percent(100 * around['share_above_50'], 1)} have more than the 50 that are presented."
    )
    panel = Panel(
        "all architectures", "the fuller the colour, the more of them", BLUE, np.array(result["counts"])
    )
    frame = Frame(
        f"{record['item']}-degrees", np.array(result["degree_edges"]), np.array(result["report_edges"]),
        "number of neighbours", "reported accuracy (%)", "accuracy over number of neighbours", _setting(record),
        x_is_percent=False,
    )  # fmt: skip
    caption = (
        f"Logarithmic shades. {percent(100 * result['below'], 1)} of the architectures lie below the frame."
    )
    return [Words([text]), chart(lambda width: draw_densities([panel], frame, width), caption)]


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _setting(record: Record) -> str:
    settings = record["settings"]
    return f"{settings['benchmark']}; objective {settings['objective']} ({settings['objective_meaning']})."
