"""Making a table of agents: every architecture of a small space, trained from scratch through the store."""

from pathlib import Path

import numpy as np

from archwalk.data.files import Progress, part_of_all, untold, working_folder
from archwalk.errors import UsageError
from archwalk.estimators.policies.benchmark import declaration_for, settings_for
from archwalk.estimators.policies.embedded import made_folder, table_name
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.tables import collect, game_and_space, write_table
from archwalk.estimators.store.database import Store
from archwalk.spaces.policy_cnn.numbered import numbered

SEEDS = 3


def make_table(
    words: list[str],
    store: Store,
    *,
    seeds: int | None = None,
    workers: int | None = None,
    progress: Progress = untold,
    out: Path | None = None,
) -> Path:
    """Train what the store does not have of `policy-cnn:WORDS`, seed after seed, and write the table after each.

    It goes to `out`, or into the cache folder, where the benchmark is found before the one that comes with archwalk.
    Raises DataError, UsageError.
    """
    seeds = SEEDS if seeds is None else seeds
    if seeds < 1:
        raise UsageError(f"a table has at least 1 seed, not {seeds}")
    game, word, rest = game_and_space(words)
    if rest:
        raise UsageError(f"a table is of a game and a space, not of {':'.join(words)!r}")
    space = numbered(declaration_for(game, word))
    path, settings = out or made_folder() / table_name(game.name, word), settings_for(game, word)
    keep_in, every = working_folder("trainings"), np.arange(space.size, dtype=np.int32)[:, None]
    made = [
        PolicyEstimator(space, game, settings, seed=seed, store=store, workers=workers, keep_in=keep_in)
        for seed in range(seeds)
    ]
    for seed, estimator in enumerate(made):
        with estimator:
            estimator.outcomes(every, part_of_all(progress, seed, seeds))
        write_table(path, collect(made))
    return path
