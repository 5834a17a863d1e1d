# ruff: noqa: E501 (tables of samples)
"""Every reader of a single file."""

import base64
import bz2
import gzip
import io
import json
import pickle
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from fuzzing import Files, Reader

from archwalk.data.added.reading import read_table_file
from archwalk.data.architectures import ArchitectureFile, code_of, read_architecture
from archwalk.data.dataframes import read_dataframe
from archwalk.data.decoding import read_json, read_toml
from archwalk.data.images import ImageSettings, load_images
from archwalk.data.nasbench101_official import read_official
from archwalk.data.nasbench201_official import read_official as read_201
from archwalk.data.pickles import read_pickle
from archwalk.data.states import read_state, write_state
from archwalk.data.table import Table, read_table, write_table
from archwalk.data.tfrecord import masked_crc, read_records
from archwalk.environments.construction_settings import load_settings
from archwalk.errors import ArchwalkError
from archwalk.estimators.nasbench301.boosters import read_booster
from archwalk.estimators.nasbench301.ensemble import read_ensemble
from archwalk.estimators.nasbench301.published import read_official_predictions
from archwalk.estimators.nasbench301.yahpo import _check_encoding, expected_encoding
from archwalk.estimators.objectives.commands import _read as read_printed
from archwalk.estimators.objectives.measuring import measure
from archwalk.estimators.store import Evaluation, Outcome, Problem, Store, open_store
from archwalk.estimators.store.transfer import export_evaluations, read_evaluations
from archwalk.experiments.clock.plan import Plan
from archwalk.experiments.presets import load_preset
from archwalk.experiments.settings import make_settings
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.catalogue import SPACES, load_space
from archwalk.spaces.foreign import FORMS, ForeignSpace, write_foreign
from archwalk.spaces.nasbench101.space import NASBench101

space_of = cache(load_space)


def one(name: str, sample: Callable[[], bytes], read: Callable[[Path], object]) -> Reader:
    """The reader of a file: `name` is words and the file's name."""
    file = name.rpartition(" ")[2]
    return Reader(name, lambda: {file: sample()}, lambda folder: read(folder / file))


def written(name: str, write: Callable[[Path], object]) -> Callable[[], bytes]:
    """The content of a file that `write` writes, once."""

    @cache
    def make() -> bytes:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / name
            write(path)
            return path.read_bytes()

    return make


def example(space: SearchSpace) -> Architecture:
    """An architecture of a space."""
    return Architecture(space, space.sample(np.random.default_rng(0), 1)[0])


def _architecture(name: str) -> Reader:
    sample = cache(lambda: json.dumps(example(space_of(name)).description).encode())
    return one(f"{name} architecture.json", sample, lambda path: space_of(name).parse(read_json(path, Any)))


def _found(name: str) -> Reader:
    sample = written("x", lambda path: ArchitectureFile.of(example(space_of(name))).write(path))
    return one(f"{name} found.json", sample, lambda path: read_architecture(path))


def _foreign(name: str, form: str) -> Reader:
    def sample() -> bytes:
        space = space_of(name)
        return write_foreign(space, example(space).code_L, form).encode()

    def read(path: Path) -> object:
        text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
        return code_of(space_of(name), text)

    return one(f"{name} as {form} text", cache(sample), read)


def _read_space(path: Path) -> None:
    space = load_space(str(path))
    rng = np.random.default_rng(0)
    space.neighbours(space.sample(rng, 2))


def _read_preset(path: Path) -> None:
    from archwalk.agents.catalogue import TRAINERS
    from archwalk.strategies.catalogue import STRATEGIES

    preset = load_preset(str(path))
    if preset.strategy in TRAINERS.names():
        make_settings(TRAINERS.load(preset.strategy)[0], preset)
    elif settings := getattr(STRATEGIES.load(preset.strategy), "settings_class", None):
        make_settings(settings, preset)


def _preset(name: str) -> Callable[[], bytes]:
    from importlib.resources import files

    return lambda: (files("archwalk.experiments") / "presets" / f"{name}.toml").read_bytes()


