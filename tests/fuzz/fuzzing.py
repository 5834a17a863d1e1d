# ruff: noqa: E501 (tables of samples)
"""Damaged and nonsensical files for every reader: an answer, or one line that refuses it; nothing else.

`python tests/fuzz/fuzzing.py 10000` tries so many and prints one table. An input follows from its reader and number
alone, so that what fails can be tried again: `python tests/fuzz/fuzzing.py --only READER --number N`.
"""

import argparse
import gzip
import io
import json
import logging
import pickle
import random
import signal
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.data.decoding import read_json, read_toml
from archwalk.data.images import ImageSettings, load_images
from archwalk.data.pickles import read_pickle
from archwalk.data.states import read_state, write_state
from archwalk.data.table import Table, read_table, write_table
from archwalk.data.tfrecord import read_records
from archwalk.environments.construction_settings import load_settings
from archwalk.errors import ArchwalkError
from archwalk.estimators.nasbench301.boosters import read_booster
from archwalk.estimators.store import Evaluation, Outcome, Problem, Store, open_store
from archwalk.estimators.store.transfer import export_evaluations, read_evaluations
from archwalk.spaces.catalogue import SPACES, load_space

SECONDS = 30
OUTCOMES = ("tried", "refused", "accepted", "traceback", "hang", "damaged")
NASTY = [
    None, -1, 0, 2**63, 10**30, 1.5, 1e308, True, "", "x", "\x00", "é" * 50, [], {}, [[]], [None], {"a": []},
]  # fmt: skip
WORDS = [b"1e999", b"NaN", b"-Infinity", b"9" * 5_000, b"[" * 3_000, b'{"a":' * 3_000, b"null", b"-1", b'""', b"\xff\xfe",
         b"\xef\xbb\xbf", b"\x00", b"'", b'"', b"\n", b"inf", b"99999999999999999999"]  # fmt: skip


class Hang(BaseException):
    """An input takes too long."""


@dataclass(frozen=True)
class Reader:
    """One way in: a file's name, what is in it when it is right, and who reads it."""

    name: str
    sample: Callable[[], bytes]
    read: Callable[[Path], object]


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise Hang after so many seconds."""

    def stop(number: int, frame: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Other content: bytes or words changed, parts left out or put twice, a value of a JSON document replaced."""
    if content[:1] in b"{[" and rng.random() < 0.6:
        try:
            return json.dumps(_replace(json.loads(content), rng)).encode()
        except ValueError:
            pass
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.choice((1, 1, 2, 4, 16, 200)))
        how = rng.randrange(7)
        if how == 0:
            content = content[:at]
        elif how == 1:
            content = content[:at] + content[end:]
        elif how == 2:
            content = content[:end] + content[at:]
        elif how == 3:
            content = content[:at] + rng.choice(WORDS) + content[end:]
        elif how == 4:
            content = content[:at] + rng.randbytes(end - at) + content[end:]
        elif how == 5 and at < len(content):
            content = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        else:
            content = content[:at] + bytes([rng.choice((0, 127, 255))]) * (end - at) + content[end:]
    return content


def _replace(value: Any, rng: random.Random) -> Any:
    if rng.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return rng.choice(NASTY)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    copy = value.copy()
    if rng.random() < 0.2:
        del copy[key]
    else:
        copy[key] = _replace(value[key], rng)
    return copy


def attempt(reader: Reader, number: int, folder: Path) -> tuple[str, str]:
    """What becomes of an input, and of a traceback the text."""
    rng = random.Random(f"{reader.name} {number}")
    content = mutate(reader.sample(), rng)
    path = folder / reader.name.partition(" ")[2]
    path.write_bytes(content)
    try:
        with limited(SECONDS):
            reader.read(path)
        how = "accepted"
    except ArchwalkError as error:
        how = "refused" if "\n" not in str(error) else "traceback"
    except Hang:
        return "hang", ""
    except BaseException:
        return "traceback", traceback.format_exc()
    if path.suffix != ".sqlite" and path.read_bytes() != content:
        return "damaged", ""
    return how, ""


def run(readers: list[Reader], inputs: int, first: int = 0) -> tuple[dict[str, Counter[str]], list[str]]:
    """Outcomes by reader, and what failed."""
    found: dict[str, Counter[str]] = {reader.name: Counter() for reader in readers}
    failed = []
    with tempfile.TemporaryDirectory() as place:
        for n in range(inputs):
            reader, number = readers[n % len(readers)], first + n // len(readers)
            how, text = attempt(reader, number, Path(place))
            found[reader.name].update(["tried", how])
            if how not in ("accepted", "refused"):
                failed.append(f"{reader.name} {number}: {how}\n{text}")
    return found, failed


def table(found: dict[str, Counter[str]]) -> str:
    """In Markdown."""
    rows = [*found.items(), ("all", sum(found.values(), Counter()))]
    lines = [f"| reader | {' | '.join(OUTCOMES)} |", "|---" * (1 + len(OUTCOMES)) + "|"]
    lines += [f"| {name} | {' | '.join(str(counts[one]) for one in OUTCOMES)} |" for name, counts in rows]
    return "\n".join(lines)


