"""tables 3 to 6: test errors of strategies, whether they differ, and whether the paper's order holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from archwalk.errors import DataError, MissingExtraError
from archwalk.estimators.base import Floats
from archwalk.experiments.comparison import comparison_of, differences
from archwalk.experiments.differences import Significance
from archwalk.experiments.presets import load_preset, preset_names
from archwalk.experiments.records import Comparison, StrategyResult, plain
from archwalk.experiments.significance import least_p
from archwalk.papers.item import Answer, Item
from archwalk.papers.krishna2020.lineup import (
    ABLATION,
    MEDIUM_TERM,
    ORDERS,
    SHORT_TERM,
    SIZES,
    Variant,
)
from archwalk.papers.reported import read_reported
from archwalk.papers.searches import kept_search, search_settings
from archwalk.papers.setup import Setup

PAPER = "krishna2020"
HOLDS, REVERSED, OPEN, ABSENT = "holds", "reversed", "not settled", "not tested"
TOO_FEW = "cannot be settled with this many trials"
IDENTICAL = "identical in every trial"


@dataclass(frozen=True)
class Table:
    """A table of the paper: who takes part, at which term, and what the paper says of it as (better, worse)."""

    name: str
    term: str
    lineup: tuple[Variant, ...]
    claims: tuple[tuple[str, str], ...]
    flat: bool = False
    """Whether the question is if the rows differ at all."""


def rivals_claims(lineup: Sequence[Variant]) -> tuple[tuple[str, str], ...]:
    """ReMAADE before each other but BANANAS, which is before ReMAADE."""
    others = [variant.label for variant in lineup if variant.label not in ("ReMAADE", "BANANAS")]
    return (*(("ReMAADE", other) for other in others), ("BANANAS", "ReMAADE"))


def compute(setup: Setup, benchmark: str, table: Table) -> Answer:
    """Search with every strategy of the table that is here, then test the differences."""
    found, budget = setup.find_benchmark(benchmark), SIZES[table.term][setup.scale.name].queries
    trials = {variant.label: variant.trials(setup, table.term) for variant in table.lineup}
    here = [variant for variant in table.lineup if variant.is_here and trials[variant.label]]
    missing = [variant.label for variant in table.lineup if not variant.is_here]
    if not here:
        raise DataError(
            f"{table.name} needs strategies that this version does not have: {', '.join(missing)}"
        )
    most = max(trials[variant.label] for variant in here)
    strategies, reports = dict[str, StrategyResult](), dict[str, Floats]()
    for done, variant in enumerate(here):
        setup.tell(done / len(here), f"{budget:,} queries of {variant.label}")
        try:
            summary, report_GTQ = kept_search(
                setup, found, variant.named(found), budget, trials[variant.label], most
            )
        except MissingExtraError as error:
            setup.note(f"{variant.label} is left out: {error}")
            continue
        reports[variant.label] = report_GTQ
        strategies[variant.label] = summary
    if not reports:
        raise DataError(f"{table.name}: no strategy could be run: {' '.join(setup.notes)}")
    if missing:
        setup.note(f"Left out, since this version does not have them: {', '.join(missing)}.")
    if slow := [label for label, count in trials.items() if not count]:
        setup.note(f"Left out, since {budget:,} queries of a growing model take too long: {', '.join(slow)}.")
    _say_size(setup, budget)
    record = comparison_of(
        found,
        strategies,
        budget=budget,
        trials=most,
        seed=setup.seed,
        **differences(reports, budget, setup.seed, found.objective.report),
    )
    return Answer(
        search_settings(setup, found, budget)
        | {"trials": {name: strategy.trials for name, strategy in strategies.items()}},
        {
            "comparison": plain(record),
            "claims": judge_claims(record.significance, budget, table.claims),
            "spread": spread(record) if table.flat else None,
            "reported": reported_rows(table.name),
        },
    )


def judge_claims(
    found: Significance | None, budget: int, claims: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Each of the paper's claims with the test of it at the whole budget; `difference` is better less worse in test
    error.
    """
    tested = found.after[budget].pairs if found else []
    least = {frozenset((p.one, p.other)): least for p, least in zip(tested, least_p(tested), strict=True)}
    rows: list[dict[str, Any]] = []
    for better, worse in claims:
        pair = next((p for p in tested if {p.one, p.other} == {better, worse}), None)
        if found is None or pair is None or pair.difference is None or pair.ci95 is None:
            rows.append({"better": better, "worse": worse, "verdict": ABSENT})
            continue
        sign = -1.0 if pair.one == better else 1.0  # an error is 100 less a report
        difference, ends = sign * pair.difference, sorted(sign * end for end in pair.ci95)
        if difference == 0 and ends == [0, 0]:
            rows.append({"better": better, "worse": worse, "trials": pair.trials, "verdict": IDENTICAL})
            continue
        assert pair.superiority is not None
        better_in = pair.superiority if sign < 0 else 1 - pair.superiority
        rows.append(
            {
                "better": better, "worse": worse, "trials": pair.trials, "difference": difference, "ci95": ends,
                "superiority": better_in,
                "p": pair.p, "p_holm": pair.p_holm,
                "verdict": TOO_FEW if least[frozenset((better, worse))] >= found.level else
                _verdict(difference, better_in, settled=pair.p_holm < found.level),
            }
        )  # fmt: skip
    return rows


