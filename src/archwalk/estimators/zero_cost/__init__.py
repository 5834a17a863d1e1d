"""Proxies: what an untrained network says of how well it would do."""

from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, image_batch, random_batch
from archwalk.estimators.zero_cost.catalogue import PROXIES, load_proxy
from archwalk.estimators.zero_cost.scoring import Scorer
from archwalk.estimators.zero_cost.view import View

__all__ = [
    "PROXIES",
    "Batch",
    "Proxy",
    "Scorer",
    "View",
    "fresh_copy",
    "image_batch",
    "load_proxy",
    "random_batch",
]
