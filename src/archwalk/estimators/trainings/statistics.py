"""Statistics of batch normalisation, over all images that a network was trained on."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn


@torch.no_grad()
def recompute_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the running means and variances of batch normalisation by those over all batches."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # all batches weigh the same
        norm.train()
    with _EndsAtLast(norms) as pass_through:
        for images in batches:
            pass_through(network, images)


class _EndsAtLast:
    """Passes through a network that end where the last of some modules is done: where that is, the first pass tells,
    which goes to the end.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.calls, self.last = 0, 0
        self.hooks = [module.register_forward_hook(self._count) for module in modules]

    def __enter__(self) -> "_EndsAtLast":
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self.hooks:
            hook.remove()

    def __call__(self, network: nn.Module, images: Tensor) -> None:
        self.calls = 0
        with suppress(_EndReached):
            network(images)
        self.last = self.calls

    def _count(self, *_: object) -> None:
        self.calls += 1
        if self.calls == self.last:
            raise _EndReached


class _EndReached(Exception):  # noqa: N818 - no error
    """All that was asked for is done."""