def _in(name: str, write: Callable[[Path], object]) -> Callable[[], bytes]:
    @cache
    def make() -> bytes:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / name
            write(path)
            return path.read_bytes()

    return make


def _architecture(name: str) -> Reader:
    space = cache(lambda: load_space(name))

    def sample() -> bytes:
        code_L = space().sample(np.random.default_rng(0), 1)[0]
        return json.dumps(space().describe(code_L)).encode()

    return Reader(
        f"{name} architecture.json", cache(sample), lambda path: space().parse(read_json(path, Any))
    )


ROW = Evaluation(
    Problem("toy", "digits", "f" * 64, {"arithmetic": "cpu float32"}, 0), '{"a":1}',
    Outcome("done", "", 90.0, 80.0, 5, 1.5, {"loss": [1.0]}, {"torch": "2"}), "2026-01-01T00:00:00+00:00",
)  # fmt: skip


def _store(path: Path) -> None:
    store = open_store(str(path))
    store.add([ROW])
    store.close()


def _read_store(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    Store(str(path), create=False).evaluations()


def _image(kind: str) -> Callable[[], bytes]:
    def make() -> bytes:
        from PIL import Image

        file = io.BytesIO()
        pixels = np.random.default_rng(0).integers(0, 255, (9, 12, 3), np.uint8)
        Image.fromarray(pixels).save(file, kind)
        return file.getvalue()

    return cache(make)


def _read_image(path: Path) -> None:
    from archwalk.data.images.pixels import decode_image, shrink

    try:
        shrink(decode_image(path.read_bytes(), str(path)), 8, grey=False)
    except (OSError, ValueError) as error:  # which `load_images` refuses
        raise ArchwalkError("an image") from error


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for label in "ab":
            for i in range(3):
                archive.writestr(f"{label}/{i}.png", _image("PNG")())
    return file.getvalue()


def _tfrecord() -> bytes:
    from archwalk.data.tfrecord import masked_crc

    payload = b'["00", 4, "0100", "a,b", "x"]'
    length = len(payload).to_bytes(8, "little")
    parts = (
        length,
        masked_crc(length).to_bytes(4, "little"),
        payload,
        masked_crc(payload).to_bytes(4, "little"),
    )
    return b"".join(parts)


CONFIGURATION = (
    b'kind = "chain"\ndepth = 4\naction_limit = 5\n[[layers]]\ntype = "convolution"\nkernel_sizes = [1, 3]\n'
)
BOOSTER = json.dumps({"learner": {
    "learner_model_param": {"num_class": "0", "base_score": "5E-1", "num_feature": "2"}, "objective": {"name": "reg:squarederror"},
    "gradient_booster": {"name": "gbtree", "model": {"trees": [
        {"left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
         "split_conditions": [0.5, 1.0, 2.0], "default_left": [0, 0, 0]}]}},
}}).encode()  # fmt: skip

READERS = [
    *(_architecture(name) for name in SPACES.names() if name != "nasbench101"),
    Reader("settings configuration.toml", lambda: CONFIGURATION, load_settings),
    Reader("any x.toml", lambda: CONFIGURATION, lambda path: read_toml(path, dict)),
    Reader("any x.json", lambda: BOOSTER, lambda path: read_json(path, dict)),
    Reader("booster model.json", lambda: BOOSTER, lambda path: read_booster(path.read_bytes(), str(path))),
    Reader("state x.safetensors",
           _in("x.safetensors", lambda path: write_state(path, {"a": np.arange(5), "b": [1, {"c": None}]})), read_state),
    Reader("table t.safetensors",
           _in("t.safetensors", lambda path: write_table(path, Table({"a": np.arange(5.0)}, {"source": "x"}))), read_table),
    Reader("export e.csv", _in("e.csv", lambda path: export_evaluations([ROW, ROW], path)), read_evaluations),
    Reader("export e.parquet", _in("e.parquet", lambda path: export_evaluations([ROW, ROW], path)), read_evaluations),
    Reader("store s.sqlite", _in("s.sqlite", _store), _read_store),
    *(Reader(f"image x.{kind.lower()}", _image(kind), _read_image) for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "PPM")),
    Reader("images x.zip", cache(_zip), lambda path: load_images(str(path), ImageSettings(pixels=8))),
    Reader("pickle x.pkl", lambda: pickle.dumps({"a": np.arange(3), "b": [1.5, "x"]}), read_pickle),
    Reader("pickle x.pkl.gz", cache(lambda: gzip.compress(pickle.dumps({"a": np.arange(3)}), mtime=0)), read_pickle),
    Reader("records x.tfrecord", cache(_tfrecord), lambda path: list(read_records(path))),
]  # fmt: skip


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="?", type=int, default=10_000)
    parser.add_argument("--only")
    parser.add_argument("--number", type=int)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    readers = [one for one in READERS if options.only in (None, one.name)]
    found, failed = run(readers, 1 if options.number is not None else options.inputs, options.number or 0)
    print(table(found))
    print(*failed, sep="\n", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
