"""Tables for pandas, which archwalk itself does without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archwalk.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas


def data_frame(rows: Sequence[dict[str, Any]]) -> pandas.DataFrame:
    """Rows as a `pandas.DataFrame`. Raises MissingExtraError without pandas."""
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("pandas", "frames") from error
    return pandas.DataFrame(rows)
