"""Cells of a long measurement, each an array in a file of its own, so that a run that was stopped goes on."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from archwalk.data.files import make_folder, write_atomically
from archwalk.estimators.base import Floats


def keep(path: Path, compute: Callable[[], Floats]) -> bool:
    """Compute an array where it is not there yet; gives whether it was not."""
    if path.exists():
        return False
    content = io.BytesIO()
    np.save(content, compute())
    make_folder(path.parent)
    write_atomically(path, content.getvalue())
    return True
