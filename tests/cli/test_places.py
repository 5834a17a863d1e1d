"""Users without a home, folders that cannot be written, names and terminals that are no UTF-8."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image
from unprivileged import archwalk, as_nobody, plain_environment, run

import archwalk as library
from archwalk.data.images import ImageSettings, load_images
from archwalk.errors import DataError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.store import Outcome, Problem, open_store
from conftest import TRAINING

BENCHMARK = "nas-bench-graph:proteins"
SEARCH = ["search", "random-search", "--benchmark", BENCHMARK, "--budget", "2", "--trials", "2"]


OPEN = "from archwalk.cli.guard import open_closed_streams; open_closed_streams()"
PROBLEM = Problem("toy", "digits", "f" * 64, {"arithmetic": "cpu float32"}, 0)


def finish(store, number):
    name = f'{{"number":{number}}}'
    assert store.claim(PROBLEM, name)
    store.finish(PROBLEM.key(name), Outcome("done", "", 90.0, 80.0))


@pytest.fixture
def open_folder(tmp_path):
    """A folder that everybody may enter and write."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    tmp_path.chmod(0o777)
    return tmp_path


def test_a_user_without_home_and_name(open_folder):
    found = run(
        as_nobody(archwalk([*SEARCH, "--json"])), open_folder, plain_environment(TMPDIR=str(open_folder))
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["budget"] == 2
    assert not (open_folder / "~").exists(), "a folder of that name"


def test_a_terminal_that_can_print_little(tmp_path):
    """What was found is written before it is shown, and what cannot be shown is escaped."""
    env = plain_environment(PYTHONIOENCODING="ascii", HOME=str(tmp_path), LC_ALL="C")
    found = run(archwalk([*SEARCH, "--out", "fünd"]), tmp_path, env)
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "fünd" / "found.json").is_file()
    assert (tmp_path / "fünd" / "result.json").is_file()


@pytest.mark.parametrize("closed", ["1", "0 1 2"])
def test_closed_streams_are_never_another_file(tmp_path, closed):
    """A file that is opened in place of a stream would get whatever is printed: SQLite's, for one."""
    env = plain_environment(HOME=str(tmp_path), ARCHWALK_STORE="store.sqlite")
    shut = " ".join(f"{number}>&-" for number in closed.split())
    words = ["sh", "-c", f'exec "$@" {shut}', "sh", *archwalk([*SEARCH, "--out", "found"])]
    found = run(words, tmp_path, env)
    assert found.returncode == 0, found.stderr
    assert "foreseen" not in found.stderr
    assert json.loads((tmp_path / "found" / "result.json").read_text())
    holder = "import os; print(*[os.fstat(n).st_rdev for n in range(3)], file=open('said', 'w'))"
    run(["sh", "-c", f'exec "$@" {shut}', "sh", sys.executable, "-c", f"{OPEN}; {holder}"], tmp_path, env)
    devices = (tmp_path / "said").read_text().split()
    null = str(Path(os.devnull).stat().st_rdev)
    assert [devices[int(number)] for number in closed.split()] == [null] * len(closed.split())


def test_an_out_that_is_no_utf8(call, tmp_path):
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    assert call(*SEARCH, "--out", out).status == 0
    assert json.loads((out / "result.json").read_bytes())
    assert call("report", out).status == 0
    assert call(*TRAINING, "--out", out / "run").status == 0
    assert call("search", out / "run", "--benchmark", BENCHMARK, "--budget", 2).status == 0


def test_a_cache_that_is_no_utf8(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHWALK_CACHE", os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    table = "activation,width,accuracy\n" + "".join(f"{a},{w},{w}\n" for a in "ab" for w in (1, 2, 3))
    (tmp_path / "t.csv").write_text(table)
    library.add_table("mine", tmp_path / "t.csv", reward="accuracy")
    assert library.search("random-search", "mine", budget=2, seed=0).best.reward > 0
    for _ in range(2):
        assert load_images("digits", ImageSettings(pixels=8)).classes


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch, caplog):
    """Only what has to be written fails."""
    for label in "ab":
        for i in range(3):
            path = tmp_path / "images" / label / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), i).save(path)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.delenv("ARCHWALK_STORE", raising=False)
    benchmark = load_benchmark(f"images:{tmp_path / 'images'}:small:chain4")
    assert benchmark.estimator.store is None
    assert "trainings are not kept for another time: cannot make the folder" in caplog.text
    assert "not kept, and made again the next time: cannot make the folder" in caplog.text
    assert load_benchmark("policy:MinAtar-Freeway").estimator.keep_in.is_dir()

    class BegunError(Exception):
        """A search by the clock would begin now, with this store."""

    def begin(images, settings, place, store, *more, **named):
        raise BegunError(store)

    monkeypatch.setattr("archwalk.api.images.search_by_the_clock", begin)
    with pytest.raises(BegunError, match=r"^None$"):
        library.search_images(tmp_path / "images", minutes=1, out=tmp_path / "out")
    monkeypatch.setenv("ARCHWALK_STORE", str(tmp_path / "file" / "store.sqlite"))
    with pytest.raises(DataError, match="cannot make the folder"):
        load_benchmark("policy:MinAtar-Freeway")


@pytest.mark.parametrize("log", ["written", "left"])
def test_a_read_only_store_is_listed_and_exported(open_folder, log):
    folder = open_folder / "kept"
    folder.mkdir()
    store = open_store(str(folder / "store.sqlite"))
    finish(store, 1)
    if log == "left":  # as after a kill: SQLite's log is not in the file yet
        keeps = open_store(str(folder / "store.sqlite"))
        finish(keeps, 2)
        copied = open_folder / "copy"
        shutil.copytree(folder, copied)
        folder = copied
    else:
        store.close()
    count = 2 if log == "left" else 1
    for path in (*folder.iterdir(), folder):
        path.chmod(path.stat().st_mode & ~0o222 | 0o444)
    env = plain_environment(HOME=str(open_folder))
    found = run(
        as_nobody(archwalk(["store", "list", "--json", "--store", folder / "store.sqlite"])), open_folder, env
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["count"] == count
    exporting = ["store", "export", open_folder / "e.csv", "--store", folder / "store.sqlite"]
    found = run(as_nobody(archwalk(exporting)), open_folder, env)
    assert found.returncode == 0, found.stderr
    assert len((open_folder / "e.csv").read_text().splitlines()) == count + 1
