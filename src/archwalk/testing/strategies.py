# ruff: noqa: D102 (the names of the tests say what they test)
"""What every search strategy must do. A strategy is tested by inheriting this, with two fixtures:

class TestMyStrategy(StrategyConformance):
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBench101(max_vertices=4)  # small: every test searches

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return MyStrategy
"""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from archwalk.data.states import read_state, write_state
from archwalk.errors import ArchwalkError
from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.ledger import QueryLedger
from archwalk.estimators.metrics import accuracies
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.catalogue import StrategyFactory

PORTIONS = (1, 3, 12, 2, 8)
"""How many architectures a test asks for, in turn."""


class MadeUpEstimator:
    """Accuracies in percent that any space has: a random weight for each feature. Report: as told."""

    objective = accuracies("made-up")

    def __init__(self, space: SearchSpace, report: float | None = None) -> None:
        self.space = space
        self.report = report
        weights = np.random.default_rng(0).normal(size=space.feature_count)
        self.weights = weights / np.sqrt(len(weights))

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, L)."""
        reward_B = 100 / (1 + np.exp(-(self.space.features(codes_BL) @ self.weights)))
        report_B = reward_B - 1 if self.report is None else np.full(len(reward_B), self.report)
        return Scores(reward_B, report_B, np.full(len(reward_B), np.nan))


class StrategyConformance:
    """Tests of the contract `Strategy`; `ImproverConformance` is for those that have `improve`."""

    rounds: ClassVar[int] = 30
    """How often a test asks: often enough for what the strategy does to happen (restarts, say)."""

    @pytest.fixture(params=[1, 7])
    def trials(self, request: pytest.FixtureRequest) -> int:
        """T."""
        return int(request.param)

    @pytest.fixture
    def rewards(self, space: SearchSpace) -> MadeUpEstimator:
        """Accuracies to search."""
        return MadeUpEstimator(space)

    def test_says_what_a_query_is(self, space: SearchSpace, factory: StrategyFactory) -> None:
        strategy = _make(factory, space, 1)
        assert strategy.query
        assert "\n" not in strategy.query
        assert 0 <= strategy.training_unique <= strategy.training_queries

    def test_asks_for_valid_architectures(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, trials: int
    ) -> None:
        strategy = _make(factory, space, trials)
        for n in _portions(self.rounds):
            codes_TNL = strategy.ask(n)
            assert codes_TNL.ndim == 3
            assert codes_TNL.shape[0] == trials
            assert 1 <= codes_TNL.shape[1] <= n
            _assert_valid(space, codes_TNL.reshape(-1, codes_TNL.shape[2]))
            strategy.tell(codes_TNL, _score(rewards, codes_TNL))

    def test_ask_twice_is_refused(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, trials: int
    ) -> None:
        strategy = _make(factory, space, trials)
        codes_TNL = strategy.ask(4)
        with pytest.raises(ArchwalkError, match="tell"):
            strategy.ask(4)
        strategy.tell(codes_TNL, _score(rewards, codes_TNL))
        strategy.ask(4)

    @pytest.mark.parametrize("n", [0, -1])
    def test_ask_for_nothing_is_refused(self, space: SearchSpace, factory: StrategyFactory, n: int) -> None:
        strategy = _make(factory, space, 1)
        with pytest.raises(ArchwalkError, match="at least 1"):
            strategy.ask(n)
        strategy.ask(1)

    def test_tell_before_ask_and_twice_is_refused(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator
    ) -> None:
        strategy = _make(factory, space, 2)
        starts_TNL = space.sample(np.random.default_rng(0), 2)[:, None]
        with pytest.raises(ArchwalkError, match="ask"):
            strategy.tell(starts_TNL, np.zeros((2, 1)))
        codes_TNL = strategy.ask(3)
        strategy.tell(codes_TNL, _score(rewards, codes_TNL))
        with pytest.raises(ArchwalkError, match="ask"):
            strategy.tell(codes_TNL, _score(rewards, codes_TNL))

    def test_tell_of_other_architectures_is_refused(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator
    ) -> None:
        strategy = _make(factory, space, 3)
        codes_TNL = strategy.ask(4)
        other_TNL = codes_TNL.copy()
        other_TNL[-1, -1] = next(
            c for c in space.sample(np.random.default_rng(1), 99) if (c != codes_TNL[-1, -1]).any()
        )
        for wrong in (other_TNL, codes_TNL[:2], np.concatenate([codes_TNL, codes_TNL], axis=1)):
            with pytest.raises(ArchwalkError, match="ask"):
                strategy.tell(wrong, np.zeros(wrong.shape[:2]))
        strategy.tell(codes_TNL.copy(), _score(rewards, codes_TNL))

    @pytest.mark.parametrize("reward", ["nan", "constant", "infinity", "minus infinity", "now and then nan"])
    def test_any_rewards_are_survived(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, trials: int, reward: str
    ) -> None:
        strategy = _make(factory, space, trials)
        rng = np.random.default_rng(0)
        for _ in range(self.rounds):
            codes_TNL = strategy.ask(8)
            _assert_valid(space, codes_TNL.reshape(-1, codes_TNL.shape[2]))
            rewards_TN = _score(rewards, codes_TNL)
            if reward == "now and then nan":
                rewards_TN[rng.random(rewards_TN.shape) < 0.3] = np.nan
            else:
                rewards_TN[:] = {
                    "nan": np.nan,
                    "constant": 50.0,
                    "infinity": np.inf,
                    "minus infinity": -np.inf,
                }[reward]
            strategy.tell(codes_TNL, rewards_TN)

    @pytest.mark.parametrize("budget", [1, 40])
    def test_a_budget_is_used_to_the_last_query(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, trials: int, budget: int
    ) -> None:
        strategy, ledger = _make(factory, space, trials), QueryLedger(rewards, budget, trials)
        while ledger.remaining:
            codes_TNL = strategy.ask(ledger.remaining)
            strategy.tell(codes_TNL, ledger.evaluate(codes_TNL))
        assert ledger.codes_TQL.shape[:2] == (trials, budget)

    def test_the_seed_determines_thesearch(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, trials: int
    ) -> None:
        one, other = (search(_make(factory, space, trials), rewards, self.rounds) for _ in range(2))
        np.testing.assert_array_equal(one, other)
        another = search(_make(factory, space, trials, seed=1), rewards, self.rounds)
        assert not np.array_equal(one, another)

    def test_nothing_is_drawn_from_numpy_s_global_generator(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator
    ) -> None:
        before = np.random.get_state()[1].copy()  # type: ignore[index] # noqa: NPY002
        search(_make(factory, space, 2), rewards, self.rounds)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # type: ignore[index] # noqa: NPY002

    def test_trials_are_different(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator
    ) -> None:
        codes_TQL = search(_make(factory, space, 7), rewards, self.rounds)
        assert not (codes_TQL == codes_TQL[:1]).all()

    @pytest.mark.parametrize("listed", [False, True])
    def test_goes_on_from_its_state(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, trials: int, listed: bool,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        """Through a file, after a round that ended anywhere; `listed`: from given starts."""
        for rounds in (1, 5, self.rounds):
            strategy = _make(factory, space, trials, listed=listed)
            search(strategy, rewards, rounds)
            write_state(tmp_path / "state", strategy.state_dict())
            expected = search(strategy, rewards, self.rounds)
            other = _make(factory, space, trials, seed=1, listed=listed)
            search(other, rewards, 3)
            other.load_state_dict(read_state(tmp_path / "state"))
            np.testing.assert_array_equal(search(other, rewards, self.rounds), expected)

    @pytest.mark.parametrize("listed", [False])
    def test_state_is_a_copy(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator, listed: bool
    ) -> None:
        """What is done after it was taken does not change it, nor does what another does who loaded it."""
        strategy = _make(factory, space, 2, listed=listed)
        search(strategy, rewards, 2)
        state = strategy.state_dict()
        expected = search(strategy, rewards, self.rounds)
        for _ in range(2):
            other = _make(factory, space, 2, seed=1, listed=listed)
            other.load_state_dict(state)
            np.testing.assert_array_equal(search(other, rewards, self.rounds), expected)

    def test_the_report_is_not_seen(self, space: SearchSpace, factory: StrategyFactory, trials: int) -> None:
        searches = []
        for report in (None, np.nan, -1e9):
            strategy, ledger = (
                _make(factory, space, trials),
                QueryLedger(MadeUpEstimator(space, report), 50, trials),
            )
            while ledger.remaining:
                codes_TNL = strategy.ask(min(8, ledger.remaining))
                strategy.tell(codes_TNL, ledger.evaluate(codes_TNL))
            searches.append(ledger.codes_TQL)
        np.testing.assert_array_equal(searches[1], searches[0])
        np.testing.assert_array_equal(searches[2], searches[0])

    def test_rewards_may_be_changed_after_they_were_told(
        self, space: SearchSpace, factory: StrategyFactory, rewards: MadeUpEstimator
    ) -> None:
        expected = search(_make(factory, space, 3), rewards, self.rounds)
        strategy, seen = _make(factory, space, 3), []
        for n in _portions(self.rounds):
            codes_TNL = strategy.ask(n)
            rewards_TN = _score(rewards, codes_TNL)
            before_TN = rewards_TN.copy()
            strategy.tell(codes_TNL.copy(), rewards_TN)
            np.testing.assert_array_equal(rewards_TN, before_TN)
            rewards_TN[:] = 0
            seen.append(codes_TNL.copy())
        np.testing.assert_array_equal(np.concatenate(seen, axis=1), expected)


class ImproverConformance(StrategyConformance):
    """Tests of the contract `Strategy` and of `improve`."""

    @pytest.fixture
    def improver(self, space: SearchSpace, factory: StrategyFactory) -> Strategy:
        """The strategy, which can take an episode from given starts."""
        strategy = _make(factory, space, 1)
        assert hasattr(strategy, "improve")
        return strategy

    @pytest.mark.parametrize("batch", [1, 9])
    def test_improve_ends_at_valid_architectures(
        self, space: SearchSpace, improver: Strategy, rewards: MadeUpEstimator, batch: int
    ) -> None:
        """It evaluates by the function that it is handed, which sees valid codes, and leaves the starts alone."""
        starts_BL = space.sample(np.random.default_rng(5), batch)
        before_BL = starts_BL.copy()

        def evaluate(codes_BL: Codes) -> Floats:
            _assert_valid(space, codes_BL)
            return rewards.evaluate(codes_BL).reward_B

        episodes = improver.improve(starts_BL, evaluate)  # type: ignore[attr-defined]
        np.testing.assert_array_equal(starts_BL, before_BL)
        assert episodes.finals_BL.shape == starts_BL.shape
        _assert_valid(space, episodes.finals_BL)
        assert episodes.steps_B.shape == (batch,)
        assert np.issubdtype(episodes.steps_B.dtype, np.integer)
        assert (episodes.steps_B >= 0).all()

    def test_improve_depends_on_the_seed_alone(
        self, space: SearchSpace, factory: StrategyFactory, improver: Strategy, rewards: MadeUpEstimator
    ) -> None:
        starts_BL = space.sample(np.random.default_rng(5), 20)
        again = _make(factory, space, 1)
        one, other = (
            strategy.improve(starts_BL, lambda codes_BL: rewards.evaluate(codes_BL).reward_B)  # type: ignore[attr-defined]
            for strategy in (improver, again)
        )
        np.testing.assert_array_equal(one.finals_BL, other.finals_BL)
        np.testing.assert_array_equal(one.steps_B, other.steps_B)


def _make(
    factory: StrategyFactory, space: SearchSpace, trials: int, seed: int = 0, listed: bool = False
) -> Strategy:
    listed_TQL = space.sample(np.random.default_rng(8), trials * 100).reshape(trials, 100, -1)
    starts_TQL = listed_TQL if listed else None
    return factory(Trials(space, trials, np.random.default_rng(seed), starts_TQL))


def search(strategy: Strategy, rewards: MadeUpEstimator, rounds: int) -> Codes:
    """Everything that the strategy asks for in so many rounds, (T, Q, L)."""
    seen = []
    for n in _portions(rounds):
        codes_TNL = strategy.ask(n)
        seen.append(codes_TNL.copy())
        strategy.tell(codes_TNL, _score(rewards, codes_TNL))
    return np.concatenate(seen, axis=1)


def _portions(rounds: int) -> Iterator[int]:
    return (PORTIONS[i % len(PORTIONS)] for i in range(rounds))


def _score(rewards: MadeUpEstimator, codes_TNL: Codes) -> Floats:
    trials, n, length = codes_TNL.shape
    return rewards.evaluate(codes_TNL.reshape(-1, length)).reward_B.reshape(trials, n)


def _assert_valid(space: SearchSpace, codes_BL: Codes) -> None:
    assert codes_BL.dtype == np.int32
    assert codes_BL.shape[1] == space.code_length
    np.testing.assert_array_equal(space.from_choices(space.to_choices(codes_BL)), codes_BL)
