import sys

import numpy as np
import optuna
import pytest

from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.ledger import QueryLedger
from archwalk.estimators.metrics import accuracies
from archwalk.experiments.running import run_trials
from archwalk.spaces.base import remake
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.strategies.base import Trials
from archwalk.strategies.tpe import TPE, TPESettings


def tpe(space, trials=1, seed=0, **values):
    return TPE(Trials(space, trials, np.random.default_rng(seed)), TPESettings(**values))


class Sum:
    """The more of the last operation, the better."""

    objective = accuracies("sum")

    def __init__(self, space):
        self.space = space

    def evaluate(self, codes_BL):
        reward_B = self.space.to_choices(codes_BL).sum(axis=1).astype(float)
        return Scores(reward_B, reward_B, reward_B)


def rewards_of(strategy, estimator, budget):
    ledger = QueryLedger(estimator, budget, strategy.trials.trials)
    rewards = []
    while ledger.remaining:
        codes_TNL = strategy.ask(ledger.remaining)
        rewards.append(ledger.evaluate(codes_TNL))
        strategy.tell(codes_TNL, rewards[-1])
    return np.concatenate(rewards, axis=1)


@pytest.mark.parametrize("multivariate", [False, True])
def test_it_learns_what_is_good(multivariate):
    space = remake(NASBench201)
    rewards_TQ = rewards_of(tpe(space, 3, startup=10, multivariate=multivariate), Sum(space), 60)
    assert rewards_TQ[:, -15:].mean() > rewards_TQ[:, :10].mean() + 3


def test_invalid_strings_are_no_queries_and_are_learned_from(tiny):
    strategy = tpe(tiny.space, startup=5)
    ledger = run_trials(tiny.estimator, strategy, 30)
    searcher = strategy.searchers[0]
    invalid_E = np.isnan(searcher.rewards_E)
    codes_EL = tiny.space.from_choices(searcher.strings_EC)
    np.testing.assert_array_equal(codes_EL[:, 0] < 0, invalid_E)
    np.testing.assert_array_equal(codes_EL[~invalid_E], ledger.codes_TQL[0])
    state = optuna.trial.TrialState
    told = [trial for trial in searcher.study.trials if trial.state in (state.PRUNED, state.COMPLETE)]
    assert [trial.state == state.PRUNED for trial in told] == invalid_E.tolist()


def test_where_only_invalid_strings_are_promising_it_goes_on(tiny, monkeypatch):
    strategy = tpe(tiny.space, startup=5)
    invalid_1C = np.zeros((1, len(tiny.space.choices)), np.int32)
    monkeypatch.setattr(strategy.searchers[0], "_sample", lambda: invalid_1C)
    ledger = run_trials(tiny.estimator, strategy, 8)
    assert (ledger.codes_TQL >= 0).all()
    assert np.isnan(strategy.searchers[0].rewards_E).sum() == 300


def test_optuna_s_verbosity_is_left_alone(space4, capsys):
    before = optuna.logging.get_verbosity()
    tpe(space4).ask(3)
    assert optuna.logging.get_verbosity() == before
    assert capsys.readouterr().err == ""


def test_without_optuna_one_line_says_how_to_get_it(space4, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ArchwalkError, match=r"^optuna is not installed; run: pip install 'archwalk\[tpe\]'$"):
        tpe(space4)


@pytest.mark.parametrize("name", ["startup", "candidates"])
def test_settings_below_one_are_refused(name):
    with pytest.raises(UsageError, match=f"{name} must be at least 1"):
        TPESettings(**{name: 0})
