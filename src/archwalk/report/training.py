"""Figure: what stopping paid while the agent was trained."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from archwalk.report.facts import floats
from archwalk.report.palette import MUTED, VERMILION
from archwalk.report.record import Record
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg
from archwalk.report.wording import count, rules

HEIGHT, LEFT, RIGHT, ABOVE, BELOW = 300, 52, 32, 36, 48  # CSS pixels
EPSILON = 34  # of the panel below, and of the gap above it


def draw_training(record: Record, *, width: int) -> str | None:
    """Shaped reward at the stop, over steps of the environment, and how much was explored below.

    None where fewer than two points are on record.
    """
    training = record.get("training") or {}
    steps_P, reward_P, epsilon_P = (floats(training.get(key)) for key in ("steps", "stop_reward", "epsilon"))
    known_P = np.isfinite(reward_P)
    if len(reward_P) != len(steps_P) or known_P.sum() < 2:
        return None
    explores = len(epsilon_P) == len(steps_P)
    below = BELOW + (2 * EPSILON if explores else 0)
    left, across = LEFT / width, (width - LEFT - RIGHT) / width
    with style():
        figure = new_figure(width, HEIGHT)
        panels = [figure.add_axes((left, below / HEIGHT, across, (HEIGHT - ABOVE - below) / HEIGHT))]
        panels[0].plot(steps_P[known_P], reward_P[known_P], color=VERMILION.light, linewidth=1.8)
        heading(panels[0], "mean shaped reward at the stop")
        if explores:
            panels[0].tick_params(labelbottom=False)
            panels.append(figure.add_axes((left, BELOW / HEIGHT, across, EPSILON / HEIGHT)))
            panels[1].plot(steps_P, epsilon_P, color=MUTED.light, linewidth=1.4)
            panels[1].set_ylim(0, 1.05)
            panels[1].yaxis.set_major_locator(FixedLocator([0, 1]))
            heading(panels[1], "share of random actions")
        _step_axis(panels, float(np.nanmax(steps_P)), 3 if width <= NARROW else 6)
        first, last = reward_P[known_P][[0, -1]]
        return to_svg(
            figure,
            key=f"training-{width}",
            label=f"Line chart: mean shaped reward at the stop during training, from {first:.3g} to {last:.3g}",
            description=" ".join(rules(record)),
        )


def _step_axis(panels: list[Axes], last: float, ticks: int) -> None:
    for panel in panels:
        panel.set_xlim(0, last)
        panel.xaxis.set_major_locator(MaxNLocator(ticks))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    panels[-1].set_xlabel("steps of the environment")
