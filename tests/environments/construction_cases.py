"""What the tests of construction share: a made-up estimator, and the problem again in lists."""

import numpy as np

from archwalk.environments.construction_settings import ConstructionSettings
from archwalk.errors import InvalidArchitectureError
from archwalk.estimators.base import Scores
from archwalk.estimators.metrics import accuracies
from archwalk.spaces.nsc import CodeTable, NSCSize
from archwalk.spaces.task import Task

TASK, SIZE = Task((1, 12, 12), 10), NSCSize(filters=2, dense=4)

CHAIN = ConstructionSettings(CodeTable(4, "chain"), TASK, SIZE)
MULTI = ConstructionSettings(CodeTable(4, "multi-branch"), TASK, SIZE, sigma=0.1)


class MadeUp:
    """A different score in percent for every code; remembers what it was asked. NaN for codes in `broken`."""

    objective = accuracies("made-up")

    def __init__(self, broken=()):
        self.asked = []
        self.broken = {tuple(code) for code in broken}

    def evaluate(self, codes_BL):
        self.asked += [tuple(code) for code in codes_BL.tolist()]
        reward_B = np.array([made_up(code, self.broken) for code in codes_BL.tolist()])
        return Scores(reward_B, reward_B, np.zeros(len(codes_BL)))


def made_up(code, broken=()):
    if tuple(code) in broken:
        return np.nan
    return float(np.dot(code, np.arange(1, len(code) + 1) ** 1.5) % 100)


class Naive:
    """Gomez Robles and Vanschoren 2019, section 4.2.3 in lists: `step` gives (reward, end)."""

    TABLE_2 = (
        *((1, k) for k in (1, 3, 5)),
        *((2, k) for k in (2, 3)),
        *((3, k) for k in (2, 3)),
        (7, 0),
        (5, 0),
        (6, 0),
        *((0, p, way) for p in (1, 2) for way in (1, -1)),
    )

    def __init__(self, settings):
        self.settings = settings
        self.space = settings.make_space()
        self.rows, self.p, self.steps, self.score = [], {1: 0, 2: 0}, 0, 0.0

    def step(self, action):
        self.steps += 1
        kind, *rest = self.TABLE_2[action]
        if kind == 0:
            pointer, way = rest
            if not 0 <= self.p[pointer] + way <= len(self.rows):
                return 0.0, "OUT_OF_BOUNDS"
            self.p[pointer] += way
            reward, end = self.settings.sigma * self.score, "NONE"
        elif kind == 7:
            return self.score, "TERMINAL"
        else:
            second = self.p[2] if kind in (5, 6) else 0
            self.rows.append([len(self.rows) + 1, kind, rest[0], self.p[1], second])
            self.p = {pointer: at + 1 for pointer, at in self.p.items()}
            code = self.space.parse({"layers": self.rows})
            try:
                self.space.measure(code)
            except InvalidArchitectureError:
                return 0.0, "INVALID"
            self.score = reward = made_up(code.tolist()) / 100
            end = "FULL" if len(self.rows) == self.settings.table.depth else "NONE"
        if end == "NONE" and self.steps > self.settings.limit:
            end = "LIMIT"
        return reward, end
