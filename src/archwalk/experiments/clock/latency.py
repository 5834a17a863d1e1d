"""How long a network takes for one image on this machine."""

import time

import numpy as np
import torch
from torch import nn

_RUNS = 30
_WARM = 5


@torch.no_grad()
def latency_ms(network: nn.Module, shape: tuple[int, int, int]) -> float:
    """Milliseconds for a batch of one image on one thread of the processor, in single precision: a median."""
    threads, training = torch.get_num_threads(), network.training
    torch.set_num_threads(1)
    try:
        network = network.cpu().eval()
        image = torch.zeros(1, *shape)
        times = []
        for _ in range(_WARM + _RUNS):
            started = time.perf_counter()
            network(image)
            times.append(time.perf_counter() - started)
    finally:
        torch.set_num_threads(threads)
        network.train(training)
    return 1000 * float(np.median(times[_WARM:]))
