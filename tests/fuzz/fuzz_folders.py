# ruff: noqa: E501 (tables of samples)
"""Every reader of what archwalk writes into folders: runs, agents, results, studies, added tables, searches by the clock."""

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from damage import replace
from fuzz_files import CSV, example, space_of
from fuzzing import Files, Reader, files_of, write_files
from torch import nn

import archwalk
from archwalk.api.front_comparisons import compare_fronts, load_front_comparison
from archwalk.api.watching.opening import open_source
from archwalk.api.watching.server import Watch
from archwalk.data.added.stored import read_added
from archwalk.data.decoding import encode_json
from archwalk.data.images import ImageSet
from archwalk.data.states import read_state, write_state
from archwalk.errors import ArchwalkError
from archwalk.estimators.added.surrogate import fit_surrogate, read_surrogate, write_surrogate
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.policies.checkpoint import Checkpoint
from archwalk.estimators.policies.embedded import made_tables, table_files
from archwalk.estimators.rungs.weights import keep, restore
from archwalk.experiments.clock.delivery import deliver, load_delivered, read_result
from archwalk.experiments.clock.journal import Journal
from archwalk.experiments.evaluated import Batch, Searched
from archwalk.experiments.live import LiveJournal
from archwalk.experiments.parts import Part
from archwalk.experiments.runs import RunFolder, load_methods
from archwalk.experiments.supernets import KeptWeights
from archwalk.experiments.training import resume_training, train_agent

SPACE = "nas-bench-graph"
BENCHMARK = f"{SPACE}:cora"
SMALL: dict[str, dict[str, Any]] = {
    "dqn": {"environments": 4, "learning_starts": 20, "batch": 8, "width": 8, "calibration": 16, "neighbours": 4,
            "episode_limit": 5, "steps": 120, "heads": 2},
    "apex": {"steps": 120, "actors": 1, "environments": 4, "neighbours": 6, "episode_limit": 5, "shards": 1, "capacity": 120,
             "fragment": 5, "block": 1, "learning_starts": 40, "batch": 16, "target_every": 100, "width": 8, "heads": 2,
             "layers": 1, "encoder_layers": 1},
    "planner": {"evaluations": 80, "initial": 16, "round": 20, "members": 2, "model_batch": 16, "first_updates": 20,
                "updates": 10, "width": 16, "last_updates": 10, "distil_updates": 10, "distil_batch": 64, "neighbours": 6},
}  # fmt: skip
"""Settings under which an agent is trained in a second."""


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    """Another cache folder."""
    before = os.environ.get("ARCHWALK_CACHE")
    os.environ["ARCHWALK_CACHE"] = str(folder)
    try:
        yield
    finally:
        del os.environ["ARCHWALK_CACHE"]
        if before is not None:
            os.environ["ARCHWALK_CACHE"] = before


@cache
def made(make: Callable[[Path], object]) -> Callable[[], Files]:
    """What `make` leaves in a folder, once."""

    @cache
    def files() -> Files:
        with tempfile.TemporaryDirectory() as place:
            make(Path(place))
            return files_of(Path(place))

    return files


@cache
def run_of(strategy: str, finished: bool = True) -> Files:
    """A run folder; one that is not finished was stopped on the way."""

    def stop(done: int, total: int, metrics: object) -> None:
        if not finished and done > total // 2:
            raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as place:
        with suppress(KeyboardInterrupt):
            train_agent(BENCHMARK, strategy, SMALL[strategy], seed=0, out=Path(place), progress=stop)
        files = files_of(Path(place))
    assert finished == ("agent.safetensors" in files)
    return files


def _read_run(folder: Path) -> None:
    """As searches and commands do."""
    run = RunFolder(folder)
    run.config()
    run.metrics()
    load_methods([str(folder)], space_of(SPACE))
    archwalk.load_agent(folder).improve(example(space_of(SPACE)))


def _resume(folder: Path) -> None:
    def stop(done: int, total: int, metrics: object) -> None:
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        resume_training(folder, progress=stop)


