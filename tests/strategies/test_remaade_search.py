"""ReMAADE on every space, with each policy that Krishna et al. 2020 compares."""

from functools import partial

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts.space import DARTS
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.strategies.remaade import ReMAADE, RemaadeSettings, parameter_counts
from archwalk.testing.strategies import MadeUpEstimator, StrategyConformance

SMALL = {"width": 4, "batch": 5}
VARIANTS = {
    "maade": RemaadeSettings(**SMALL),
    "two blocks, all orders, ppo": RemaadeSettings(blocks=2, orders=0, objective="ppo", epochs=2, **SMALL),
    "four orders, entropy, sgd": RemaadeSettings(orders=4, entropy=0.1, optimiser="sgd", **SMALL),
    **{name: RemaadeSettings(policy=name, **SMALL) for name in ("made", "nade", "lstm", "independent")},
}


class TestReMAADE(StrategyConformance):
    rounds = 6

    @pytest.fixture(scope="class", params=["nasbench101", "nas-bench-graph", "nasbench201", "darts"])
    @classmethod
    def space(cls, request, space4, proteins) -> SearchSpace:
        made = {"nasbench101": lambda: space4, "nas-bench-graph": lambda: proteins}
        return (made | {"nasbench201": NASBench201, "darts": DARTS})[request.param]()

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(ReMAADE, settings=VARIANTS["maade"])


class TestVariants(StrategyConformance):
    rounds = 6

    @pytest.fixture
    @classmethod
    def space(cls, space4) -> SearchSpace:
        return space4

    @pytest.fixture(params=[name for name in VARIANTS if name != "maade"])
    @classmethod
    def factory(cls, request) -> StrategyFactory:
        return partial(ReMAADE, settings=VARIANTS[request.param])


def search(space, settings, queries, trials=8):
    """Mean reward of the first and the last tenth of the queries."""
    strategy = ReMAADE(Trials(space, trials, np.random.default_rng(0)), settings)
    estimator, seen = MadeUpEstimator(space), []
    while sum(map(len, seen)) < queries:
        codes_TNL = strategy.ask(100)
        rewards = estimator.evaluate(codes_TNL.reshape(-1, codes_TNL.shape[2])).reward_B.reshape(
            codes_TNL.shape[:2]
        )
        strategy.tell(codes_TNL, rewards)
        seen.append(rewards.mean(axis=0))
    rewards_Q = np.concatenate(seen)
    tenth = len(rewards_Q) // 10
    return rewards_Q[:tenth].mean(), rewards_Q[-tenth:].mean()


@pytest.mark.parametrize("policy", ["maade", "made", "nade", "lstm", "independent"])
def test_it_learns(space4, policy):
    settings = RemaadeSettings(policy=policy, width=12, batch=20, learning_rate=0.05)
    first, last = search(space4, settings, 800)
    assert last > first + 3


def test_strings_that_name_no_architecture_cost_no_query(space4):
    strategy = ReMAADE(Trials(space4, 50, np.random.default_rng(0)))
    codes_TNL = strategy.ask(30)
    assert codes_TNL.shape == (50, 30, 1)
    assert (codes_TNL >= 0).all()
    np.testing.assert_array_equal(
        space4.from_choices(strategy.choices_TBN.reshape(-1, len(space4.choices)).astype(np.int32)),
        codes_TNL.reshape(-1, 1),
    )


def test_a_policy_that_draws_invalid_strings_alone_is_shown_valid_ones(space4):
    strategy = ReMAADE(
        Trials(space4, 2, np.random.default_rng(0)), RemaadeSettings(policy="independent", batch=4)
    )
    edges = sum(size == 2 for size in space4.choices)
    strategy.learner.weights["density_bias"].data[:, :edges, 0] = 1e6  # no edge at all
    codes_TNL = strategy.ask(4)
    assert (codes_TNL >= 0).all()


def test_orders():
    space = NASBench201()
    trials = Trials(space, 6, np.random.default_rng(0))
    one = ReMAADE(trials, RemaadeSettings(orders=1))
    one.ask(1)
    assert (one.position_TBN == np.arange(6)).all()
    some = ReMAADE(trials, RemaadeSettings(orders=3))
    some.ask(1)
    for position_BN in some.position_TBN:
        assert 1 < len({tuple(order) for order in position_BN}) <= 3
    every = ReMAADE(trials, RemaadeSettings(orders=0))
    every.ask(1)
    assert len({tuple(order) for order in every.position_TBN.reshape(-1, 6)}) > 100


def test_a_space_of_one_decision_with_one_value(space4):
    class Lonely:
        """A space of one architecture."""

        name, code_length, choices = "lonely", 1, (1,)

        def from_choices(self, choices_BC):
            return choices_BC

        to_choices = from_choices

        def sample(self, rng, n):
            return np.zeros((n, 1), np.int32)

    strategy = ReMAADE(Trials(Lonely(), 2, np.random.default_rng(0)), RemaadeSettings(batch=2))
    for _ in range(3):
        codes_TNL = strategy.ask(2)
        assert (codes_TNL == 0).all()
        strategy.tell(codes_TNL, np.full((2, 2), 50.0))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"policy": "mad"}, "made"),
        ({"objective": "pp"}, "ppo"),
        ({"optimiser": "adm"}, "adam"),
        ({"batch": 0}, "batch"),
        ({"blocks": 0}, "blocks"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"orders": -1}, "orders must be at least 0"),
        ({"baseline_momentum": 1.0}, "below 1"),
        ({"entropy": -0.1}, "entropy"),
    ],
)
def test_impossible_settings_are_refused(wrong, words):
    with pytest.raises(UsageError, match=words):
        RemaadeSettings(**wrong)


def test_presets_are_the_papers():
    short, medium = (
        make_settings(RemaadeSettings, load_preset(f"krishna2020-{name}")) for name in ("short", "medium")
    )
    assert (short.learning_rate, short.width, short.orders, short.batch, short.blocks) == (1e-2, 36, 1, 30, 1)
    assert (medium.learning_rate, medium.width, medium.orders, medium.batch) == (1e-3, 45, 4, 64)
    assert (short.objective, medium.objective, medium.entropy) == ("reinforce", "ppo", 0)


def test_parameter_counts_of_table_2():
    choices = (2,) * 21 + (3,) * 5
    counts = {
        name: parameter_counts(name, choices, 36)["context"] for name in ("maade", "nade", "made", "lstm")
    }
    d, n = 36, 26
    assert counts == {
        "maade": 4 * d * d + 3 * d,
        "lstm": 8 * d * d + 4 * d,
        "nade": n * d * d + d,
        "made": n * n * d * d + n * d,
    }
