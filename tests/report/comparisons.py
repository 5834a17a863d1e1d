"""Small records of comparisons, in every shape that a report must bear."""

import numpy as np

from archwalk.data.decoding import to_plain
from archwalk.experiments.comparison import differences

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40" viewBox="0 0 80 40"><path d="M0 0h80"/></svg>'
EDGES = np.linspace(-12.5, 12.5, 51).tolist()


def strategy(final=80.0, *, budget=150, trained=False, agents=1, query="an architecture", half_width=0.2):
    queries = np.arange(1, budget + 1)
    mean = final - 3 / queries
    shown = [q for q in (10, 50, 100, 150) if q < budget] + [budget]
    return {
        "query": query,
        "trained": trained,
        "agents": agents,
        "best_after": {
            str(q): {
                "mean": mean[q - 1],
                "std": 0.3,
                "ci95": [mean[q - 1] - half_width, mean[q - 1] + half_width],
                "reward_mean": mean[q - 1] + 0.5,
            }
            for q in shown
        },
        "curve": {
            "queries": queries.tolist(),
            "mean": mean.tolist(),
            "lo": (mean - half_width).tolist(),
            "hi": (mean + half_width).tolist(),
        },
        "unique_mean": 120.5,
        "training_queries": 12_000 if trained else 0,
        "training_unique": 3_500 if trained else 0,
        "training_seconds": 80.0 if trained else 0.0,
        "seconds": 1.25,
    }


def episodes(median=2.5, outside=100, starts=2_000):
    counts = [0] * 50
    counts[20:30] = [(starts - outside) // 10] * 10
    return {
        "mean_start": 77.0,
        "mean_final": 77.0 + median,
        "median_improvement": median,
        "mean_improvement": median,
        "share_of_optimum": median / 3,
        "improved": 0.9,
        "histogram": {"edges": list(EDGES), "counts": counts},
        "intervals": {"50": [-0.5, 1.5], "90": [-2.0, 20.0], "95": [-30.0, 30.0]},
        "skew": -1.2,
    }


def record(strategies, **changes):
    return {
        "kind": "comparison",
        "archwalk": "0.1.0",
        "created": "2026-01-01T00:00:00+00:00",
        "command": "archwalk compare --benchmark nas-bench-graph:cora --budget 150",
        "versions": {"python": "3.11", "numpy": "2.0"},
        "benchmark": "nas-bench-graph:cora",
        "objective": "validation",
        "objective_meaning": "reward: validation accuracy, report: test accuracy (means over runs)",
        "provenance": {"source": "nas-bench-graph"},
        "space": {"name": "nasbench_graph", "architectures": 26_206, "edges": 1_005_320},
        "budget": 150,
        "trials": 100,
        "seeds": [0],
        "query": {},
        "optimum": None,
        "episodes": None,
        "strategies": strategies,
    } | changes


def demo():
    """An agent and three others, with everything that a record can hold."""
    strategies = {
        "agent": strategy(81.4, trained=True, query="an episode"),
        "local-search": strategy(80.1, query="every neighbour"),
        "random-walk": strategy(79.8, query="an episode"),
        "random-search": strategy(79.7),
    }
    for i, one in enumerate(strategies.values()):
        one["episodes"] = episodes(2.5 - i)
    end = {
        "description": {"link": [0, 1], "operations": ["gcn", "gat"]},
        "svg": SVG,
        "reward": 75.0,
        "report": 74.0,
    }
    strategies["agent"]["examples"] = [{"start": end, "found": end | {"report": 80.5}, "steps": 5}]
    return record(
        strategies,
        optimum={
            "gamma": 0.99,
            "alpha": 6.0,
            "mean_final": 81.9,
            "mean_final_report": 81.44,
            "best_report": 82.6,
        },
        episodes={"starts": 2_000, "limit": 32},
        training={
            "seconds": 80.0,
            "steps": list(range(100, 2_100, 100)),
            "epsilon": [1 - i / 20 for i in range(20)],
            "stop_reward": [None, *(0.2 + i / 100 for i in range(19))],
        },
    )


def single():
    """One strategy, one trial, nothing beside the curve."""
    return record({"random-search": strategy()}, trials=1)


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
    return record(
        strategies, seeds=[0, 1, 2], objective_meaning="reward and report: mean test accuracy (noise-free)"
    )


def tested():
    """Four strategies, one under two settings, with every test of their differences; two cannot be told apart."""
    rng = np.random.default_rng(0)
    common_TQ = np.sort(rng.normal(80, 1, (30, 150)), axis=1)
    shifts = {"evolution": 0.6, "evolution-small": 0.58, "random-search": 0.3, "local-search": -0.5}
    reports = {
        name: (common_TQ + shift + 0.1 * rng.normal(size=common_TQ.shape))[None]
        for name, shift in shifts.items()
    }
    strategies = {name: strategy(80 + shift) | {"trials": 30} for name, shift in shifts.items()}
    for name, population in (("evolution", 100), ("evolution-small", 10)):
        strategies[name] |= {
            "strategy": "evolution",
            "settings": {"population": population},
            "preset": "evo2019",
        }
    strategies["random-search"] |= {"strategy": "random-search", "settings": {}}
    strategies["local-search"] |= {"strategy": "local-search", "settings": {}}
    for one in strategies.values():
        one["best_after"]["150"] |= {"iqm": 80.1, "iqm_ci95": [80.0, 80.2]}
    return record(strategies, trials=30, archwalk="0.1.0", evaluation="table") | compared(reports, 150)


def compared(reports, budget):
    """What a record says of strategies against each other."""
    return {name: to_plain(one) for name, one in differences(reports, budget, 0).items()}


def bare():
    """Only what a record must hold."""
    after = {"best_after": {"50": {"mean": 80.0}}}
    return {
        "benchmark": "b",
        "objective": "o",
        "budget": 50,
        "trials": 2,
        "strategies": {"one": after, "two": after},
    }


HOSTILE = "<script>alert(1)</script>\"'&$x$ ${result} --> ]]> </style> | [bold]"


def hostile():
    """Markup wherever a record holds text."""
    one = strategy(trained=True, query=HOSTILE) | {"episodes": episodes()}
    end = {
        "description": {HOSTILE: HOSTILE},
        "svg": f"<svg onload='alert(1)'>{HOSTILE}</svg>",
        "report": 74.0,
    }
    one["examples"] = [{"start": end, "found": end, "steps": 1}]
    return record(
        {HOSTILE: one, f"runs/{HOSTILE}": strategy()},
        benchmark=HOSTILE,
        objective=HOSTILE,
        objective_meaning=HOSTILE,
        command=HOSTILE,
        created=HOSTILE,
        versions={HOSTILE: HOSTILE},
        provenance={HOSTILE: HOSTILE},
        space={"name": HOSTILE},
    )


VARIANTS = {f.__name__: f for f in (demo, single, short, six, tested, bare, hostile)}
