"""The best-practice checklist for architecture search (Lindauer and Hutter 2019), as P4's appendix lists it.

It is filled from records of comparisons and from nothing else: what a record does not show is answered by "no".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from archwalk.report.facts import number
from archwalk.report.html import paragraphs, section, table
from archwalk.report.record import Record
from archwalk.report.wording import counted

YES, NO, NOT_APPLICABLE = "yes", "no", "not applicable"

SOURCE = (
    "The checklist of Lindauer and Hutter (Best Practices for Scientific Research on Neural Architecture Search, 2019) "
    "filled by the program from the record of this run. What the record does not show is answered by no."
)


@dataclass(frozen=True)
class Reply:
    """The answer to a question, and where it can be seen."""

    answer: str
    where: str


@dataclass(frozen=True)
class Practice:
    """A question of the checklist with its reply."""

    question: str
    reply: Reply


def checklist(records: Sequence[Record]) -> list[Practice]:
    """All questions, answered for comparisons that stand on one page."""
    return [Practice(question, answer(records)) for question, answer in _QUESTIONS.items()]


def checklist_section(practices: Sequence[Practice]) -> str:
    """The last part of a page."""
    rows = [
        f'<tr><th scope="row">{escape(p.question)}</th><td>{p.reply.answer}</td><td>{escape(p.reply.where)}</td></tr>'
        for p in practices
    ]
    body = table("Best practices", ["question", "answer", "where"], rows)
    return section("checklist", "Best practices", f'{paragraphs([SOURCE])}<div class="prose">{body}</div>')


def _training_code(records: Sequence[Record]) -> Reply:
    kinds = _each(records, "evaluation")
    if kinds <= {"table", "surrogate"}:
        return Reply(NOT_APPLICABLE, f"No architecture is trained: accuracies come from a {_list(kinds)}.")
    return Reply(NO, "The record does not say by what code architectures are trained.")


def _space_code(records: Sequence[Record]) -> Reply:
    names = {(record.get("space") or {}).get("name") for record in records}
    version = _each(records, "archwalk") | {
        (record.get("versions") or {}).get("archwalk") for record in records
    }
    if None in names or not version - {None}:
        return Reply(NO, "The record does not name its search space and the version of archwalk.")
    return Reply(YES, f"{_list(names)}, in archwalk {_list(version - {None})}.")


def _pipeline(records: Sequence[Record]) -> Reply:
    seeds = [record.get("seeds") for record in records]
    if not all(seeds):
        return Reply(NO, "A record has no seeds.")
    told = f"Seeds: {_list({seed for some in seeds for seed in some or []})}"
    if _each(records, "evaluation") <= {"table", "surrogate"}:
        return Reply(
            YES, f"{told}; hyperparameters of training are those of the published benchmark, unchanged."
        )
    return Reply(NO, f"{told}; the record has no hyperparameters of training.")


def _same_benchmark(records: Sequence[Record]) -> Reply:
    settings = {f"{record['benchmark']}, objective {record['objective']}" for record in records}
    if len(settings) == 1:
        return Reply(YES, f"All strategies were run on {_list(settings)}.")
    return Reply(
        YES, f"Within each comparison; the page has several, not to be read across: {_list(settings, '; ')}."
    )


def _confounders(records: Sequence[Record]) -> Reply:
    trained = {
        name for name, s in _strategies(records) if s.get("trained") or number(s.get("training_queries"))
    }
    if trained:
        return Reply(NO, f"{_list(trained)} had paid for training before the first query; others had not.")
    versions = {tuple(sorted((record.get("versions") or {}).items())) for record in records}
    if len(versions) > 1 or () in versions:
        return Reply(NO, "The versions of what the results depend on differ, or are not on record.")
    return Reply(
        YES,
        "One table of accuracies, the same versions, starts and seeds for all; nothing was trained before.",
    )


def _ablation(records: Sequence[Record]) -> Reply:
    variants: dict[str, set[str]] = {}
    for _, strategy in _strategies(records):
        if strategy.get("strategy") and strategy.get("settings"):
            variants.setdefault(strategy["strategy"], set()).add(str(sorted(strategy["settings"].items())))
    ablated = {f"{name} under {len(some)} settings" for name, some in variants.items() if len(some) > 1}
    return (
        Reply(YES, f"{_list(ablated)}.")
        if ablated
        else Reply(NO, "No strategy was run under several settings.")
    )


def _same_protocol(records: Sequence[Record]) -> Reply:
    unlike = []
    for record in records:
        meanings = {s.get("query") for s in record["strategies"].values()}
        trials = {int(s.get("trials") or record["trials"]) for s in record["strategies"].values()}
        if len(meanings) > 1:
            unlike.append(f"a query is not the same for all ({_list(meanings, '; ')})")
        if len(trials) > 1:
            unlike.append(f"trials differ ({_list(trials)})")
    if unlike:
        return Reply(NO, f"Budgets are the same, but {'; '.join(dict.fromkeys(unlike))}.")
    return Reply(YES, "The same budget, trials and meaning of a query for all.")


def _over_time(records: Sequence[Record]) -> Reply:
    if all(
        len((s.get("curve") or {}).get("queries") or s["best_after"]) > 1 for _, s in _strategies(records)
    ):
        return Reply(
            YES, f"The best after each query, up to {_list({r['budget'] for r in records})} queries."
        )
    return Reply(NO, "The record has one number of queries only.")


def _random_search(records: Sequence[Record]) -> Reply:
    without = [
        r for r in records if not any(_is(name, s, "random-search") for name, s in r["strategies"].items())
    ]
    if not without:
        return Reply(YES, "random-search is among the strategies.")
    if len(without) < len(records):
        return Reply(
            NO, f"{len(without)} of {counted(len(records), 'comparison')} are without random-search."
        )
    return Reply(NO, "random-search is not among the strategies.")


def _repeats(records: Sequence[Record]) -> Reply:
    trials = {int(s.get("trials") or r["trials"]) for r in records for s in r["strategies"].values()}
    if not all(record.get("seeds") for record in records):
        return Reply(NO, "A record has no seeds.")
    if min(trials) < 2:
        return Reply(NO, "Some strategy has one trial.")
    single = {name for name, s in _strategies(records) if s.get("trained") and (s.get("agents") or 1) < 2}
    if single:
        return Reply(NO, f"Trials: {_list(trials)}; but {_list(single)} was trained once.")
    return Reply(YES, f"Trials: {_list(trials)}; all follow from the seeds on record.")


def _benchmarks(records: Sequence[Record]) -> Reply:
    kinds = _each(records, "evaluation")
    if kinds <= {"table", "surrogate"}:
        return Reply(
            YES, f"Evaluated by a {_list(kinds)}: {_list({record['benchmark'] for record in records})}."
        )
    return Reply(NO, "No tabular or surrogate benchmark is on record.")


def _tuning(records: Sequence[Record]) -> Reply:
    having = [(name, s) for name, s in _strategies(records) if s.get("settings")]
    if not having:
        return Reply(NOT_APPLICABLE, "No strategy on record has settings.")
    loose = {name for name, s in having if not s.get("preset")}
    presets = {s["preset"] for _, s in having if s.get("preset")}
    told = f"Settings are those of the presets {_list(presets)}" if presets else "The record has the settings"
    more = f", of {_list(loose)} the defaults or as given" if loose and presets else ""
    changed = {f"{name} ({', '.join(s['assignments'])})" for name, s in having if s.get("assignments")}
    more += f", changed for {_list(changed)}" if changed else ""
    return Reply(NO, f"{told}{more}; how they were tuned, and what that cost, is not on record.")


def _time(records: Sequence[Record]) -> Reply:
    if any(number(s.get("seconds")) is None for _, s in _strategies(records)):
        return Reply(NO, "Seconds are missing from the record.")
    tables = " Training the architectures was paid by the benchmark's authors." if _tabular(records) else ""
    return Reply(YES, f"Seconds of search, and of training an agent, stand with each strategy.{tables}")


def _setup(records: Sequence[Record]) -> Reply:
    wanted = ("benchmark", "objective", "budget", "trials", "seeds", "versions", "provenance")
    missing = {key for record in records for key in wanted if not record.get(key)}
    missing |= {"settings" for _, s in _strategies(records) if "settings" not in s and not s.get("trained")}
    if missing:
        return Reply(NO, f"Not on record: {_list(missing)}.")
    return Reply(
        YES, "result.json has benchmark, objective, budget, trials, seeds, settings, versions and provenance."
    )


_QUESTIONS: dict[str, Callable[[Sequence[Record]], Reply]] = {
    "Code for the training pipeline used to evaluate the final architectures?": _training_code,
    "Code for the search space?": _space_code,
    "Hyperparameters used for the final evaluation pipeline, as well as random seeds?": _pipeline,
    "For all methods, exactly the same benchmark: dataset, search space, training code and its hyperparameters?": (
        _same_benchmark
    ),
    "Did you control for confounding factors?": _confounders,
    "Did you run ablation studies?": _ablation,
    "Did you use the same evaluation protocol for the methods being compared?": _same_protocol,
    "Did you compare performance over time?": _over_time,
    "Did you compare to random search?": _random_search,
    "Did you perform multiple runs of your experiments and report seeds?": _repeats,
    "Did you use tabular or surrogate benchmarks for in-depth evaluations?": _benchmarks,
    "Did you report how you tuned hyperparameters, and what time and resources this required?": _tuning,
    "Did you report the time for the entire end-to-end method?": _time,
    "Did you report all details of your experimental setup?": _setup,
}


def _strategies(records: Sequence[Record]) -> list[tuple[str, Any]]:
    return [pair for record in records for pair in record["strategies"].items()]


def _is(name: str, strategy: Record, wanted: str) -> bool:
    return (strategy.get("strategy") or name) == wanted


def _each(records: Sequence[Record], key: str) -> set[Any]:
    return {record.get(key) for record in records}


def _tabular(records: Sequence[Record]) -> bool:
    return _each(records, "evaluation") <= {"table", "surrogate"}


def _list(values: set[Any], separator: str = ", ") -> str:
    """Values in a fixed order."""
    return separator.join(
        map(str, sorted(values, key=lambda v: (isinstance(v, str), v if v is not None else "")))
    )
