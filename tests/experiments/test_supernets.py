"""Supernets that are kept: a search that is killed goes on, to the bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from archwalk.errors import DataError
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.sharing import PolicySupernet
from archwalk.experiments import supernets
from archwalk.experiments.protocol import Method, run_search
from archwalk.experiments.supernets import kept
from archwalk.strategies.enas import ENAS, ENASSettings
from archwalk.strategies.spos import SPOS, SPOSSettings
from mazyavkina import KNOWN, load

METHODS = {
    "enas": Method("enas", (lambda trials: ENAS(trials, ENASSettings(child_rollouts=1, children=1)),)),
    "spos": Method("spos", (lambda trials: SPOS(trials, SPOSSettings(episodes=4, episode_steps=30)),)),
}


class Killed(BaseException):
    """As SIGKILL leaves it."""


@pytest.fixture(autouse=True)
def _save_always(monkeypatch):
    monkeypatch.setattr(supernets, "SAVE_SECONDS", -1.0)


def ranked(method, keep_in):
    search = run_search(load(KNOWN, 0), METHODS[method], budget=6, trials=1, seed=3, keep_in=keep_in)
    searcher = search.strategies[0].searchers[0]
    return search.ledgers[0].codes_TQL[0, :, 0].tolist(), searcher.proxy_R.tolist()


def count(monkeypatch, name, limit=np.inf):
    """Calls of a supernet; the process is killed at one too many."""
    calls, method = [], getattr(PolicySupernet, name)

    def counted(self, *args):
        if len(calls) == limit:
            raise Killed
        calls.append(args)
        return method(self, *args)

    monkeypatch.setattr(PolicySupernet, name, counted)
    return calls


@pytest.mark.parametrize(
    ("method", "step", "all_steps"), [("enas", "learn", 5), ("spos", "learn", 5), ("spos", "scores", 6)]
)
def test_a_search_that_is_killed_goes_on_to_the_bit(method, step, all_steps, tmp_path, monkeypatch):
    whole = ranked(method, None)
    with monkeypatch.context() as patch:
        count(patch, step, 3)
        with pytest.raises(Killed):
            ranked(method, tmp_path)
    steps = count(monkeypatch, step)
    assert ranked(method, tmp_path) == whole
    assert len(steps) == all_steps - 3, "three were kept"
    assert ranked(method, tmp_path) == whole
    assert len(steps) == all_steps - 3, "all were kept"


def test_its_weights_are_those_of_a_supernet_that_was_never_killed(tmp_path):
    share_weights = load(KNOWN, 0).share_weights
    whole, turns = share_weights(0, 7), np.array([[0], [4], [2], [0], [5]], np.int32)
    for code_L in turns:
        whole.learn(code_L)
    for end in (2, 4, 5):
        weights = kept(share_weights, tmp_path, "mine")(0, 7)
        for code_L in turns[:end]:
            weights.learn(code_L)
    resumed = weights.shared.supernet.state_dict()
    assert all(torch.equal(weight, resumed[name]) for name, weight in whole.supernet.state_dict().items())


def test_what_went_before_a_kill_is_counted(tmp_path):
    share_weights = kept(load(KNOWN, 0).share_weights, tmp_path, "mine")
    weights = share_weights(0, 7)
    assert weights.seconds_before == 0
    weights.learn(np.array([0], np.int32))
    weights.scores(np.array([[0], [1]], np.int32), 3, 20)
    again = share_weights(0, 7)
    assert again.seconds_before > 0
    assert again.shared.steps == weights.shared.steps > 0, "those played for scores among them"


def test_supernets_that_differ_in_anything_have_files_of_their_own(tmp_path):
    policies = load(KNOWN, 0).estimator.policies
    slower = replace(policies.policy_settings, ppo=replace(policies.policy_settings.ppo, learning_rate=1e-5))
    other = PolicyEstimator(policies.policies, policies.game, slower)
    made = [
        kept(share, tmp_path, owner)(steps, seed)
        for share, owner, steps, seed in [
            (policies.share_weights, "spos", 0, 7),
            (policies.share_weights, "enas", 0, 7),
            (policies.share_weights, "spos", 10_000, 7),
            (policies.share_weights, "spos", 0, 8),
            (other.share_weights, "spos", 0, 7),
        ]
    ]
    assert len({weights.path for weights in made}) == len(made)
    assert kept(policies.share_weights, tmp_path, "spos")(0, 7).path == made[0].path


def test_what_is_asked_for_something_else_begins_anew(tmp_path):
    policies = load(KNOWN, 0).estimator.policies

    def make():
        return kept(policies.share_weights, tmp_path, "mine")(0, 7)

    one, other, codes = make(), policies.share_weights(0, 7), np.array([[0], [1], [2], [3]], np.int32)
    for code_L in codes[[0, 1, 2]]:
        one.learn(code_L)
    again = make()
    for code_L in codes[[0, 1, 3]]:
        assert again.learn(code_L) == other.learn(code_L)
    assert again.done == other.done == 3
    np.testing.assert_array_equal(again.scores(codes, 3, 20), other.scores(codes, 3, 20))
    again = make()
    again.learn(codes[0])
    other = policies.share_weights(0, 7)
    other.learn(codes[0])
    np.testing.assert_array_equal(again.scores(codes, 3, 20), other.scores(codes, 3, 20))


def test_a_damaged_file_is_named(tmp_path):
    share_weights = kept(load(KNOWN, 0).share_weights, tmp_path, "mine")
    path = share_weights(0, 0).path
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match=rf"{path.name} is damaged"):
        share_weights(0, 0)
