"""BANANAS, NASBOT, AlphaX and NASWOT: the contract, on small settings, and runs on every kind of space."""

from functools import partial

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.experiments.presets import default_preset
from archwalk.experiments.running import run_trials
from archwalk.experiments.settings import make_settings
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts import DARTS
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench_graph import NASBenchGraph
from archwalk.strategies.alphax import AlphaX, AlphaXSettings
from archwalk.strategies.bananas import Bananas, BananasSettings
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import STRATEGIES, StrategyFactory
from archwalk.strategies.nasbot import Nasbot, NasbotSettings
from archwalk.strategies.weaknas import WeakNAS, WeakNASSettings
from archwalk.strategies.zero_cost import Naswot, NaswotSettings
from archwalk.testing.strategies import MadeUpEstimator, StrategyConformance

SMALL_BANANAS = BananasSettings(
    initial=4, round=3, candidates=12, members=3, layers=3, width=8, epochs=3, batch=8
)
SMALL = {
    "bananas": partial(Bananas, settings=SMALL_BANANAS),
    "weaknas": partial(
        WeakNAS, settings=WeakNASSettings(initial=4, round=3, top=6, layers=2, width=8, epochs=3, pool=12)
    ),
    "nasbot": partial(Nasbot, settings=NasbotSettings(initial=4, candidates=8, generations=1, offspring=4)),
    "alphax": partial(AlphaX, settings=AlphaXSettings(rollouts=3, retrain=5, width=8, epochs=2)),
    "naswot": partial(
        Naswot, settings=NaswotSettings(candidates=2, channels=4, cells=1, batch=4, resolution=8)
    ),
}
NAMES = tuple(SMALL)


class OnSmallCells(StrategyConformance):
    rounds = 10

    @pytest.fixture
    @classmethod
    def space(cls, space4) -> SearchSpace:
        return space4


class TestBananas(OnSmallCells):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return SMALL["bananas"]


class TestWeakNAS(OnSmallCells):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return SMALL["weaknas"]


class TestNasbot(OnSmallCells):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return SMALL["nasbot"]


class TestAlphaX(OnSmallCells):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return SMALL["alphax"]


class TestNaswot(OnSmallCells):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return SMALL["naswot"]


@pytest.mark.parametrize(
    "space", [NASBench101(), NASBench201(), NASBenchGraph(), DARTS()], ids=lambda space: space.name
)
@pytest.mark.parametrize("name", NAMES)
def test_every_space_is_searched(name, space):
    trials = Trials(space, 2, np.random.default_rng(0))
    if name == "naswot" and space.name == "nas-bench-graph":
        with pytest.raises(
            UsageError, match="the proxy naswot needs a space that has networks that read images"
        ):
            SMALL[name](trials)
        return
    budget = 4 if name == "naswot" else 14
    ledger = run_trials(MadeUpEstimator(space), SMALL[name](trials), budget)
    assert ledger.codes_TQL.shape[:2] == (2, budget)
    if name != "naswot":
        assert (ledger.unique_T() >= 13).all()  # a start may come twice


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("vertices", [2, 3])
def test_a_space_that_was_searched_through_goes_on(name, vertices):
    """Of 1 and of 7 cells."""
    space = NASBench101(max_vertices=vertices)
    ledger = run_trials(MadeUpEstimator(space), SMALL[name](Trials(space, 2, np.random.default_rng(0))), 25)
    assert ledger.queries == 25
    assert (ledger.unique_T() > space.size / 2).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_default_preset_is_that_of_the_paper(name):
    preset = default_preset(name, "nasbench101")
    assert preset.citation
    factory = STRATEGIES.load(name)
    assert make_settings(factory.settings_class, preset) == factory.settings_class()


@pytest.mark.parametrize("name", ["bananas", "nasbot", "weaknas"])
def test_models_find_what_random_search_does_not(name, space5):
    """On accuracies that follow from the features, after few evaluations of many."""
    estimator = MadeUpEstimator(space5)
    everything_B = estimator.evaluate(np.arange(space5.size, dtype=np.int32)[:, None]).reward_B
    settings = {"bananas": BananasSettings(epochs=40, layers=3), "weaknas": WeakNASSettings(initial=20)}
    strategy = STRATEGIES.load(name)(Trials(space5, 2, np.random.default_rng(0)), settings.get(name))
    best_T = run_trials(estimator, strategy, 60).curves().reward_TQ[:, -1]
    assert (everything_B[:, None] > best_T).mean() < 0.005


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (partial(BananasSettings, loss="mse"), "unknown loss 'mse'"),
        (partial(BananasSettings, encoding="paths"), "did you mean 'path'"),
        (partial(BananasSettings, candidates=0), "candidates must be at least 1"),
        (partial(BananasSettings, learning_rate=0.0), "learning_rate must be above 0"),
        (partial(NasbotSettings, acquisition="eii"), "did you mean 'ei'"),
        (partial(NasbotSettings, generations=-1), "generations must be at least 0"),
        (partial(AlphaXSettings, exploration=-1.0), "exploration must be at least 0"),
        (partial(AlphaXSettings, rollouts=-1), "rollouts must be at least 0"),
        (partial(NaswotSettings, batch=1), "batch must be at least 2"),
        (partial(NaswotSettings, resolution=4), "resolution must be at least 8"),
    ],
)
def test_misuse_is_said_in_one_line(settings, says):
    with pytest.raises(UsageError, match=says):
        settings()


def test_nasbot_says_which_spaces_it_knows(space4):
    class Plain:
        name = "plain"

        def __getattr__(self, name):
            if name.startswith(("dag", "__")):
                raise AttributeError(name)
            return getattr(space4, name)

    with pytest.raises(UsageError, match="which plain does not"):
        Nasbot(Trials(Plain(), 1, np.random.default_rng(0)))
    bananas = Bananas(Trials(Plain(), 1, np.random.default_rng(0)), SMALL_BANANAS)  # sees features instead
    assert run_trials(MadeUpEstimator(space4), bananas, 9).queries == 9
