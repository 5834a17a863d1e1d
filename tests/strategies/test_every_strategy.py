"""Every strategy that needs no training, by its name, on a tiny instance of every space: what a user can type works."""

from functools import partial

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.estimators.ledger import QueryLedger
from archwalk.experiments.presets import default_preset
from archwalk.experiments.running import run_trials
from archwalk.experiments.settings import make_settings
from archwalk.spaces.catalogue import SPACES
from archwalk.spaces.convnet import ConvNet
from archwalk.spaces.darts.space import DARTS
from archwalk.spaces.declared import read_space
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.spaces.nsc.chain import Chain
from archwalk.spaces.nsc.space import NSC
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import STRATEGIES
from archwalk.testing.strategies import MadeUpEstimator
from declared_cases import large, small_file

TINY = {
    "alphax": ["retrain=3", "rollouts=2"],
    "weaknas": ["initial=4", "round=4", "epochs=5", "width=8", "pool=20"],
    "bananas": ["initial=4", "round=4", "epochs=5", "candidates=20"],
    "graph-gp": ["initial=4"],
    "nasbot": ["initial=4", "candidates=10", "offspring=5"],
    "meta-a2c": ["width=8", "n_step=3"],
    "naswot": ["candidates=2", "channels=4", "batch=4", "resolution=8"],
    "zero-cost": ["candidates=2", "channels=4", "batch=4", "resolution=8"],
    "regularized-evolution": ["population=5", "sample=3"],
    "remaade": ["batch=5", "width=8"],
}
"""Settings with which a few queries are enough for all that a strategy does."""

BUILT = {"nsc", "nsc-chain", "chain"}
IMAGES = {"nasbench101", "nasbench201", "darts", "convnet", *BUILT}
ATARI = ("policy-cnn-1", "policy-cnn-2", "policy-cnn-large")
SLOW = {("naswot", name) for name in ATARI} | {("zero-cost", name) for name in (*ATARI, "convnet")}
"""Networks that take a second each; MinAtar's are scored by proxies too."""

AGENTS = {name for name in SPACES.names() if name.startswith("policy-cnn-")}
GRAPHS = {*SPACES.names()} - {"convnet"}
SHARING: set[str] = set()  # a space alone has no game to share weights on
SOURCES: set[str] = set()  # nor source tasks
ONLY = {
    "naswot": IMAGES, "zero-cost": IMAGES | AGENTS, "random-construction": BUILT, "meta-a2c": BUILT, "nasbot": GRAPHS,
    "enas": SHARING, "spos": SHARING, "mean-rank": SOURCES, "rgpe": SOURCES,
}  # fmt: skip
"""Where a strategy works, if not everywhere."""

QUERIES, TRIALS = 11, 2


DECLARED = {"declared-small", "declared-large"}


@pytest.fixture(scope="module", params=[*SPACES.names(), *sorted(DECLARED)])
def named_space(request, space4, proteins, tmp_path_factory):
    made = {
        "convnet": ConvNet,
        "nasbench101": lambda: space4, "nas-bench-graph": lambda: proteins, "nasbench201": NASBench201, "darts": DARTS,
        "nsc": partial(NSC, 3), "nsc-chain": partial(NSC, 3, "chain"), "chain": partial(Chain, 2),
        "declared-small": lambda: read_space(small_file(tmp_path_factory.mktemp("declared"))), "declared-large": large,
        **{name: SPACES.load(name) for name in SPACES.names() if name.startswith("policy-cnn-")},
    }  # fmt: skip
    assert made.keys() == {*SPACES.names(), *DECLARED}
    return request.param, made[request.param]()


def run(name, space):
    factory = STRATEGIES.load(name)
    if settings_class := getattr(factory, "settings_class", None):
        settings = make_settings(settings_class, default_preset(name, "made-up"), TINY.get(name, []))
        factory = partial(factory, settings=settings)
    strategy = factory(Trials(space, TRIALS, np.random.default_rng(0)))
    return run_trials(MadeUpEstimator(space), strategy, QUERIES)


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_search_uses_its_budget_on_valid_architectures(name, named_space):
    space_name, space = named_space
    if (name, space_name) in SLOW:
        return  # its networks are large
    if space_name not in ONLY.get(name, {space_name}):
        with pytest.raises(UsageError, match=r"nsc|nasbench101|NAS-Bench-101|chain|image|policy:|the proxy"):
            run(name, space)
        return
    ledger = run(name, space)
    assert isinstance(ledger, QueryLedger)
    codes_BL = ledger.codes_TQL.reshape(-1, space.code_length)
    assert ledger.codes_TQL.shape[:2] == (TRIALS, QUERIES)
    np.testing.assert_array_equal(space.from_choices(space.to_choices(codes_BL)), codes_BL)
    assert np.isfinite(ledger.curves().report_TQ).all()
