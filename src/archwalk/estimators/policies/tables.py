"""Tables of agents that were trained from scratch: made from the store, kept as small files, searched as benchmarks.

Mazyavkina et al. 2020, section 5.3: "we trained all the architectures from scratch [...] These metrics were used as a
tabular benchmark". A table grows: what is not trained yet is null in its file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.data.decoding import reading
from archwalk.data.files import write_atomically
from archwalk.errors import DataError, UsageError, unknown
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import Metric, Objective
from archwalk.estimators.policies import embedded
from archwalk.estimators.policies.benchmark import declaration_for
from archwalk.estimators.policies.estimator import MAX_RETURN, MEAN_RETURN, PolicyEstimator
from archwalk.estimators.policies.games import Game, find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.sharing import PolicySupernet
from archwalk.estimators.store.records import DONE, Outcome
from archwalk.estimators.table import MultiFidelityTable
from archwalk.learning.ppo import PPOSettings
from archwalk.spaces.policy_cnn.numbered import NumberedPolicyCNN, numbered

SPACE_WORDS = ("space-1", "space-2")
HELD_OUT_RETURN = Objective(
    "held-out-return",
    Metric("raw score of an agent's last 100 episodes"),
    Metric("raw score of agents of other seeds"),
)
OBJECTIVES = {objective.name: objective for objective in (MEAN_RETURN, MAX_RETURN, HELD_OUT_RETURN)}
CURVES = ("steps", "mean_return")
SHARES = (9, 3)
"""Of the updates after which a training is looked at early: a ninth and a third, as BOHB's eta wants."""


def collect(estimators: Sequence[PolicyEstimator]) -> dict[str, Any]:
    """What is known of all architectures, one estimator a seed; nothing is trained.

    A row an architecture in the order of ids, a figure a seed; curves have one list of timesteps each.
    """
    first = estimators[0]
    codes_NL = np.arange(_space(first).size, dtype=np.int32)[:, None]
    known_SN = [one.known(codes_NL) for one in estimators]
    return {
        "game": first.game.name,
        "fingerprint": first.problem.dataset_fingerprint,
        "space": first.problem.space,
        "numbering": NumberedPolicyCNN.numbering,
        "settings": first.policy_settings.as_dict(),
        "seeds": [one.seed for one in estimators],
        "architectures": [
            {
                "architecture": json.loads(first.architecture(code_L)),
                "seeds": [_figures(one) for one in outcomes],
            }
            for code_L, *outcomes in zip(codes_NL, *known_SN, strict=True)
        ],
    }


