"""Worker groups, in this process: a worker that exits is lost there as elsewhere."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from archwalk.learning.engines import WorkerLostError
from archwalk.learning.engines.local import LocalEngine
from archwalk.learning.engines.worker_group import WorkerGroup, results


class Member:
    """Says who it is, or leaves."""

    def __init__(self, index: int, seed: np.random.SeedSequence) -> None:
        self.said = (index, int(seed.generate_state(1)[0]))

    def say(self) -> tuple[int, int]:
        return self.said

    def leave(self) -> None:
        raise SystemExit

    def state_dict(self) -> dict[str, object]:
        return {"said": list(self.said)}

    def load_state_dict(self, state: dict[str, tuple[int, int]]) -> None:
        self.said = (state["said"][0], state["said"][1])


def make(index: int, seed: np.random.SeedSequence) -> Callable[[], object]:
    return partial(Member, index, seed)


def group(count: int = 3, seed: int = 0, key: int = 1) -> WorkerGroup:
    return WorkerGroup(LocalEngine(), "member", count, make, seed=seed, key=key)


def say(made: WorkerGroup) -> list[tuple[int, int]]:
    return results(made.submit_all("say"))


def test_seeds_follow_from_seed_key_and_index() -> None:
    said = say(group())
    assert [index for index, _ in said] == [0, 1, 2]
    assert len({seed for _, seed in said}) == 3
    assert say(group(5))[:3] == said
    assert not {*say(group(seed=1)), *say(group(key=2))} & {*said}


def test_a_state_is_that_of_all_workers() -> None:
    made, same = group(), group(seed=1)
    same.load_state_dict(made.state_dict())
    assert say(same) == say(made)
    with pytest.raises(ValueError, match="shorter"):
        group(4).load_state_dict(made.state_dict())


def test_a_worker_that_is_lost_ends_the_work_of_the_group() -> None:
    made = group()
    calls = [made.submit(1, method) for method in ("say", "leave", "say")]
    assert calls[0].result() == say(group())[1]
    for broken in (lambda: results(calls), lambda: say(made), made.state_dict):
        with pytest.raises(WorkerLostError, match="worker 'member 1' is lost"):
            broken()
