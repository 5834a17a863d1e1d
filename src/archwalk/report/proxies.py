"""Rank correlations of proxies with their intervals, a row a proxy and a panel a benchmark."""

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from archwalk.experiments.proxies import BASELINE, ProxyRanks, Ranked
from archwalk.report.palette import BLUE, MUTED, VERMILION
from archwalk.report.svg import NARROW, heading, new_figure, style, text_width, to_svg

ROW, ABOVE, BELOW, BETWEEN, RIGHT = 19, 34, 44, 22, 12  # CSS pixels


def draw_proxies(record: ProxyRanks, *, width: int, key: str = "proxies") -> str:
    """The figure: benchmarks beside each other where there is room, the number of parameters as a dashed line."""
    names = list(next(iter(record.benchmarks.values())).proxies)
    left = max(map(text_width, names)) + 8
    columns = 1 if width <= NARROW else min(3, len(record.benchmarks))
    rows = -(-len(record.benchmarks) // columns)
    inner = (width - left - RIGHT - BETWEEN * (columns - 1)) / columns
    each = ABOVE + ROW * len(names) + BELOW
    with style():
        figure = new_figure(width, each * rows)
        for number, (benchmark, ranked) in enumerate(record.benchmarks.items()):
            row, column = divmod(number, columns)
            place = (
                (left + column * (inner + BETWEEN)) / width, (each * (rows - 1 - row) + BELOW) / (each * rows),
                inner / width, ROW * len(names) / (each * rows),
            )  # fmt: skip
            axes = figure.add_axes(place)
            _panel(axes, ranked, names, named=column == 0)
            heading(axes, _title(benchmark, inner))
            if row == rows - 1 and column == 0:
                axes.set_xlabel("Spearman's rank correlation", loc="left")
        return to_svg(
            figure, key=f"{key}-{width}",
            label=f"Dot chart: Spearman's rank correlation of {len(names)} proxies with the rewards of "
            f"{', '.join(record.benchmarks)}",
            description="; ".join(f"{name}: {_told(ranked)}" for name, ranked in record.benchmarks.items()),
        )  # fmt: skip


def _panel(axes: Axes, ranked: Ranked, names: list[str], *, named: bool) -> None:
    baseline = ranked.proxies.get(BASELINE)
    axes.grid(False)
    axes.axvline(0, color=MUTED.light, linewidth=1.0)
    if baseline and baseline.spearman is not None:
        axes.axvline(baseline.spearman, color=VERMILION.light, linewidth=1.2, dashes=(4, 3))
    for row, name in enumerate(names):
        one, colour = ranked.proxies[name], (VERMILION if name == BASELINE else BLUE).light
        if one.spearman is None:
            continue
        if one.ci95 is not None:
            axes.plot(one.ci95, [row, row], color=colour, linewidth=2.0)
        axes.plot([one.spearman], [row], color=colour, marker="o", markersize=5, linestyle="none")
    axes.set_xlim(-1, 1)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.xaxis.set_major_locator(FixedLocator([-0.5, 0, 0.5, 1]))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))
    )
    if named:
        axes.set_yticks(range(len(names)), names)
    else:
        axes.yaxis.set_major_locator(NullLocator())


def _title(benchmark: str, room: float) -> str:
    most = int(room / text_width("x"))
    return benchmark if len(benchmark) <= most else f"{benchmark[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def _told(ranked: Ranked) -> str:
    known = [(name, one) for name, one in ranked.proxies.items() if one.spearman is not None]
    return ", ".join(f"{name} {one.spearman:.2f}" for name, one in known)
