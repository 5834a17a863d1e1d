"""Train all architectures of both small spaces on MinAtar from scratch, and write what is known as tables.

Goes on where it stopped: every training is looked up in the store first, and tables are written after every game and
space, complete or not.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from archwalk.estimators.policies.benchmark import MINATAR_STEPS, declaration_for, settings_for
from archwalk.estimators.policies.embedded import FOLDER, table_name
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.tables import collect, write_table
from archwalk.estimators.store import Store, open_store
from archwalk.spaces.policy_cnn.numbered import numbered

GAMES = ("MinAtar-Breakout", "MinAtar-Freeway")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", nargs="+", default=GAMES)
    parser.add_argument("--spaces", nargs="+", default=list(MINATAR_STEPS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--steps", type=int, help="timesteps (default: 300,000 in space-1, 150,000 in space-2)"
    )
    parser.add_argument("--store", help="SQLite file or URL (default: the usual one)")
    parser.add_argument("--workers", type=int, help="default: one a core")
    parser.add_argument("--hours", type=float, help="stop after so many, at the end of a training")
    parser.add_argument("--out", type=Path, default=Path(str(FOLDER)), help="folder of the tables")
    options = parser.parse_args()
    store, began = open_store(options.store), time.monotonic()
    for seed in range(options.seeds):  # all architectures once, before any twice
        for game in options.games:
            for space in options.spaces:
                if not train(make(game, space, options, store, seed), began, options.hours):
                    write_all(options, store)
                    return
                write_all(options, store)


def make(game: str, space: str, options: argparse.Namespace, store: Store, seed: int) -> PolicyEstimator:
    found = find_game(game)
    settings = settings_for(found, space, options.steps)
    return PolicyEstimator(
        numbered(declaration_for(found, space)),
        found,
        settings,
        seed=seed,
        store=store,
        workers=options.workers,
    )


def train(estimator: PolicyEstimator, began: float, hours: float | None) -> bool:
    """Train what is missing, as many at a time as there are workers; False where time is over."""
    ids = np.arange(estimator.policies.declaration.size, dtype=np.int32)[:, None]
    missing = [code_L for code_L, one in zip(ids, estimator.known(ids), strict=True) if one is None]
    label = f"{estimator.game.name} {estimator.policies.name} seed {estimator.seed}"
    with estimator:
        for start in range(0, len(missing), 2 * estimator.workers):
            if hours is not None and time.monotonic() - began > 3600 * hours:
                print(f"{label}: stopped, {len(missing) - start} of {len(ids)} are missing")
                return False
            estimator.outcomes(np.stack(missing[start : start + 2 * estimator.workers]))
            done = len(ids) - len(missing) + min(start + 2 * estimator.workers, len(missing))
            print(
                f"{label}: {done} of {len(ids)} after {(time.monotonic() - began) / 60:.1f} minutes",
                flush=True,
            )
    return True


def write_all(options: argparse.Namespace, store: Store) -> None:
    for game in options.games:
        for space in options.spaces:
            estimators = [make(game, space, options, store, seed) for seed in range(options.seeds)]
            write_table(options.out / table_name(game, space), collect(estimators))


if __name__ == "__main__":
    main()
