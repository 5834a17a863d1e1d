"""The best-practice checklist for architecture search (Lindauer and Hutter 2019), as Krishna et al.'s appendix lists
it.

It is filled from comparisons and from nothing else: what a comparison does not show is answered by "no".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from archwalk.experiments.records import Comparison, StrategyResult
from archwalk.report.html import paragraphs, section, table
from archwalk.report.values import counted

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


def checklist(comparisons: Sequence[Comparison]) -> list[Practice]:
    """All questions, answered for comparisons that stand on one page."""
    return [Practice(question, answer(comparisons)) for question, answer in _QUESTIONS.items()]


def checklist_section(practices: Sequence[Practice]) -> str:
    """The last part of a page."""
    rows = [
        f'<tr><th scope="row">{escape(p.question)}</th><td>{p.reply.answer}</td><td>{escape(p.reply.where)}</td></tr>'
        for p in practices
    ]
    body = table("Best practices", ["question", "answer", "where"], rows)
    return section("checklist", "Best practices", f'{paragraphs([SOURCE])}<div class="prose">{body}</div>')


def _training_code(comparisons: Sequence[Comparison]) -> Reply:
    kinds = {one.evaluation for one in comparisons}
    if _tabular(comparisons):
        return Reply(NOT_APPLICABLE, f"No architecture is trained: accuracies come from a {_list(kinds)}.")
    return Reply(NO, "The record does not say by what code architectures are trained.")


def _space_code(comparisons: Sequence[Comparison]) -> Reply:
    names, versions = {one.space.name for one in comparisons}, {one.archwalk for one in comparisons}
    return Reply(YES, f"{_list(names)}, in archwalk {_list(versions)}.")


def _pipeline(comparisons: Sequence[Comparison]) -> Reply:
    told = f"Seeds: {_list({seed for one in comparisons for seed in one.seeds})}"
    if _tabular(comparisons):
        return Reply(
            YES, f"{told}; hyperparameters of training are those of the published benchmark, unchanged."
        )
    return Reply(NO, f"{told}; the record has no hyperparameters of training.")


def _same_benchmark(comparisons: Sequence[Comparison]) -> Reply:
    settings = {f"{one.benchmark}, objective {one.objective}" for one in comparisons}
    if len(settings) == 1:
        return Reply(YES, f"All strategies were run on {_list(settings)}.")
    return Reply(
        YES, f"Within each comparison; the page has several, not to be read across: {_list(settings, '; ')}."
    )


def _confounders(comparisons: Sequence[Comparison]) -> Reply:
    trained = {name for name, one in _strategies(comparisons) if one.trained or one.training_queries}
    if trained:
        return Reply(NO, f"{_list(trained)} had paid for training before the first query; others had not.")
    if len({tuple(sorted(one.versions.items())) for one in comparisons}) > 1:
        return Reply(NO, "The versions of what the results depend on differ.")
    return Reply(
        YES,
        "One table of accuracies, the same versions, starts and seeds for all; nothing was trained before.",
    )


def _ablation(comparisons: Sequence[Comparison]) -> Reply:
    variants: dict[str, set[str]] = {}
    for _, one in _strategies(comparisons):
        if one.strategy and one.settings:
            variants.setdefault(one.strategy, set()).add(str(sorted(one.settings.items())))
    ablated = {f"{name} under {len(some)} settings" for name, some in variants.items() if len(some) > 1}
    return (
        Reply(YES, f"{_list(ablated)}.")
        if ablated
        else Reply(NO, "No strategy was run under several settings.")
    )


def _same_protocol(comparisons: Sequence[Comparison]) -> Reply:
    unlike = []
    for comparison in comparisons:
        meanings = {one.query for one in comparison.strategies.values()}
        trials = {one.trials for one in comparison.strategies.values()}
        if len(meanings) > 1:
            unlike.append(f"a query is not the same for all ({_list(meanings, '; ')})")
        if len(trials) > 1:
            unlike.append(f"trials differ ({_list(trials)})")
    if unlike:
        return Reply(NO, f"Budgets are the same, but {'; '.join(dict.fromkeys(unlike))}.")
    return Reply(YES, "The same budget, trials and meaning of a query for all.")


def _over_time(comparisons: Sequence[Comparison]) -> Reply:
    if all(
        len(one.curve.queries if one.curve else one.best_after) > 1 for _, one in _strategies(comparisons)
    ):
        return Reply(
            YES, f"The best after each query, up to {_list({one.budget for one in comparisons})} queries."
        )
    return Reply(NO, "The record has one number of queries only.")


def _random_search(comparisons: Sequence[Comparison]) -> Reply:
    without = [
        comparison
        for comparison in comparisons
        if not any((one.strategy or name) == "random-search" for name, one in comparison.strategies.items())
    ]
    if not without:
        return Reply(YES, "random-search is among the strategies.")
    if len(without) < len(comparisons):
        return Reply(
            NO, f"{len(without)} of {counted(len(comparisons), 'comparison')} are without random-search."
        )
    return Reply(NO, "random-search is not among the strategies.")


def _repeats(comparisons: Sequence[Comparison]) -> Reply:
    trials = {one.trials for _, one in _strategies(comparisons)}
    if min(trials) < 2:
        return Reply(NO, "Some strategy has one trial.")
    single = {name for name, one in _strategies(comparisons) if one.trained and one.agents < 2}
    if single:
        return Reply(NO, f"Trials: {_list(trials)}; but {_list(single)} was trained once.")
    return Reply(YES, f"Trials: {_list(trials)}; all follow from the seeds on record.")


def _benchmarks(comparisons: Sequence[Comparison]) -> Reply:
    kinds = {one.evaluation for one in comparisons}
    if _tabular(comparisons):
        return Reply(YES, f"Evaluated by a {_list(kinds)}: {_list({one.benchmark for one in comparisons})}.")
    return Reply(NO, "No tabular or surrogate benchmark is on record.")


def _tuning(comparisons: Sequence[Comparison]) -> Reply:
    having = [(name, one) for name, one in _strategies(comparisons) if one.settings]
    if not having:
        return Reply(NOT_APPLICABLE, "No strategy on record has settings.")
    loose = {name for name, one in having if not one.preset}
    presets = {one.preset for _, one in having if one.preset}
    told = f"Settings are those of the presets {_list(presets)}" if presets else "The record has the settings"
    more = f", of {_list(loose)} the defaults or as given" if loose and presets else ""
    changed = {f"{name} ({', '.join(one.assignments)})" for name, one in having if one.assignments}
    more += f", changed for {_list(changed)}" if changed else ""
    return Reply(NO, f"{told}{more}; how they were tuned, and what that cost, is not on record.")


def _time(comparisons: Sequence[Comparison]) -> Reply:
    if any(one.seconds is None for _, one in _strategies(comparisons)):
        return Reply(NO, "Seconds are missing from the record.")
    tables = (
        " Training the architectures was paid by the benchmark's authors." if _tabular(comparisons) else ""
    )
    return Reply(YES, f"Seconds of search, and of training an agent, stand with each strategy.{tables}")


def _setup(comparisons: Sequence[Comparison]) -> Reply:
    return Reply(
        YES, "result.json has benchmark, objective, budget, trials, seeds, settings, versions and provenance."
    )


_QUESTIONS: dict[str, Callable[[Sequence[Comparison]], Reply]] = {
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


def _strategies(comparisons: Sequence[Comparison]) -> list[tuple[str, StrategyResult]]:
    return [pair for comparison in comparisons for pair in comparison.strategies.items()]


def _tabular(comparisons: Sequence[Comparison]) -> bool:
    return all(one.evaluation in ("table", "surrogate") for one in comparisons)


def _list(values: Iterable[object], separator: str = ", ") -> str:
    """Values of one kind, in a fixed order."""
    return separator.join(map(str, sorted(values)))  # type: ignore[type-var]
