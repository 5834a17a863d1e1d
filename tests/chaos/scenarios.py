# ruff: noqa: E501 (tables of calls)
"""What is killed: each a program of some seconds."""

import os
import random
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import services

from chaos import Acknowledged, Run, Scenario

DRIVER = (
    "import archwalk.experiments.training as training, archwalk.experiments.supernets as supernets, runpy, sys\n"
    "training.CHECKPOINT_SECONDS = supernets.SAVE_SECONDS = 0.3\n"
    "from archwalk.cli.main import run\n"
    "if __name__ == '__main__':\n"
    "    run()\n"
)
"""The command line, with checkpoints every third of a second."""

STUDY = """
import archwalk
study = archwalk.study("nas-bench-graph", "regularized-evolution", "study.sqlite")
table = archwalk.load_benchmark("nas-bench-graph:cora")
while len(study) < 400:
    for one in study.ask(4):
        study.tell(one, table.evaluate(one).reward)
        with open("acknowledged.txt", "a") as file:
            file.write(f"{len(study)}\\n")
study.frame().to_json("told.json", orient="records")
"""

OBJECTIVE = """
import time

def f(architecture):
    time.sleep(0.05)
    return sum(map(ord, str(architecture))) % 997
"""

CORA = ["--benchmark", "nas-bench-graph:cora"]
APEX = [word for setting in (
    "steps=2400", "actors=2", "environments=4", "neighbours=6", "episode_limit=5", "shards=2", "capacity=1200", "fragment=5", "block=1",
    "learning_starts=200", "batch=32", "target_every=1000", "width=16", "heads=2", "layers=1", "encoder_layers=1") for word in ("--set", setting)]  # fmt: skip
PLANNER = [word for setting in (
    "evaluations=260", "initial=100", "round=20", "members=2", "width=32", "first_updates=100", "updates=60", "last_updates=200",
    "distil_updates=200", "distil_batch=128") for word in ("--set", setting)]  # fmt: skip
RUN = ["run/agent.safetensors", "run/metrics.jsonl"]


def _driver(folder: Path) -> None:
    (folder / "driver.py").write_text(DRIVER)


def _archwalk(*words: str) -> list[str]:
    return [sys.executable, "driver.py", *words]


def _training(name: str, words: Sequence[str], place: Sequence[str] = (), **more: object) -> Scenario:
    return Scenario(
        f"train {name}",
        _archwalk("train", *words, *place, "--out", "run"),
        RUN,
        _archwalk("train", "--resume", "--out", "run", *place),
        _driver,
        **more,  # type: ignore[arg-type]
    )


def _objective(folder: Path) -> None:
    _driver(folder)
    (folder / "f.py").write_text(OBJECTIVE)


def _kill_a_worker(run: Run, rng: random.Random) -> None:
    """An actor or a shard, of our processes or of Ray's, as soon as there is one."""
    while not (workers := _workers(run)) and run.wait(0.05) is None:
        pass
    if workers:
        os.kill(rng.choice(workers), signal.SIGKILL)


def _workers(run: Run) -> list[int]:
    kinds = b"loky.backend.popen", b"_RemoteHost"
    return sorted(pid for pid in run.others() if any(kind in _words(pid) for kind in kinds))


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _stored(folder: Path) -> Acknowledged:
    """The trainings that are done, and when: one that is done again has another time."""
    if not (folder / "store.sqlite").exists():
        return {}
    with closing(sqlite3.connect(f"file:{folder / 'store.sqlite'}?mode=ro", uri=True)) as connection:
        if (
            connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'archwalk_evaluations'").fetchone()
            is None
        ):
            return {}
        rows = connection.execute(
            "SELECT key, finished FROM archwalk_evaluations WHERE finished <> ''"
        ).fetchall()
    return {f"training {key[:12]}": finished for key, finished in rows}


def _stored_on_server(folder: Path) -> Acknowledged:
    import psycopg

    with psycopg.connect(services.SERVERS[-1].url) as connection:
        if connection.execute("SELECT to_regclass('archwalk_evaluations')").fetchone() == (None,):
            return {}
        rows = connection.execute(
            "SELECT key, finished FROM archwalk_evaluations WHERE finished <> ''"
        ).fetchall()
    return {f"training {key[:12]}": finished for key, finished in rows}


