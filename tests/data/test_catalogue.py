import os
import subprocess
import sys

import numpy as np
import pytest
from official_files import records, write

from archwalk.data import catalogue
from archwalk.data.catalogue import (
    DATA_SETS,
    find_source,
    get_data,
    import_data,
    is_here,
    load_table,
    table_path,
)
from archwalk.data.table import read_table
from archwalk.errors import DataError, UsageError
from archwalk.spaces.nasbench101.space import NASBench101

TABLES = [name for name, data_set in DATA_SETS.items() if not data_set.embedded]


@pytest.fixture
def source(tmp_path, space4):
    """A file of the space of ec-nas-4v with made-up figures, in the layout of `ARCHWALK_DATA`."""
    (tmp_path / "data/ec-nas").mkdir(parents=True)
    return write(tmp_path / "data/ec-nas/energy_4V9E.tfrecord", records(space4))


@pytest.fixture(autouse=True)
def no_data_folder(cache, monkeypatch):
    monkeypatch.delenv("ARCHWALK_DATA", raising=False)


def test_every_entry_says_where_it_comes_from():
    for name, data_set in DATA_SETS.items():
        assert data_set.name == name
        assert data_set.source.startswith("https://")
        assert all((data_set.description, data_set.licence, data_set.size, data_set.how_to_get))


def test_import_then_load(source):
    assert not is_here("ec-nas-4v")
    assert import_data("ec-nas-4v", source) == table_path("ec-nas-4v")
    assert is_here("ec-nas-4v")
    table = load_table("ec-nas-4v")
    assert len(table) == 91
    assert table["test"].shape == (91, 2, 3)
    assert table.provenance["benchmark"] == "ec-nas-4v"
    assert isinstance(table["test"], np.memmap)


@pytest.mark.parametrize("name", TABLES)
def test_absent_table_says_how_to_get_it(name):
    with pytest.raises(DataError, match=f"archwalk data (get|import) {name}") as error:
        load_table(name)
    assert "\n" not in str(error.value)


def test_source_in_the_data_folder_is_imported_once(source, monkeypatch, capsys):
    monkeypatch.setenv("ARCHWALK_DATA", str(source.parents[1]))
    assert len(load_table("ec-nas-4v")) == 91
    said = capsys.readouterr()
    assert said.err == f"archwalk: importing ec-nas-4v from {source} (once)\n"
    assert said.out == ""
    load_table("ec-nas-4v")
    assert capsys.readouterr().err == ""


def test_the_richest_source_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHWALK_DATA", str(tmp_path))
    assert find_source("nasbench101") is None
    (tmp_path / "nasbench101/ObfuNAS").mkdir(parents=True)
    assert find_source("nasbench101") is None
    (tmp_path / "nasbench101/ObfuNAS/test.npy").touch()
    assert find_source("nasbench101") == tmp_path / "nasbench101"
    for name in ("nasbench_only108.tfrecord", "nasbench101/nasbench_full.tfrecord"):
        (tmp_path / name).touch()
        assert find_source("nasbench101") == tmp_path / name


def test_failed_import_leaves_nothing(source, cache):
    source.write_bytes(source.read_bytes()[:-1])
    with pytest.raises(DataError, match="ends inside the record"):
        import_data("ec-nas-4v", source)
    assert not cache.exists()


def test_failed_import_leaves_the_table_that_was_there(source):
    path = import_data("ec-nas-4v", source)
    before = path.read_bytes()
    source.write_bytes(b"")
    with pytest.raises(DataError):
        import_data("ec-nas-4v", source)
    assert path.read_bytes() == before


def test_damaged_table_is_named(source):
    path = import_data("ec-nas-4v", source)
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    renamed = content.replace(b"ec-nas-4v", b"ec-nas-5v")
    assert renamed != content
    for damaged in (
        content[:-100],
        content[:100],
        b"",
        b"\x04" + bytes(7) + b"[1]\n",
        content[8:],
        flipped,
        renamed,
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="delete it and import again"):
            read_table(path)


def test_two_processes_import_at_once(source):
    program = (
        "import sys; from pathlib import Path; from archwalk.data.catalogue import import_data, load_table; "
        "import_data('ec-nas-4v', Path(sys.argv[1])); assert len(load_table('ec-nas-4v')) == 91"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(source)], env=os.environ) for _ in range(2)
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert [path.name for path in table_path("ec-nas-4v").parent.iterdir()] == ["ec-nas-4v.safetensors"]


def test_get_downloads_and_imports(source, monkeypatch, cache):
    fetched = []

    def put(url, target, size=None, progress=None):
        fetched.append(url)
        target.parent.mkdir(parents=True)
        target.write_bytes(source.read_bytes())

    small = {"nasbench101": catalogue.replace(DATA_SETS["nasbench101"], max_vertices=4)}
    monkeypatch.setattr(catalogue, "DATA_SETS", small)
    monkeypatch.setattr(catalogue, "download", put)
    get_data("nasbench101")
    assert fetched == ["https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord"]
    assert load_table("nasbench101").provenance["source"] == "nasbench_only108.tfrecord"


def test_get_without_an_address_says_what_to_do():
    with pytest.raises(DataError, match="archwalk data import ec-nas-5v PATH"):
        get_data("ec-nas-5v")


def test_embedded_data_set_is_here_and_has_no_table():
    assert is_here("nas-bench-graph")
    get_data("nas-bench-graph")
    with pytest.raises(UsageError, match="comes inside its package"):
        load_table("nas-bench-graph")


def test_unknown_name():
    for call in (load_table, is_here, get_data):
        with pytest.raises(UsageError, match="did you mean 'nasbench101'"):
            call("nasbench11")


def test_listing_does_not_load_pytorch():
    program = "import sys; import archwalk.data.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize(("name", "rows"), [("ec-nas-4v", 91), ("ec-nas-5v", 2532), ("nasbench101", 423_624)])
def test_published_sources_load_by_name(data_root, monkeypatch, space7, name, rows):
    monkeypatch.setenv("ARCHWALK_DATA", str(data_root))
    if name == "nasbench101":  # seconds of hashing, once for all tests
        monkeypatch.setattr(NASBench101, "published_hashes", space7.published_hashes)
    assert len(load_table(name)) == rows
    assert is_here(name)
