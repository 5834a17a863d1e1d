import comparisons
import pytest

from archwalk.report.facts import (
    budgets,
    focus,
    headline_budget,
    interval_after,
    labels,
    metrics,
    number,
    ranked,
    short_labels,
    shorten,
)


def test_the_headline_is_after_50_queries_or_in_the_middle():
    assert headline_budget(comparisons.demo()) == 50
    assert headline_budget(comparisons.short()) == 1
    assert headline_budget(comparisons.record({"a": {"best_after": {}}})) is None
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
    record = comparisons.record({"a": {"best_after": {}}, "b": comparisons.strategy()})
    assert ranked(record, record["strategies"]) == ["b", "a"]
    assert interval_after(record, "a", 50) is None


@pytest.mark.parametrize(
    ("meaning", "names"),
    [
        (
            "reward: validation accuracy, report: test accuracy (means over runs)",
            ("validation accuracy", "test accuracy"),
        ),
        ("reward and report: mean test accuracy (noise-free setting)", ("test accuracy", "test accuracy")),
        ("something else", ("reward", "reported accuracy")),
        (None, ("reward", "reported accuracy")),
    ],
)
def test_metrics_are_named_by_the_objective(meaning, names):
    assert metrics({"objective_meaning": meaning}) == names


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["dqn", "local-search"], ["dqn", "local-search"]),
        (["runs/a/agent", "runs/b/agent", "x"], ["a/agent", "b/agent", "x"]),
        (["/home/u/runs/agent/", "dqn"], ["agent", "dqn"]),
        (["agent", "runs/agent"], ["agent", "runs/agent"]),
        (["C:\\runs\\agent"], ["agent"]),
        (["/", "."], ["/", "."]),
    ],
)
def test_labels_are_as_short_as_they_can_be(names, short):
    assert list(labels({"strategies": dict.fromkeys(names)}).values()) == short


def test_shortened_labels_stay_apart():
    assert shorten("regularised-evolution", 13) == "regula…lution"
    names = ["a-long-name-of-one-agent", "a-long-name-of-the-agent"]
    short = short_labels({"strategies": dict.fromkeys(names)}, 9)
    assert len(set(short.values())) == 2


def test_only_finite_numbers_are_numbers():
    assert [number(v) for v in (1, 2.5, True, None, "3", float("nan"), float("inf"))] == [1, 2.5, *[None] * 5]
