"""Writes files in NAS-Bench-101's TFRecord layout, with made-up figures, for the tests."""

import base64
import json
import struct
from pathlib import Path

import numpy as np

from archwalk.data.tfrecord import masked_crc

BUDGETS = (4, 108)
REPEATS = 3


def tfrecord(payloads: list[bytes]) -> bytes:
    parts = []
    for payload in payloads:
        for content in (struct.pack("<Q", len(payload)), payload):
            parts += [content, struct.pack("<I", masked_crc(content))]
    return b"".join(parts)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def metrics(parameters: int, evaluations: list[list[float]], foreign_first: bool = False) -> bytes:
    """A `ModelMetrics`, with fields that no reader knows among those that it does."""
    foreign = b"\x9a\x06\x03abc" + b"\x95\x06\x00\x00\x80\x3f"  # field 99 bytes, field 98 fixed32
    message = b""
    for evaluation in evaluations:
        body = b"".join(bytes([(k + 1) << 3 | 1]) + struct.pack("<d", x) for k, x in enumerate(evaluation))
        body = foreign + body if foreign_first else body + foreign
        message += b"\x0a" + varint(len(body)) + body
    return message + b"\x10" + varint(parameters) + b"\x19" + struct.pack("<d", 1.0) + b"\x20\x05"


def record(space, cell: int, epochs: int, accuracy: float, parameters: int = 300) -> list[object]:
    """The record of a training that ends at validation `accuracy`, test 0.01 below, train 0.01 above."""
    description = space.describe(np.array([cell], np.int32))
    evaluations = [
        [0.0, 0.0, 0.1, 0.1, 0.1],
        [epochs / 2, epochs * 1.0, accuracy / 2, accuracy / 2, accuracy / 4],
        [float(epochs), epochs * 2.0, accuracy + 0.01, accuracy, accuracy - 0.01],
    ]
    return [
        space.published_hashes[cell].tobytes().hex(),
        epochs,
        "".join(str(x) for row in description["matrix"] for x in row),
        ",".join(description["ops"]),
        base64.b64encode(metrics(parameters, evaluations)).decode(),
    ]


def records(space) -> list[list[object]]:
    """A whole space in random order; the accuracy tells cell, budget and repeat (in file order) apart."""
    rows = [(cell, epochs) for cell in range(space.size) for epochs in BUDGETS for _ in range(REPEATS)]
    seen: dict[tuple[int, int], int] = {}
    out = []
    for k in np.random.default_rng(0).permutation(len(rows)):
        cell, epochs = rows[k]
        repeat = seen[cell, epochs] = seen.get((cell, epochs), -1) + 1
        out.append(record(space, cell, epochs, accuracy_of(cell, BUDGETS.index(epochs), repeat)))
    return out


def accuracy_of(cell: int, budget: int, repeat: int) -> float:
    return (100 + cell * 8 + budget * 4 + repeat) / 1024


def write(path: Path, rows: list[object]) -> Path:
    path.write_bytes(tfrecord([json.dumps(row).encode() for row in rows]))
    return path
