"""Small comparisons, in every shape that a report must bear."""

import numpy as np
from msgspec.structs import replace

from archwalk.estimators.metrics import VALIDATION, Metric, Objective, single
from archwalk.estimators.policies.estimator import MEAN_RETURN
from archwalk.experiments.comparison import differences
from archwalk.experiments.records import (
    Best,
    Comparison,
    Curve,
    EpisodeProtocol,
    Episodes,
    Example,
    Found,
    Histogram,
    Optimum,
    SpaceSize,
    StrategyResult,
    Training,
    plain,
    restored,
)

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40" viewBox="0 0 80 40"><path d="M0 0h80"/></svg>'
EDGES = np.linspace(-12.5, 12.5, 51).tolist()


def strategy(
    final=80.0,
    *,
    budget=150,
    trained=False,
    agents=1,
    query="an architecture",
    half_width=0.2,
    trials=100,
    fall=-3,
):
    """One whose mean report comes to `final` from `fall` beside it."""
    queries = np.arange(1, budget + 1)
    mean = final + fall / queries
    shown = [q for q in (10, 50, 100, 150) if q < budget] + [budget]
    return StrategyResult(
        query=query,
        trials=trials,
        trained=trained,
        agents=agents,
        best_after={
            q: Best(
                mean=mean[q - 1],
                std=0.3,
                ci95=(mean[q - 1] - half_width, mean[q - 1] + half_width),
                iqm=None,
                iqm_ci95=None,
                reward_mean=mean[q - 1] + 0.5,
            )
            for q in shown
        },
        curve=Curve(
            queries=queries.tolist(),
            mean=mean.tolist(),
            lo=(mean - half_width).tolist(),
            hi=(mean + half_width).tolist(),
        ),
        unique_mean=120.5,
        training_queries=12_000 if trained else 0,
        training_unique=3_500 if trained else 0,
        training_seconds=80.0 if trained else 0.0,
        seconds=1.25,
    )


def nothing(query="an architecture"):
    """A strategy of which no result is on record."""
    return StrategyResult(query=query, trials=100, trained=False)


