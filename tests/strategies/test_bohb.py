import numpy as np
import pytest
from msgspec.structs import replace

from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import QueryLedger
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import MultiFidelityTable
from archwalk.experiments.protocol import Method, run_search, summarise_search
from archwalk.experiments.running import run_trials
from archwalk.strategies.base import Trials
from archwalk.strategies.bohb import BOHB, BOHBSettings, bracket_sizes

EPOCHS = (4, 12, 36, 108)


@pytest.fixture(scope="module")
def trainings(space4) -> MultiFidelityTable:
    """The longer the training, the better and the less noisy."""
    rng = np.random.default_rng(0)
    final_N = 60 + 35 * rng.permutation(space4.size) / space4.size
    reward_FN = np.stack([final_N - lost + rng.normal(0, lost / 3, space4.size) for lost in (9, 6, 3, 0)])
    return MultiFidelityTable(accuracies(), EPOCHS, reward_FN, final_N - 1, reward_FN * 0 + 60)


def bohb(space, trials=1, seed=0, fidelities=EPOCHS, **values):
    return BOHB(
        Trials(space, trials, np.random.default_rng(seed), fidelities=fidelities), BOHBSettings(**values)
    )


def rounds(strategy, estimator, budget):
    """Fidelity, codes (L,) and rewards of one trial's evaluations, in order."""
    ledger = QueryLedger(estimator, budget)
    while n := ledger.affordable(strategy.fidelity):
        fidelity, codes_TNL = strategy.fidelity, strategy.ask(n)
        rewards_TN = ledger.evaluate(codes_TNL, fidelity)
        strategy.tell(codes_TNL, rewards_TN)
        for code_L, reward in zip(codes_TNL[0], rewards_TN[0], strict=True):
            yield fidelity, int(code_L[0]), reward


def test_brackets_are_hpbandster_s():
    assert [bracket_sizes(i, 4, 3) for i in range(5)] == [
        (27, 9, 3, 1),
        (9, 3, 1),
        (6, 2),
        (4,),
        (27, 9, 3, 1),
    ]
    assert [bracket_sizes(i, 1, 3) for i in range(2)] == [(1,), (1,)]
    assert [bracket_sizes(i, 3, 2) for i in range(3)] == [(4, 2, 1), (2, 1), (3,)]


def test_each_stage_trains_the_best_of_the_last_one_longer(space4, trainings):
    done = iter(list(rounds(bohb(space4), trainings, 45)))
    for iteration in range(12):
        sizes, promoted = bracket_sizes(iteration, 4, 3), None
        for stage, size in enumerate(sizes):
            entries = [next(done) for _ in range(size)]
            assert {fidelity for fidelity, _, _ in entries} == {stage - len(sizes)}
            if promoted is not None:
                assert [code for _, code, _ in entries] == promoted
            ranked = sorted(entries, key=lambda entry: -entry[2])
            promoted = [code for _, code, _ in ranked[: sizes[min(stage + 1, len(sizes) - 1)]]]
    assert next(done, None) is None, "four brackets of 4, 12, 36 and 108 epochs are 15 trainings"


def test_a_budget_is_spent_to_the_last_epoch_whatever_its_size(space4, trainings):
    for budget in (1, 2, 7, 15, 16):
        ledger = run_trials(trainings, bohb(space4, trials=3), budget)
        assert ledger.queries == budget
        assert ledger.affordable(0) == 0
        assert ledger.curves().report_TQ.shape == (3, budget)


def test_what_has_a_reward_is_promoted_before_what_has_none(space4):
    reward_FN = np.full((4, space4.size), np.nan)
    reward_FN[:, 5] = 90
    estimator = MultiFidelityTable(accuracies(), EPOCHS, reward_FN, reward_FN[0])
    met = 0
    for seed in range(20):
        entries = list(rounds(bohb(space4, seed=seed), estimator, 4))  # the first bracket
        if 5 in {code for fidelity, code, _ in entries if fidelity == -4}:
            met += 1
            assert entries[-1][:2] == (-1, 5)
    assert met


def test_the_model_is_of_the_longest_trainings_that_are_enough(space4):
    searcher = bohb(space4).searchers[0]
    enough = len(space4.choices) + 1
    assert searcher._densities() is None
    strings_EC = np.random.default_rng(0).integers(0, space4.choices, (4 * enough, len(space4.choices)))
    searcher.strings_EC = strings_EC.astype(np.int32)
    searcher.rewards_E = np.arange(4.0 * enough)
    searcher.fidelity_E = np.repeat([-4, -3, -1], [enough, 2 * enough, enough])
    good, bad = searcher._densities()
    np.testing.assert_array_equal(good.strings_NC, strings_EC[2 * enough : 3 * enough][::-1])
    np.testing.assert_array_equal(bad.strings_NC, strings_EC[enough : 2 * enough][::-1])
    searcher.fidelity_E[:] = -4
    good, bad = searcher._densities()
    assert (len(good.strings_NC), len(bad.strings_NC)) == (enough, 3 * enough)


def test_proposals_are_likelier_among_the_good(space4, trainings):
    """What the model proposes is better than uniform strings are."""
    kept = {}
    for fraction in (0.0, 1.0):
        strategy = bohb(space4, trials=10, fidelities=(108,), random_fraction=fraction)
        ledger = run_trials(trainings, strategy, 90)
        kept[fraction] = trainings.reward_N[ledger.codes_TQL[:, 40:, 0]].mean()
    assert kept[0.0] > kept[1.0] + 3


def test_a_benchmark_with_fidelities_is_searched_alike_in_processes(space4, trainings):
    benchmark = Benchmark("trainings", space4, trainings, {})
    method = Method("bohb", (BOHB,))
    alone, spread = (
        run_search(benchmark, method, budget=9, trials=3, seed=0, workers=workers) for workers in (1, 2)
    )
    np.testing.assert_array_equal(alone.ledgers[0].codes_TQL, spread.ledgers[0].codes_TQL)
    one, other = (summarise_search(search, method, 9, 0) for search in (alone, spread))
    assert replace(one, seconds=0) == replace(other, seconds=0)
    assert "a full training, fidelity 108; one of fidelity 4, 12, 36 costs" in one.query
    assert alone.ledgers[0].codes_TQL.shape[1] == (27 + 9 + 3 + 1) + (9 + 3 + 1) + 6


def test_with_one_number_of_epochs_it_says_so(space4):
    assert "no brackets" in bohb(space4, fidelities=(1,)).query


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"eta": 1}, "eta must be at least 2, not 1"),
        ({"samples": 0}, "samples must be at least 1"),
        ({"random_fraction": 1.5}, "random_fraction must be between 0 and 1"),
        ({"good": -0.1}, "good must be between 0 and 1"),
        ({"least_bandwidth": 0.0}, "least_bandwidth must be above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, says):
    with pytest.raises(UsageError, match=says):
        BOHBSettings(**values)
