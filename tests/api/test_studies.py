import math

import numpy as np
import pytest

import archwalk
from archwalk.errors import DataError, UsageError
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


def test_two_processes_do_not_tell_one_study(tmp_path):
    one, two = (archwalk.study(SPACE, "random-search", tmp_path / "a.study") for _ in range(2))
    run(one, 1)
    with pytest.raises(DataError, match="another process"):
        run(two, 1)


def test_a_space_may_be_handed_in():
    study = archwalk.study(load_space(SPACE), "random-search")
    run(study, 3)
    frame = study.frame()
    assert list(frame.columns) == ["reward", "report", "architecture"]
    assert len(frame) == 3
