"""Proxies against what others published of the same architectures, by Spearman's correlation.

The files are `zc_nasbench101_500.json` and `zc_nasbench301_*.json` of NASLib's history (github.com/automl/NASLib,
Apache-2.0): architectures with accuracies and with NASLib's own scores. Printed are correlations of our scores with the
published ones, and of either with the accuracies, with 95 % bootstrap intervals over architectures; `--out` keeps them
after every proxy, so that a run that was stopped goes on. NASLib's networks
are full ones (128 channels on NAS-Bench-101) and see CIFAR-10; ours are narrower, but as deep.
"""

import argparse
import json
import time
from ast import literal_eval
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archwalk.data.files import write_atomically
from archwalk.estimators.base import Floats
from archwalk.estimators.zero_cost import PROXIES, View
from archwalk.experiments.bootstrap import percentiles
from archwalk.experiments.proxies import spearmans
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.darts.code import canonical_codes
from archwalk.spaces.darts.space import DARTS
from archwalk.spaces.nasbench101.space import NASBench101

PUBLISHED = {
    "fisher": "fisher", "grad-norm": "grad_norm", "jacobian-covariance": "jacov", "macs": "flops",
    "parameters": "params", "snip": "snip", "synflow": "synflow",
}  # fmt: skip
"""Our names by theirs; they have neither NASWOT nor ZiCo."""

OPERATIONS = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")


def read(path: Path, wanted: int) -> tuple[SearchSpace, Codes, dict[str, Floats]]:
    """The space, codes (N, L) and what the file says of each, by name; the first `wanted` of it."""
    content: dict[str, Any] = json.loads(path.read_text())
    name = "nasbench301" if "nasbench301" in path.name else "nasbench101"
    cells = dict(list(content.get(name, content)["cifar10"].items())[:wanted])
    figures = {
        key: np.array([cell[key] for cell in cells.values()], float)
        for key in (*PUBLISHED.values(), "val_accuracy")
    }
    if name == "nasbench301":
        edges = np.array([literal_eval(text) for text in cells], np.int32).reshape(-1, 2, 8, 2)
        return DARTS(), canonical_codes(edges[..., 0], edges[..., 1]), figures
    space = NASBench101()
    return space, np.array([space.parse(_cell(text)) for text in cells]), figures


def _cell(text: str) -> dict[str, Any]:
    """49 entries of the matrix, then operations, of which nothing behind the output is used."""
    numbers = literal_eval(text)
    operations = [OPERATIONS[number] for number in numbers[49:]]
    vertices = operations.index("output") + 1
    matrix = np.array(numbers[:49]).reshape(7, 7)[:vertices, :vertices]
    return {"matrix": matrix.tolist(), "ops": operations[:vertices]}


def correlate(one_N: Floats, other_N: Floats, samples_SN: np.ndarray) -> list[float]:
    """Spearman's correlation and the ends of its interval."""
    whole, sampled_S = spearmans(one_N, other_N, samples_SN)
    return [round(value, 3) for value in (whole, *(float(end[0]) for end in percentiles(sampled_S[:, None])))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--cells", type=int, default=500, help="the first of the file")
    parser.add_argument("--images", default="cifar10", help="a data set or a folder; '' for random ones")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--depth", type=int, default=3, help="cells at each resolution")
    parser.add_argument("--resolution", type=int, default=32)
    parser.add_argument("--proxies", default=",".join(PROXIES.names()))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    space, codes_NL, figures = read(options.file, options.cells)
    accuracy_N = figures["val_accuracy"]
    samples_SN = np.random.default_rng(0).integers(0, len(codes_NL), (2_000, len(codes_NL)))
    view = View(options.images, options.channels, options.depth, resolution=options.resolution)
    record: dict[str, Any] = {"cells": len(codes_NL), "view": vars(view), "proxies": {}}
    if options.out and options.out.exists():
        kept = json.loads(options.out.read_text())
        if all(kept[key] == record[key] for key in ("cells", "view")):
            record = kept
    for name in options.proxies.split(","):
        if name in record["proxies"]:
            continue
        started = time.process_time()
        score_N = view.scorer(space, name).scores(codes_NL)
        row: dict[str, Any] = {"accuracy": correlate(score_N, accuracy_N, samples_SN)}
        if name in PUBLISHED:
            theirs_N = figures[PUBLISHED[name]]
            row["published"] = correlate(score_N, theirs_N, samples_SN)
            row["published_accuracy"] = correlate(theirs_N, accuracy_N, samples_SN)
        row["milliseconds"] = round(1_000 * (time.process_time() - started) / len(codes_NL), 1)
        record["proxies"][name] = row
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        if options.out:
            write_atomically(options.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
