"""Proxies in searchers by models: the order of the first queries, and features."""

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.experiments.running import run_trials
from archwalk.strategies.bananas import Bananas, BananasSettings
from archwalk.strategies.base import Trials
from archwalk.strategies.by_proxy import ProxyFeatures, first_of
from archwalk.strategies.graph_gp import GraphGP, GraphGPSettings
from archwalk.strategies.zero_cost import ZeroCostSettings, scorer
from archwalk.testing.strategies import MadeUpEstimator


def one_trial(space, seed=0):
    return Trials(space, 1, np.random.default_rng(seed))


def test_the_first_are_the_best_of_a_sample(space4):
    found_KL = first_of(one_trial(space4), 5, "parameters")
    score_K = scorer(space4, ZeroCostSettings(proxy="parameters")).scores(found_KL)
    usual_N = scorer(space4, ZeroCostSettings(proxy="parameters")).scores(
        space4.sample(np.random.default_rng(9), 60)
    )
    assert len(np.unique(found_KL)) == 5
    assert (np.diff(score_K) <= 0).all()
    assert score_K.min() > np.median(usual_N)
    np.testing.assert_array_equal(first_of(one_trial(space4), 5, "parameters"), found_KL)


def test_without_a_proxy_they_are_the_starts(space4):
    expected_NL = one_trial(space4).next_starts(5)[0]
    np.testing.assert_array_equal(
        first_of(one_trial(space4), 5, ""), list(dict.fromkeys(map(tuple, expected_NL.tolist())))
    )


def test_features_are_tenths_of_the_scores(space4):
    codes_BL = np.arange(space4.size, dtype=np.int32)[:, None]
    bits_BF = ProxyFeatures(space4, ("parameters",))(codes_BL)
    assert bits_BF.shape == (space4.size, 9)
    assert bits_BF.dtype == np.uint8
    score_B = scorer(space4, ZeroCostSettings(proxy="parameters")).scores(codes_BL)
    tenths_B = bits_BF.sum(axis=1)
    assert (np.diff(tenths_B[np.argsort(score_B)].astype(int)) >= 0).all()
    assert set(tenths_B) >= {0, 4, 9}


@pytest.mark.parametrize(
    "make",
    [
        lambda trials: GraphGP(trials, GraphGPSettings(initial=4, first_by="parameters")),
        lambda trials: Bananas(
            trials, BananasSettings(initial=4, round=4, epochs=5, proxies="parameters", first_by="parameters")
        ),
    ],
    ids=["graph-gp", "bananas"],
)
def test_a_search_begins_with_them_and_goes_on(make, space4):
    ledger = run_trials(MadeUpEstimator(space4), make(Trials(space4, 2, np.random.default_rng(0))), 12)
    score_TQ = scorer(space4, ZeroCostSettings(proxy="parameters")).scores(
        ledger.codes_TQL[:, :4].reshape(-1, 1)
    )
    assert (np.diff(score_TQ.reshape(2, 4), axis=1) <= 0).all()
    assert ledger.queries == 12


def test_what_makes_no_sense_is_refused(proteins):
    with pytest.raises(UsageError, match="did you mean 'synflow'"):
        BananasSettings(proxies="parameters, synflo")
    with pytest.raises(UsageError, match="did you mean 'parameters'"):
        GraphGPSettings(first_by="parameter")
    with pytest.raises(UsageError, match="needs a space that has networks that read images"):
        GraphGP(one_trial(proteins), GraphGPSettings(first_by="macs")).ask(1)
