"""What a report says in words, computed from the comparison: the result, and under what rules it was found.

Plain text: who shows it escapes it.
"""

import msgspec

from archwalk.experiments.differences import Pair
from archwalk.experiments.records import Best, Comparison
from archwalk.experiments.significance import least_p
from archwalk.report.facts import (
    best_after,
    focus,
    headline_budget,
    labels,
    pair_of,
    ranked,
    report_format,
    settled_budget,
    tested_after,
)
from archwalk.report.values import NBSP, count, counted, p_text, percent, points


def setting(comparison: Comparison) -> str:
    """Benchmark, objective and its meaning, budget, trials, seeds: what every figure and table must name."""
    seeds = comparison.seeds
    parts = [
        comparison.benchmark,
        f"objective {comparison.objective} ({comparison.objective_meaning})",
    ]
    if comparison.budget:  # single episodes have none
        parts += [f"budget {counted(comparison.budget, 'query')}", counted(comparison.trials, "trial")]
    if seeds:
        parts.append(f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}")
    return "; ".join(parts) + "."


def query_meanings(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """What one query is, and the labels of the strategies for which it is that."""
    by_meaning = dict[str, list[str]]()
    for name, label in labels(comparison.strategies).items():
        by_meaning.setdefault(comparison.strategies[name].query, []).append(label)
    return list(by_meaning.items())


def query_line(comparison: Comparison) -> str:
    """`query_meanings` in one line."""
    meanings = query_meanings(comparison)
    if len(meanings) == 1:
        return f"A query is {meanings[0][0]}."
    return "A query is " + "; ".join(f"{meaning} ({', '.join(names)})" for meaning, names in meanings) + "."


def training_line(comparison: Comparison) -> str:
    """What the strategies had paid before their first query, and whose settings were chosen in its sight."""
    paid, free = [], []
    for name, label in labels(comparison.strategies).items():
        one = comparison.strategies[name]
        if one.training_queries:
            words = f"{label} {counted(one.training_queries, 'query')}"
            words += f", {counted(one.training_unique, 'unique architecture')}" if one.training_unique else ""
            paid.append(words + (f" (mean of {one.agents} agents)" if one.agents > 1 else ""))
        elif one.trained:
            paid.append(f"{label} (number of queries not on record)")
        else:
            free.append(label)
    others = f"; {', '.join(free)}: none" if free else ""
    training = (
        f"Training before the search: {'; '.join(paid)}{others}."
        if paid
        else "No training before the search."
    )
    chosen = [
        label
        for name, label in labels(comparison.strategies).items()
        if comparison.strategies[name].chosen_here
    ]
    if not chosen:
        return training
    return f"{training} Settings chosen in sight of this benchmark, so no held-out evidence: {', '.join(chosen)}."


def rules(comparison: Comparison) -> list[str]:
    """Under what rules everything was found: once on a page, and with every table that leaves it."""
    return [setting(comparison), query_line(comparison), training_line(comparison)]


class Proxy(msgspec.Struct):
    """What a strategy that ranks by a proxy says of it, see `Strategy.sum_up`."""

    rank_correlation: float | None
    architectures: int


def proxy_notes(comparison: Comparison) -> list[str]:
    """Of each strategy that ranks by a proxy, whether that ranking agrees with what was found out."""
    lines = []
    for name, label in labels(comparison.strategies).items():
        if found := comparison.strategies[name].findings.get("proxy"):
            proxy = msgspec.convert(found, Proxy)
            if proxy.rank_correlation is not None:
                over = counted(proxy.architectures, "evaluated architecture")
                shown = points(proxy.rank_correlation)
                lines.append(
                    f"Proxy of {label}: Spearman's rank correlation with the reward {shown} over {over}."
                )
    return lines


def unknown_notes(comparison: Comparison) -> list[str]:
    """How much of the reports is not known, and so in no mean."""
    runs, ends, failed = [], [], []
    for name, label in labels(comparison.strategies).items():
        one = comparison.strategies[name]
        last = one.best_after[max(one.best_after)] if one.best_after else None
        if last and last.unknown:
            runs.append(f"{label} {count(last.unknown)} of {count(one.trials * one.agents)}")
        if one.failed:
            failed.append(f"{label} {count(one.failed)} of {count(one.evaluations)}")
        if one.episodes and one.episodes.unknown:
            ends.append(f"{label} {count(one.episodes.unknown)}")
    lines = []
    if runs:
        lines.append(f"Trials whose best has no {comparison.report.name}, in no mean: {', '.join(runs)}.")
    if failed:
        why = next(iter(comparison.failures), "")
        often = f"; most often: {why}" if why else ""
        lines.append(f"Evaluations that gave no {comparison.reward.name}: {', '.join(failed)}{often}.")
    if ends:
        lines.append(f"Episodes without a {comparison.report.name}, in no mean: {', '.join(ends)}.")
    return lines


def result(comparison: Comparison) -> str:
    """The result in one sentence or two, with its intervals."""
    queries, first = headline_budget(comparison), focus(comparison)
    best = best_after(comparison, first, queries)
    if queries is None or best is None:
        return "No best-so-far result is on record."
    reward, report = comparison.reward.name, comparison.report.name
    chosen = "" if reward == report else f", chosen by {reward},"
    what = "best architecture" if comparison.fronts is None else "front"
    text = f"After {counted(queries, 'query')}, the {what} found by {_who(comparison, first)}{chosen}"
    mean = "" if _is_single(comparison, first) else "mean "
    aside = "" if comparison.report.higher_is_better else "lower is better"
    text += f" has a {mean}{report} of {_worth(comparison, best, aside)}"
    others = ranked(comparison, [name for name in comparison.strategies if name != first])
    beside = best_after(comparison, others[0], queries) if others else None
    if beside is None:
        return f"{text}."
    second = others[0]
    text += (
        f"; that of {_who(comparison, second)}{', the best of the others,' if len(others) > 1 else ''} has "
    )
    return f"{text}{_worth(comparison, beside)}.{_overlap(comparison, first, second, queries)}"


def price(comparison: Comparison) -> str | None:
    """What the training of the strategy in focus had cost before; None if it was not trained."""
    name = focus(comparison)
    one = comparison.strategies[name]
    if not one.training_queries:
        return None
    seen = f" of {counted(one.training_unique, 'unique architecture')}" if one.training_unique else ""
    who = f"each of the {one.agents} agents" if one.agents > 1 else _who(comparison, name)
    return f"Before that, {who} had been trained once, on {counted(one.training_queries, 'query')}{seen}."


def episode_result(comparison: Comparison) -> str | None:
    """What one episode of the strategy in focus achieves; None where no episodes are on record."""
    name = focus(comparison)
    episodes = comparison.strategies[name].episodes
    if episodes is None or episodes.median_improvement is None:
        return None
    text = "In one episode"
    if comparison.episodes:
        text += f" from each of {counted(comparison.episodes.starts, 'random start')}"
    report, gained = (
        comparison.report.name,
        report_format(comparison).change(episodes.median_improvement),
    )
    verb = "changes" if comparison.report.higher_is_better else "improves"
    text += f", {_who(comparison, name)} {verb} the {report} by a median of {gained}"
    if episodes.improved is not None:
        text += f" and improves {percent(100 * episodes.improved, 0)} of the starts"
    if episodes.share_of_optimum is not None:
        share = percent(100 * episodes.share_of_optimum, 0)
        text += f"; its mean gain in {comparison.reward.name} is {share} of an optimal policy's"
    return f"{text}."


def interval_note(comparison: Comparison) -> str:
    """What the 95 % intervals cover."""
    strategies = comparison.strategies.values()
    if any(one.agents > 1 for one in strategies):
        return f"Bands and intervals: 95{NBSP}% bootstrap intervals of the mean, over agents and trials."
    if comparison.trials == 1:
        return "One trial: no band and no interval can be given."
    note = f"Bands and intervals: 95{NBSP}% bootstrap intervals of the mean over {counted(comparison.trials, 'trial')}"
    if any(one.trained for one in strategies):
        note += "; with one agent they do not cover the spread between trainings"
    return f"{note}."


def optimum_meaning(comparison: Comparison) -> str | None:
    """What the optimum is; None where it is not on record."""
    optimum = comparison.optimum
    if optimum is None or optimum.mean_final_report is None:
        return None
    reward, report = comparison.reward.name, comparison.report.name
    how = ["exact, by value iteration", f"gamma {optimum.gamma:g}"]
    how += [] if optimum.alpha is None else [f"alpha {optimum.alpha:g}"]
    beyond = "above" if comparison.report.higher_is_better else "below"
    seeks = "" if reward == report else f"; it seeks {reward}, so a lucky {report} may lie {beyond} it"
    return f"the mean {report} of where an optimal policy ends an episode ({', '.join(how)}){seeks}."


def _who(comparison: Comparison, name: str) -> str:
    one, label = comparison.strategies[name], labels(comparison.strategies)[name]
    if one.agents > 1:
        return f"the {one.agents} agents of {label}"
    if not one.trained:
        return label
    return "the agent" if label == "agent" else f"the agent {label}"


def _is_single(comparison: Comparison, name: str) -> bool:
    """Whether a strategy ran once, so that nothing of it is a mean."""
    one = comparison.strategies[name]
    return one.trials == one.agents == 1


def _worth(comparison: Comparison, best: Best, aside: str = "") -> str:
    """Its mean; in brackets the interval where there is one, and what is to be said aside."""
    written, brackets = report_format(comparison), [aside] if aside else []
    if best.ci95 is not None and comparison.trials > 1:
        brackets.insert(0, f"95{NBSP}% interval {written.interval(best.ci95)}")
    return written.value(best.mean) + (f" ({'; '.join(brackets)})" if brackets else "")


def _overlap(comparison: Comparison, one: str, two: str, queries: int) -> str:
    """Whether two strategies differ: by the paired test where it is on record, else by their intervals."""
    pair, found, written = (
        pair_of(comparison, one, two, queries),
        comparison.significance,
        report_format(comparison),
    )
    if found and pair and pair.difference is not None and pair.ci95 is not None:
        low, high = map(written.signed, pair.ci95)
        return (
            f" Paired over {counted(pair.trials, 'trial')}, the difference of {written.change(pair.difference)} "
            f"(95{NBSP}% interval {low} to {high}) {_verdict(comparison, pair, queries)} "
            f"({p_text(pair.p_holm)} by Holm's correction)."
        )
    first, second = (best_after(comparison, name, queries) for name in (one, two))
    if first is None or second is None or first.ci95 is None or second.ci95 is None or comparison.trials == 1:
        return ""
    if first.ci95[0] <= second.ci95[1] and second.ci95[0] <= first.ci95[1]:
        return " The intervals overlap: this comparison does not settle which is better."
    return " The intervals do not overlap."


def _verdict(comparison: Comparison, pair: Pair, queries: int) -> str:
    after, found = tested_after(comparison, queries), comparison.significance
    assert after is not None
    assert found is not None
    if pair.p_holm < found.level:
        return "is significant"
    names = {pair.one, pair.other}
    least = next(
        p
        for other, p in zip(after.pairs, least_p(after.pairs), strict=True)
        if {other.one, other.other} == names
    )
    if least >= found.level:
        return "cannot be settled with this many trials"
    return "is not significant"


def differences_result(comparison: Comparison) -> list[str]:
    """What the tests say after the last number of queries; nothing where nothing was tested."""
    queries, found = settled_budget(comparison), comparison.significance
    after = tested_after(comparison, queries)
    if found is None or after is None or queries is None:
        return []
    short, level = labels(comparison.strategies), found.level
    different = sum(pair.p_holm < level for pair in after.pairs)
    text = (
        f"After {counted(queries, 'query')}, {different} of {counted(len(after.pairs), 'pair')} of strategies "
        f"differ (p{NBSP}<{NBSP}{level:g}, corrected over all pairs)."
    )
    if after.friedman:
        alike = after.friedman.p >= level
        found_out = "finds no difference between" if alike else "finds differences between"
        text += (
            f" Friedman's test over {counted(found.trials, 'trial')} {found_out} the strategies "
            f"(chi-squared {after.friedman.statistic:.1f}, {p_text(after.friedman.p)})."
        )
    groups = [f"Not told apart: {', '.join(short[name] for name in group)}." for group in after.groups]
    return [text, *groups, *filter(None, [too_few(after.pairs, level)])]


def too_few(pairs: list[Pair], level: float) -> str | None:
    """That differences cannot be settled where not even a strategy that is always better would stand out."""
    least = least_p(pairs)
    few = [pair.trials for pair, p in zip(pairs, least, strict=True) if p >= level]
    if not few:
        return None
    all_of_them = len(few) == len(pairs)
    which = "No difference can" if all_of_them else f"{len(few)} of {counted(len(pairs), 'pair')} cannot"
    lowest = min(p for p in least if p >= level)
    enough = next(trials for trials in range(2, 64) if len(pairs) * 2.0 ** (1 - trials) < level)
    return (
        f"{which} be settled with {counted(max(few), 'trial')}: corrected over {counted(len(pairs), 'pair')}, p "
        f"cannot be below {lowest:.2g}; that takes {counted(enough, 'trial')}."
    )


def difference_note(comparison: Comparison) -> str:
    """How differences were tested."""
    found = comparison.significance
    assert found is not None
    return (
        f"Differences: {found.test}. Correction: {found.correction}. "
        "Intervals of differences: 95 % bootstrap over trials in common, and over the agents of each strategy."
    )
