"""The database of experiments (P3, section 5): every network that was trained, so that none is trained twice."""

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
