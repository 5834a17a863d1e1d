# ruff: noqa: D102 (the names of the tests say what they test)
"""What every estimator must do. An estimator is tested by inheriting one of these, with two fixtures:

class TestMyEstimator(DeterministicEstimatorConformance):  # or NoisyEstimatorConformance, where scores are drawn
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBench101(max_vertices=4)

    @pytest.fixture
    @classmethod
    def make_estimator(cls) -> Callable[[], Estimator]:
        return lambda: MyEstimator(seed=0)  # the same each time
"""

from collections.abc import Callable

import numpy as np
import pytest

from archwalk.estimators.base import Bits, Estimator, Floats, NoisyEstimator, Scores
from archwalk.estimators.metrics import Objective
from archwalk.spaces.base import Codes, SearchSpace

FIELDS = ("reward_B", "report_B", "seconds_B")


class EstimatorConformance:
    """Tests of the contract `Estimator` that all pass."""

    @pytest.fixture
    def estimator(self, make_estimator: Callable[[], Estimator]) -> Estimator:
        """A fresh one."""
        return make_estimator()

    @pytest.fixture
    def codes(self, space: SearchSpace) -> Codes:
        """Sixty architectures, repeats among them."""
        return space.sample(np.random.default_rng(0), 60)[np.random.default_rng(1).integers(0, 50, 60)]

    def test_names_its_objective(self, estimator: Estimator) -> None:
        assert isinstance(estimator.objective, Objective)
        assert estimator.objective.name
        assert not set(estimator.objective.name) & set(": \n"), "it stands in names of benchmarks"
        assert estimator.objective.reward.name
        assert estimator.objective.report.name

    @pytest.mark.parametrize("batch", [0, 1, 60])
    def test_scores_have_the_shape_of_the_batch(self, estimator: Estimator, codes: Codes, batch: int) -> None:
        scores = estimator.evaluate(codes[:batch])
        for name in FIELDS:
            values = getattr(scores, name)
            assert values.shape == (batch,), name
            assert values.dtype == np.float64, name

    def test_scores_are_finite_or_not_a_number_and_percent_where_they_say_so(
        self, estimator: Estimator, codes: Codes
    ) -> None:
        scores, objective = estimator.evaluate(codes), estimator.objective
        for values, metric in ((scores.reward_B, objective.reward), (scores.report_B, objective.report)):
            known = values[~np.isnan(values)]
            assert np.isfinite(known).all()
            if metric.unit == "%":
                assert (known >= 0).all()
                assert (known <= 100).all()
                assert known.max() > 1, "fractions, not percent"
        seconds = scores.seconds_B[~np.isnan(scores.seconds_B)]
        assert (seconds >= 0).all()
        assert np.isfinite(seconds).all()

    def test_rewards_tell_architectures_apart(self, estimator: Estimator, codes: Codes) -> None:
        assert len(np.unique(estimator.evaluate(codes).reward_B)) > 10

    def test_codes_are_left_alone(self, estimator: Estimator, codes: Codes) -> None:
        before = codes.copy()
        estimator.evaluate(codes)
        np.testing.assert_array_equal(codes, before)

    def test_two_of_a_kind_agree(self, make_estimator: Callable[[], Estimator], codes: Codes) -> None:
        """Nothing is drawn from a generator that others draw from, too."""
        one, other = make_estimator(), make_estimator()
        for batch in (codes, codes[:7], codes[::-1]):
            _assert_equal(one.evaluate(batch), other.evaluate(batch))

    def test_scores_belong_to_the_caller(self, make_estimator: Callable[[], Estimator], codes: Codes) -> None:
        """Writing into them changes no later ones."""
        one, other = make_estimator(), make_estimator()
        scores = one.evaluate(codes)
        other.evaluate(codes)
        for name in FIELDS:
            _array(scores, name)[:] = -1
        _assert_equal(one.evaluate(codes), other.evaluate(codes))


class DeterministicEstimatorConformance(EstimatorConformance):
    """Tests for estimators whose scores depend on the architecture alone."""

    def test_again_gives_the_same(self, estimator: Estimator, codes: Codes) -> None:
        first = estimator.evaluate(codes)
        estimator.evaluate(codes[::-1])
        _assert_equal(estimator.evaluate(codes), first)

    def test_a_row_is_scored_as_in_a_batch(self, estimator: Estimator, codes: Codes) -> None:
        batch = estimator.evaluate(codes)
        for b in range(0, len(codes), 7):
            alone = estimator.evaluate(codes[b : b + 1])
            for name in FIELDS:
                np.testing.assert_array_equal(_array(alone, name), _array(batch, name)[b : b + 1])

    def test_equal_rows_score_alike(self, estimator: Estimator, codes: Codes) -> None:
        scores = estimator.evaluate(np.repeat(codes[:3], 4, axis=0))
        for name in FIELDS:
            quads = _array(scores, name).reshape(3, 4)
            np.testing.assert_array_equal(quads, np.repeat(quads[:, :1], 4, axis=1))


class NoisyEstimatorConformance(EstimatorConformance):
    """Tests for estimators whose scores are drawn: they depend on the architecture and on its bits alone."""

    @pytest.fixture
    def bits(self) -> Bits:
        """Those of sixty evaluations, all different."""
        return np.random.default_rng(2).integers(0, 2**64, 60, np.uint64)

    def test_says_that_it_draws(self, estimator: Estimator) -> None:
        assert isinstance(estimator, NoisyEstimator)

    def test_equal_bits_draw_alike(self, estimator: NoisyEstimator, codes: Codes, bits: Bits) -> None:
        first = estimator.draw(codes, bits)
        estimator.evaluate(codes)
        _assert_equal(estimator.draw(codes, bits), first)

    def test_other_bits_draw_anew(self, estimator: NoisyEstimator, codes: Codes, bits: Bits) -> None:
        first, again = (estimator.draw(codes, each).reward_B for each in (bits, ~bits))
        assert not np.array_equal(first, again)

    def test_a_row_is_drawn_as_in_a_batch(self, estimator: NoisyEstimator, codes: Codes, bits: Bits) -> None:
        batch = estimator.draw(codes, bits)
        for b in range(0, len(codes), 7):
            alone = estimator.draw(codes[b : b + 1], bits[b : b + 1])
            for name in FIELDS:
                np.testing.assert_array_equal(_array(alone, name), _array(batch, name)[b : b + 1])

    def test_evaluate_draws_alike_whenever_it_is_asked(self, estimator: Estimator, codes: Codes) -> None:
        first = estimator.evaluate(codes)
        estimator.evaluate(codes[::-1])
        _assert_equal(estimator.evaluate(codes), first)


def _array(scores: Scores, name: str) -> Floats:
    values: Floats = getattr(scores, name)
    return values


def _assert_equal(one: Scores, other: Scores) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(_array(one, name), _array(other, name))