@dataclass(frozen=True)
class Signed:
    """A file of `write_state` in which a value is another one, with the checksum of that: whoever reads it must look."""

    name: str
    files: Callable[[], Files]
    read: Callable[[Path], object]
    state: str = ""
    """The name of the file; the only one where it is left out."""
    writes: bool = True

    def prepare(self, rng: random.Random, folder: Path) -> Callable[[], object]:
        """See `Target`."""
        files = self.files()
        write_files(files, folder)
        path = folder / (self.state or next(iter(files)))
        write_state(path, _other(read_state(path), rng))
        return lambda: self.read(folder)


def _other(value: Any, rng: random.Random) -> Any:
    """A state in which one value is another one, an array of another shape or type, or missing."""
    if isinstance(value, np.ndarray | torch.Tensor):
        array = np.asarray(value)
        return rng.choice(
            [array[:0], array[..., None], array.astype(np.float64), -array.astype(np.int64) - 7, None, "x"]
        )
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        copy = value.copy()
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if rng.random() < 0.15:
            del copy[key]
        else:
            copy[key] = _other(value[key], rng)
        return copy
    return replace(value if isinstance(value, dict | list) else 0, rng)


def _compare(folder: Path) -> None:
    archwalk.compare(["random-search", "local-search"], BENCHMARK, budget=5, trials=2, episodes=3, out=folder)


def _read_comparison(folder: Path) -> None:
    result = archwalk.load_result(folder)
    result.summary()
    result.draw(folder / "page")
    repr(result.best)
    result.frame()


def _study(folder: Path) -> None:
    study = archwalk.study(SPACE, "random-search", folder / "s.sqlite")
    for reward in range(3):
        study.tell(study.ask(), reward)
    study.ask()
    study._store._connection.close()


def _open_study(folder: Path) -> None:
    study = archwalk.study(SPACE, "random-search", folder / "s.sqlite")
    try:
        study.tell(study.ask(), 1.0)
    finally:
        study._store._connection.close()


def _added(folder: Path) -> None:
    with cache_in(folder), tempfile.TemporaryDirectory() as place:
        (Path(place) / "mine.csv").write_bytes(CSV)
        archwalk.add_table("mine", Path(place) / "mine.csv", mode="known", tell=lambda line: None)


def _use_added(folder: Path) -> None:
    with cache_in(folder):
        read_added("mine")
        archwalk.search("random-search", "mine", budget=2)


def _delivered(folder: Path) -> None:
    from archwalk.estimators.rungs.pixels import Normalisation
    from archwalk.experiments.clock import delivery
    from archwalk.spaces.convnet.space import ConvNet
    from archwalk.spaces.networks import build_network
    from archwalk.spaces.task import Task

    space = ConvNet((1, 8, 8), 2)
    before, delivery._has_onnx = delivery._has_onnx, lambda: False
    try:
        network = build_network(space, space.smallest[0], Task((1, 8, 8), 2))
        images = ImageSet(
            "two", np.zeros((2, 1, 8, 8), np.uint8), np.arange(2), np.zeros(2, np.uint8), ("a", "b")
        )
        deliver(
            folder, space, space.smallest[0], network, Normalisation((0.0,), (1.0,)), images, mirrored=False
        )
    finally:
        delivery._has_onnx = before
    (folder / "result.json").write_text('{"test": {"accuracy": 50.0}}')


def _read_delivered(folder: Path) -> None:
    from archwalk.experiments.clock.using import TrainedNetwork

    load_delivered(folder)
    read_result(folder)
    TrainedNetwork(folder).chances(np.zeros((1, 1, 8, 8), np.uint8))


def _journal(folder: Path) -> None:
    journal = Journal(folder / "x.jsonl")
    journal.write({"at": 1.5, "climb": [1, 2], "validation": 90.0})
    journal.write({"final": 0.5, "at": 2.5})


