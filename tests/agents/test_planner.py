import numpy as np
import pytest

from archwalk.agents.planner import trainer as module
from archwalk.agents.planner.settings import PlannerSettings
from archwalk.agents.planner.trainer import PlannerTrainer
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.darts.space import DARTS
from model_based import smooth_benchmark


@pytest.fixture(scope="module")
def trainer(space4):
    """Evaluates all it can."""
    settings = PlannerSettings(
        evaluations=500, initial=16, round=20, members=2, model_batch=16, first_updates=40, updates=20, width=16,
        last_updates=30, distil_updates=10, distil_batch=64,
    )  # fmt: skip
    trained = PlannerTrainer(smooth_benchmark(space4), settings, seed=0)
    for _ in trained.run():
        pass
    return trained


def test_evaluating_everything_once_is_the_most_it_does(trainer):
    assert sorted(trainer.model.codes_EL[:, 0]) == list(range(91))
    assert trainer.done == trainer.total == 91 + 10


def test_the_plan_is_the_optimum_for_what_the_network_believes(trainer):
    """Bellman's equation, with a price of one for each step."""
    stop_N, value_N, graph = trainer.stop_values(), trainer.plan(), trainer.space.graph
    for s in range(trainer.space.size):
        targets = graph.targets_E[graph.offsets[s] : graph.offsets[s + 1]]
        assert value_N[s] == max(stop_N[s], value_N[targets].max() - 1)
    assert stop_N.max() == pytest.approx(0, abs=1e-2)
    assert (value_N > stop_N).mean() > 0.5


def test_between_looks_at_the_whole_space_a_shortlist_is_asked(space5, monkeypatch):
    """Of 2,532 cells: few, with the neighbours of what was evaluated since, and what is picked is among them."""
    monkeypatch.setattr(module, "_SMALL", 1000)
    monkeypatch.setattr(module, "_SHORT", 50)
    settings = PlannerSettings(
        evaluations=120, initial=20, round=10, random=0.0, members=2, first_updates=20, updates=5, width=8,
        last_updates=0, distil_updates=1,
    )  # fmt: skip
    trainer = PlannerTrainer(smooth_benchmark(space5), settings, seed=0)
    asked, evaluated = [], []
    for _ in trainer.run():
        if trainer.distiller.done:
            break
        asked.append(trainer._looked_at())
        evaluated.append(len(trainer.model))
    assert [len(ids) == space5.size for ids in asked] == [i % 5 == 0 for i in range(len(asked))]
    assert all(len(ids) < 1000 for i, ids in enumerate(asked) if i % 5)
    since_EL = trainer.model.codes_EL[evaluated[0] : evaluated[1]]
    assert set(space5.neighbours(since_EL).codes_EL[:, 0]) <= set(asked[1])
    picked = trainer.model.codes_EL[evaluated[1] : evaluated[2], 0]
    assert len(np.intersect1d(picked, asked[1])) >= len(picked) - 1  # one is sampled


def test_a_space_that_cannot_be_enumerated_is_refused():
    nothing = TableEstimator(accuracies(), np.zeros(1), np.zeros(1))
    with pytest.raises(
        UsageError, match="needs a space that can be enumerated; darts cannot, but climber can"
    ):
        PlannerTrainer(Benchmark("made-up", DARTS(), nothing, {}), PlannerSettings(), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"random": 0.6, "optimism": 0.6}, "random and optimism are shares"),
        ({"optimism": -0.1}, "optimism must be between 0 and 1"),
        ({"step_price": 0.0}, "step_price must be above 0"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(UsageError, match=message):
        PlannerSettings(**changes)
