"""Every agent that is trained, on tables in which scores are missing or infinite."""

from dataclasses import replace

import apex_cases
import numpy as np
import pytest
import torch

from archwalk.agents.climber.settings import ClimberSettings
from archwalk.agents.climber.trainer import ClimberTrainer
from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.dqn.trainer import DQNTrainer
from archwalk.agents.planner.settings import PlannerSettings
from archwalk.agents.planner.trainer import PlannerTrainer
from archwalk.errors import DataError
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.training import train_agent

DQN = DQNSettings(
    steps=400, environments=8, neighbours=6, episode_limit=5, capacity=200, learning_starts=50, batch=16,
    calibration=20, width=8, heads=2,
)  # fmt: skip
MODEL = {
    "evaluations": 40, "initial": 20, "round": 10, "members": 2, "model_batch": 8, "first_updates": 10, "updates": 5,
    "last_updates": 5, "width": 8, "distil_updates": 5, "distil_batch": 16,
}  # fmt: skip
TRAINED = {
    "dqn": lambda gaps: DQNTrainer(gaps, DQN, 0),
    "dqn of differences": lambda gaps: DQNTrainer(gaps, replace(DQN, pay="difference"), 0),
    "apex": lambda gaps: apex_cases.ApexTrainer(gaps, apex_cases.SMALL, 0),
    "planner": lambda gaps: PlannerTrainer(gaps, PlannerSettings(**MODEL), 0),
    "climber": lambda gaps: ClimberTrainer(gaps, ClimberSettings(**MODEL), 0),
}


def with_gaps(benchmark, number, value):
    """The benchmark with so many of its rewards and reports replaced."""
    rows = np.random.default_rng(0).permutation(benchmark.space.size)[:number]
    reward_N, report_N = benchmark.estimator.reward_N.copy(), benchmark.estimator.report_N.copy()
    reward_N[rows] = report_N[rows] = value
    return replace(benchmark, estimator=TableEstimator(accuracies(), reward_N, report_N))


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(("number", "value"), [(40, np.nan), (1, np.inf), (40, -np.inf)])
def test_what_has_no_score_is_the_worst_there_is(tiny, name, number, value):
    trainer = TRAINED[name](with_gaps(tiny, number, value))
    losses = [row[key] for row in trainer.run() for key in row if key.startswith("losses/")]
    assert losses
    assert np.isfinite(losses).all()
    for weights in trainer.network.state_dict().values():
        assert torch.isfinite(weights).all()
    scored = trainer.ledger.unique - trainer.ledger.unscored
    assert 0 < scored <= tiny.space.size - number if number > 1 else trainer.ledger.unscored <= 1


def test_what_has_no_score_is_counted_in_what_training_cost(tiny, tmp_path):
    settings = PlannerSettings(**MODEL | {"evaluations": 91})
    run = train_agent(with_gaps(tiny, 40, np.nan), "planner", settings, seed=0, out=tmp_path / "run")
    paid = run.agent(tiny.space).paid
    assert (paid.unique, paid.unscored) == (91, 40)


def test_no_score_at_all_is_said(tiny):
    with pytest.raises(DataError, match="tiny has no score for any of 20 sampled architectures"):
        DQNTrainer(with_gaps(tiny, 91, np.nan), DQN, 0)
