"""The checklist says what the record shows, and no where it shows nothing."""

import pytest
from msgspec.structs import replace

import comparisons
from archwalk.report.checklist import NO, NOT_APPLICABLE, YES, checklist
from archwalk.report.page import render_page

QUESTIONS = {
    "training_code": "Code for the training", "space": "Code for the search space", "pipeline": "Hyperparameters used",
    "benchmark": "For all methods", "confounders": "confounding", "ablation": "ablation", "protocol": "same evaluation",
    "time_course": "over time", "random": "random search", "runs": "multiple runs", "tabular": "tabular",
    "tuning": "tuned", "time": "end-to-end", "setup": "all details",
}  # fmt: skip


def replies(*records):
    practices = checklist(records)
    return {key: next(p.reply for p in practices if words in p.question) for key, words in QUESTIONS.items()}


def answers(*records):
    return {key: reply.answer for key, reply in replies(*records).items()}


def test_every_question_of_the_appendix():
    assert len(checklist([comparisons.tested()])) == len(QUESTIONS) == 14


def test_a_table_and_no_training():
    assert answers(comparisons.tested()) == dict.fromkeys(QUESTIONS, YES) | {
        "training_code": NOT_APPLICABLE, "tuning": NO,
    }  # fmt: skip


def test_a_comparison_that_shows_little_answers_no():
    found = answers(comparisons.bare())
    assert {key for key, answer in found.items() if answer == NO} == {
        "ablation",
        "time_course",
        "random",
        "time",
    }
    assert found["tuning"] == NOT_APPLICABLE


def test_training_before_the_search_confounds_and_queries_differ():
    found = replies(comparisons.demo())
    assert found["confounders"].answer == NO
    assert "agent had paid" in found["confounders"].where
    assert found["protocol"].answer == NO
    assert "a query is not the same" in found["protocol"].where
    assert found["runs"].answer == NO
    assert "trained once" in found["runs"].where


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda r: r["strategies"]["random-search"].update(strategy="x"), "random"),
        (lambda r: r["strategies"]["evolution"].update(strategy="x"), "ablation"),
        (lambda r: r["strategies"]["evolution"].update(trials=7), "protocol"),
        (lambda r: r["strategies"]["evolution"].update(trials=1), "runs"),
        (lambda r: r.update(evaluation="on demand"), "pipeline"),
        (lambda r: r.update(evaluation="on demand"), "training_code"),
        (lambda r: r.update(evaluation="on demand"), "tabular"),
        (lambda r: r["strategies"]["evolution"].update(trained=True), "confounders"),
        (lambda r: r["strategies"]["evolution"].pop("seconds"), "time"),
    ],
)
def test_what_is_taken_away_turns_yes_to_no(change, key):
    record = comparisons.tested()
    assert answers(record)[key] in (YES, NOT_APPLICABLE)
    assert answers(comparisons.changed(record, change))[key] == NO


def test_several_comparisons_on_one_page():
    one, other = comparisons.tested(), replace(comparisons.demo(), objective="run0")
    found = replies(one, other)
    assert found["benchmark"].answer == YES
    assert "not to be read across" in found["benchmark"].where
    assert "1 of 2" in replies(one, comparisons.bare())["random"].where


def test_changed_settings_are_named():
    record = comparisons.changed(
        comparisons.tested(),
        lambda r: r["strategies"]["evolution-small"].update(assignments=["population=10"]),
    )
    assert "changed for evolution-small (population=10)" in replies(record)["tuning"].where


def test_it_ends_the_page():
    page = render_page(comparisons.tested())
    assert page.index('id="checklist"') > page.index('id="origin"')
    assert "Lindauer and Hutter" in page