def _told(folder: Path) -> Acknowledged:
    """Rows of a study, as many as were acknowledged."""
    if not (folder / "acknowledged.txt").exists():
        return {}
    connection = sqlite3.connect(folder / "study.sqlite")
    rows = connection.execute(
        "SELECT number, code, reward FROM archwalk_study_rows WHERE told = 1 ORDER BY number"
    ).fetchall()
    connection.close()
    said = (folder / "acknowledged.txt").read_text().count("\n")
    found = {f"tell {number}": f"{code} {reward}" for number, code, reward in rows}
    return found | {f"tell {number}": "" for number in range(said) if f"tell {number}" not in found}


def _images(folder: Path) -> None:
    """Two classes of small stripes."""
    import numpy as np
    from PIL import Image

    _driver(folder)
    rng = np.random.default_rng(0)
    for label, axis in (("across", 0), ("down", 1)):
        place = folder / "images" / label
        place.mkdir(parents=True)
        for i in range(60):
            stripes = np.broadcast_to(np.arange(8) % 4 < 2, (8, 8)) * 180 + rng.integers(0, 70, (8, 8))
            Image.fromarray((stripes if axis else stripes.T).astype(np.uint8)).save(place / f"{i}.png")


def _table(folder: Path) -> None:
    """A table of a user's, with a before."""
    _driver(folder)
    rng = random.Random(0)
    names = ["a", "b", "c", "d", "e", "f"]
    rows = [[rng.randrange(4) for _ in names] + [90 + rng.random() * 5] for _ in range(2500)]
    lines = [",".join([*names, "valid_acc"]), *(",".join(map(str, row)) for row in rows)]
    (folder / "mine.csv").write_text("\n".join(lines) + "\n")


def _imported(folder: Path) -> Acknowledged:
    """A table is there as a whole, once it is there."""
    files = [
        *(folder / "cache").glob("tables/*.safetensors"),
        *(folder / "cache").glob("added/*/table.safetensors"),
    ]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files if path.name[0] != "."}


def _data(name: str) -> Path:
    return Path(os.environ.get("ARCHWALK_DATA", "absent")) / name


def _no_data(name: str) -> str:
    return "" if _data(name).exists() else f"ARCHWALK_DATA has no {name}"


def _restart_postgres(run: Run, rng: random.Random) -> None:
    services.SERVERS[-1].stop()
    services.SERVERS[-1].start()


def _restart_ray(run: Run, rng: random.Random) -> None:
    services.HEADS[-1].kill()
    services.HEADS[-1].start()


def _fresh_server(folder: Path) -> None:
    _images(folder)
    services.empty_store()


def _ray_words(*words: str) -> list[str]:
    """A call that names the cluster."""
    return ["sh", "-c", 'exec "$0" "$@" --address "$CHAOS_RAY"', *_archwalk(*words, "--engine", "ray")]


PROCESSES = ["--engine", "processes"]
TWICE = 2
"""A training goes on after two losses from one checkpoint on, and ends at the third."""
SEARCH_IMAGES = [
    "search",
    "regularized-evolution",
    "--benchmark",
    "images:images:small",
    "--budget",
    "5",
    "--out",
    "o",
]
COMPARE = ["compare", "--strategies", "bananas,regularized-evolution,random-search", *CORA, "--budget", "15", "--trials", "4", "--workers",
           "2", "--episodes", "0", "--out", "o"]  # fmt: skip
RESULT = ["o/result.json", "o/evaluations.safetensors"]
TRANSFER = ["transfer", *CORA, *(word for setting in (
    "then=nas-bench-graph:citeseer", "samples=200", "members=1", "width=16", "updates=200", "kernel_steps=20") for word in ("--set", setting))]  # fmt: skip
TRANSFERRED = ["transfer", "nas-bench-graph:cora,nas-bench-graph:citeseer", "--target", "nas-bench-graph:cora", "--strategies",
               "mean-rank,rgpe", "--budget", "5", "--trials", "2", "--out", "o"]  # fmt: skip
