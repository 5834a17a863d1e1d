"""figure 4: the functions that shape the reward."""

import numpy as np

from archwalk.environments.shaping import Shaping
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup

ALPHAS = (None, 2.0, 6.0, 10.0, 32.0)
USED = {6.0: "NAS-Bench-101", 32.0: "NAS-Bench-301"}


def compute(setup: Setup, benchmark: str) -> Answer:
    """Shaped against accuracy, for every alpha of the paper."""
    accuracy = np.linspace(0, 100, 201)
    curves = [
        {"alpha": alpha, "used_for": USED.get(alpha or 0), "shaped": Shaping(alpha)(accuracy).tolist()}
        for alpha in ALPHAS
    ]
    return Answer(
        {
            "shaping": "exp(alpha (accuracy - 1)); the paper writes exp(alpha accuracy), a constant factor apart"
        },
        {"accuracy": accuracy.tolist(), "curves": curves},
    )


ITEM = Item("fig4", "Figure 4", "The shaping of the reward", "shaping", compute)
