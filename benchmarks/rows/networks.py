"""Networks that are trained, and a network that stands for trainings."""

from typing import Any

import numpy as np

from rows.table import Work, row

NETWORKS = 20


def chains() -> tuple[Any, Any, list[Any]]:
    """The training of `images:digits:small:chain4`, its images, and chains that can be built."""
    from archwalk.data.images import load_images
    from archwalk.errors import InvalidArchitectureError
    from archwalk.estimators.images.benchmark import SCALES, make_networks, training_benchmark
    from archwalk.spaces.networks import build_network
    from archwalk.spaces.task import Task

    settings, training = SCALES["small"]
    images = load_images("digits", settings)
    space, size = make_networks("chain4", Task(images.shape, len(images.classes)))
    problem: Any = training_benchmark(space, images, training, size=size)
    codes = []
    for code_L in space.sample(np.random.default_rng(0), 4 * NETWORKS):
        try:
            build_network(space, code_L, problem.task, size)
        except InvalidArchitectureError:
            continue
        codes.append(code_L)
    return problem.estimator.training, problem.estimator.arrays(), codes[:NETWORKS]


@row("a chain, trained", "ms", peer="a plain loop")
def chain() -> Work:
    training, arrays, codes = chains()
    training.run(codes[0], arrays, 0)
    return lambda: [training.run(code_L, arrays, 0) for code_L in codes], len(codes)


@row("a chain, trained/peer", "ms")
def chain_by_a_loop() -> Work:
    """What one would write to train the same network; nothing is limited, and nothing recorded."""
    import torch
    from torch.nn.functional import cross_entropy

    from archwalk.data.images.base import TEST, TRAINING, VALIDATION
    from archwalk.spaces.networks import build_network

    training, arrays, codes = chains()
    images = torch.from_numpy(arrays["images"]).float() / 127.5 - 1
    labels, part = torch.from_numpy(arrays["labels"]), torch.from_numpy(arrays["part"])
    places = torch.nonzero(part == TRAINING)[:, 0]

    def train(code_L: Any) -> list[float]:
        network = build_network(training.space, code_L, training.task, training.size).train()
        optimiser = torch.optim.Adam(network.parameters(), fused=True)
        for _ in range(training.settings.epochs):
            for at in torch.split(places[torch.randperm(len(places))], training.settings.batch):
                loss = cross_entropy(network(images[at]), labels[at])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        network.eval()
        with torch.no_grad():
            return [
                (network(images[part == which]).argmax(1) == labels[part == which]).float().mean().item()
                for which in (VALIDATION, TEST)
            ]

    train(codes[0])
    return lambda: [train(code_L) for code_L in codes], len(codes)


@row("YAHPO, one architecture", "us", peer="onnxruntime alone")
def yahpo() -> Work:
    from archwalk.estimators.benchmarks import load_benchmark

    problem = load_benchmark("nasbench301:yahpo")
    codes_BL = problem.space.sample(np.random.default_rng(0), 1000)

    def work() -> None:
        for b in range(1000):
            problem.estimator.evaluate(codes_BL[b : b + 1])

    work()
    return work, 1000


@row("YAHPO, one architecture/peer", "us")
def yahpo_alone() -> Work:
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.estimators.nasbench301.features import yahpo_features

    problem: Any = load_benchmark("nasbench301:yahpo")
    session: Any = problem.estimator.session
    rows_BF = yahpo_features(problem.space.sample(np.random.default_rng(0), 1000))
    epochs = np.full((1, 1), 98, np.float32)

    def work() -> None:
        for b in range(1000):
            session.run(None, {"x_cat": rows_BF[b : b + 1], "x_cont": epochs})

    work()
    return work, 1000
