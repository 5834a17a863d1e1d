"""The search: workers train rungs until its share of the time is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archwalk.data.decoding import reading
from archwalk.errors import ArchwalkError
from archwalk.estimators.rungs.pool import RungPool
from archwalk.estimators.rungs.training import Climb, RungTraining
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import DONE, Outcome
from archwalk.experiments.clock.journal import WHAT, Clock, Journal
from archwalk.experiments.clock.plan import Plan
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.code import WIDTHS, shifted
from archwalk.spaces.convnet.space import ConvNet
from archwalk.strategies.climbing.proposing import Accept, Ladder, Trial, initial_networks, propose

_POLL, _TOLD = 0.05, 0.25
"""Seconds between looks at the workers, and between tellings of nothing new."""
_RENEW = 30.0


@dataclass(frozen=True, eq=False)
class Step:
    """A rung of a network that was begun, in the order of beginning."""

    trial: Trial
    climb: Climb
    outcome: Outcome | None = None
    at: float = 0.0
    """Seconds of the clock when it was done."""


class Search:
    """Goes on from its journal: what stands there is not trained again, and its time is counted.

    `space` has the limits, those of speed among them.
    """

    def __init__(
        self,
        space: ConvNet,
        training: RungTraining,
        plan: Plan,
        journal: Journal,
        store: Store | None,
        seed: int,
        clock: Clock,
        accept: Accept = lambda code_L: True,
    ) -> None:
        self.space, self.training, self.plan, self.clock = space, training, plan, clock
        self.journal, self.store, self.seed, self.accept = journal, store, seed, accept
        self.ladder = Ladder(plan.lengths, plan.schedule.factor, at_random=plan.schedule.at_random)
        known_S = self._seconds_B(initial_networks(space, np.random.default_rng(0), 1, self._sized))
        self._fastest = float(min(plan.wanted, np.median(known_S))) / plan.schedule.spread
        """Where limits leave only small networks, these are small."""
        self.steps: list[Step] = []
        self.trained = 0
        """Rungs that were trained by this process."""
        self._claimed: set[int] = set()
        self._waiting: list[int] = []
        self._replay()

    @property
    def done(self) -> list[Step]:
        """Rungs that are done, in the order of beginning."""
        return [step for step in self.steps if step.outcome is not None]

    @property
    def networks(self) -> int:
        """Different networks of which a rung is done."""
        return len({step.trial.code_L.tobytes() for step in self.done})

    def run(self, pool: RungPool, told: Callable[["Search"], None], stopped: Callable[[], bool]) -> None:
        """Train until the share of the search is over, or `stopped`. No rung is begun that would not be done by then;
        what is under way when the share is over for longer than a first rung takes is given up.
        """
        renewed = said = time.monotonic()
        end = self.plan.search_seconds + self.plan.cycles[0]
        try:
            while not stopped() and (self.clock.elapsed < end or not self.done):
                moved = self._begin(pool)
                for number, outcome in pool.finished():
                    self._finish(number, outcome)
                    moved = True
                if time.monotonic() - renewed > _RENEW and self.store is not None:
                    self.store.renew([self._key(number) for number in self._claimed])
                    renewed = time.monotonic()
                if moved or time.monotonic() - said > _TOLD:
                    said = time.monotonic()
                    told(self)
                if not moved:
                    if not pool.busy and not self._waiting:
                        return  # no network is left, or no time
                    time.sleep(_POLL)
        finally:
            if self.store is not None:
                self.store.release([self._key(number) for number in self._claimed])

    def _begin(self, pool: RungPool) -> bool:
        """Give work to free workers; whether there was any."""
        begun = False
        while pool.free:
            number = self._waiting.pop(0) if self._waiting else self._next()
            if number is None:
                return begun
            begun = True
            step = self.steps[number]
            if (outcome := self._stored(step)) is not None:
                self._finish(number, outcome, ours=False)
            elif self._claim(number):
                pool.submit(number, step.climb)
            else:  # another process is at it
                self._waiting.append(number)
                return False
        return begun

    def _next(self) -> int | None:
        trials = [step.trial for step in self.steps]
        found = propose(
            self.space, self.ladder, trials, self._right_size, [self.seed, len(trials)], self._sized
        )
        if found is None:
            return None
        code_L, rung = found
        if self.steps and self.clock.elapsed + self.plan.cycles[rung] > self.plan.search_seconds:
            return None
        climb = Climb(code_L, self.plan.steps(self.space, code_L, rung))
        self.steps.append(Step(Trial(code_L, rung), climb))
        self.journal.write({"begun": self.space.describe(code_L), "rung": rung, "steps": list(climb.steps)})
        return len(self.steps) - 1

    def _seconds_B(self, codes_BL: Codes) -> NDArray[np.float64]:
        return self.plan.speed.seconds_B(self.space.costs(codes_BL))

    def _right_size(self, code_L: Codes) -> bool:
        seconds = float(self._seconds_B(code_L[None])[0])
        return self._fastest <= seconds <= self.plan.slowest and self.accept(code_L)

    def _sized(self, codes_BL: Codes) -> Codes:
        """Each network as wide as the time that is left for its final training is worth."""
        shifts = range(1 - len(WIDTHS), len(WIDTHS))
        sized_WBL = np.stack([shifted(codes_BL, by) for by in shifts])
        flat = sized_WBL.reshape(-1, codes_BL.shape[1])
        off_WB = np.abs(np.log(self._seconds_B(flat) / self.plan.wanted)).reshape(len(sized_WBL), -1)
        best: Codes = sized_WBL[off_WB.argmin(axis=0), np.arange(len(codes_BL))]
        return best

    def _finish(self, number: int, outcome: Outcome, *, ours: bool = True) -> None:
        if ours:
            self.trained += 1
            if self.store is not None:
                self.store.finish(self._key(number), outcome)
            self._claimed.discard(number)
        at = round(self.clock.elapsed, 3)
        self._note(number, outcome, at)
        self.journal.write({"done": number, "at": at})

    def _note(self, number: int, outcome: Outcome, at: float) -> None:
        step = self.steps[number]
        accuracy = outcome.validation if outcome.status == DONE else 0.0
        self.steps[number] = replace(
            step, trial=replace(step.trial, accuracy=accuracy), outcome=outcome, at=at
        )

    def _stored(self, step: Step) -> Outcome | None:
        if self.store is None:
            return None
        problem, name = self.training.problem(step.climb, self.seed), self.training.architecture(step.climb)
        return self.store.find(problem, [name]).get(name)

    def _claim(self, number: int) -> bool:
        step = self.steps[number]
        if self.store is not None and not self.store.claim(
            self.training.problem(step.climb, self.seed), self.training.architecture(step.climb)
        ):
            return False
        self._claimed.add(number)
        return True

    def _key(self, number: int) -> str:
        climb = self.steps[number].climb
        return self.training.problem(climb, self.seed).key(self.training.architecture(climb))

    def _replay(self) -> None:
        """Do again what the journal says was done, by the store. What was begun and not done is begun again.

        A journal of trainings that are not in the store any longer is begun anew.
        """
        for line in self.journal.lines:
            with reading(str(self.journal.path), f"is not {WHAT}; delete it, and the search begins anew"):
                if "begun" in line:
                    code_L = self.space.parse(line["begun"])
                    self.steps.append(Step(Trial(code_L, line["rung"]), Climb(code_L, tuple(line["steps"]))))
                    continue
                outcome = self._stored(self.steps[line["done"]]) if "done" in line else None
            if outcome is not None:
                self._note(line["done"], outcome, line["at"])
            elif "done" in line:
                self.steps.clear()
                self.journal.clear()
                self.clock.before = 0.0
                break
        self._waiting = [number for number, step in enumerate(self.steps) if step.outcome is None]

    def winner(self) -> Step:
        """The network of the highest rung that is best there. Raises ArchwalkError where nothing was trained."""
        done = [step for step in self.done if step.outcome is not None and step.outcome.status == DONE]
        if not done:
            reasons = [step.outcome.reason for step in self.done if step.outcome is not None]
            raise ArchwalkError(
                f"no network could be trained: {reasons[0]}"
                if reasons
                else "no network was trained; give more minutes"
            )
        return max(done, key=lambda step: (step.trial.rung, step.trial.accuracy or 0.0))


def space_within(space: ConvNet, plan: Plan) -> ConvNet:
    """The space without networks that are too slow for the plan by their MACs alone."""
    if not plan.speed.by_mac:
        return space
    fastest = int(plan.slowest / plan.speed.by_mac)
    limits = space.limits
    most = fastest if limits.max_macs is None else min(fastest, limits.max_macs)
    smallest = int(space.costs(space.smallest).macs_B.min())
    return ConvNet(space.image_shape, space.classes, replace(limits, max_macs=max(most, 4 * smallest)))


def seconds_of(steps: list[Step]) -> float:
    """Of cores, in all trainings."""
    return float(np.sum([step.outcome.seconds for step in steps if step.outcome is not None]))