def _verdict(difference: float, better_in: float, *, settled: bool) -> str:
    """Settled is what the test finds, and the mean and the share of trials agree on."""
    if settled and difference < 0 and better_in > 0.5:
        return HOLDS
    return REVERSED if settled and difference > 0 and better_in < 0.5 else OPEN


def spread(record: Comparison) -> dict[str, Any]:
    """How far the rows lie apart in mean test error, and Friedman's test of whether they differ at all."""
    means = {name: strategy.best_after[record.budget].mean for name, strategy in record.strategies.items()}
    errors = {name: 100 - mean for name, mean in means.items() if mean is not None}
    best, worst = min(errors, key=errors.__getitem__), max(errors, key=errors.__getitem__)
    found = record.significance
    friedman = found.after[record.budget].friedman if found else None
    return {
        "best": best,
        "worst": worst,
        "range": errors[worst] - errors[best],
        "friedman": friedman and plain(friedman),
        "trials": found and found.trials,
    }


def reported_rows(table: str) -> dict[str, Any]:
    """A table as the paper prints it: `rows` of system, mean and deviation of the test error, its setting and
    citation.
    """
    content = read_reported(PAPER)
    return {
        "citation": content["citation"],
        "setting": content["settings"][table],
        "rows": [
            {"system": system, "mean": mean, "std": std} for system, mean, std in content["values"][table]
        ],
    }


def _say_size(setup: Setup, budget: int) -> None:
    if setup.scale.name != "full":
        setup.note(
            f"Scale {setup.scale.name}: {budget:,} queries, and fewer trials than the paper's 500 of everything."
        )


def _depends(setup: Setup, table: Table) -> dict[str, Any]:
    """Who is here, and the settings of presets."""
    return {
        variant.label: dict(load_preset(variant.source).settings)
        if variant.source in preset_names()
        else variant.is_here
        for variant in table.lineup
    }


def make_item(table: Table, title: str) -> Item:
    """The item of a table."""
    return Item(
        table.name, f"Table {table.name.removeprefix('table')}", title, "errors", partial(compute, table=table),
        "nasbench101", partial(_depends, table=table),
    )  # fmt: skip


TABLE3 = make_item(
    Table("table3", "short", SHORT_TERM, rivals_claims(SHORT_TERM)), "Test error in the short term"
)
TABLE4 = make_item(
    Table(
        "table4",
        "short",
        ABLATION,
        (
            *(("ReMAADE without PPO", variant.label) for variant in ABLATION[:-1]),
            ("Plain vanilla REINFORCE", "Random search"),
        ),
    ),
    "What attention and PPO contribute",
)
TABLE5 = make_item(
    Table("table5", "medium", MEDIUM_TERM, rivals_claims(MEDIUM_TERM)), "Test error in the medium term"
)
TABLE6 = make_item(
    Table("table6", "medium", ORDERS, (("S = 4", "S = 1"), ("S = N!", "S = 1")), flat=True),
    "How many orders of the decisions",
)
