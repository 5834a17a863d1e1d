"""Proxies by name; another package adds its own by an entry point in `archwalk.proxies`."""

from archwalk.errors import ArchwalkError
from archwalk.estimators.zero_cost.base import Proxy
from archwalk.registry import Registry

PROXIES: Registry[Proxy] = Registry(
    "proxy",
    "archwalk.proxies",
    {
        "fisher": "archwalk.estimators.zero_cost.fisher:FISHER",
        "grad-norm": "archwalk.estimators.zero_cost.grad_norm:GRAD_NORM",
        "jacobian-covariance": "archwalk.estimators.zero_cost.jacobian_covariance:JACOBIAN_COVARIANCE",
        "macs": "archwalk.estimators.zero_cost.macs:MACS",
        "naswot": "archwalk.estimators.zero_cost.naswot:NASWOT",
        "parameters": "archwalk.estimators.zero_cost.parameters:PARAMETERS",
        "snip": "archwalk.estimators.zero_cost.snip:SNIP",
        "synflow": "archwalk.estimators.zero_cost.synflow:SYNFLOW",
        "zico": "archwalk.estimators.zero_cost.zico:ZICO",
    },
)


def load_proxy(name: str) -> Proxy:
    """The proxy of a name. Raises UsageError with the nearest one, ArchwalkError for a plug-in that is none."""
    proxy = PROXIES.load(name)
    if not isinstance(proxy, Proxy):
        raise ArchwalkError(f"the proxy {name!r} of a plug-in is a {type(proxy).__name__}, no Proxy")
    return proxy
