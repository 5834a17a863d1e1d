import math
import signal
import sqlite3
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import archwalk
from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.spaces.catalogue import load_space

SPACE = "chain"


def worth(architecture):
    return float(np.random.default_rng(int(architecture.code_L[0])).uniform(50, 90))


def run(study, evaluations):
    for _ in range(evaluations):
        architecture = study.ask()
        study.tell(architecture, worth(architecture), report=1.0)


def told(study):
    return [(one.architecture.code_L.tolist(), one.reward) for one in study.evaluations]


@pytest.mark.parametrize("strategy", ["regularized-evolution", "local-search", "graph-gp", "random-search"])
def test_a_study_goes_on_from_its_file_to_the_bit(tmp_path, strategy):
    whole = archwalk.study(SPACE, strategy, seed=3)
    run(whole, 24)
    path = tmp_path / "a.study"
    run(archwalk.study(SPACE, strategy, path, seed=3), 13)
    again = archwalk.study(SPACE, strategy, path, seed=3)
    run(again, 11)
    assert told(again) == told(whole)
    assert again.best.reward == max(reward for _, reward in told(whole))


def test_until_it_is_told_an_architecture_is_asked_for_again(tmp_path):
    study = archwalk.study(SPACE, "random-search", tmp_path / "a.study")
    first = study.ask()
    assert study.ask() == first
    study.tell(first.description, 1.0)
    assert study.ask() != first


def test_a_batch_may_be_told_in_any_order_and_be_gone_on_with(tmp_path):
    study = archwalk.study(SPACE, "random-search", tmp_path / "a.study")
    batch = study.ask(5)
    assert len(batch) == 5
    study.tell(batch[3], 7.0)
    again = archwalk.study(SPACE, "random-search", tmp_path / "a.study")
    assert again.ask(5) == [batch[i] for i in (0, 1, 2, 4)]
    for architecture in again.ask(5):
        again.tell(architecture, worth(architecture))
    assert len(again) == 5
    assert again.evaluations[3].reward == 7.0


def test_lower_may_be_better():
    study = archwalk.study(SPACE, "regularized-evolution", higher_is_better=False)
    run(study, 60)
    assert study.best.reward == min(reward for _, reward in told(study))
    late = np.mean([reward for _, reward in told(study)[30:]])
    assert study.best.reward < late


def test_what_cannot_be_evaluated_is_never_the_best():
    study = archwalk.study(SPACE, "regularized-evolution")
    study.tell(study.ask(), math.nan)
    assert study.best is None
    run(study, 5)
    assert not math.isnan(study.best.reward)


def test_wrong_answers_are_refused(tmp_path):
    study = archwalk.study(SPACE, "random-search", tmp_path / "a.study")
    asked = study.ask()
    other = next(one for one in asked.neighbours() if one != asked)
    with pytest.raises(UsageError, match="ask"):
        study.tell(other, 1.0)
    for reward in ("good", math.inf, None):
        with pytest.raises(UsageError, match="a reward is a number"):
            study.tell(asked, reward)
    with pytest.raises(UsageError, match="seed 0 there, 1 here"):
        archwalk.study(SPACE, "random-search", tmp_path / "a.study", seed=1)
    (tmp_path / "b.study").write_text("no study at all" * 100)
    with pytest.raises(DataError, match=r"b\.study"):
        archwalk.study(SPACE, "random-search", tmp_path / "b.study")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    return str(tmp_path / "a.study") if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def test_several_may_ask_and_tell_at_once(place):
    """Nothing is given to two, what one tells the other knows, and both go on to the bits of one."""
    one, two = (archwalk.study(SPACE, "random-search", place) for _ in range(2))
    two._owner = "another process"
    first, second = one.ask(3), two.ask(2)
    assert len(first) == 3
    assert second == [], "a strategy is asked again when all were told"
    with pytest.raises(ArchwalkError, match="other processes are evaluating"):
        two.ask()
    for architecture in first:
        two.tell(architecture, worth(architecture))
    assert told(one) == told(two)
    with pytest.raises(UsageError, match="not told yet"):
        one.tell(first[0], 3.0)
    taken = two.ask(2)
    assert one.ask(1) == [], "reserved by the other"
    one.release()
    assert one.ask(2) == taken, "released"
    for architecture in taken:
        one.tell(architecture, worth(architecture))
    alone = archwalk.study(SPACE, "random-search")
    for n in (3, 2):
        for architecture in alone.ask(n):
            alone.tell(architecture, worth(architecture))
    assert told(alone) == told(two) == told(archwalk.study(SPACE, "random-search", place))


def test_what_is_not_told_in_time_is_given_again(place):
    one, two = (archwalk.study(SPACE, "tpe", place, lease_seconds=lease) for lease in (0.0, 60.0))
    two._owner = "another process"
    asked = one.ask()
    assert two.ask() == asked
    two.tell(asked, 1.0)
    assert len(one) == 1


def test_lanes_give_several_something_to_do(tmp_path):
    settings = {"population": 4, "sample": 2}
    make = partial(
        archwalk.study, SPACE, "regularized-evolution", tmp_path / "a.study", lanes=3, settings=settings
    )
    study = make()
    for _ in range(6):
        asked = study.ask(3)
        assert len(asked) == 3
        for architecture in reversed(asked):
            study.tell(architecture, worth(architecture))
    assert told(make()) == told(study)
    alone = archwalk.study(SPACE, "regularized-evolution", settings=settings)
    run(alone, 4)
    assert told(alone)[0] == told(study)[0], "the first lane is the trial of a study without"


WORK = """
import sys, time, archwalk
place, evaluations = sys.argv[1], int(sys.argv[2])
study = archwalk.study("chain", "regularized-evolution", place, lanes=3)
while len(study) < evaluations:
    for architecture in study.ask(2):
        study.tell(architecture, float(architecture.code_L[0] % 97))
        print(architecture.code_L[0], flush=True)
"""


def test_processes_share_a_study_and_a_killed_one_loses_nothing(place):
    def work(evaluations):
        return subprocess.Popen(
            [sys.executable, "-c", WORK, place, str(evaluations)], stdout=subprocess.PIPE, text=True
        )

    killed, other = work(10_000), work(60)
    for _ in range(5):
        assert killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert other.wait(120) == 0
    other.communicate()
    study = archwalk.study(SPACE, "regularized-evolution", place, lanes=3)
    assert len(study) >= 60
    assert all(reward == code[0] % 97 for code, reward in told(study))
    run(study, 3)


def test_a_database_holds_several_by_name(place):
    one, two = (archwalk.study(SPACE, "random-search", place, name=name, seed=3) for name in ("one", "two"))
    run(one, 3)
    run(two, 2)
    assert (len(one), len(two)) == (3, 2)
    with pytest.raises(UsageError, match="seed 3 there, 4 here"):
        archwalk.study(SPACE, "random-search", place, name="two", seed=4)


def test_studies_of_before_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / "old.study") as connection:
        connection.execute("CREATE TABLE told (number INTEGER)")
    with pytest.raises(DataError, match="earlier version of archwalk; begin a new one"):
        archwalk.study(SPACE, "random-search", tmp_path / "old.study")


def test_a_server_that_is_not_there_is_one_line():
    pytest.importorskip("psycopg")
    with pytest.raises(DataError, match="cannot be used") as caught:
        archwalk.study(SPACE, "random-search", "postgresql://me:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(caught.value)


def test_a_space_may_be_handed_in():
    study = archwalk.study(load_space(SPACE), "random-search")
    run(study, 3)
    frame = study.frame()
    assert list(frame.columns) == ["reward", "report", "architecture"]
    assert len(frame) == 3
