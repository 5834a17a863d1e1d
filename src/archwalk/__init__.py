"""archwalk: neural architecture search by reinforcement learning.

Importing the package registers its environments with Gymnasium: `gymnasium.make("archwalk/Incremental-v0")`.
"""

import gymnasium

__version__ = "0.1.0"

gymnasium.register(
    "archwalk/Incremental-v0",
    entry_point="archwalk.environments.incremental:IncrementalEnv",
    vector_entry_point="archwalk.environments.incremental:IncrementalVectorEnv",
)
gymnasium.register(
    "archwalk/Construction-v0",
    entry_point="archwalk.environments.construction:ConstructionEnv",
    vector_entry_point="archwalk.environments.construction:ConstructionVectorEnv",
)
