"""Train one agent on a game from scratch for some minutes, resumable, and compare it with a random policy.

Prints timesteps a second of processor time, and both mean scores of 100 episodes with 95 % bootstrap intervals. With
`--checkpoint` a run that was stopped goes on (MinAtar to the bit, Atari with new games).
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from archwalk.data.states import read_state, write_state
from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.benchmark import declaration_for
from archwalk.estimators.policies.games import Game, find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.trainings.attempts import placed
from archwalk.estimators.trainings.isolation import alone
from archwalk.estimators.trainings.stored import find_device
from archwalk.learning.ppo import PPOSettings
from archwalk.learning.rollouts import first_scores
from archwalk.spaces.policy_cnn.numbered import policy_space

SAVE_SECONDS = 60.0


class RandomPolicy:
    """Every action is equally likely."""

    def __init__(self, actions: int) -> None:
        self.actions = actions

    def __call__(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        return torch.zeros(len(observations), self.actions), torch.zeros(len(observations))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("game", help="MinAtar-Breakout, Atari-Breakout, or a Gymnasium id")
    parser.add_argument("--space", default="space-1")
    parser.add_argument("--kernels", default="4,3", help="of the choice blocks (default: the Nature CNN's)")
    parser.add_argument(
        "--steps", type=int, default=1_000_000, help="timesteps that the learning rate is planned for"
    )
    parser.add_argument("--minutes", type=float, help="stop earlier, after so many minutes of this call")
    parser.add_argument("--learning-rate", type=float, default=PPOSettings().learning_rate)
    parser.add_argument("--epochs", type=int, default=PPOSettings().epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--random-episodes", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    game, device = find_game(options.game), find_device(options.device)
    space = policy_space(declaration_for(game, options.space))
    layers = [
        {"kernel_size": int(kernel), "channels": space.declaration.channels}
        for kernel in options.kernels.split(",")
    ]
    ppo = PPOSettings(learning_rate=options.learning_rate, epochs=options.epochs)
    with alone(device, options.seed):
        made = space.build(space.parse({"convolutions": layers}), game.task)
    network = placed(made, device)
    agent = Agent(game, network.parameters(), PolicySettings(options.steps, ppo), options.seed, device)
    if options.checkpoint and options.checkpoint.exists():
        state = read_state(options.checkpoint)
        network.load_state_dict(state["network"])
        agent.load_state_dict(state["agent"])
        print(f"goes on at timestep {agent.actor.steps:,}")
    train(agent, network, options)
    print(
        f"{game.name}: {scores_of(np.array(agent.scores.last))} in the last {len(agent.scores.last)} episodes"
    )
    print(f"random policy: {scores_of(random_scores(game, options.random_episodes))}")


def train(agent: Agent, network: torch.nn.Module, options: argparse.Namespace) -> None:
    """To the end, or until time is over; says how it goes once a minute, and saves."""
    began = saved = time.monotonic()
    rates: list[float] = []
    while not agent.done:
        before = time.process_time()
        agent.advance(network)
        rates.append(agent.settings.ppo.batch / (time.process_time() - before))
        now = time.monotonic()
        late = options.minutes is not None and now - began > 60 * options.minutes
        if late or agent.ppo.done == agent.ppo.updates or now - saved > SAVE_SECONDS:
            saved = now
            scores, rate = agent.scores, statistics.median(rates)
            print(
                f"timestep {agent.actor.steps:,}: {scores.episodes:,} episodes, mean {scores.mean_return:.2f}, highest "
                f"{scores.max_return:.2f}; {rate:,.0f} timesteps/s of a core",
                flush=True,
            )
            if options.checkpoint:
                write_state(
                    options.checkpoint, {"network": network.state_dict(), "agent": agent.state_dict()}
                )
        if late:
            return


def random_scores(game: Game, episodes: int) -> np.ndarray:
    """Scores of so many episodes of a random policy, each in a game of its own."""
    env = game.make(min(episodes, 25))
    found: list[float] = []
    while len(found) < episodes:
        score_N, _ = first_scores(env, RandomPolicy(game.actions), len(found), 30_000)
        found += score_N.tolist()
    env.close()
    return np.array(found[:episodes])


def scores_of(scores: np.ndarray) -> str:
    """The mean with its bootstrap interval."""
    draws = np.random.default_rng(0).choice(scores, (2_000, len(scores))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"mean score {scores.mean():.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
