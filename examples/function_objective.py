"""A function of one's own as objective: it trains a network and returns several numbers, in two processes."""

import time

import torch
from torch import nn

import archwalk

space = archwalk.declare(
    "ring-mlp",
    archwalk.Integer("depth", 1, 3),
    archwalk.Ordinal("width", [4, 8, 16, 32]),
    archwalk.Categorical("activation", ["relu", "tanh", "sigmoid"]),
    archwalk.Ordinal("learning_rate", [0.001, 0.003, 0.01, 0.03]),
)
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def points(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points of the plane, and whether they lie in a ring."""
    x = torch.rand((n, 2), generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return x, ((x.norm(dim=1) > 0.4) & (x.norm(dim=1) < 0.8)).long()


def train(architecture: archwalk.Architecture) -> dict[str, float]:
    """Errors in percent on the points for validation and for the test, and the number of weights."""
    chosen = architecture.description
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    inputs = 2
    for _ in range(chosen["depth"]):
        layers += [nn.Linear(inputs, chosen["width"]), ACTIVATIONS[chosen["activation"]]()]
        inputs = chosen["width"]
    network = nn.Sequential(*layers, nn.Linear(inputs, 2))
    optimiser = torch.optim.Adam(network.parameters(), lr=chosen["learning_rate"])
    x, y = points(400, seed=1)
    for _ in range(60):
        loss = nn.functional.cross_entropy(network(x), y)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    errors = {}
    for name, seed in (("validation error", 2), ("test error", 3)):
        x, y = points(400, seed)
        errors[name] = 100 * float((network(x).argmax(1) != y).double().mean())
    return errors | {"weights": sum(p.numel() for p in network.parameters())}


if __name__ == "__main__":
    began = time.perf_counter()
    result = archwalk.search(
        "graph-gp", space, objective=train, minimise="validation error", report="test error",
        budget=30, workers=2, limit_seconds=60, retries=1, store="evaluations.sqlite",
    )  # fmt: skip
    best = result.best
    print(
        f"{best.reward:.2f} % validation error, {best.report:.2f} % test error, {time.perf_counter() - began:.1f} s"
    )
    print(best.architecture.description)