def _read_journal(folder: Path) -> None:
    journal = Journal(folder / "x.jsonl")
    assert journal.seconds >= 0
    journal.write({"final": 0.9, "at": journal.seconds})


def _network() -> nn.Module:
    return nn.Linear(3, 2)


def _read_weights(folder: Path) -> None:
    """What is damaged counts as lost: the network stays as it is."""
    network, right = nn.Linear(3, 2), _network()
    torch.nn.init.zeros_(network.weight)
    before = network.weight.clone()
    if not restore(network, folder / "w.safetensors"):
        assert torch.equal(network.weight, before)
    assert network.weight.shape == right.weight.shape


class _Shared:
    """Shared weights without a network."""

    identity, total, done = {"a": 1}, 3, 0

    def learn(self, code_L: Any) -> float:
        return 1.0

    def scores(self, codes_BL: Any, episodes: int, limit: int) -> Any:
        return np.ones(len(codes_BL))

    def state_dict(self) -> dict[str, Any]:
        return {"weights": np.zeros(3)}

    def load_state_dict(self, state: Any) -> None:
        self.done = len(state["weights"])


def _supernet(folder: Path) -> None:
    weights = KeptWeights(_Shared, folder, "x")
    weights.learn(np.array([1, 2], np.int32))
    weights.scores(np.array([[1, 2]], np.int32), 3, 4)
    weights.save()


def _read_supernet(folder: Path) -> None:
    weights = KeptWeights(_Shared, folder, "x")
    weights.learn(np.array([1, 2], np.int32))
    weights.scores(np.array([[1, 2]], np.int32), 3, 4)


class _Agent:
    """An agent that learns, without what it learns."""

    def state_dict(self) -> dict[str, Any]:
        return {"steps": 5, "moments": np.zeros(3)}

    def load_state_dict(self, state: Any) -> None:
        self.steps, self.moments = int(state["steps"]), state["moments"] + 0.0


def _policy(folder: Path) -> Checkpoint:
    return Checkpoint(folder, {"a": 1}, lambda: 1.0)


def _keep_policy(folder: Path) -> None:
    checkpoint = _policy(folder)
    checkpoint._saved = -1e9
    checkpoint.keep(_network(), _Agent(), {"reward": [1.0]})  # type: ignore[arg-type]


def _read_policy(folder: Path) -> None:
    _policy(folder).restore(_network(), _Agent(), {})  # type: ignore[arg-type]


_PART = Part("x", {"a": 1}, lambda: {"value": [1, 2]})


def _front(folder: Path) -> None:
    archwalk.search_front(
        "nsga2",
        BENCHMARK,
        maximise="accuracy",
        minimise="latency_ms",
        limits=["parameters=1e9"],
        budget=6,
        out=folder,
    )


def _read_front(folder: Path) -> None:
    front = archwalk.load_front(folder)
    front.summary()
    repr(front)
    front.frame()
    front.page(folder / "again.html")


def _goals(folder: Path) -> None:
    compare_fronts(
        ["nsga2", "random-search"],
        BENCHMARK,
        maximise="accuracy",
        minimise="latency_ms",
        budget=5,
        trials=2,
        out=folder,
    )


def _read_goals(folder: Path) -> None:
    found = load_front_comparison(folder)
    found.summary()
    repr(found)


def _watch(folder: Path, what: str = "") -> None:
    """As `archwalk watch` and its page do."""
    watched = Watch(open_source(str(folder / what)))
    watched.source.update()
    told = watched.more(0, 0, 0)
    watched.more(told["edition"], 2, 1)
    watched.views()
    watched.drawing(0)
    encode_json(told)
    if problem := told["problem"]:
        raise ArchwalkError(problem)


def _live(folder: Path) -> None:
    """A search that goes on."""
    live = LiveJournal(folder)
    live.begin(Searched.of(load_benchmark(BENCHMARK), strategies=["random-search"], budget=3))
    codes_TNL = space_of(SPACE).sample(np.random.default_rng(0), 6).reshape(2, 3, -1)
    values_TN = np.arange(6.0).reshape(2, 3)
    live.evaluated(
        Batch(
            "random-search",
            codes_TNL,
            values_TN,
            np.full((2, 3), np.nan),
            metrics_TN={"latency_ms": values_TN},
        )
    )
    live.end()


