"""The environments' names in Gymnasium. Nothing is imported for it: the package as a whole imports this file."""

from typing import Any

ENVIRONMENTS = {
    "archwalk/Incremental-v0": ("incremental:IncrementalEnv", "incremental:IncrementalVectorEnv"),
    "archwalk/Construction-v0": ("construction:ConstructionEnv", "construction:ConstructionVectorEnv"),
}
"""Each with its environment and its vector environment, below `archwalk.environments`."""


def register(gymnasium: Any) -> None:
    """Make the names known to Gymnasium, which is handed in; those that it knows stay as they are."""
    for name, (one, many) in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point=f"archwalk.environments.{one}",
                vector_entry_point=f"archwalk.environments.{many}",
                order_enforce=False,  # they look after that themselves
                disable_env_checker=True,  # the tests check them; the wrappers would cost more than a step
            )
