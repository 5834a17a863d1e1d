"""Steps of environments."""

from typing import Any

import numpy as np

from rows.table import GRAPHS, Work, row

STEPS = 20_000


@row("gymnasium.make, a step", "us", peer="a plain Python environment")
def plain() -> Work:
    import gymnasium

    import archwalk  # noqa: F401 - registers it

    env = gymnasium.make("archwalk/Incremental-v0", benchmark=GRAPHS)
    actions = np.random.default_rng(0).integers(1, 20, STEPS).tolist()

    def work(steps: int = STEPS) -> None:
        env.reset(seed=0)
        for action in actions[:steps]:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    work(1000)
    return work, STEPS


@row("gymnasium.make, a step/peer", "us")
def naive() -> Work:
    """What one would write: lists of neighbours, a table of features, a list of accuracies."""
    from archwalk.estimators.benchmarks import load_benchmark

    problem: Any = load_benchmark(GRAPHS)
    space, reward = problem.space, problem.estimator.reward_N.tolist()
    graph, table = space.graph, space.feature_table
    around = [graph.targets_E[a:b].tolist() for a, b in zip(graph.offsets, graph.offsets[1:], strict=False)]
    rng = np.random.default_rng(0)
    actions = rng.integers(1, 20, STEPS).tolist()

    def show(at: int) -> tuple[list[int], dict[str, Any]]:
        shown = [at, *around[at][:50]]
        features, mask = np.zeros((51, table.shape[1]), np.uint8), np.zeros(51, np.int8)
        features[: len(shown)] = table[shown]
        mask[: len(shown)] = 1
        return shown, {"features": features, "mask": mask}

    def work() -> None:
        at, steps = 0, 0
        shown, _ = show(at)
        for action in actions:
            before, steps = at, steps + 1
            at = shown[action] if action < len(shown) else at
            _ = float(np.exp(6 * (reward[at] / 100 - 1)) - np.exp(6 * (reward[before] / 100 - 1)))
            if steps == 16:
                at, steps = int(rng.integers(len(around))), 0
            shown, _ = show(at)

    return work, STEPS


def steps_of_sb3(environments: Any) -> Work:
    """Steps of 256 environments as Stable-Baselines3 takes them."""
    actions = np.random.default_rng(0).integers(1, 20, (STEPS // 256, 256))

    def work() -> None:
        environments.reset()
        for action_B in actions:
            environments.step(action_B)

    work()
    return work, len(actions) * 256


@row("VecEnv for SB3, a step", "us", peer="its DummyVecEnv over gymnasium.make")
def sb3_vector() -> Work:
    from archwalk.environments.incremental import IncrementalVectorEnv
    from archwalk.environments.sb3 import SB3VecEnv

    return steps_of_sb3(SB3VecEnv(IncrementalVectorEnv(GRAPHS, 256)))


@row("VecEnv for SB3, a step/peer", "us")
def sb3_dummy() -> Work:
    import gymnasium
    from stable_baselines3.common.vec_env import DummyVecEnv

    import archwalk  # noqa: F401 - registers it
    from archwalk.estimators.benchmarks import load_benchmark

    problem = load_benchmark(GRAPHS)
    makers = [lambda: gymnasium.make("archwalk/Incremental-v0", benchmark=problem)] * 256
    return steps_of_sb3(DummyVecEnv(makers))


def steps_of_atari(games: Any) -> Work:
    actions = np.random.default_rng(0).integers(0, 4, (500, 8))

    def work() -> None:
        games.reset(seed=0)
        for action_B in actions:
            games.step(action_B)

    work()
    return work, actions.size


@row("Atari for PPO, a step", "us", peer="AtariVectorEnv alone")
def atari() -> Work:
    from archwalk.estimators.policies.games import find_game

    return steps_of_atari(find_game("Atari-Breakout").make(8))


@row("Atari for PPO, a step/peer", "us")
def atari_alone() -> Work:
    from ale_py.env import AtariEnv  # noqa: F401 - it registers what the vector environment needs
    from ale_py.vector_env import AtariVectorEnv
    from gymnasium.vector import AutoresetMode

    mode = AutoresetMode.SAME_STEP
    return steps_of_atari(AtariVectorEnv("breakout", 8, num_threads=1, autoreset_mode=mode))
