"""Krishna et al.'s tables with stand-ins for strategies: who takes part, what is tested, what is said of Krishna et
al.'s order.
"""

import json
import pickle
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import reproduced
from archwalk.errors import DataError, MissingExtraError
from archwalk.experiments.comparison import differences
from archwalk.experiments.runs import load_methods
from archwalk.papers.catalogue import find_items
from archwalk.papers.item import run_item
from archwalk.papers.krishna2020 import table2_parameters, tables
from archwalk.papers.krishna2020.lineup import (
    ABLATION,
    FAST,
    MEDIUM_TERM,
    ORDERS,
    SHORT_TERM,
    SIZES,
    SLOW,
    SLOWEST,
    Size,
    Variant,
)
from archwalk.papers.krishna2020.tables import ABSENT, HOLDS, IDENTICAL, OPEN, REVERSED, TOO_FEW, Table
from archwalk.papers.reported import read_reported
from archwalk.strategies.base import Strategy
from archwalk.strategies.catalogue import STRATEGIES
from archwalk.strategies.local_search import LocalSearch

LINEUP = (
    Variant("Random search", "random-search"),
    Variant("ReMAADE", "local-search", ("neighbours=20",)),
    Variant("narrow", "local-search", ("neighbours=2",), cost=SLOW),
    Variant("absent", "no-such-strategy"),
)
TABLE = Table("table3", "short", LINEUP, (("ReMAADE", "Random search"), ("ReMAADE", "absent")))


@pytest.fixture(scope="module")
def record(tiny, tmp_path_factory):
    item = tables.make_item(TABLE, "Short term")
    return run_item("krishna2020", item, reproduced.setup(tiny, tmp_path_factory.mktemp("krishna2020")))


def test_lineups_are_those_of_the_paper():
    for name, lineup in (
        ("table3", SHORT_TERM),
        ("table4", ABLATION),
        ("table5", MEDIUM_TERM),
        ("table6", ORDERS),
    ):
        printed = [system for system, _, _ in read_reported("krishna2020")["values"][name]]
        ours = [variant.label for variant in lineup]
        assert [label for label in ours if label in printed] == printed
        assert set(ours) - set(printed) <= {"REINFORCE with NADE", "REINFORCE with LSTM"}
    assert [v.assignments for v in ORDERS] == [(f"orders={s}",) for s in (1, 2, 4, 6, 8, 16, 0)]


def test_full_is_the_papers_protocol():
    short, medium = (SIZES[term]["full"] for term in ("short", "medium"))
    assert (short.queries, medium.queries) == (150, 3_200)
    assert short.trials[FAST] == medium.trials[FAST] == 500
    assert (short.trials[SLOW], short.trials[SLOWEST]) == (50, 20)