def _surrogate(folder: Path) -> None:
    rng = np.random.default_rng(0)
    write_surrogate(folder / "s.safetensors", fit_surrogate(rng.random((40, 3)), rng.random(40)))


def _policy_table(folder: Path) -> None:
    name, table = min(table_files().items(), key=lambda item: len(item[1].read_bytes()))
    place = folder / "tables" / "policy-cnn" / name
    place.parent.mkdir(parents=True)
    place.write_bytes(table.read_bytes())


def _use_policy_table(folder: Path) -> None:
    with cache_in(folder):
        made_tables()
        archwalk.search("random-search", "policy-cnn:MinAtar-Breakout", budget=2)


_weights = made(lambda folder: keep(_network(), folder / "w.safetensors"))
_supernets, _policies = made(_supernet), made(_keep_policy)

FOLDERS = [
    Reader("run dqn", lambda: run_of("dqn"), _read_run),
    Reader("run planner", lambda: run_of("planner"), _read_run, ["agent.safetensors", "config.json"]),
    Reader("run apex", lambda: run_of("apex"), _read_run, ["agent.safetensors", "config.json"]),
    *(Signed(f"agent signed {name}", lambda name=name: run_of(name), _read_run, "agent.safetensors")
      for name in ("dqn", "planner", "apex")),
    *(Reader(f"resumed {name}", lambda name=name: run_of(name, False), _resume, writes=True) for name in ("dqn", "planner", "apex")),
    *(Signed(f"resumed signed {name}", lambda name=name: run_of(name, False), _resume, "checkpoint.safetensors")
      for name in ("dqn", "planner", "apex")),
    Reader("result", made(_compare), _read_comparison, ["result.json", "result.json", "evaluations.safetensors"]),
    Signed("result signed", made(_compare), _read_comparison, "evaluations.safetensors"),
    Reader("study", made(_study), _open_study, writes=True),
    Reader("study watched", made(_study), lambda folder: _watch(folder, "s.sqlite")),
    Reader("front", made(_front), _read_front, ["front.json", "front.json", "evaluations.safetensors"], writes=True),
    Signed("front signed", made(_front), _read_front, "evaluations.safetensors"),
    Reader("comparison over goals", made(_goals), _read_goals, ["result.json"], writes=True),
    Reader("result watched", made(_compare), _watch, ["evaluations.safetensors"]),
    Signed("result watched signed", made(_compare), _watch, "evaluations.safetensors"),
    Reader("run watched", lambda: run_of("dqn"), _watch, ["metrics.jsonl", "config.json"]),
    Reader("search watched", made(_live), _watch),
    Reader("surrogate", made(_surrogate), lambda folder: read_surrogate(folder / "s.safetensors")),
    Signed("surrogate signed", made(_surrogate), lambda folder: read_surrogate(folder / "s.safetensors")),
    Reader("policy table", made(_policy_table), _use_policy_table),
    Reader("added table", made(_added), _use_added, ["added/mine/table.safetensors"]),
    Reader("network of a search", made(_delivered), _read_delivered, ["classes.json", "weights.safetensors", "result.json"]),
    Reader("journal of a search", made(_journal), _read_journal, writes=True),
    Reader("kept weights", _weights, _read_weights),
    Signed("kept weights signed", _weights, _read_weights),
    Reader("supernet", _supernets, _read_supernet, writes=True),
    Signed("supernet signed", _supernets, _read_supernet),
    Reader("policy checkpoint", _policies, _read_policy),
    Signed("policy checkpoint signed", _policies, _read_policy),
    Reader("part of a reproduction", made(lambda folder: _PART.make(folder)), lambda folder: _PART.get(folder), writes=True),
]  # fmt: skip
