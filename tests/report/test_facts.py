import pytest

import comparisons
from archwalk.report.facts import (
    best_after,
    budgets,
    focus,
    headline_budget,
    labels,
    ranked,
    short_labels,
    shorten,
)


def test_the_headline_is_after_the_whole_budget():
    assert headline_budget(comparisons.demo()) == 150
    assert headline_budget(comparisons.short()) == 1
    assert headline_budget(comparisons.record({"a": comparisons.nothing()})) is None
    assert budgets(comparisons.demo()) == [10, 50, 100, 150]


def test_the_focus_is_the_best_trained_agent_even_if_another_strategy_is_better():
    strategies = {
        "local-search": comparisons.strategy(82),
        "weak": comparisons.strategy(80, trained=True),
        "strong": comparisons.strategy(81, trained=True),
    }
    record = comparisons.record(strategies)
    assert focus(record) == "strong"
    assert ranked(record, strategies) == ["local-search", "strong", "weak"]
    assert focus(comparisons.short()) == "random-search"


def test_ranking_bears_strategies_without_a_result():
    record = comparisons.record({"a": comparisons.nothing(), "b": comparisons.strategy()})
    assert ranked(record, record.strategies) == ["b", "a"]
    assert best_after(record, "a", 50) is None


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["dqn", "local-search"], ["dqn", "local-search"]),
        (["runs/a/agent", "runs/b/agent", "x"], ["a/agent", "b/agent", "x"]),
        (["/home/u/runs/agent/", "dqn"], ["agent", "dqn"]),
        (["agent", "runs/agent"], ["agent", "runs/agent"]),
        (["C:\\runs\\agent"], ["agent"]),
        (["/", "."], ["/", "."]),
        (["runs/x/0", "runs/x/1", "dqn"], ["x/0", "x/1", "dqn"]),
    ],
)
def test_labels_are_as_short_as_they_can_be(names, short):
    assert list(labels(names).values()) == short


def test_shortened_labels_stay_apart():
    assert shorten("regularised-evolution", 13) == "regula…lution"
    names = ["a-long-name-of-one-agent", "a-long-name-of-the-agent"]
    short = short_labels(names, 9)
    assert len(set(short.values())) == 2


def test_lower_is_better_turns_the_order():
    record = comparisons.latency()
    assert ranked(record, record.strategies) == ["fast", "mid", "slow"]
    assert focus(record) == "fast"
