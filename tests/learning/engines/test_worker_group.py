"""Worker groups, in this process: a worker that exits is lost there as elsewhere."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from archwalk.errors import ArchwalkError
from archwalk.learning.engines.local import LocalEngine
from archwalk.learning.engines.worker_group import WorkerGroup


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
    return made.results(made.submit_all("say"))


def test_seeds_follow_from_seed_key_and_index() -> None:
    said = say(group())
    assert [index for index, _ in said] == [0, 1, 2]
    assert len({seed for _, seed in said}) == 3
    assert say(group(5))[:3] == said
    assert not {*say(group(seed=1)), *say(group(key=2))} & {*said}


def test_a_lost_worker_is_replaced_once_however_many_calls_it_had() -> None:
    made = group()
    before = say(made)
    calls = [made.submit(1, method) for method in ("say", "leave", "say", "say")]
    assert made.results(calls) == [before[1], None, None, None]
    assert made.lost == 1
    after = say(made)
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1][0] == 1
    assert after[1] != before[1]


def test_a_state_remembers_the_generations() -> None:
    made, same = group(), group()
    for _ in range(2):
        made.result(made.submit(1, "leave"))
    same.load_state_dict(made.state_dict())
    assert say(same) == say(made)
    assert (same.lost, same.generations) == (2, [0, 2, 0])
    for one in (made, same):
        one.result(one.submit(1, "say"))
        one.result(one.submit(1, "leave"))
    assert say(same) == say(made), "the next one has the same seed too"


def test_one_that_is_lost_again_and_again() -> None:
    made = group()
    for _ in range(2):
        made.result(made.submit(0, "leave"))
    assert say(made)[0][0] == 0, "an answer in between, and it counts anew"
    for _ in range(2):
        made.result(made.submit(0, "leave"))
    with pytest.raises(ArchwalkError, match="member 0 was lost 3 times in a row without an answer"):
        made.result(made.submit(0, "leave"))


def test_state_of_a_group_with_a_worker_that_was_lost_unseen() -> None:
    made = group()
    made.submit(2, "leave")
    state = made.state_dict()
    assert state["lost"] == 1
    assert [its["said"][0] for its in state["workers"]] == [0, 1, 2]
