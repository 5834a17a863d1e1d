"""figures 8 and 13: how far one episode improves the architecture that it began with."""

from typing import Any

import numpy as np
from scipy.stats import skew

from archwalk.experiments.comparison import comparison_of
from archwalk.experiments.protocol import HISTOGRAM_EDGES, Outcome, summarise_episodes
from archwalk.experiments.records import EpisodeProtocol, StrategyResult, plain
from archwalk.papers.cassimon2024.episodes import describe, episode_settings, play
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup
from archwalk.strategies.walker import EPISODE_LIMIT

FINE_BINS = 100


def compute(setup: Setup, benchmark: str) -> Answer:
    """Histograms with median, symmetric intervals and skew, as the record of a comparison has them."""
    found, scale = setup.find_benchmark(benchmark), setup.scale
    played = play(setup, found)
    strategies, more, edges = {}, {}, _edges(played)
    for named in setup.named_methods(found):
        if named.name not in played:
            continue
        outcomes = played[named.name]
        about = describe(named, found)
        strategies[named.name] = StrategyResult(
            **about | {"agents": len(outcomes)},
            trials=0,
            trained=bool(about["training_queries"]),
            episodes=summarise_episodes(outcomes, edges),
        )
        more[named.name] = _more(outcomes, scale.sets)
    comparison = comparison_of(
        found,
        strategies,
        budget=0,
        trials=0,
        seed=setup.seed,
        episodes=EpisodeProtocol(starts=scale.sets * scale.starts, limit=EPISODE_LIMIT),
    )
    return Answer(episode_settings(setup, found), {"comparison": plain(comparison), "more": more})


def _edges(played: dict[str, list[Outcome]]) -> Any:
    """The paper's +-12.5 points, or less where 99 % of all improvements lie nearer to zero."""
    gained = np.abs(np.concatenate([o.gained_B for outcomes in played.values() for o in outcomes]))
    reach = min(HISTOGRAM_EDGES[-1], np.ceil(2 * np.nanpercentile(gained, 99)) / 2)
    return np.linspace(-reach, reach, FINE_BINS + 1)


def _more(outcomes: list[Outcome], sets: int) -> dict[str, Any]:
    """The skew of what the paper's +-12.5 points hold; medians of each agent and set."""
    gained_GSB = np.stack([outcome.gained_B.reshape(sets, -1) for outcome in outcomes])
    inside = gained_GSB[np.abs(gained_GSB) <= HISTOGRAM_EDGES[-1]]
    medians_GS = np.median(gained_GSB, axis=2)
    return {
        "skew_within_12.5": float(skew(inside)) if inside.std() > 0 else 0.0,
        "medians": {"least": float(medians_GS.min()), "most": float(medians_GS.max())},
    }


def _item(name: str, source: str, benchmark: str) -> Item:
    return Item(name, source, "What one episode changes", "histograms", compute, benchmark, agents=True)


FIG8 = _item("fig8", "Figure 8", "nasbench101")
FIG13 = _item("fig13", "Figure 13", "nasbench301:yahpo")
