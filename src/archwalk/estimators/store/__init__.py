"""The database of experiments: every network that was trained, so that none is trained twice.

Source: Gomez Robles and Vanschoren 2019, section 5.
"""

from archwalk.estimators.store.database import Store, default_store_url, open_store, store_name, usable_store
from archwalk.estimators.store.records import DONE, STATUSES, Evaluation, Outcome, Problem

__all__ = [
    "DONE",
    "STATUSES",
    "Evaluation",
    "Outcome",
    "Problem",
    "Store",
    "default_store_url",
    "open_store",
    "store_name",
    "usable_store",
]
