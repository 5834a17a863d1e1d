"""ENAS and SPOS on agents that really play, from the benchmark to the record."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from archwalk.estimators.base import Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.policies.benchmark import policy_benchmark
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.experiments.comparison import compare
from archwalk.experiments.protocol import Method, run_search
from archwalk.learning.ppo import PPOSettings
from archwalk.report.tables import notes as notes_of
from archwalk.spaces.policy_cnn import ChoiceBlock, policy_space
from archwalk.spaces.policy_cnn.papers import MINATAR_1
from archwalk.strategies.enas import ENAS, ENASSettings
from archwalk.strategies.spos import SPOS, SPOSSettings
from mazyavkina import KNOWN, load

SPACE = policy_space(replace(MINATAR_1, name="tiny", blocks=(ChoiceBlock((1, 2, 3), (4,)),), hidden=8))
SETTINGS = PolicySettings(800, PPOSettings(environments=4, rollout=20, epochs=1, minibatches=2))
FACTORIES = {
    "enas": partial(ENAS, settings=ENASSettings(child_rollouts=2, children=2)),
    "spos": partial(SPOS, settings=SPOSSettings(episodes=30, episode_steps=50)),
}


def benchmark():
    return policy_benchmark(SPACE, find_game("MinAtar-Breakout"), SETTINGS, engine="local", device="cpu")


@pytest.mark.parametrize("name", FACTORIES)
def test_a_search_trains_in_the_order_of_the_proxy_and_repeats_itself(name):
    method, codes = Method(name, (FACTORIES[name],)), []
    for _ in range(2):
        made = benchmark()
        search = run_search(made, method, budget=4, trials=1, seed=3)
        codes.append(search.ledgers[0].codes_TQL[0, :, 0].tolist())
        assert made.estimator.trained == 3, "the supernet's turns are no trainings"
        searcher = search.strategies[0].searchers[0]
        assert codes[-1] == [*searcher.ranked_RL[:, 0], searcher.ranked_RL[0, 0]]
    assert codes[0] == codes[1]
    assert sorted(codes[0][:3]) == [0, 1, 2]


def test_a_record_holds_raw_scores():
    methods = [Method(name, (factory,)) for name, factory in FACTORIES.items()]
    record = compare(benchmark(), methods, budget=3, trials=1, seed=0)
    best = {name: record.strategies[name].best_after[3].mean for name in FACTORIES}
    assert best["enas"] == best["spos"] > 0, "both trained all three"
    assert "raw score" in record.objective_meaning


def test_shared_weights_go_to_other_processes():
    share_weights = pickle.loads(pickle.dumps(benchmark().share_weights))  # noqa: S301 - our own
    shared = share_weights(160, 0)
    assert shared.total == 2
    assert np.isfinite(shared.learn(np.array([1], np.int32)))


def test_a_record_says_whether_the_proxy_agrees_with_the_truth():
    class Known:
        objective = accuracies("mean-return")

        def __init__(self, scores):
            self.scores = np.array(scores, np.float64)
            self.share_weights = benchmark().share_weights

        def evaluate(self, codes_BL):
            score_B = self.scores[codes_BL[:, 0]]
            return Scores(score_B, score_B, np.zeros(len(score_B)))

    enas, correlations = Method("enas", (FACTORIES["enas"],)), []
    ranked = (
        run_search(benchmark(), enas, budget=3, trials=1, seed=3).strategies[0].searchers[0].ranked_RL[:, 0]
    )
    for scores in ([3, 2, 1], [1, 2, 3], [1, 1, 1]):
        truth = np.empty(3)
        truth[ranked] = scores
        made = Benchmark("known", SPACE, Known(truth), {})
        record = compare(made, [enas], budget=3, trials=1, seed=3)
        correlations.append(record.strategies["enas"].findings["proxy"]["rank_correlation"])
        notes = " ".join(" ".join(notes_of(record)).split())
        assert ("rank correlation with the reward +1.00 over 3 evaluated" in notes) == (scores[0] == 3)
    assert correlations == [1, -1, None]


def test_it_says_so_of_trials_in_other_processes_too():
    spos = Method("spos", (FACTORIES["spos"],))
    one, two = (
        compare(load(KNOWN, 0), [spos], budget=6, trials=2, seed=0, workers=workers).strategies["spos"]
        for workers in (1, 2)
    )
    assert one.findings == two.findings
    assert one.findings["proxy"]["architectures"] == 6
    assert one.best_after == two.best_after


@pytest.mark.parametrize("name", FACTORIES)
def test_the_supernet_is_seen_while_it_trains(name):
    seen, method = [], Method(name, (FACTORIES[name],))

    def tell(done, total=None, text=""):
        seen.append((done, total, text))

    watched = run_search(benchmark(), method, budget=2, trials=1, seed=3, supernet=tell)
    alone = run_search(benchmark(), method, budget=2, trials=1, seed=3)
    np.testing.assert_array_equal(watched.ledgers[0].codes_TQL, alone.ledgers[0].codes_TQL)
    scored = [(i, 3, "scoring architectures") for i in (1, 2, 3)] if name == "spos" else []
    assert seen == [(i, 10, "training") for i in range(1, 11)] + scored
