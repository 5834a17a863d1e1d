"""Supernets that are kept: a search that is killed goes on, to the bit."""

import numpy as np
import pytest

from archwalk.errors import DataError
from archwalk.estimators.policies.sharing import PolicySupernet
from archwalk.experiments import supernets
from archwalk.experiments.protocol import Contestant, run_search
from archwalk.experiments.supernets import KeptWeights
from archwalk.strategies.enas import ENAS, ENASSettings
from archwalk.strategies.spos import SPOS, SPOSSettings
from mazyavkina import KNOWN, load

METHODS = {
    "enas": Contestant("enas", (lambda trials: ENAS(trials, ENASSettings(child_rollouts=1, children=1)),)),
    "spos": Contestant("spos", (lambda trials: SPOS(trials, SPOSSettings(episodes=4, episode_steps=30)),)),
}


class Killed(BaseException):
    """As SIGKILL leaves it."""


@pytest.fixture(autouse=True)
def _save_always(monkeypatch):
    monkeypatch.setattr(supernets, "SAVE_SECONDS", -1.0)


def ranked(method, keep_in):
    search = run_search(load(KNOWN, 0), METHODS[method], budget=6, trials=1, seed=3, keep_in=keep_in)
    return search.ledgers[0].codes_TQL[0, :, 0].tolist(), search.strategies[0]


@pytest.mark.parametrize("method", METHODS)
def test_a_search_that_is_killed_goes_on_to_the_bit(method, tmp_path, monkeypatch):
    whole, searched = ranked(method, None)
    assert searched.seconds_before == 0
    learn, turns = PolicySupernet.learn, []

    def counted(self, code_L):
        if len(turns) == 3:
            raise Killed
        turns.append(code_L.tolist())
        return learn(self, code_L)

    monkeypatch.setattr(PolicySupernet, "learn", counted)
    with pytest.raises(Killed):
        ranked(method, tmp_path)
    turns.clear()
    monkeypatch.setattr(
        PolicySupernet, "learn", lambda self, code_L: turns.append(code_L) or learn(self, code_L)
    )
    again, searched = ranked(method, tmp_path)
    assert again == whole
    assert len(turns) == 2, "of five turns three were kept"
    assert searched.seconds_before > 0
    assert ranked(method, tmp_path)[0] == whole, "the whole supernet was kept"
    assert len(turns) == 2


def test_what_is_asked_for_something_else_begins_anew(tmp_path):
    policies = load(KNOWN, 0).estimator.policies

    def make():
        return KeptWeights(lambda: policies.share_weights(0, 7), tmp_path / "kept.safetensors")

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
    path = tmp_path / "kept.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"kept\.safetensors is damaged"):
        KeptWeights(lambda: load(KNOWN, 0).share_weights(0, 0), path)