def episodes(median=2.5, outside=100, starts=2_000):
    counts = [0] * 50
    counts[20:30] = [(starts - outside) // 10] * 10
    return Episodes(
        mean_start=77.0,
        mean_final=77.0 + median,
        median_final=77.0 + median,
        mean_final_reward=77.0 + median,
        median_improvement=median,
        mean_improvement=median,
        mean_improvement_reward=median,
        share_of_optimum=median / 3,
        improved=0.9,
        mean_steps=5.0,
        evaluations=100,
        histogram=Histogram(edges=list(EDGES), counts=counts),
        intervals={50: (-0.5, 1.5), 90: (-2.0, 20.0), 95: (-30.0, 30.0)},
        skew=-1.2,
    )


def record(strategies, *, objective=VALIDATION, **changes):
    return Comparison(
        **{
            "archwalk": "0.1.0",
            "created": "2026-01-01T00:00:00+00:00",
            "command": "archwalk compare --benchmark nas-bench-graph:cora --budget 150",
            "versions": {"python": "3.11", "numpy": "2.0"},
            "benchmark": "nas-bench-graph:cora",
            "objective": objective.name,
            "objective_meaning": objective.meaning,
            "reward": objective.reward,
            "report": objective.report,
            "provenance": {"source": "nas-bench-graph"},
            "evaluation": "table",
            "space": SpaceSize(name="nas-bench-graph", architectures=26_206, edges=1_005_320),
            "budget": 150,
            "trials": 100,
            "seeds": [0],
            "query": {name: one.query for name, one in strategies.items()},
            "strategies": strategies,
        }
        | changes
    )


def changed(comparison, change):
    """The same after `change` was done to it as JSON."""
    values = plain(comparison)
    change(values)
    return restored(values, Comparison)


def demo():
    """An agent and three others, with everything that a comparison can hold."""
    strategies = {
        "agent": strategy(81.4, trained=True, query="an episode"),
        "local-search": strategy(80.1, query="every neighbour"),
        "random-walk": strategy(79.8, query="an episode"),
        "random-search": strategy(79.7),
    }
    for i, (name, one) in enumerate(strategies.items()):
        strategies[name] = replace(one, episodes=episodes(2.5 - i))
    end = Found(description={"link": [0, 1], "operations": ["gcn", "gat"]}, svg=SVG, reward=75.0, report=74.0)
    example = Example(start=end, found=replace(end, report=80.5), steps=5)
    strategies["agent"] = replace(strategies["agent"], examples=[example])
    return record(
        strategies,
        optimum=Optimum(
            gamma=0.99,
            alpha=6.0,
            mean_final=81.9,
            median_final=82.0,
            mean_steps=4.0,
            median_improvement=3.0,
            mean_improvement=3.0,
            mean_final_report=81.44,
            best_reward=82.4,
            best_report=82.6,
            objective="validation",
        ),
        episodes=EpisodeProtocol(starts=2_000, limit=32),
        training=Training(
            seconds=80.0,
            steps=list(range(100, 2_100, 100)),
            epsilon=[1 - i / 20 for i in range(20)],
            stop_reward=[None, *(0.2 + i / 100 for i in range(19))],
        ),
    )


def one_trial():
    """One strategy, one trial, nothing beside the curve."""
    return record({"random-search": strategy(trials=1)}, trials=1)


def short():
    """A budget of one query: no curve to draw."""
    return record({"random-search": strategy(budget=1), "random-walk": strategy(79, budget=1)}, budget=1)


def six():
    """Six strategies, two of them folders of agents with the same last name; no episodes."""
    names = [
        "runs/new/agents",
        "runs/old/agents",
        "local-search",
        "regularised-evolution",
        "tpe",
        "random-search",
    ]
    strategies = {
        name: strategy(81 - 0.01 * i, trained="/" in name, agents=5 if "/" in name else 1)
        for i, name in enumerate(names)
    }
    return record(strategies, seeds=[0, 1, 2], objective=single("test-mean", Metric("test accuracy", "%")))


def tested():
    """Four strategies, one under two settings, with every test of their differences; two cannot be told apart."""
    rng = np.random.default_rng(0)
    common_TQ = np.sort(rng.normal(80, 1, (30, 150)), axis=1)
    shifts = {"evolution": 0.6, "evolution-small": 0.58, "random-search": 0.3, "local-search": -0.5}
    reports = {
        name: (common_TQ + shift + 0.1 * rng.normal(size=common_TQ.shape))[None]
        for name, shift in shifts.items()
    }
    more = {
        "evolution": {"strategy": "evolution", "settings": {"population": 100}, "preset": "evo2019"},
        "evolution-small": {"strategy": "evolution", "settings": {"population": 10}, "preset": "evo2019"},
        "random-search": {"strategy": "random-search"},
        "local-search": {"strategy": "local-search"},
    }
    strategies = {
        name: replace(strategy(80 + shift, trials=30), **more[name]) for name, shift in shifts.items()
    }
    for name, one in strategies.items():
        last = replace(one.best_after[150], iqm=80.1, iqm_ci95=(80.0, 80.2))
        strategies[name] = replace(one, best_after=one.best_after | {150: last})
    return record(strategies, trials=30, **differences(reports, 150, 0))


def bare():
    """Only what a comparison must hold."""
    best = Best(mean=80.0, std=None, ci95=None, iqm=None, iqm_ci95=None, reward_mean=None)
    one = StrategyResult(query="an architecture", trials=2, trained=False, best_after={50: best})
    return record({"one": one, "two": one}, budget=50, trials=2, command=None, seeds=[], provenance={})


def gaps():
    """Reports that are not known: of one strategy none, of another some."""
    none = Best(mean=None, std=None, ci95=None, iqm=None, iqm_ci95=None, reward_mean=70.0, unknown=100)
    unknown = [None] * 150
    curve = Curve(queries=list(range(1, 151)), mean=unknown, lo=unknown, hi=unknown)
    some = replace(
        strategy(), best_after={q: replace(b, unknown=7) for q, b in strategy().best_after.items()}
    )
    found = Found(description={}, svg=SVG, reward=75.0, report=None)
    no_episodes = replace(
        episodes(),
        **dict.fromkeys(
            ["mean_start", "mean_final", "median_final", "mean_improvement", "median_improvement"]
        ),
        **{"improved": None, "skew": None, "intervals": {}, "unknown": 2_000, "share_of_optimum": None},
        histogram=Histogram(edges=list(EDGES), counts=[0] * 50),
    )
    reports = {"some": np.full((1, 100, 150), 80.0), "none": np.full((1, 100, 150), np.nan)}
    reports["some"][0, :7] = np.nan
    return record(
        {
            "some": replace(some, episodes=replace(episodes(), unknown=40), found=found),
            "none": replace(
                nothing(), best_after={50: none, 150: none}, curve=curve, episodes=no_episodes, found=found
            ),
        },
        episodes=EpisodeProtocol(starts=2_000, limit=32),
        **differences(reports, 150, 0),
    )


LATENCY = Objective("latency", Metric("estimated latency", "ms", False), Metric("latency", "ms", False))


def latency():
    """Milliseconds, of which fewer are better: `fast` is best."""
    strategies = {
        "slow": strategy(14.0, fall=9, trials=30),
        "fast": replace(strategy(12.0, fall=9, trials=30), episodes=episodes(1.5)),
        "mid": strategy(13.0, fall=9, trials=30),
    }
    rng = np.random.default_rng(0)
    reports = {
        name: one.curve.mean + 0.01 * rng.normal(size=(1, 30, 150)) for name, one in strategies.items()
    }
    return record(
        strategies,
        objective=LATENCY,
        benchmark="phone",
        trials=30,
        episodes=EpisodeProtocol(starts=2_000, limit=32),
        **differences(reports, 150, 0, LATENCY.report),
    )


def scores():
    """Raw scores of a game."""
    return record(
        {"enas": strategy(12.0, budget=50), "spos": strategy(-1.62, budget=50)},
        budget=50,
        objective=MEAN_RETURN,
        benchmark="policy:MinAtar-Breakout",
    )


HOSTILE = "<script>alert(1)</script>\"'&$x$ ${result} --> ]]> </style> | [bold]"


def hostile():
    """Markup wherever a comparison holds text."""
    end = Found(
        description={HOSTILE: HOSTILE},
        svg=f"<svg onload='alert(1)'>{HOSTILE}</svg>",
        reward=None,
        report=74.0,
    )
    example = Example(start=end, found=end, steps=1)
    one = replace(strategy(trained=True, query=HOSTILE), episodes=episodes(), examples=[example])
    metric = Metric(HOSTILE, HOSTILE)
    return record(
        {HOSTILE: one, f"runs/{HOSTILE}": strategy()},
        benchmark=HOSTILE,
        objective=Objective(HOSTILE, metric, metric, HOSTILE),
        command=HOSTILE,
        created=HOSTILE,
        versions={HOSTILE: HOSTILE},
        provenance={HOSTILE: HOSTILE},
        evaluation=HOSTILE,
        space=SpaceSize(name=HOSTILE),
    )


VARIANTS = {
    f.__name__: f for f in (demo, one_trial, short, six, tested, bare, gaps, latency, scores, hostile)
}
