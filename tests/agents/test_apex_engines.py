"""Cassimon et al.'s agent in other places: the same bits in processes and on Ray, and workers that are killed under
way.
"""

import os
import signal
from dataclasses import replace

import pytest
from apex_cases import SMALL, assert_same, rounds, through_a_file, train

from archwalk.agents.apex import ApexTrainer
from archwalk.learning.engines import make_engine


@pytest.fixture(scope="module")
def whole(tiny):
    return train(tiny)


def test_processes_give_the_same_bits(tiny, whole, tmp_path):
    """The first rounds in this process, some in others, the rest in this one again."""
    trainer, expected = whole
    first = ApexTrainer(tiny, SMALL, seed=0)
    metrics = rounds(first, 2)
    with make_engine("processes") as engine:
        second = ApexTrainer(tiny, SMALL, seed=0, engine=engine)
        second.load_state_dict(through_a_file(first, tmp_path / "first"))
        metrics += rounds(second, 5)
        state = through_a_file(second, tmp_path / "second")
    third = ApexTrainer(tiny, SMALL, seed=0)
    third.load_state_dict(state)
    assert metrics + list(third.run()) == expected
    assert_same(third, trainer)


def test_ray_gives_the_same_bits(tiny, whole):
    """And goes on without an actor and a shard that are killed after the last round but one."""
    pytest.importorskip("ray")
    trainer, expected = whole
    with make_engine("ray", workers=1) as engine:
        remote = ApexTrainer(tiny, SMALL, seed=0, engine=engine)
        assert list(remote.run()) == expected
        assert_same(remote, trainer)
        for group, index in ((remote.actors, 0), (remote.shards, 1)):
            engine.ray.kill(group.workers[index].actor)
        remote.settings = replace(SMALL, steps=480)
        metrics = list(remote.run())
        assert metrics[-1]["charts/lost"] == 2
        assert remote.steps == 480 + 20
        assert remote.learner.updates == remote.settings.updates_after(remote.steps)


def test_an_actor_and_a_shard_are_killed_under_way(tiny, caplog):
    """Amid a round, as the system kills; training goes on to its end, and its state is whole."""
    with make_engine("processes") as engine:
        trainer = ApexTrainer(tiny, replace(SMALL, steps=600), seed=0, engine=engine)
        rounds(trainer, 4)
        learn = trainer._learn

        def kill_and_learn():
            for group, index in ((trainer.actors, 0), (trainer.shards, 1)):
                os.kill(group.workers[index].process.pid, signal.SIGKILL)
            trainer._learn = learn
            return learn()

        trainer._learn = kill_and_learn
        metrics = list(trainer.run())
        assert metrics[-1]["charts/lost"] == 2
        assert len(caplog.records) == 2
        assert trainer.actors.generations == [1, 0]
        assert trainer.shards.generations == [0, 1]
        assert trainer.steps >= 600
        assert trainer.learner.updates == trainer.settings.updates_after(trainer.steps)
        state = trainer.state_dict()
    again = ApexTrainer(tiny, SMALL, seed=0)
    again.load_state_dict(state)
    assert again.actors.lost + again.shards.lost == 2
    assert_same(again, trainer)
