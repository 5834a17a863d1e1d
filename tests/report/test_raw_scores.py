"""Figures of agents are raw scores of a game: nothing may call them percent or accuracies."""

import re

import comparisons

from archwalk.estimators.policies.tables import OBJECTIVES
from archwalk.report.curves import draw_curves
from archwalk.report.tables import to_markdown


def played(objective="mean-return"):
    strategies = {
        "enas": comparisons.strategy(12.0, budget=50),
        "spos": comparisons.strategy(11.0, budget=50),
    }
    return comparisons.record(
        strategies,
        budget=50,
        objective=objective,
        objective_meaning=OBJECTIVES[objective].meaning,
        benchmark="policy:MinAtar-Breakout",
    )


def test_tables_and_curves_speak_of_scores():
    for objective in ("mean-return", "max-return", "held-out-return"):
        record = played(objective)
        notes = to_markdown(record)
        assert re.search(r"Scores: .*raw score", notes)
        assert "ccurac" not in notes
        assert "percent" not in notes
    assert "(%)" not in draw_curves(played(), width=700)
    assert "Accuracies: test accuracy in percent" in to_markdown(comparisons.demo())
