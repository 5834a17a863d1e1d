"""Tables of users that the tests share, made up."""

import csv
import itertools
import json

import numpy as np

OPERATIONS = ("conv", "pool", "skip")


def accuracy(string):
    """Of a string of digits: what its digits are worth, each by its place."""
    return 60.0 + sum(int(digit) * (place + 1) for place, digit in enumerate(string))


def strings(length=4, base=3):
    return ["".join(map(str, digits)) for digits in itertools.product(range(base), repeat=length)]


def write_csv(path, header, rows, delimiter=",", encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def complete_csv(folder):
    """81 architectures in a column each decision, validation and test."""
    rows = [
        [*(OPERATIONS[int(d)] for d in s), accuracy(s), accuracy(s) - 1, 10 - accuracy(s) / 10]
        for s in strings()
    ]
    header = ["op1", "op2", "op3", "op4", "val_acc", "test_acc", "latency_ms"]
    return write_csv(folder / "complete.csv", header, rows)


def partial_csv(folder, keep=60):
    """Some of them in one column, three tasks, with gaps."""
    rng = np.random.default_rng(0)
    some = [strings()[i] for i in np.sort(rng.permutation(81)[:keep])]
    rows = [
        [f"64-{s}-basic", accuracy(s), "" if i % 15 == 0 else accuracy(s[::-1]), 100 - accuracy(s)]
        for i, s in enumerate(some)
    ]
    return write_csv(folder / "partial.csv", ["arch", "jigsaw", "room layout", "error"], rows)


def scattered_csv(folder, rows=120):
    """Architectures of 4^12, no two of them neighbours but by chance."""
    rng = np.random.default_rng(1)
    drawn = rng.integers(0, 4, (rows, 12))
    worth = rng.normal(size=(12, 4))
    cells = [[*row, round(90 + worth[np.arange(12), row].sum(), 4)] for row in drawn.tolist()]
    return write_csv(folder / "scattered.csv", [*(f"layer{i}" for i in range(12)), "accuracy"], cells)


def keyed_json(folder):
    """By architecture, three runs each, as NAS-Bench-Macro is."""
    table = {
        s: {"test_acc": [accuracy(s) + d for d in (-0.5, 0, 0.5)], "params": 1e6 + int(s[0])}
        for s in strings()
    }
    path = folder / "keyed.json"
    path.write_text(json.dumps(table))
    return path