ROW = Evaluation(
    Problem("toy", "digits", "f" * 64, {"arithmetic": "cpu float32"}, 0), '{"a":1}',
    Outcome("done", "", 90.0, 80.0, 5, 1.5, {"loss": [1.0]}, {"torch": "2"}), "2026-01-01T00:00:00+00:00",
)  # fmt: skip


def store(path: Path) -> None:
    """A store of one row."""
    found = open_store(str(path))
    found.add([ROW])
    found.close()


def _read_store(path: Path) -> None:
    found = Store(str(path), create=False)
    try:
        found.evaluations()
        found.count()
        found.find(ROW.problem, [ROW.architecture])
        found.claim(ROW.problem, ROW.architecture)
    finally:
        found.close()


@cache
def image(kind: str, mode: str = "RGB") -> bytes:
    """An image of 12 x 9."""
    from PIL import Image

    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (9, 12, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(file, kind)
    return file.getvalue()


def _read_image(path: Path) -> None:
    from archwalk.data.files import read_file
    from archwalk.data.images.pixels import decode_image, shrink

    try:
        shrink(decode_image(read_file(path), str(path)), 8, grey=False)
    except (OSError, ValueError) as error:  # which `load_images` refuses
        raise ArchwalkError("an image") from error


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for label in "ab":
            for i in range(3):
                archive.writestr(f"{label}/{i}.png", image("PNG"))
    return file.getvalue()


def _read_images(path: Path) -> None:
    load_images(str(path), ImageSettings(pixels=8))


def framed(payload: bytes) -> bytes:
    """One record of a TFRecord file."""
    length = len(payload).to_bytes(8, "little")
    crcs = [masked_crc(part).to_bytes(4, "little") for part in (length, payload)]
    return length + crcs[0] + payload + crcs[1]


def _record() -> bytes:
    """A training of NAS-Bench-101's files."""

    def field(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    numbers = b"".join(bytes([n << 3 | 1]) + struct.pack("<d", 0.5) for n in range(1, 6))
    metrics = field(1, numbers) * 3 + b"\x10\x05"
    fields = ["0" * 32, 4, "010001000", "input,conv3x3-bn-relu,output", base64.b64encode(metrics).decode()]
    return json.dumps(fields).encode()


@cache
def _small_101() -> NASBench101:
    return NASBench101(max_vertices=4)


def _read_framed(path: Path) -> None:
    """What is in a file as the payload of a record whose checksums are right."""
    from archwalk.data.files import read_file

    whole = path.with_name("x.tfrecord")
    whole.write_bytes(framed(read_file(path)))
    read_official(whole, _small_101())


def _pbz2(value: Any) -> bytes:
    return bz2.compress(pickle.dumps(value))


def _official_201() -> Files:
    cell = "|avg_pool_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    done = {"epochs": 12, "eval_acc1es": {"x-valid@11": 50.0, "ori-test@11": 50.0, "x-test@11": 50.0},
            "eval_times": {"x-valid@11": 1.0}, "train_times": dict.fromkeys(range(12), 1.0)}  # fmt: skip
    seeds = {name: [777] for name in ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")}
    trainings = {
        "arch_str": cell,
        "dataset_seed": seeds,
        "all_results": {(name, 777): done for name in seeds},
    }
    return {
        "meta.pickle.pbz2": _pbz2({"meta_archs": [cell]}),
        "000000.pickle.pbz2": _pbz2({"12": trainings, "200": trainings}),
    }


ROWS = [
    {"activation": a, "width": w, "valid_acc": 50.0 + w, "test_acc": 51.0, "seconds": 1.5}
    for a in ("relu", "tanh")
    for w in (1, 2, 4)
]
"""A table of a user's."""
HEAD = list(ROWS[0])
CSV = "\n".join([",".join(HEAD), *(",".join(map(str, row.values())) for row in ROWS)]).encode()


def parquet(path: Path) -> None:
    """The same as Parquet."""
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)


def _dataframe() -> bytes:
    import pandas

    return pickle.dumps(pandas.DataFrame({"accuracy": [0.5, 0.25]}), protocol=4)


CONFIGURATION = (
    b'kind = "chain"\ndepth = 4\naction_limit = 5\n[[layers]]\ntype = "convolution"\nkernel_sizes = [1, 3]\n'
)
SPACE = b"""name = "mlp"
constraints = ["depth * width <= 512"]

[decisions]
optimiser = ["sgd", "adam"]
momentum = { ordinal = [0.0, 0.9, 0.99], when = "optimiser == 'sgd'" }
activation = { categorical = ["relu", "gelu"] }
depth = { integer = [1, 4] }
width = { ordinal = [16, 64, 256] }
"""
BOOSTER = json.dumps({"learner": {
    "learner_model_param": {"num_class": "0", "base_score": "5E-1", "num_feature": "2"}, "objective": {"name": "reg:squarederror"},
    "gradient_booster": {"name": "gbtree", "model": {"trees": [
        {"left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
         "split_conditions": [0.5, 1.0, 2.0], "default_left": [0, 0, 0]}]}},
}}).encode()  # fmt: skip

CELL = b"""[cell]
operations = ["conv3x3", "skip"]
nodes = [1, 4]
edges = [1, 9]
on = "nodes"

[build]
width = 16
cells = 3
stem = ["Conv2d(channels, width, 3, padding=1)"]
between = ["MaxPool2d(2)"]
head = ["AdaptiveAvgPool2d(1)", "Flatten()", "Linear(width, outputs)"]
[build.operations]
conv3x3 = ["Conv2d(width, width, 3, padding=1)", "ReLU()"]
skip = []
"""
PREDICTIONS = json.dumps({"nasbench301": {"cifar10": {str((
    ((0, 0), (1, 1), (0, 2), (2, 3), (0, 4), (3, 5), (1, 6), (4, 0)),) * 2): {"val_accuracy": 91.5}}}}).encode()  # fmt: skip
PLAN = json.dumps({
    "schedule": {"search": 0.35, "first": 0.03, "growth": 2.0, "rungs": 3, "factor": 3, "fewest_epochs": 5.0, "fewest_steps": 20,
                 "at_random": False},
    "seconds": 60.0, "workers": 2, "images": 1000, "batch": 32, "speed": {"by_mac": 1e-9, "by_activation": 1e-9, "by_depthwise": 1e-9, "constant": 1e-4}}).encode()  # fmt: skip


class Booster:
    """Pickled as one of xgboost."""

    __module__, __qualname__ = "xgboost.core", "Booster"


def _ensemble() -> Files:
    booster = Booster()
    booster.__dict__["handle"] = bytearray(BOOSTER)
    with mock.patch.dict(sys.modules, {"xgboost": mock.Mock(), "xgboost.core": mock.Mock(Booster=Booster)}):
        model = pickle.dumps(booster)
    return {"a/surrogate_model.model": model, "a/model_config.json": b'{"model": "xgb", "param:bananas_enc": false}',
            "a/data_config.json": b'{"seed": 3, "data": "x"}'}  # fmt: skip


def _read_printed(path: Path) -> None:
    """The last line of a command's output, as an objective: an outcome, whatever it says."""
    from archwalk.data.files import read_file

    line = read_file(path).decode("utf-8", "replace").strip()
    outcome = measure(lambda architecture: read_printed(line), example(space_of("nas-bench-graph")))
    if outcome.status != "done":
        raise ArchwalkError(outcome.reason)


def _read_predictions(folder: Path) -> None:
    (folder / "zc_nasbench301_500.json").write_bytes(PREDICTIONS)
    read_official_predictions(folder)


FILES = [
    one("cells cells.toml", lambda: CELL, _read_space),
    one("predictions of nasbench301 zc_nasbench301_725.json", lambda: PREDICTIONS, lambda path: _read_predictions(path.parent)),
    one("encoding encoding_v2.json", cache(lambda: json.dumps(expected_encoding()).encode()), _check_encoding),
    one("printed by a command out.txt", lambda: b'{"accuracy": 91.5, "latency": 3}', _read_printed),
    one("printed by a command out.json", lambda: b"91.5", _read_printed),
    one("plan search.json", lambda: PLAN, lambda path: read_json(path, Plan)),
    Reader("ensemble of nasbench301", cache(_ensemble), read_ensemble),
    *(_architecture(name) for name in SPACES.names() if name != "nasbench101"),
    *(_found(name) for name in ("convnet", "darts", "nas-bench-graph", "nsc", "policy-cnn-1")),
    *(_foreign(name, form) for name in ("darts", "nas-bench-graph", "nasbench201") for form in FORMS
      if isinstance(space_of(name), ForeignSpace) and form in space_of(name).foreign_forms),
    one("settings configuration.toml", lambda: CONFIGURATION, load_settings),
    one("space space.toml", lambda: SPACE, _read_space),
    one("preset dqn.toml", _preset("archwalk-nasbench101-dqn"), _read_preset),
    one("preset meta.toml", _preset("archwalk-chain"), _read_preset),
    one("preset search.toml", _preset("archwalk-graph-gp"), _read_preset),
    one("any x.toml", lambda: CONFIGURATION, lambda path: read_toml(path, dict)),
    one("any x.json", lambda: BOOSTER, lambda path: read_json(path, dict)),
    one("booster model.json", lambda: BOOSTER, lambda path: read_booster(path.read_bytes() if path.is_file() else b"", str(path))),
    one("state x.safetensors",
        written("x.safetensors", lambda path: write_state(path, {"a": np.arange(5), "b": [1, {"c": None}]})), read_state),
    one("table t.safetensors",
        written("t.safetensors", lambda path: write_table(path, Table({"a": np.arange(5.0)}, {"source": "x"}))), read_table),
    one("export e.csv", written("e.csv", lambda path: export_evaluations([ROW, ROW], path)), read_evaluations),
    one("export e.parquet", written("e.parquet", lambda path: export_evaluations([ROW, ROW], path)), read_evaluations),
    Reader("store s.sqlite", cache(lambda: {"s.sqlite": written("s.sqlite", store)()}), lambda folder: _read_store(folder / "s.sqlite"), writes=True),
    *(one(f"image x.{kind.lower()}", lambda kind=kind: image(kind), _read_image) for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "PPM")),
    *(one(f"image {mode} x.png", lambda mode=mode: image("PNG", mode), _read_image) for mode in ("P", "RGBA", "LA", "1", "I;16")),
    one("images x.zip", cache(_zip), _read_images),
    Reader("images folder", cache(lambda: {f"x/{label}/{i}.png": image("PNG") for label in "ab" for i in range(3)}),
           lambda folder: _read_images(folder / "x")),
    one("pickle x.pkl", lambda: pickle.dumps({"a": np.arange(3), "b": [1.5, "x"]}), read_pickle),
    one("pickle x.pkl.gz", cache(lambda: gzip.compress(pickle.dumps({"a": np.arange(3)}), mtime=0)), read_pickle),
    one("dataframe x.pkl", cache(_dataframe), read_dataframe),
    one("records x.tfrecord", cache(lambda: framed(_record())), lambda path: list(read_records(path))),
    one("record x.json", cache(_record), _read_framed),
    Reader("nasbench201 official", cache(_official_201), lambda folder: read_201(folder, space_of("nasbench201"))),
    *(one(f"table of yours t.{ending}", sample, read_table_file) for ending, sample in (
        ("csv", lambda: CSV), ("json", lambda: json.dumps(ROWS).encode()), ("jsonl", lambda: "\n".join(map(json.dumps, ROWS)).encode()),
        ("csv.gz", cache(lambda: gzip.compress(CSV, mtime=0))), ("parquet", written("t.parquet", parquet)))),
]  # fmt: skip