def test_what_is_too_slow_for_the_medium_term_is_left_out_with_a_note(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(SIZES["medium"], "smoke", Size(20, {FAST: 4, SLOW: 2, SLOWEST: 0}))
    table = Table("table5", "medium", (Variant("Random search", "random-search"), MEDIUM_TERM[0]), ())
    made = reproduced.setup(tiny, tmp_path)
    answer = tables.compute(made, "nasbench101", table)
    assert list(answer.result["comparison"]["strategies"]) == ["Random search"]
    assert "TPE" in made.notes[0]


def test_a_strategy_takes_part_under_several_settings(record):
    strategies = record["result"]["comparison"]["strategies"]
    assert list(strategies) == ["Random search", "ReMAADE", "narrow"]
    assert [strategies[name]["settings"]["neighbours"] for name in ("ReMAADE", "narrow")] == [20, 2]
    assert strategies["ReMAADE"]["strategy"] == "local-search"
    assert record["settings"]["trials"] == {"Random search": 4, "ReMAADE": 4, "narrow": 3}
    assert "absent" in record["notes"][0]


def test_the_record_is_plain_json_and_found_again(record, tiny, tmp_path):
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    item = tables.make_item(TABLE, "Short term")
    first = run_item("krishna2020", item, reproduced.setup(tiny, tmp_path))
    assert first["result"]["claims"] == record["result"]["claims"]
    assert run_item("krishna2020", item, reproduced.setup(tiny, tmp_path)) == first
    parts = sorted((tmp_path / "parts").iterdir())
    assert len(parts) == 3
    other = tables.make_item(replace(TABLE, name="table5"), "Again")
    run_item("krishna2020", other, reproduced.setup(tiny, tmp_path))
    assert sorted((tmp_path / "parts").iterdir()) == parts, "the same searches serve every table"


class Starts(Strategy):
    """Evaluates the starts that it is given."""

    def _propose(self, n):
        return self.trials.next_starts(n)


def test_fewer_trials_are_the_first_of_the_others(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(STRATEGIES, "builtin", {**STRATEGIES.builtin, "starts": f"{__name__}:Starts"})
    lineup = (Variant("many", "starts"), Variant("few", "starts", cost=SLOW))
    table = replace(TABLE, lineup=lineup, claims=(("few", "many"),))
    made = run_item("krishna2020", tables.make_item(table, ""), reproduced.setup(tiny, tmp_path))
    assert made["result"]["claims"] == [{"better": "few", "worse": "many", "trials": 3, "verdict": IDENTICAL}]


def claims_of(better, worse, trials=30):
    """Claims about two strategies whose reports are these, in all trials alike but for a little noise."""
    noise = 0.1 * np.random.default_rng(0).normal(size=(1, trials, 1))
    reports = {"a": np.full((1, trials, 1), better) + noise, "b": np.full((1, trials, 1), worse) - noise}
    found = differences(reports, 1, 0)["significance"]
    one, other = (tables.judge_claims(found, 1, [pair])[0] for pair in (("a", "b"), ("b", "a")))
    return one, other


def test_verdicts_by_hand():
    forth, back = claims_of(95.0, 94.0)
    assert (forth["verdict"], back["verdict"]) == (HOLDS, REVERSED)
    assert forth["difference"] == pytest.approx(-1, abs=0.1)
    assert forth["ci95"][0] < forth["difference"] < forth["ci95"][1] < 0
    assert back["ci95"] == [-end for end in reversed(forth["ci95"])]
    assert (forth["superiority"], back["superiority"]) == (1, 0)
    assert claims_of(95.0, 95.0)[0]["verdict"] == OPEN
    assert claims_of(95.0, 94.0, trials=4)[0]["verdict"] == TOO_FEW
    assert claims_of(95.0, 94.0, trials=1)[0]["verdict"] == ABSENT


def test_mean_and_share_must_agree():
    """Better in most trials, and much worse in a few: the test and the share say one thing, the mean another."""
    reports = {"a": np.full((1, 40, 1), 94.1), "b": np.full((1, 40, 1), 94.0)}
    reports["a"] += 0.01 * np.random.default_rng(0).normal(size=(1, 40, 1))
    reports["a"][0, :4] -= 5
    (claim,) = tables.judge_claims(differences(reports, 1, 0)["significance"], 1, [("a", "b")])
    assert claim["p_holm"] < 0.05
    assert (claim["difference"] > 0, claim["superiority"] > 0.5) == (True, True)
    assert claim["verdict"] == OPEN


def test_the_error_of_a_missing_extra_travels():
    error = pickle.loads(pickle.dumps(MissingExtraError("optuna", "tpe")))  # noqa: S301 - our own
    assert "optuna is not installed" in str(error)


def test_the_spread_says_who_is_best_and_whether_rows_differ(tiny, tmp_path):
    lineup = tuple(
        replace(v, source="local-search", assignments=(f"neighbours={i + 2}",)) for i, v in enumerate(ORDERS)
    )
    table = Table("table6", "medium", lineup, (("S = 4", "S = 1"),), flat=True)
    found = run_item("krishna2020", tables.make_item(table, ""), reproduced.setup(tiny, tmp_path))["result"]
    assert found["spread"]["range"] >= 0
    assert {found["spread"]["best"], found["spread"]["worst"]} <= {variant.label for variant in ORDERS}
    assert 0 <= found["spread"]["friedman"]["p"] <= 1


def test_nobody_here_is_one_line(tiny, tmp_path):
    table = replace(TABLE, lineup=(LINEUP[-1],))
    with pytest.raises(DataError, match="does not have: absent"):
        run_item("krishna2020", tables.make_item(table, ""), reproduced.setup(tiny, tmp_path))


def test_a_missing_extra_leaves_its_strategy_out(tiny, tmp_path, monkeypatch):
    class Needy(LocalSearch):
        def __init__(self, trials, settings=None):
            raise MissingExtraError("optuna", "tpe")

    monkeypatch.setattr(sys.modules[__name__], "Needy", Needy, raising=False)
    monkeypatch.setattr(STRATEGIES, "builtin", {**STRATEGIES.builtin, "needy": f"{__name__}:Needy"})
    table = replace(TABLE, lineup=(LINEUP[0], Variant("TPE", "needy")))
    made = run_item("krishna2020", tables.make_item(table, ""), reproduced.setup(tiny, tmp_path))
    assert list(made["result"]["comparison"]["strategies"]) == ["Random search"]
    assert any("TPE is left out: optuna is not installed" in note for note in made["notes"])


def test_parameters_are_counted_and_their_growth_is_measured(tiny, tmp_path, monkeypatch):
    growth = {"maade": (0, 2), "nade": (1, 2), "made": (2, 2), "lstm": (0, 1)}

    def parameter_counts(policy, choices, width):
        of_decisions, of_width = growth[policy]
        return {"context": len(choices) ** of_decisions * width**of_width}

    monkeypatch.setattr(
        table2_parameters, "import_module", lambda name: SimpleNamespace(parameter_counts=parameter_counts)
    )
    monkeypatch.setattr(STRATEGIES, "builtin", {**STRATEGIES.builtin, "remaade": "x:y"})
    rows = reproduced.run("table2", reproduced.setup(tiny, tmp_path), "krishna2020")["result"]["rows"]
    assert [row["measured"] for row in rows] == [
        {"N": pytest.approx(n), "d": pytest.approx(d)} for n, d in growth.values()
    ]
    assert rows[2]["counts"][0][0] == 26**2 * 36**2


def test_without_networks_the_papers_orders_stand_alone(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(STRATEGIES, "builtin", {"random-search": STRATEGIES.builtin["random-search"]})
    made = reproduced.run("table2", reproduced.setup(tiny, tmp_path), "krishna2020")
    assert all(row["counts"] == [] for row in made["result"]["rows"])
    assert "could be counted" in made["notes"][0]


def test_labels_let_a_strategy_take_part_twice(space4):
    few, many = load_methods(["few=local-search", "local-search"], space4, "", ["few.neighbours=3"])
    assert (few.name, few.strategy, few.settings["neighbours"]) == ("few", "local-search", 3)
    assert few.assignments == ("neighbours=3",)
    assert many.settings["neighbours"] != 3


def test_every_item_is_found():
    assert len(find_items("krishna2020/all")[1]) == 5
