"""Tree-structured Parzen estimators over the decisions of a space, by Optuna (extra `tpe`).

Source: Bergstra, Bardenet, Bengio and Kégl, Algorithms for Hyper-Parameter Optimization, NeurIPS 2011; the sampler is
`optuna.samplers.TPESampler`. Klein et al. (github.com/automl/nas_benchmarks, `run_tpe.py`) ran hyperopt's, with 20
random trials first and 24 candidates, each decision on its own. Optuna calls the best 10 % good, hyperopt the best
sqrt(n) / 4: that and what follows from it is Optuna's here.

A string that names no architecture costs no query. Optuna is told that its trial was pruned, which ranks it behind
all that were evaluated, as the error of 1 did that Klein et al. gave it. Were it told nothing, its model would not
change, and where the most promising string is invalid it would be proposed for ever (seen on NAS-Bench-101).
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from archwalk.errors import MissingExtraError
from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.per_trial import PerTrial, Searcher
from archwalk.strategies.strings import Strings, draw_strings

_REDRAWS = 100  # invalid strings in a row before a uniform valid one is taken (ours)


@dataclass(frozen=True)
class TPESettings:
    """`startup` uniform strings come first; then the best of `candidates` from the model of the good.

    `multivariate`: one density over all decisions instead of one for each.
    """

    startup: Count = 20
    candidates: Count = 24
    multivariate: bool = False

    def __post_init__(self) -> None:
        check_settings(self)


class TPESearcher(Searcher):
    """One trial. Its state is every string so far, with its reward (NaN: invalid, no query), and the generator.

    Each proposal has a sampler of its own, seeded from the generator, so that nothing inside Optuna is state.
    """

    settings: TPESettings

    def __init__(self, trial: Trials, settings: TPESettings) -> None:
        super().__init__(trial, settings)
        self.optuna = _import_optuna()
        self.distributions = {
            f"decision {c}": self.optuna.distributions.CategoricalDistribution(tuple(range(size)))
            for c, size in enumerate(self.space.choices)
        }
        self.strings_EC: Strings = np.empty((0, len(self.space.choices)), np.int32)
        self.rewards_E = np.empty(0)
        self.asked_KC = self.strings_EC
        self.study = self._make_study()

    def propose(self) -> Codes:
        """The random strings of the start (K, L), later one string of the model."""
        if not len(self.rewards_E):
            self.asked_KC, codes_KL = draw_strings(self.space, self.rng, self.settings.startup)
            return codes_KL
        for _ in range(_REDRAWS):
            string_1C = self._sample()
            code_1L = self.space.from_choices(string_1C)
            if code_1L[0, 0] >= 0:
                self.asked_KC = string_1C
                return code_1L
            self._enter(string_1C, np.array([np.nan]))
        self.asked_KC, code_1L = draw_strings(self.space, self.rng, 1)
        return code_1L

    def _sample(self) -> Strings:
        settings, samplers = self.settings, self.optuna.samplers
        self.study.sampler = samplers.TPESampler(
            n_startup_trials=0, n_ei_candidates=settings.candidates, multivariate=settings.multivariate,
            constant_liar=False, seed=int(self.rng.integers(2**32)),
        )  # fmt: skip
        trial = self.study.ask(self.distributions)
        self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)  # `_enter` adds it with its reward
        return np.array([[trial.params[name] for name in self.distributions]], np.int32)

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Add the last strings with their rewards."""
        self._enter(self.asked_KC, rewards_K)

    def _enter(self, strings_KC: Strings, rewards_K: Floats) -> None:
        self.strings_EC = np.concatenate([self.strings_EC, strings_KC])
        self.rewards_E = np.concatenate([self.rewards_E, rewards_K])
        self._add_trials(strings_KC, rewards_K)

    def _add_trials(self, strings_KC: Strings, rewards_K: Floats) -> None:
        state = self.optuna.trial.TrialState
        for string_C, reward in zip(strings_KC.tolist(), rewards_K.tolist(), strict=True):
            outcome = {"state": state.PRUNED} if np.isnan(reward) else {"value": reward}
            params = dict(zip(self.distributions, string_C, strict=True))
            self.study.add_trial(
                self.optuna.trial.create_trial(params=params, distributions=self.distributions, **outcome)
            )

    def _make_study(self) -> Any:
        with _quiet(self.optuna):
            return self.optuna.create_study(direction="maximize")

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next proposal depends on."""
        own = {
            "strings": self.strings_EC.copy(),
            "rewards": self.rewards_E.copy(),
            "asked": self.asked_KC.copy(),
        }
        return super().state_dict() | own

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.strings_EC, self.rewards_E = np.array(state["strings"]), np.array(state["rewards"])
        self.asked_KC = np.array(state["asked"])
        self.study = self._make_study()
        self._add_trials(self.strings_EC, self.rewards_E)


class TPE(PerTrial):
    """Optuna's TPE; trials are independent."""

    query = "an evaluated architecture, repeats included; invalid strings are no query"
    settings_class: ClassVar[type[TPESettings]] = TPESettings
    searcher_class = TPESearcher


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("optuna", "tpe") from error
    return optuna


@contextlib.contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without Optuna's line about every new study."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(verbosity)
