"""What a report says in words, computed from the record: the result, and under what rules it was found.

Plain text: who shows it escapes it. NBSP stands between a number and its unit.
"""

from collections.abc import Sequence

from archwalk.report.facts import (
    best_after,
    focus,
    headline_budget,
    in_percent,
    interval_after,
    labels,
    metrics,
    number,
    optimum_line,
    pair_of,
    ranked,
    settled_budget,
)
from archwalk.report.record import Record

NBSP = "\N{NO-BREAK SPACE}"


def percent(value: float, decimals: int = 2) -> str:
    """Say `93.86 %`."""
    return f"{value:.{decimals}f}{NBSP}%"


def worth(record: Record, value: float) -> str:
    """What an architecture is worth: `93.86 %`, or `8.25` where it is a raw score."""
    return percent(value) if in_percent(record) else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def points(value: float, decimals: int = 2) -> str:
    """Say `+2.50`: percentage points with their sign."""
    return f"{value:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def count(value: float) -> str:
    """Say `12,000`."""
    return f"{round(value):,}"


def counted(value: float, thing: str) -> str:
    """Say `1 query` or `150 queries`."""
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count(value)}{NBSP}{thing if round(value) == 1 else plural}"


def setting(record: Record) -> str:
    """Benchmark, objective and its meaning, budget, trials, seeds: what every figure and table must name."""
    meaning, seeds = record.get("objective_meaning"), record.get("seeds") or []
    parts = [
        record["benchmark"],
        f"objective {record['objective']}" + (f" ({meaning})" if meaning else ""),
    ]
    if record.get("budget"):  # single episodes have none
        parts += [f"budget {counted(record['budget'], 'query')}", counted(record["trials"], "trial")]
    if seeds:
        parts.append(f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}")
    return "; ".join(parts) + "."


def query_meanings(record: Record) -> list[tuple[str, list[str]]]:
    """What one query is, and the labels of the strategies for which it is that."""
    short, by_meaning = labels(record), dict[str, list[str]]()
    for name, strategy in record["strategies"].items():
        meaning = strategy.get("query") or (record.get("query") or {}).get(name) or "not on record"
        by_meaning.setdefault(meaning, []).append(short[name])
    return list(by_meaning.items())


def query_line(record: Record) -> str:
    """`query_meanings` in one line."""
    meanings = query_meanings(record)
    if len(meanings) == 1:
        return f"A query is {meanings[0][0]}."
    return "A query is " + "; ".join(f"{meaning} ({', '.join(names)})" for meaning, names in meanings) + "."


def training_line(record: Record) -> str:
    """What the strategies had paid before their first query."""
    short, paid, free = labels(record), [], []
    for name, strategy in record["strategies"].items():
        queries, unique = number(strategy.get("training_queries")), number(strategy.get("training_unique"))
        agents = strategy.get("agents") or 1
        if queries:
            words = f"{short[name]} {counted(queries, 'query')}"
            words += f", {counted(unique, 'unique architecture')}" if unique else ""
            paid.append(words + (f" (mean of {agents} agents)" if agents > 1 else ""))
        elif strategy.get("trained"):
            paid.append(f"{short[name]} (number of queries not on record)")
        else:
            free.append(short[name])
    if not paid:
        return "No training before the search."
    return f"Training before the search: {'; '.join(paid)}" + (f"; {', '.join(free)}: none." if free else ".")


def rules(record: Record) -> list[str]:
    """The lines that stand under every figure and table."""
    return [setting(record), query_line(record), training_line(record)]


def proxy_notes(record: Record) -> list[str]:
    """Of each strategy that ranks by a proxy, whether that ranking agrees with what was found out."""
    lines = []
    for name, label in labels(record).items():
        proxy = (record["strategies"][name].get("findings") or {}).get("proxy")
        if proxy and (correlation := number(proxy.get("rank_correlation"))) is not None:
            over = counted(proxy["architectures"], "evaluated architecture")
            shown = f"{correlation:+.2f}".replace("-", "\N{MINUS SIGN}")
            lines.append(
                f"Proxy of {label}: Spearman's rank correlation with the reward {shown} over {over}."
            )
    return lines


def result(record: Record) -> str:
    """The result in one sentence or two, with its intervals."""
    queries, first = headline_budget(record), focus(record)
    if queries is None or best_after(record, first, queries) is None:
        return "No best-so-far result is on record."
    reward, report = metrics(record)
    chosen = "" if reward == report else f", chosen by {reward},"
    text = f"After {counted(queries, 'query')}, the best architecture found by {_who(record, first)}{chosen}"
    text += f" has a mean {report} of {_with_interval(record, first, queries)}"
    others = ranked(record, [name for name in record["strategies"] if name != first])
    if not others or best_after(record, others[0], queries) is None:
        return f"{text}."
    second = others[0]
    text += f"; that of {_who(record, second)}{', the best of the others,' if len(others) > 1 else ''} has "
    return f"{text}{_with_interval(record, second, queries)}.{_overlap(record, first, second, queries)}"


def price(record: Record) -> str | None:
    """What the training of the strategy in focus had cost before; None if it was not trained."""
    name = focus(record)
    strategy = record["strategies"][name]
    queries, unique = number(strategy.get("training_queries")), number(strategy.get("training_unique"))
    if not queries:
        return None
    seen = f" of {counted(unique, 'unique architecture')}" if unique else ""
    agents = strategy.get("agents") or 1
    who = f"each of the {agents} agents" if agents > 1 else _who(record, name)
    return f"Before that, {who} had been trained once, on {counted(queries, 'query')}{seen}."


