"""Proxies: what an untrained network says of how well it would do."""

from archwalk.estimators.zero_cost.base import Batch, Proxy, fresh_copy, random_batch
from archwalk.estimators.zero_cost.catalogue import PROXIES, load_proxy
from archwalk.estimators.zero_cost.scoring import Scorer

__all__ = ["PROXIES", "Batch", "Proxy", "Scorer", "fresh_copy", "load_proxy", "random_batch"]
