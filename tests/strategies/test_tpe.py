import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.ledger import QueryLedger
from archwalk.estimators.metrics import accuracies
from archwalk.experiments.running import run_trials
from archwalk.spaces.base import remake
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.strategies.base import Trials
from archwalk.strategies.parzen import Parzen
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
    order = [*np.flatnonzero(~invalid_E), *np.flatnonzero(invalid_E)]  # invalid ones rank behind
    searcher.rewards_E[~invalid_E] = np.arange((~invalid_E).sum(), 0, -1)
    good_KC, rest_KC = searcher._split()
    np.testing.assert_array_equal(good_KC, searcher.strings_EC[sorted(order[: len(good_KC)])])
    assert len(good_KC) + len(rest_KC) == len(order)


def test_where_only_invalid_strings_are_promising_it_goes_on(tiny, monkeypatch):
    strategy = tpe(tiny.space, startup=5)
    invalid_1C = np.zeros((1, len(tiny.space.choices)), np.int32)
    monkeypatch.setattr(strategy.searchers[0], "_sample", lambda: invalid_1C)
    ledger = run_trials(tiny.estimator, strategy, 8)
    assert (ledger.codes_TQL >= 0).all()
    assert np.isnan(strategy.searchers[0].rewards_E).sum() == 300


@pytest.mark.parametrize("seen", [0, 1, 7, 40])
def test_densities_are_those_of_optuna(seen):
    rng = np.random.default_rng(seen)
    sizes_C = np.array([2, 3, 5])
    strings_EC, asked_NC = (rng.integers(0, sizes_C, (n, 3), dtype=np.int32) for n in (seen, 6))
    ours = Parzen(strings_EC, sizes_C)
    names = {str(c): CategoricalDistribution(range(size)) for c, size in enumerate(sizes_C)}
    parameters = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)

    def theirs(columns):
        seen, asked = ({str(c): strings[:, c] for c in columns} for strings in (strings_EC, asked_NC))
        space = {str(c): names[str(c)] for c in columns}
        return _ParzenEstimator(seen, space, parameters).log_pdf(asked)

    np.testing.assert_allclose(ours.logs(asked_NC, jointly=True)[:, 0], theirs([0, 1, 2]))
    alone_NC = np.transpose([theirs([c]) for c in range(3)])
    np.testing.assert_allclose(ours.logs(asked_NC, jointly=False), alone_NC)


@pytest.mark.parametrize("jointly", [False, True])
def test_draws_follow_the_density(jointly):
    sizes_C = np.array([2, 3])
    strings_EC = np.array([[0, 2], [0, 2], [1, 0], [0, 1]], np.int32)
    density = Parzen(strings_EC, sizes_C)
    drawn_NC = density.draw(np.random.default_rng(0), 40_000, jointly=jointly)
    every_NC = np.array([[a, b] for a in range(2) for b in range(3)], np.int32)
    shares_N = (drawn_NC[:, None] == every_NC).all(axis=2).mean(axis=0)
    expected_N = np.exp(density.logs(every_NC, jointly=jointly).sum(axis=1))
    assert expected_N.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares_N, expected_N, atol=0.008)


@pytest.mark.parametrize("name", ["startup", "candidates"])
def test_settings_below_one_are_refused(name):
    with pytest.raises(UsageError, match=f"{name} must be at least 1"):
        TPESettings(**{name: 0})
