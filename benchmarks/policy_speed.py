"""Timesteps a second of processor time of agents that learn by PPO, end to end, and what a supernet's turn costs.

Every figure is the median over `--updates` updates. A supernet and one of its networks on its own are timed in turns,
so that both see the same machine.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from torch import nn

from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.benchmark import declaration_for, settings_for
from archwalk.estimators.policies.games import Game, find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.sharing import PolicySupernet
from archwalk.estimators.policies.training import PolicyTraining
from archwalk.estimators.trainings.attempts import placed
from archwalk.spaces.policy_cnn.network import PolicyNetwork, make_head, make_stem
from archwalk.spaces.policy_cnn.numbered import NumberedPolicyCNN, numbered

GAMES = ("MinAtar-Breakout", "MinAtar-Freeway", "Atari-Breakout", "Atari-Freeway")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", nargs="+", default=GAMES[:2])
    parser.add_argument("--spaces", nargs="+", default=["space-1", "space-2"])
    parser.add_argument("--updates", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.games:
        game = find_game(name)
        if game.family == "minatar":
            say(game, "two layers", median(seconds(two_layers(game), game, options.updates)))
        for word in options.spaces:
            space = numbered(declaration_for(game, word))
            for place in (0, space.size // 2, space.size - 1):
                alone, shared = both(space, place, game, word, options.updates)
                kernels = ", ".join(str(kernel) for kernel, _ in space.options(np.array([place], np.int32)))
                say(
                    game,
                    f"{word}, kernels {kernels}",
                    alone,
                    f"; in a supernet {shared / alone:.2f} times that",
                )


def two_layers(game: Game) -> nn.Module:
    """The fixed convolution of search space 1 and the dense layer, nothing between."""
    declaration = declaration_for(game, "space-1")
    stem, head = make_stem(declaration, game.observation[0]), make_head(declaration, game.actions)
    return placed(PolicyNetwork(stem, [], head), "cpu")


def both(space: NumberedPolicyCNN, place: int, game: Game, word: str, updates: int) -> tuple[float, float]:
    """Median seconds of an update of a network on its own, and of a turn on a path of a supernet."""
    code_L = np.array([place], np.int32)
    settings = PolicySettings(10_000_000, settings_for(game, word).ppo)
    network = PolicyTraining(space, game, settings, "cpu").build(code_L)
    agent = Agent(game, network.parameters(), settings, 0, "cpu")
    shared = PolicySupernet(space, game, settings, 0)
    pairs = [
        (timed(lambda: agent.advance(network)), timed(lambda: shared.learn(code_L))) for _ in range(updates)
    ]
    return median(one for one, _ in pairs), median(other for _, other in pairs)


def seconds(network: nn.Module, game: Game, updates: int) -> list[float]:
    """Of every update."""
    agent = Agent(
        game, network.parameters(), PolicySettings(10_000_000, settings_for(game, "space-1").ppo), 0, "cpu"
    )
    return [timed(lambda: agent.advance(network)) for _ in range(updates)]


def timed(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def say(game: Game, network: str, update: float, more: str = "") -> None:
    print(f"{game.name}, {network}: {PolicySettings().ppo.batch / update:,.0f} timesteps/s{more}", flush=True)


if __name__ == "__main__":
    main()