def write_table(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table, an architecture a line."""
    head = {name: value for name, value in table.items() if name != "architectures"}
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in table["architectures"])
    write_atomically(path, f'{json.dumps(head)[:-1]}, "architectures": [\n{lines}\n]}}\n')


@dataclass(frozen=True)
class PolicyTable:
    """Raw scores (N, S) of all N architectures of a space under S seeds; the game's lowest where a training failed.

    Of a table that still grows, the seeds are those under which every architecture is trained.
    """

    settings: PolicySettings
    seeds: tuple[int, ...]
    mean_return_NS: Floats
    max_return_NS: Floats
    seconds_NS: Floats
    failed: tuple[str, ...] = ()
    """Why, of each training that did."""
    shorter_NS: Mapping[int, Floats] = field(default_factory=dict)
    """`mean_return` after fewer updates of PPO, ascending: those of the same trainings, seen early."""

    @property
    def fidelities(self) -> tuple[int, ...]:
        """Updates after which mean returns are known, ascending; the last is the whole training."""
        return (*self.shorter_NS, self.settings.updates)

    @property
    def between(self) -> float | None:
        """The share of the variance of mean returns that lies between networks, not between trainings of one: the
        intraclass correlation of a one-way analysis of variance, unbiased and so below 0 at times. None of one seed.
        """
        trainings = len(self.seeds)
        if trainings < 2:
            return None
        within = float(self.mean_return_NS.var(axis=1, ddof=1).mean())
        across = trainings * float(self.mean_return_NS.mean(axis=1).var(ddof=1))
        total = across + (trainings - 1) * within
        return (across - within) / total if total else 0.0

    def rewards(self, objective: Objective) -> Floats:
        """Rewards (F, N) of `scores` at all `fidelities`; of `max-return` at the last alone."""
        full_N, _ = self.scores(objective)
        if objective == MAX_RETURN:
            return full_N[None]
        seeds = slice(1 if objective == HELD_OUT_RETURN else None)
        return np.stack([*(score_NS[:, seeds].mean(axis=1) for score_NS in self.shorter_NS.values()), full_N])

    def scores(self, objective: Objective) -> tuple[Floats, Floats]:
        """Reward and report (N,) of one of `OBJECTIVES`: means over seeds, or the first and the mean of the rest.

        Raises DataError where there is no rest.
        """
        if objective == HELD_OUT_RETURN:
            if len(self.seeds) < 2:
                raise DataError("held-out-return compares seeds, and the table has one so far")
            return self.mean_return_NS[:, 0], self.mean_return_NS[:, 1:].mean(axis=1)
        score_N = (self.max_return_NS if objective == MAX_RETURN else self.mean_return_NS).mean(axis=1)
        return score_N, score_N


def read_table(path: Traversable, space: NumberedPolicyCNN, game: Game) -> PolicyTable:
    """What a file has of all architectures. Raises DataError where it is of something else, lists other architectures
    than the space's in the order of ids, or has no seed under which all are trained.
    """
    with reading(path.name, "is not a table of agents"):
        table = embedded.load_table(path)
        made = space.name, NumberedPolicyCNN.numbering, game.fingerprint
        if (table["space"], table["numbering"], table["fingerprint"]) != made:
            raise DataError(f"{path.name} is of another space, game or version of archwalk; make it anew")
        every = [space.describe(code_L) for code_L in np.arange(space.size, dtype=np.int32)[:, None]]
        if [row["architecture"] for row in table["architectures"]] != every:
            raise DataError(f"{path.name} does not list all {space.size} networks by their ids; make it anew")
        return parse_table(table, path.name, game.lowest)


def parse_table(table: Mapping[str, Any], name: str, lowest: float) -> PolicyTable:
    """What `collect` gave, under the seeds with which all are trained. Raises DataError where there is none."""
    rows_NS, whole = [row["seeds"] for row in table["architectures"]], embedded.whole_seeds(table)
    if not whole:
        missing = sum(row[0] is None for row in rows_NS)
        raise DataError(f"{name} is not complete: {missing} trainings of its first seed are to be done")
    figures_NS = [[row[s] for s in whole] for row in rows_NS]

    def column(key: str) -> Floats:
        return np.array(
            [[lowest if one[key] is None else one[key] for one in row] for row in figures_NS], np.float64
        )

    settings = PolicySettings(**table["settings"] | {"ppo": PPOSettings(**table["settings"]["ppo"])})
    shorter = {}
    for share in SHARES:
        steps = settings.updates // share * settings.ppo.batch
        early = [[_by_then(one, steps, lowest) for one in row] for row in figures_NS]
        if None not in chain(*early):
            shorter[settings.updates // share] = np.array(early, np.float64)
    return PolicyTable(
        settings,
        tuple(table["seeds"][s] for s in whole),
        column("mean_return"),
        column("max_return"),
        column("seconds"),
        tuple(one["failed"] for row in figures_NS for one in row if "failed" in one),
        shorter,
    )


def _by_then(figures: Mapping[str, Any], steps: int, lowest: float) -> float | None:
    """The mean return after so many timesteps, by the learning curve; None where no episode was over."""
    if figures["mean_return"] is None:
        return lowest
    curve = figures["curve"]
    known = [score for at, score in zip(curve["steps"], curve["mean_return"], strict=True) if at <= steps]
    return known[-1] if known else None


class PolicyTableEstimator(MultiFidelityTable):
    """A table whose networks can share weights on its game as well, which is trained for real.

    Its fidelities are numbers of PPO's updates: the same trainings, seen early.
    """

    def __init__(self, objective: Objective, table: PolicyTable, policies: PolicyEstimator) -> None:
        reward_FN, (_, report_N) = table.rewards(objective), table.scores(objective)
        fidelities = table.fidelities[-len(reward_FN) :]
        seconds_N = table.seconds_NS.mean(axis=1)
        seconds_FN = np.outer(fidelities, seconds_N) / fidelities[-1]
        super().__init__(objective, fidelities, reward_FN, report_N, seconds_FN)
        self.table, self.policies = table, policies

    def share_weights(self, steps: int, seed: int) -> PolicySupernet:
        """See `PolicyEstimator.share_weights`."""
        return self.policies.share_weights(steps, seed)


def load_policy_table(words: list[str], seed: int) -> Benchmark:
    """`policy-cnn:MinAtar-Breakout`, with `:space-1` (the default) or `:space-2`, and the objective behind it."""
    game, space_word, rest = game_and_space(words)
    name_of_objective = rest.pop(0) if rest else MEAN_RETURN.name
    if rest:
        raise UsageError(f"policy-cnn takes a game, a space and an objective, not {':'.join(words)!r}")
    if name_of_objective not in OBJECTIVES:
        raise unknown("space or objective", name_of_objective, [*SPACE_WORDS, *OBJECTIVES])
    objective = OBJECTIVES[name_of_objective]
    space = numbered(declaration_for(game, space_word))
    name = f"policy-cnn:{game.name}:{space_word}"
    path = embedded.table_files().get(embedded.table_name(game.name, space_word))
    if path is None:
        known = ", ".join(embedded.made_tables()) or "none"
        raise DataError(
            f"there is no table {name}, there are: {known}; archwalk data make {name} makes it, or policy:{game.name} "
            "trains what is asked for"
        )
    table = read_table(path, space, game)
    policies = PolicyEstimator(space, game, table.settings)
    provenance = {
        "source": f"agents trained on {game.name} by archwalk",
        "timesteps": str(table.settings.steps),
        "seeds": ", ".join(map(str, table.seeds)),
    }
    if table.between is not None:
        provenance["variance between networks"] = (
            f"{table.between:.3f} of the variance of mean returns; the rest is between trainings of one network"
        )
    return Benchmark(name, space, PolicyTableEstimator(objective, table, policies), provenance, game.task)


def game_and_space(words: list[str]) -> tuple[Game, str, list[str]]:
    """The game, the space's word and what is behind them. Raises UsageError where there is no such game."""
    game_name, *rest = words or [""]
    if not game_name:
        raise UsageError("which game? say policy-cnn:MinAtar-Breakout")
    space_word = rest.pop(0) if rest and rest[0] in SPACE_WORDS else SPACE_WORDS[0]
    return find_game(game_name), space_word, rest


def _space(estimator: PolicyEstimator) -> NumberedPolicyCNN:
    if not isinstance(estimator.space, NumberedPolicyCNN):
        raise UsageError(f"a table is of numbered policy networks, not of {estimator.space.name}")
    return estimator.space


def _figures(outcome: Outcome | None) -> dict[str, Any] | None:
    """What a table holds of a training: None where it is not done, null scores where it failed."""
    if outcome is None:
        return None
    done = outcome.status == DONE
    return {
        "mean_return": outcome.validation if done else None,
        "max_return": outcome.test if done else None,
        "seconds": round(outcome.seconds, 1),
        "curve": {name: [round(x, 2) for x in outcome.curves.get(name, ())] for name in CURVES},
        **({} if done else {"failed": outcome.reason}),
    }