MEASURED = ["search", "regularized-evolution", "--space", "nas-bench-graph", "--objective", "f.py:f", "--budget", "60", "--workers", "2",
            "--out", "o"]  # fmt: skip
META = ["meta-rl", "--benchmark", "chain-digits", "--steps", "900"]
REPRODUCE = [
    "reproduce",
    "cassimon2024/table1",
    "--benchmark",
    "nas-bench-graph:proteins",
    "--scale",
    "smoke",
    "--workers",
    "2",
    "--out",
    "o",
]
ECNAS = "ec-nas/energy_5V9E.tfrecord"

SCENARIOS = [
    _training("apex", ["apex", *CORA, *APEX]),
    _training("apex in processes", ["apex", *CORA, *APEX], PROCESSES),
    _training("apex, its actors and shards", ["apex", *CORA, *APEX], PROCESSES, disturb=_kill_a_worker, survives=TWICE),
    _training("planner", ["planner", *CORA, *PLANNER]),
    _training("meta-rl", META),
    _training("transfer", TRANSFER),
    Scenario("transfer to another table", _archwalk(*TRANSFERRED), ["o/result.json"], (), _driver),
    Scenario("search with an objective, in processes", _archwalk(*MEASURED), RESULT, (), _objective, _stored),
    Scenario("search on images", _archwalk(*SEARCH_IMAGES), RESULT, (), _images, _stored),
    Scenario("search by the clock", _archwalk("search", "--minutes", "0.1", "--benchmark", "images:images", "--out", "o", "--workers", "1",
                                              "--max-parameters", "4000"),
             ["o/classes.json", "o/weights.safetensors"], (), _images, by_design="it depends on the clock"),
    Scenario("compare with workers", _archwalk(*COMPARE), RESULT, (), _driver),
    Scenario("reproduce", _archwalk(*REPRODUCE), ["o/table1/result.json"], (), _driver),
    Scenario("data import", _archwalk("data", "import", "ec-nas-5v", str(_data(ECNAS))), ["cache/tables/ec-nas-5v.safetensors"], (), _driver,
             _imported, missing=lambda: _no_data(ECNAS)),
    Scenario("data add", _archwalk("data", "add", "mine", "mine.csv", "--mode", "known", "--reward", "valid_acc"),
             ["cache/added/mine/faults.csv"], (), _table, _imported, accepts="there is a table 'mine' already"),
    Scenario("study", [sys.executable, "-c", STUDY], ["told.json"], (), _driver, _told),
    Scenario("search on images, PostgreSQL restarted", _archwalk(*SEARCH_IMAGES), RESULT, (), _fresh_server, _stored_on_server,
             _restart_postgres, survives=4, service=services.postgres, missing=services.no_postgres),
    _training("apex on Ray", ["apex", *CORA, *APEX], ["--engine", "ray"], missing=services.no_ray),
    Scenario("train apex on Ray, its actors and shards", _archwalk("train", "apex", *CORA, *APEX, "--engine", "ray", "--out", "run"), RUN,
             _archwalk("train", "--resume", "--out", "run", "--engine", "ray"), _driver, disturb=_kill_a_worker, survives=TWICE,
             missing=services.no_ray),
    Scenario("train apex on Ray, the head restarted", _ray_words("train", "apex", *CORA, *APEX, "--out", "run"), RUN,
             _ray_words("train", "--resume", "--out", "run"), _driver, disturb=_restart_ray, survives=1,
             service=services.ray_head, missing=services.no_ray),
    *(Scenario(f"{name}, the disk full", words, results, again, prepare, fills=True) for name, words, results, again, prepare in (
        ("train", _archwalk("train", "dqn", *CORA, "--steps", "4000", "--set", "width=64", "--set", "learning_starts=500", "--out", "run"), RUN,
         _archwalk("train", "--resume", "--out", "run"), _driver),
        ("search on images", _archwalk(*SEARCH_IMAGES), RESULT, _archwalk(*SEARCH_IMAGES), _images),
        ("data import", _archwalk("data", "import", "ec-nas-5v", str(_data(ECNAS))), ["cache/tables/ec-nas-5v.safetensors"],
         _archwalk("data", "import", "ec-nas-5v", str(_data(ECNAS))), _driver))),
]  # fmt: skip
