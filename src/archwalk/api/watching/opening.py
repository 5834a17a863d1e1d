"""From what a user names to what is watched."""

from __future__ import annotations

import time
from pathlib import Path

from archwalk.api.watching.databases import StoreSource, StudySource
from archwalk.api.watching.folders import FolderSource
from archwalk.api.watching.source import Source
from archwalk.errors import DataError, UsageError
from archwalk.estimators.store.database import open_store
from archwalk.experiments.study_store import StudyStore, is_server, studies_in

_LOOK_AGAIN = 0.2


def is_there(what: str) -> bool:
    """Whether there is something of that name; a file without content is one that is only being made."""
    if is_server(what):
        return True
    place = Path(what)
    return place.exists() and not (place.is_file() and place.stat().st_size == 0)


def wait_for(what: str) -> None:
    """Wait until there is something of that name: who watches may be there before the search is."""
    while not is_there(what):
        time.sleep(_LOOK_AGAIN)


def open_source(
    what: str, *, study: str | None = None, space: str | None = None, dataset: str | None = None
) -> Source:
    """What a user names: a run folder, the file or server of a study or of the database of experiments.

    Raises UsageError where there is nothing of the kind, DataError where it cannot be read.
    """
    if not is_server(what):
        place = Path(what)
        if place.is_dir():
            if study is not None:
                raise UsageError(f"{what} is a folder; --study is for the file of a study")
            return FolderSource(place)
        if not place.exists():
            raise UsageError(f"there is no run folder, study or store {what}")
        if not _is_sqlite(place):
            raise UsageError(f"{what} is neither a run folder nor the file of a study or a store")
    if study is not None or (not is_server(what) and studies_in(what)):
        return StudySource(StudyStore.existing(what, study or "study"))
    return StoreSource(open_store(what, create=False), space, dataset)


def _is_sqlite(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return content.read(16) == b"SQLite format 3\0"
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
