"""Training further from what another agent has learned on another task."""

import json

import pytest
import torch

from archwalk.agents.dqn.settings import DQNSettings
from archwalk.agents.dqn.trainer import DQNTrainer
from archwalk.agents.planner.settings import PlannerSettings
from archwalk.agents.planner.trainer import PlannerTrainer
from archwalk.agents.saving import load_agent
from archwalk.cli.main import main
from archwalk.errors import UsageError
from archwalk.experiments.runs import SOURCE, RunFolder
from archwalk.experiments.training import resume_training, train_agent
from transfer_cases import task

SETTINGS = DQNSettings(
    steps=80, environments=8, neighbours=8, episode_limit=5, calibration=16, capacity=100, learning_starts=20,
    batch=16, target_every=7, width=8, heads=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def tasks(space4):
    return [task(space4, number) for number in range(2)]


@pytest.fixture(scope="module")
def source(tasks, tmp_path_factory):
    return train_agent(tasks[0], "dqn", SETTINGS, seed=0, out=tmp_path_factory.mktemp("source"))


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def weights(agent):
    return {name: tensor.clone() for name, tensor in agent.network.state_dict().items()}


def test_it_begins_with_the_weights_of_the_source_and_learns_on(tasks, source):
    learned = source.agent(tasks[0].space)
    trainer = DQNTrainer(tasks[1], SETTINGS, 1)
    trainer.begin_from(learned)
    assert_same(weights(trainer.agent()), weights(learned))
    assert_same(dict(trainer.learner.target.state_dict()), weights(learned))
    for _ in trainer.run():
        pass
    assert any(not torch.equal(weights(trainer.agent())[name], one) for name, one in weights(learned).items())


def test_a_planner_goes_on_in_the_unit_of_the_new_task(tasks):
    settings = PlannerSettings(
        evaluations=20, initial=10, round=5, members=2, first_updates=5, updates=5, last_updates=0, width=8,
        distil_updates=5, distil_batch=16,
    )  # fmt: skip
    trainers = [PlannerTrainer(one, settings, 0) for one in tasks]
    for _ in trainers[0].run():
        pass
    trainers[1].begin_from(trainers[0].agent())
    begun = weights(trainers[1].agent())
    learned = weights(trainers[0].agent()) | {"stop.scale": torch.ones(()), "stop.offset": torch.zeros(())}
    assert_same(begun, learned)


def test_the_run_says_what_it_was_trained_from_and_both_are_paid(tasks, source, tmp_path):
    run = train_agent(tasks[1], "dqn", SETTINGS, seed=1, out=tmp_path / "run", source=source.path)
    before = source.agent(tasks[0].space).paid
    told = run.config().source
    objective = tasks[0].objective.name
    assert (told.path, told.benchmark, told.seed) == (str(source.path), f"task-0:{objective}", 0)
    assert (told.queries, told.unique, told.seconds) == (before.queries, before.unique, before.seconds)
    paid = run.agent(tasks[1].space).paid
    assert paid.queries == before.queries + run.metrics()[-1]["queries"]
    assert paid.unique == before.unique + run.metrics()[-1]["unique"]
    assert_same(weights(load_agent(run.path / SOURCE, tasks[0].space)), weights(source.agent(tasks[0].space)))


def test_killed_before_a_checkpoint_it_begins_from_the_source_again(tasks, source, tmp_path):
    def stop(step, total, metrics):
        raise RuntimeError("killed")

    whole = train_agent(tasks[1], "dqn", SETTINGS, seed=1, out=tmp_path / "whole", source=source.path)
    with pytest.raises(RuntimeError):
        train_agent(
            tasks[1], "dqn", SETTINGS, seed=1, out=tmp_path / "run", source=source.path, progress=stop
        )
    run = resume_training(tmp_path / "run", benchmark=tasks[1])
    space = tasks[1].space
    assert_same(weights(run.agent(space)), weights(whole.agent(space)))
    assert run.agent(space).paid.queries == whole.agent(space).paid.queries


def test_what_does_not_fit_is_refused_and_leaves_nothing(tasks, source, tmp_path):
    other = DQNSettings(**{**vars(SETTINGS), "width": 16})
    for strategy, settings, message in (
        ("dqn", other, "width 8, not 16; train with the settings"),
        ("climber", {"evaluations": 20, "initial": 10}, "climber always begins anew"),
        ("planner", {"evaluations": 20, "initial": 10}, "planner goes on from what planner has learned"),
    ):
        with pytest.raises(UsageError, match=message):
            train_agent(tasks[1], strategy, settings, seed=0, out=tmp_path / "run", source=source.path)
        assert not RunFolder(tmp_path / "run").finished
        assert not (tmp_path / "run").exists()


def test_the_command(tmp_path, capsys):
    sets = [
        f"--set={name}={value}"
        for name, value in vars(SETTINGS).items()
        if name != "steps" and value is not None
    ]
    call = ["train", "dqn", "--steps", "40", *sets, "--json"]
    assert main([*call, "--benchmark", "chain-digits", "--out", str(tmp_path / "a")]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["from"] is None
    further = [
        *call,
        "--benchmark",
        "chain-mnist5k",
        "--from",
        str(tmp_path / "a"),
        "--out",
        str(tmp_path / "b"),
    ]
    assert main(further) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["from"]["queries"] == first["training_queries"] < told["training_queries"]
    assert main(["train", "--resume", "--out", str(tmp_path / "b"), "--from", str(tmp_path / "a")]) == 2
