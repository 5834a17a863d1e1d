import pytest

import comparisons
from archwalk.estimators.metrics import Metric
from archwalk.report.values import NBSP, Format, count, counted, percent, points
from archwalk.report.wording import episode_result, interval_note, optimum_meaning, price, result, rules


def plain(text):
    return text.replace(NBSP, " ")


def test_numbers_in_words():
    assert plain(percent(93.856)) == "93.86 %"
    assert points(-1.5) == "−1.50"
    assert count(12_000) == "12,000"
    assert [plain(counted(n, "query")) for n in (1, 2)] == ["1 query", "2 queries"]


def test_the_result_names_both_sides_their_intervals_and_the_price():
    record = comparisons.demo()
    assert plain(result(record)) == (
        "After 150 queries, the best architecture found by the agent, chosen by validation accuracy, has a mean test "
        "accuracy of 81.38 % (95 % interval 81.18 to 81.58); that of local-search, the best of the others, has "
        "80.08 % (95 % interval 79.88 to 80.28). The intervals do not overlap."
    )
    assert plain(price(record)) == (
        "Before that, the agent had been trained once, on 12,000 queries of 3,500 unique architectures."
    )
    assert plain(episode_result(record)) == (
        "In one episode from each of 2,000 random starts, the agent changes the test accuracy by a median of +2.50 "
        "points and improves 90 % of the starts; its mean gain in validation accuracy is 83 % of an optimal policy's."
    )


def test_an_agent_that_loses_is_not_dressed_up():
    strategies = {"dqn": comparisons.strategy(79, trained=True), "local-search": comparisons.strategy(81)}
    text = plain(result(comparisons.record(strategies)))
    assert "the agent dqn, chosen by validation accuracy, has a mean test accuracy of 78.98 %" in text
    assert "that of local-search has 80.98 %" in text


def test_overlapping_intervals_settle_nothing():
    strategies = {"dqn": comparisons.strategy(80.1, trained=True), "local-search": comparisons.strategy(80)}
    assert "does not settle which is better" in result(comparisons.record(strategies))


def test_what_is_not_on_record_is_not_said():
    assert "interval" not in result(comparisons.one_trial())
    assert "interval" not in result(comparisons.bare())
    assert price(comparisons.one_trial()) is None
    assert episode_result(comparisons.one_trial()) is None
    assert optimum_meaning(comparisons.one_trial()) is None
    assert "No best-so-far" in result(comparisons.record({"a": comparisons.nothing()}))


@pytest.mark.parametrize("make", [comparisons.demo, comparisons.six, comparisons.one_trial])
def test_rules_name_what_every_figure_must_name(make):
    record, text = make(), plain(" ".join(rules(make())))
    wanted = [
        record.benchmark,
        record.objective,
        record.objective_meaning,
        "150 queries",
        "trial",
        "seed",
    ]
    wanted += [strategy.query for strategy in record.strategies.values()]
    assert all(word in text for word in wanted)
    if any(strategy.trained for strategy in record.strategies.values()):
        assert "12,000 queries, 3,500 unique architectures" in text


def test_intervals_say_what_they_cover():
    assert "over agents and trials" in interval_note(comparisons.six())
    assert "do not cover the spread between trainings" in interval_note(comparisons.demo())
    assert "no interval" in interval_note(comparisons.one_trial())


def test_zero_has_no_sign_and_one_run_is_no_mean():
    assert [points(v) for v in (-0.001, 0.0, 0.004, -0.006)] == ["0.00", "0.00", "0.00", "−0.01"]
    assert "has a test accuracy of 79.98 %." in plain(result(comparisons.one_trial()))


@pytest.mark.parametrize(
    ("metric", "value", "written", "change"),
    [
        (Metric("test accuracy", "%"), 93.856, "93.86 %", "+93.86 points"),
        (Metric("raw score"), -1.62, "−1.62", "−1.62"),
        (Metric("latency", "ms", False), 12.345, "12.35 ms", "+12.35 ms"),
        (Metric("training", "s", False), 0.001234, "0.00123 s", "+0.00123 s"),
        (Metric("size", "parameters", False), 1_204_000.0, "1,204,000 parameters", "+1,204,000 parameters"),
    ],
)
def test_a_value_is_written_as_what_it_is(metric, value, written, change):
    format_ = Format.of(metric, [value])
    assert plain(format_.value(value)) == written
    assert format_.change(value) == change
    assert format_.value(None) == format_.change(None) == "–"


def test_all_values_of_a_page_have_as_many_decimals():
    seconds = Format.of(Metric("training", "s"), [0.5, None, 1_500.0])
    assert [plain(seconds.value(v)) for v in (0.4, 1_500.0)] == ["0 s", "1,500 s"]
