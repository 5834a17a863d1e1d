"""The files of NAS-Bench-301's surrogates: which they are, and their copy in the cache folder.

They are models, not tables: an import copies them as they are, and `estimators/nasbench301` reads them. A folder
under `ARCHWALK_DATA` is read where it lies.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from archwalk.data.files import make_folder
from archwalk.errors import DataError

YAHPO_MODELS = ("new_model_2021-10.onnx", "new_model.onnx")
"""Names of YAHPO's model of October 2021: here, and in the history of its repository."""

YAHPO_ENCODING = "encoding_v2.json"

MEMBER_MODEL, MEMBER_CONFIGS = "surrogate_model.model", ("model_config.json", "data_config.json")
"""The files of a member of an official ensemble; a prefix may come before the three."""

FileList = Callable[[Path], Sequence[Path]]
"""The files in a folder that make a surrogate. Raises DataError if some are absent."""


def yahpo_files(folder: Path) -> list[Path]:
    """The model and the encoding of the YAHPO surrogate. Raises DataError if `folder` lacks one."""
    models = [folder / name for name in YAHPO_MODELS if (folder / name).is_file()]
    if not models or not (folder / YAHPO_ENCODING).is_file():
        raise DataError(f"{folder} lacks {YAHPO_MODELS[0]} or {YAHPO_ENCODING}, of YAHPO's folder nb301")
    return [models[0], folder / YAHPO_ENCODING]


def ensemble_files(folder: Path) -> list[Path]:
    """The models and configurations below `folder`, member by member. Raises DataError if there is none."""
    models = sorted(folder.rglob(f"*{MEMBER_MODEL}"))
    if not models:
        raise DataError(
            f"{folder} has no {MEMBER_MODEL} in it; give the folder xgb_v1.0 of the official models"
        )
    return [file for model in models for file in (model, *member_configs(model))]


def member_configs(model: Path) -> tuple[Path, Path]:
    """The configurations beside a member's model: of the model, of its data. Raises DataError if one is absent."""
    prefix = model.name.removesuffix(MEMBER_MODEL)
    of_model, of_data = (model.with_name(prefix + name) for name in MEMBER_CONFIGS)
    for config in (of_model, of_data):
        if not config.is_file():
            raise DataError(f"{config}, which belongs to {model.name}, does not exist")
    return of_model, of_data


def has_files(files: FileList) -> Callable[[Path], bool]:
    """Whether a folder has them all."""

    def is_folder_form(folder: Path) -> bool:
        try:
            return bool(files(folder))
        except DataError:
            return False

    return is_folder_form


def copy_files(source: Path, files: Sequence[Path], target: Path) -> None:
    """Make `target` a folder of copies of `files`, which are below `source`: all of them, or none of it changes.

    Raises DataError if the disk refuses.
    """
    make_folder(target.parent)
    try:
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
            for file in files:
                copy = Path(temporary, "new", file.relative_to(source))
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
            if target.exists():
                target.rename(Path(temporary, "old"))
            Path(temporary, "new").rename(target)
    except OSError as error:
        raise DataError(f"cannot copy {source} to {target}: {error.strerror or error}") from error
