"""Updates a second of Cassimon et al.'s agent on NAS-Bench-101, against PyTorch's own transformer on padded
observations.

Both networks have the same weights and see the same batch: observations of random walks' starts, up to 50
neighbours each, in `--batch` transitions that all go on. An update is everything that double Q-learning does with
importance weights: two forward passes over what follows, one forward and one backward over what was, Adam.
"""

import argparse
import copy
import statistics
import time

import numpy as np
import torch

from archwalk.agents.policy import see
from archwalk.jit import make_streams
from archwalk.learning.double_dqn import DoubleDQN, SetBatch, Transitions
from archwalk.learning.transformer import FirstTokenQNetwork
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.testing.transformer import PaddedFirstTokenQNetwork

NEIGHBOURS = 50


def observe(space: NASBench101, batch: int, rng: np.random.Generator) -> SetBatch:
    """What an agent sees at sampled architectures."""
    codes_BL = space.sample(rng, batch)
    codes_BNL, count_B = space.sample_neighbours(codes_BL, NEIGHBOURS, make_streams(rng, batch))
    return see(space, np.concatenate([codes_BL[:, None], codes_BNL], 1), count_B)


def make_batch(space: NASBench101, batch: int) -> Transitions:
    """Transitions of n-step returns with n = 3 and gamma = 0.9; what was paid does not matter for speed."""
    rng = np.random.default_rng(0)
    observation = observe(space, batch, rng)
    return Transitions(
        observation,
        rng.integers(0, observation.rows.lengths_B),
        rng.normal(size=batch).astype(np.float32),
        observe(space, batch, rng),
        np.full(batch, 0.9**3, np.float32),
    )


def compare(network: FirstTokenQNetwork, padded: PaddedFirstTokenQNetwork, batch: Transitions) -> None:
    """Print the largest difference of Q and of the gradient of its mean square, relative to the largest value."""
    seen = batch.observation
    ours_T, theirs_T = (made(seen.features_TF, seen.rows) for made in (network, padded))
    for q_T in (ours_T, theirs_T):
        q_T.square().mean().backward()
    theirs = dict(padded.named_parameters())
    pairs = [(p.grad, theirs[padded.name_here(name)].grad) for name, p in network.named_parameters()]
    largest = max(float(b.abs().max()) for _, b in pairs if b is not None)
    gradient = max(float((a - b).abs().max()) for a, b in pairs if a is not None and b is not None)
    q = float((ours_T - theirs_T).detach().abs().max() / theirs_T.detach().abs().max())
    print(f"largest difference, relative to the largest value: Q {q:.1e}, gradient {gradient / largest:.1e}")


def seconds(learner: DoubleDQN, batch: Transitions) -> float:
    """How long one update takes."""
    weights_B = np.ones(len(batch.action_B), np.float32)
    started = time.perf_counter()
    learner.update_weighted(batch, 4e-5, weights_B)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--width", type=int, default=256)
    options = parser.parse_args()
    torch.manual_seed(0)
    space = NASBench101()
    batch = make_batch(space, options.batch)
    lengths_B = batch.observation.rows.lengths_B
    print(
        f"{options.batch} transitions, on average {lengths_B.mean():.1f} of {NEIGHBOURS + 1} elements are real"
    )
    network = FirstTokenQNetwork(space.feature_count, options.width, NEIGHBOURS + 1)
    padded = PaddedFirstTokenQNetwork(network)
    compare(copy.deepcopy(network), copy.deepcopy(padded), batch)
    learners = {
        "padded": DoubleDQN(padded, target_every=100),
        "archwalk": DoubleDQN(network, target_every=100),
    }
    for learner in learners.values():
        seconds(learner, batch)  # warm up
    times = [
        {name: seconds(learner, batch) for name, learner in learners.items()} for _ in range(options.runs)
    ]
    for name in learners:
        median = statistics.median(run[name] for run in times)
        print(f"{name:8}: {1 / median:.2f} updates/s, {options.batch / median:,.0f} transitions/s")
    ratio = statistics.median(run["padded"] / run["archwalk"] for run in times)
    print(f"archwalk is {ratio:.2f} times as fast (median of {options.runs})")


if __name__ == "__main__":
    main()
