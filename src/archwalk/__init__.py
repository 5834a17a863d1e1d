"""archwalk: neural architecture search by reinforcement learning.

Importing the package registers its environments, as soon as Gymnasium is imported too:
`gymnasium.make("archwalk/Incremental-v0")`. Without an import, Gymnasium finds them as
`gymnasium.make("archwalk:archwalk/Incremental-v0")`.
"""

from archwalk.late import when_imported
from archwalk.registration import register

__version__ = "0.2.0rc1"

when_imported("gymnasium", register)
