"""A cell of one's own: which nodes, which operations, how many edges; searched with a function of one's own."""

import archwalk

cell = archwalk.Cell(operations=("conv3x3", "conv1x1", "maxpool"), nodes=(0, 4), edges=(1, 8))
space = archwalk.declare(
    "my-cell",
    cell,
    build={
        "width": 8,
        "stem": ["Conv2d(channels, width, 3, padding=1)"],
        "head": ["AdaptiveAvgPool2d(1)", "Flatten()", "Linear(width, outputs)"],
        "operations": {
            "conv3x3": ["Conv2d(width, width, 3, padding=1)", "ReLU()"],
            "conv1x1": ["Conv2d(width, width, 1)", "ReLU()"],
            "maxpool": ["MaxPool2d(3, 1, 1)"],
        },
    },
)


def accuracy(architecture: archwalk.Architecture) -> dict[str, float]:
    """What would train `architecture.build()`: here a made-up accuracy, and the weights of the convolutions."""
    operations, edges = architecture.description["ops"], architecture.description["edges"]
    three, one, pool = (operations.count(name) for name in cell.operations)
    gained = 6 * three - three**2 + 2 * one - abs(pool - 1) + 0.5 * len(edges)
    return {"accuracy": 80 + gained, "weights": 584 * three + 72 * one}


result = archwalk.search("graph-gp", space, objective=accuracy, budget=60, store=False)
print(f"the best cell of 60: {result.best.reward:.2f} %")
print(result.best.architecture)
