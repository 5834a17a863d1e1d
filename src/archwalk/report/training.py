"""Figure: what an agent got better at while it was trained, and what of it was exploration."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from archwalk.estimators.base import Floats
from archwalk.experiments.records import Comparison
from archwalk.report.facts import floats
from archwalk.report.palette import MUTED, VERMILION
from archwalk.report.svg import NARROW, heading, new_figure, style, to_svg
from archwalk.report.values import count
from archwalk.report.wording import setting

HEIGHT, LEFT, RIGHT, ABOVE, BELOW = 300, 52, 32, 36, 48  # CSS pixels
EPSILON = 34  # of the panel below, and of the gap above it


@dataclass(frozen=True)
class Course:
    """One quantity (P,) over another, as a training logged them."""

    over_P: Floats
    value_P: Floats
    title: str
    axis: str
    meaning: str


def course(comparison: Comparison) -> Course | None:
    """What the trainer logged that a reader wants to see; None where fewer than two points are on record.

    Learners by trial and error log what stopping paid, over steps; the planner the best accuracy that it has
    evaluated, over evaluations.
    """
    training, reward = comparison.training, comparison.reward.name
    if training is None:
        return None
    candidates = [
        (training.steps, training.stop_reward, "mean shaped reward at the stop", "steps of the environment",
         "What the agent was paid, after shaping, in the episodes that it stopped itself, exploration included."),
        (training.unique, training.best_reward, f"best {reward} evaluated", "architectures evaluated in training",
         "The best architecture among those that training has evaluated: the model names the next ones."),
    ]  # fmt: skip
    for over, value, title, axis, meaning in candidates:
        over_P, value_P = floats(over), floats(value)
        if len(over_P) == len(value_P):
            known_P = np.isfinite(value_P)
            if known_P.sum() >= 2:
                return Course(over_P[known_P], value_P[known_P], title, axis, meaning)
    return None


def draw_training(comparison: Comparison, *, width: int) -> str | None:
    """The course of the training; where random actions were taken, their share below it."""
    drawn, training = course(comparison), comparison.training
    if drawn is None or training is None:
        return None
    steps_P, epsilon_P = floats(training.steps), floats(training.epsilon)
    explores = 0 < len(epsilon_P) == len(steps_P)
    below = BELOW + (2 * EPSILON if explores else 0)
    left, across = LEFT / width, (width - LEFT - RIGHT) / width
    with style():
        figure = new_figure(width, HEIGHT)
        panels = [figure.add_axes((left, below / HEIGHT, across, (HEIGHT - ABOVE - below) / HEIGHT))]
        panels[0].plot(drawn.over_P, drawn.value_P, color=VERMILION.light, linewidth=1.8)
        heading(panels[0], drawn.title)
        if explores:
            panels[0].tick_params(labelbottom=False)
            panels.append(figure.add_axes((left, BELOW / HEIGHT, across, EPSILON / HEIGHT)))
            panels[1].plot(steps_P, epsilon_P, color=MUTED.light, linewidth=1.4)
            panels[1].set_ylim(0, 1.05)
            panels[1].yaxis.set_major_locator(FixedLocator([0, 1]))
            heading(panels[1], "share of random actions")
        _across(panels, float(drawn.over_P.max()), drawn.axis, 3 if width <= NARROW else 6)
        first, last = drawn.value_P[[0, -1]]
        return to_svg(
            figure,
            key=f"training-{width}",
            label=f"Line chart: {drawn.title} during training, from {first:.4g} to {last:.4g}",
            description=setting(comparison),
        )


def _across(panels: list[Axes], last: float, label: str, ticks: int) -> None:
    for panel in panels:
        panel.set_xlim(0, last)
        panel.xaxis.set_major_locator(MaxNLocator(ticks))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    panels[-1].set_xlabel(label)
