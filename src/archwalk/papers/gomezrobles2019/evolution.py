"""What the paper shows of a set of trials, data set by data set and agent by agent (Figures 9 to 16, Tables 4, 5 and
7).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.environments.construction_settings import list_actions
from archwalk.papers.gomezrobles2019.episodes import curve, group_size, shares
from archwalk.papers.gomezrobles2019.trace import Trial, best_networks
from archwalk.papers.setup import Setup

Trials = dict[str, dict[str, list[Trial]]]
"""By data set and agent, a trial a seed."""

MEASURES = ("best", "reward", "length", "entropy", "branched")


def evolution(setup: Setup, space: Any, trials: Trials) -> dict[str, Any]:
    """Curves, shares of actions, times, and the best networks."""
    return {
        "actions": list(list_actions(space.table).names),
        "data": {
            name: {agent: _agent(setup, space, its) for agent, its in by_agent.items()}
            for name, by_agent in trials.items()
        },
    }


def _agent(setup: Setup, space: Any, trials: Sequence[Trial]) -> dict[str, Any]:
    size = group_size(trials)
    curves = {measure: curve(trials, measure, size) for measure in MEASURES}
    return {
        "episodes": size,
        "curves": {measure: one for measure, one in curves.items() if one["mean"]},
        "shares": shares(trials, setup.seed),
        "times": times(trials),
        "networks": networks(space, trials, 2),
    }


def times(trials: Sequence[Trial]) -> dict[str, float]:
    """Means over seeds: seconds that the agent took here, seconds of training that the networks stand for (0 where
    nobody knows), queries, and different networks among them.
    """
    evaluated = [trial["evaluated"] for trial in trials]
    return {
        "seconds": float(np.mean([trial["seconds"] for trial in trials])),
        "network_seconds": float(np.mean([np.nansum(one["seconds"]) for one in evaluated])),
        "queries": float(np.mean([len(one["codes"]) for one in evaluated])),
        "unique": float(np.mean([len(np.unique(one["codes"], axis=0)) for one in evaluated])),
    }


def networks(space: Any, trials: Sequence[Trial], count: int) -> list[dict[str, Any]]:
    """The networks of highest reward of all seeds together, best first."""
    joined: Mapping[str, Any] = {
        name: np.concatenate([trial["evaluated"][name] for trial in trials])
        for name in ("codes", "reward", "report")
    }
    return [
        {"architecture": space.describe(code_L), "reward": reward, "report": report}
        for code_L, reward, report in best_networks(joined, count)
    ]
