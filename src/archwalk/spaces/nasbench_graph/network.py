"""The network of a NAS-Bench-Graph architecture, with the layers of torch-geometric.

As measured in the benchmark: an optional linear layer in front; each node applies its operation to its
parent, after batch normalisation, ReLU and dropout unless the parent is the raw input; the leaves are
concatenated, then ReLU, a linear layer, and an optional second one. Its parameter counts equal the published
ones (a test). Source: Qin et al., NAS-Bench-Graph, NeurIPS 2022, section 3.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from archwalk.errors import MissingExtraError
from archwalk.spaces.nasbench_graph.size import NASBenchGraphSize
from archwalk.spaces.task import Task


class GraphNetwork(nn.Module):
    """Node classifier: `forward(x (nodes, in_features), edge_index (2, edges))` gives (nodes, classes).

    `link[i]` in 0..i is the parent of node i + 1. Raises MissingExtraError without torch-geometric.
    """

    def __init__(
        self, link: Sequence[int], operations: Sequence[str], task: Task, size: NASBenchGraphSize
    ) -> None:
        super().__init__()
        (in_features,), hidden = task.shape, size.hidden
        self.link = tuple(link)
        self.leaves = [node for node in range(1, len(link) + 1) if node not in self.link]
        self.sees_edges = [operation not in ("fc", "skip") for operation in operations]
        self.dropout = nn.Dropout(size.dropout)
        self.preprocess = nn.Linear(in_features, hidden) if size.preprocess else nn.Identity()
        widths = [hidden if size.preprocess else in_features]  # of the input, then of each node
        raw = [not size.preprocess]  # is it the raw input, perhaps handed on by skips?
        self.activations, self.layers = nn.ModuleList(), nn.ModuleList()
        for parent, operation in zip(self.link, operations, strict=True):
            self.activations.append(
                nn.Identity()
                if raw[parent]
                else nn.Sequential(nn.BatchNorm1d(widths[parent]), nn.ReLU(), nn.Dropout(size.dropout))
            )
            self.layers.append(_layer(operation, widths[parent], hidden))
            is_skip = operation == "skip"
            widths.append(widths[parent] if is_skip else hidden)
            raw.append(raw[parent] and is_skip)
        read_out = sum(widths[leaf] for leaf in self.leaves)
        self.head: nn.Module = nn.Linear(read_out, task.outputs)
        if size.postprocess:
            self.head = nn.Sequential(nn.Linear(read_out, hidden), nn.Linear(hidden, task.outputs))

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Class scores (nodes, classes)."""
        outputs = [self.preprocess(self.dropout(x))]
        nodes = zip(self.link, self.activations, self.layers, self.sees_edges, strict=True)
        for parent, activation, layer, sees_edges in nodes:
            h = activation(outputs[parent])
            outputs.append(layer(h, edge_index) if sees_edges else layer(h))
        read_out = torch.cat([outputs[leaf] for leaf in self.leaves], dim=1)
        scores: Tensor = self.head(torch.relu(read_out))
        return scores


def _layer(operation: str, in_features: int, out_features: int) -> nn.Module:
    if operation == "skip":
        return nn.Identity()
    if operation == "fc":
        return nn.Linear(in_features, out_features)
    try:
        from torch_geometric import nn as graph
    except ImportError as error:
        raise MissingExtraError("torch-geometric", "graph") from error
    layers: dict[str, Callable[[], nn.Module]] = {
        "gat": lambda: graph.GATConv(in_features, out_features // 2, heads=2),
        "gcn": lambda: graph.GCNConv(in_features, out_features),
        "gin": lambda: graph.GINConv(nn.Linear(in_features, out_features)),
        "cheb": lambda: graph.ChebConv(in_features, out_features, K=2),
        "sage": lambda: graph.SAGEConv(in_features, out_features),
        "arma": lambda: graph.ARMAConv(in_features, out_features),
        "graph": lambda: graph.GraphConv(in_features, out_features),
    }
    return layers[operation]()
