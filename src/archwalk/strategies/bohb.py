"""BOHB: Hyperband's brackets of short and long trainings, filled by a model of what was good.

Source: Falkner, Klein and Hutter, BOHB: Robust and Efficient Hyperparameter Optimization at Scale, ICML 2018, and its
authors' code, github.com/automl/HpBandSter (`optimizers/bohb.py`, `config_generators/bohb.py`), run on NAS-Bench-101 by
Klein et al. (github.com/automl/nas_benchmarks, `run_bohb.py`) with budgets from 4 to 108 epochs.

Departures. The budgets are those that the benchmark has (NAS-Bench-101: 4, 12, 36 and 108 epochs, a factor of eta
apart). Invalid strings cost nothing: the best valid one of the candidates is taken (Klein et al. count them as an error
of 1). The original widens bandwidths by a factor of 3 where it draws, but of continuous parameters only, and a space of
decisions has none: there is no such setting. See `kde` for the densities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, Positive, Range, Share, check_settings
from archwalk.strategies.kde import StringDensity
from archwalk.strategies.per_trial import PerTrial, Searcher
from archwalk.strategies.strings import Strings, draw_strings

_REDRAWS = 100  # batches of candidates without a valid one before a uniform string is taken (ours)
_TINY = 1e-32  # the least density that a ratio is made of (HpBandSter)


@dataclass(frozen=True)
class BOHBSettings:
    """Brackets keep one of `eta`; a proposal is the best of `samples` from the density of the good.

    `random_fraction` of the proposals are uniform strings; `good` is the share of the trainings that are called good;
    bandwidths are `least_bandwidth` or more.
    """

    eta: Annotated[int, Range(least=2)] = 3
    samples: Count = 64
    random_fraction: Share = 0.33
    good: Share = 0.15
    least_bandwidth: Positive = 0.3

    def __post_init__(self) -> None:
        check_settings(self)


def bracket_sizes(iteration: int, fidelities: int, eta: int) -> tuple[int, ...]:
    """How many strings each stage of a bracket trains; its last stage is at the highest fidelity.

    HpBandSter, `BOHB.get_next_iteration`: the brackets take turns, the one with most stages first. For 4 fidelities
    and eta 3: (27, 9, 3, 1), (9, 3, 1), (6, 2), (4,).
    """
    shorter = fidelities - 1 - iteration % fidelities
    first = fidelities // (shorter + 1) * eta**shorter
    return tuple(max(first // eta**stage, 1) for stage in range(shorter + 1))


class BOHBSearcher(Searcher):
    """One trial: where it is in a bracket, the strings and rewards of the stage, and all trainings so far."""

    settings: BOHBSettings

    def __init__(self, trial: Trials, settings: BOHBSettings) -> None:
        super().__init__(trial, settings)
        self.sizes_C = np.array(self.space.choices)
        self.iteration = self.stage = 0
        none_KC = np.empty((0, len(self.sizes_C)), np.int32)
        self.stage_KC, self.stage_rewards_K = none_KC, np.empty(0)
        self.asked_KC = none_KC
        self.strings_EC, self.rewards_E = none_KC, np.empty(0)
        self.fidelity_E = np.empty(0, np.int64)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the stages of the bracket that it is in."""
        return bracket_sizes(self.iteration, len(self.trial.fidelities), self.settings.eta)

    @property
    def fidelity(self) -> int:
        """That of the stage, from the end: -1 is the full training."""
        return self.stage - len(self.sizes)

    def propose(self) -> Codes:
        """In the first stage one string (1, L), since each is drawn after the last was told; later the promoted."""
        if self.stage:
            self.asked_KC = self.stage_KC
        else:
            self.asked_KC = self._draw()
        return self.space.from_choices(self.asked_KC)

    def _draw(self) -> Strings:
        """A string (1, C): uniform, or the one of the candidates that is likeliest among the good for the bad."""
        densities = self._densities()
        if densities is None or self.rng.random() < self.settings.random_fraction:
            return draw_strings(self.space, self.rng, 1)[0]
        good, bad = densities
        for _ in range(_REDRAWS):
            candidates_SC = good.sample(self.rng, self.settings.samples)
            candidates_SC = candidates_SC[self.space.from_choices(candidates_SC)[:, 0] >= 0]
            if len(candidates_SC):
                bad_S, good_S = (np.maximum(kde.density(candidates_SC), _TINY) for kde in (bad, good))
                return candidates_SC[[np.argmin(bad_S / good_S)]]
        return draw_strings(self.space, self.rng, 1)[0]

    def _densities(self) -> tuple[StringDensity, StringDensity] | None:
        """Of the good and of the bad strings at the highest fidelity that has enough of both, C + 1 of each."""
        enough, settings = len(self.sizes_C) + 1, self.settings
        for fidelity in range(-1, -1 - len(self.trial.fidelities), -1):
            at_E = np.flatnonzero(self.fidelity_E == fidelity)
            good = max(enough, int(settings.good * len(at_E)))
            if len(at_E) - good >= enough:
                ranked_EC = self.strings_EC[at_E[np.argsort(-self.rewards_E[at_E], kind="stable")]]
                parts = ranked_EC[:good], ranked_EC[good:]
                fits = [StringDensity.fit(part, self.sizes_C, settings.least_bandwidth) for part in parts]
                return fits[0], fits[1]
        return None

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Enter rewards; where a stage has all of its own, promote the best, or begin the next bracket."""
        self.strings_EC = np.concatenate([self.strings_EC, self.asked_KC])
        self.rewards_E = np.concatenate([self.rewards_E, rewards_K])
        self.fidelity_E = np.concatenate([self.fidelity_E, np.full(len(rewards_K), self.fidelity)])
        if self.stage:
            self.stage_rewards_K = rewards_K
        else:
            self.stage_KC = np.concatenate([self.stage_KC, self.asked_KC])
            self.stage_rewards_K = np.concatenate([self.stage_rewards_K, rewards_K])
        if len(self.stage_rewards_K) < self.sizes[self.stage]:
            return
        if self.stage + 1 < len(self.sizes):
            self.stage += 1
            best_K = np.argsort(-self.stage_rewards_K, kind="stable")[: self.sizes[self.stage]]
            self.stage_KC, self.stage_rewards_K = self.stage_KC[best_K], np.empty(0)
        else:
            self.iteration, self.stage = self.iteration + 1, 0
            self.stage_KC, self.stage_rewards_K = self.stage_KC[:0], np.empty(0)

    _ARRAYS = ("stage_KC", "stage_rewards_K", "asked_KC", "strings_EC", "rewards_E", "fidelity_E")

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next proposal depends on."""
        own = {"iteration": self.iteration, "stage": self.stage}
        return super().state_dict() | own | {name: getattr(self, name).copy() for name in self._ARRAYS}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.iteration, self.stage = int(state["iteration"]), int(state["stage"])
        for name in self._ARRAYS:
            setattr(self, name, np.array(state[name]))


class BOHB(PerTrial):
    """BOHB: Hyperband's brackets of short and long trainings, filled by a model of what was good (Falkner et al. 2018).

    Where there is one number of epochs, every bracket is one full training.
    """

    settings_class: ClassVar[type[BOHBSettings]] = BOHBSettings
    searcher_class = BOHBSearcher

    def __init__(self, trials: Trials, settings: BOHBSettings | None = None) -> None:
        super().__init__(trials, settings)
        *shorter, full = trials.fidelities
        if shorter:
            self.query = (
                f"a full training, fidelity {full}; one of fidelity {', '.join(map(str, shorter))} costs its share of "
                "that, and is not continued; the best is chosen among those trained longest so far"
            )
        else:
            self.query = (
                "an evaluated architecture, repeats included (the benchmark has trainings of one length: "
                "no brackets, only the model)"
            )
