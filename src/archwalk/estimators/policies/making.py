"""Making a table of agents: every architecture of a small space, trained from scratch through the store."""

from pathlib import Path

from archwalk.data.files import Progress, untold, working_folder
from archwalk.errors import UsageError
from archwalk.estimators.policies.benchmark import declaration_for, settings_for
from archwalk.estimators.policies.embedded import made_folder, table_name
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.tables import collect, game_and_space, write_table
from archwalk.estimators.store.database import Store
from archwalk.estimators.trainings.stored import train_everyone
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
    keep_in = working_folder("trainings")
    made = [
        PolicyEstimator(space, game, settings, seed=seed, store=store, workers=workers, keep_in=keep_in)
        for seed in range(seeds)
    ]
    for _ in train_everyone(made, space.size, progress):
        write_table(path, collect(made))
    return path
