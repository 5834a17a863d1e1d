"""What the table of speeds measures: a row is one piece of work, and a row `NAME/peer` what it is laid beside.

The rows run under an older archwalk too, so that `speed.py --before` can lay the two side by side; what was called
otherwise then is looked up in `names.py`.
"""

from rows import agents, environments, experiments, networks, own, searchers
from rows.table import ROWS, Row, spent

__all__ = ["ROWS", "Row", "agents", "environments", "experiments", "networks", "own", "searchers", "spent"]