def episode_result(record: Record) -> str | None:
    """What one episode of the strategy in focus achieves; None where no episodes are on record."""
    name = focus(record)
    episodes = record["strategies"][name].get("episodes") or {}
    median = number(episodes.get("median_improvement"))
    if median is None:
        return None
    reward, report = metrics(record)
    starts = number((record.get("episodes") or {}).get("starts"))
    text = f"In one episode from each of {counted(starts, 'random start')}" if starts else "In one episode"
    text += f", {_who(record, name)} changes the {report} by a median of {points(median)} points"
    improved, share = number(episodes.get("improved")), number(episodes.get("share_of_optimum"))
    if improved is not None:
        text += f" and improves {percent(100 * improved, 0)} of the starts"
    if share is not None:
        text += f"; its mean gain in {reward} is {percent(100 * share, 0)} of an optimal policy's"
    return f"{text}."


def interval_note(record: Record) -> str:
    """What the 95 % intervals cover."""
    strategies = record["strategies"].values()
    if any((strategy.get("agents") or 1) > 1 for strategy in strategies):
        return f"Bands and intervals: 95{NBSP}% bootstrap intervals of the mean, over agents and trials."
    if record["trials"] == 1:
        return "One trial: no band and no interval can be given."
    note = f"Bands and intervals: 95{NBSP}% bootstrap intervals of the mean over {counted(record['trials'], 'trial')}"
    if any(strategy.get("trained") for strategy in strategies):
        note += "; with one agent they do not cover the spread between trainings"
    return f"{note}."


def optimum_meaning(record: Record) -> str | None:
    """What the optimum is; None where it is not on record."""
    optimum = record.get("optimum") or {}
    if optimum_line(record) is None:
        return None
    reward, report = metrics(record)
    how = ["exact, by value iteration"]
    how += [f"{key} {optimum[key]:g}" for key in ("gamma", "alpha") if number(optimum.get(key)) is not None]
    seeks = "" if reward == report else f"; it seeks {reward}, so a lucky {report} may lie above it"
    return f"the mean {report} of where an optimal policy ends an episode ({', '.join(how)}){seeks}."


def _who(record: Record, name: str) -> str:
    strategy, label = record["strategies"][name], labels(record)[name]
    agents = strategy.get("agents") or 1
    if agents > 1:
        return f"the {agents} agents of {label}"
    if not strategy.get("trained"):
        return label
    return "the agent" if label == "agent" else f"the agent {label}"


def _with_interval(record: Record, name: str, queries: int) -> str:
    mean, interval = best_after(record, name, queries), interval_after(record, name, queries)
    assert mean is not None
    if interval is None or record["trials"] == 1:
        return worth(record, mean)
    return f"{worth(record, mean)} (95{NBSP}% interval {interval[0]:.2f} to {interval[1]:.2f})"


def _overlap(record: Record, one: str, two: str, queries: int) -> str:
    """Whether two strategies differ: by the paired test where it is on record, else by their intervals."""
    if pair := pair_of(record, one, two, queries):
        low, high = (points(end) for end in pair["ci95"])
        significant = (
            "is significant" if pair["p_holm"] < record["significance"]["level"] else "is not significant"
        )
        return (
            f" Paired over {counted(pair['trials'], 'trial')}, the difference of {points(pair['difference'])} points "
            f"(95{NBSP}% interval {low} to {high}) {significant} ({p_text(pair['p_holm'])} by Holm's correction)."
        )
    first, second = interval_after(record, one, queries), interval_after(record, two, queries)
    if first is None or second is None:
        return ""
    if first[0] <= second[1] and second[0] <= first[1]:
        return " The intervals overlap: this comparison does not settle which is better."
    return " The intervals do not overlap."


def p_text(p: float) -> str:
    """Say `p = 0.012` or `p < 0.001`."""
    return f"p{NBSP}<{NBSP}0.001" if p < 0.001 else f"p{NBSP}={NBSP}{p:.3f}"


def differences_result(record: Record) -> list[str]:
    """What the tests say after the last number of queries; nothing where nothing was tested."""
    queries = settled_budget(record)
    if queries is None:
        return []
    found, short = record["significance"], labels(record)
    after, level = found["after"][str(queries)], found["level"]
    different = sum(pair["p_holm"] < level for pair in after["pairs"])
    text = (
        f"After {counted(queries, 'query')}, {different} of {counted(len(after['pairs']), 'pair')} of strategies "
        f"differ (p{NBSP}<{NBSP}{level:g}, corrected over all pairs)."
    )
    if friedman := after.get("friedman"):
        found_out = "finds no difference between" if friedman["p"] >= level else "finds differences between"
        text += (
            f" Friedman's test over {counted(found['trials'], 'trial')} {found_out} the strategies "
            f"(chi-squared {friedman['statistic']:.1f}, {p_text(friedman['p'])})."
        )
    groups = [f"Not told apart: {', '.join(short[name] for name in group)}." for group in after["groups"]]
    return [text, *groups, *filter(None, [_too_few(after["pairs"], level)])]


def _too_few(pairs: Sequence[Record], level: float) -> str | None:
    """That with few trials not even strategies of which one is always better can be told apart."""
    least = {pair["trials"]: min(1.0, len(pairs) * 2.0 ** (1 - pair["trials"])) for pair in pairs}
    few = [pair["trials"] for pair in pairs if least[pair["trials"]] >= level]
    if not few:
        return None
    return (
        f"{counted(len(few), 'pair')} of {len(pairs)} can compare {counted(max(few), 'trial')} at most: "
        f"times {len(pairs)}, their p cannot be below {least[max(few)]:.2g}."
    )


def difference_note(record: Record) -> str:
    """How differences were tested."""
    found = record["significance"]
    return (
        f"Differences: {found.get('test') or 'test not on record'}. "
        f"Correction: {found.get('correction') or 'not on record'}. "
        "Intervals of differences: 95 % bootstrap over trials in common, and over the agents of each strategy."
    )
