"""Cassimon et al.'s agent in other places: the same bits in processes and on Ray."""

from dataclasses import replace

import pytest
from apex_cases import SMALL, assert_same, rounds, through_a_file, train

from archwalk.agents.apex import ApexTrainer
from archwalk.learning.engines import WorkerLostError, make_engine


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
    """And ends with an actor that is killed."""
    pytest.importorskip("ray")
    trainer, expected = whole
    with make_engine("ray", workers=1) as engine:
        remote = ApexTrainer(tiny, SMALL, seed=0, engine=engine)
        assert list(remote.run()) == expected
        assert_same(remote, trainer)
        engine.ray.kill(remote.actors.workers[0].actor)
        remote.settings = replace(SMALL, steps=480)
        with pytest.raises(WorkerLostError, match="worker 'actor 0' is lost"):
            list(remote.run())
