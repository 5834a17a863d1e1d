"""NAS-Bench-101 files, whichever of the two forms, as one table."""

from pathlib import Path

from archwalk.data.files import Progress
from archwalk.data.nasbench101_compact import FILES, is_compact, read_compact
from archwalk.data.nasbench101_hashes import HashedSpace
from archwalk.data.nasbench101_official import read_official
from archwalk.data.table import Table
from archwalk.data.tfrecord import is_tfrecord
from archwalk.errors import DataError


def import_nasbench101(path: Path, space: HashedSpace, progress: Progress | None = None) -> Table:
    """Read an official TFRecord file or a folder in the compact form, told apart by looking.

    The columns are those of `nasbench101_official` or `nasbench101_compact`; both have `test_mean`, `run0`
    and `parameters`. Raises DataError if `path` is neither, is damaged or is not of the whole space.
    """
    if path.is_dir() and is_compact(path):
        return read_compact(path, space)
    if is_tfrecord(path):
        return read_official(path, space, progress)
    if not path.exists():
        raise DataError(f"{path} does not exist")
    wanted = f"a TFRecord file (nasbench_only108.tfrecord, say) or a folder with {', '.join(map(str, FILES))}"
    raise DataError(f"{path} is not a NAS-Bench-101 benchmark; {wanted} is wanted")
