"""Writes folders in the layout of NATS-Bench's topology files, with made-up figures, for the tests."""

import bz2
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np

from archwalk.spaces.nasbench201 import NASBench201

SEEDS = {"12": [111, 777], "200": [777, 888, 999]}
SETS = {
    "cifar10-valid": ["x-valid", "ori-test"],
    "cifar10": ["ori-test"],
    "cifar100": ["ori-test", "x-valid", "x-test"],
    "ImageNet16-120": ["ori-test", "x-valid", "x-test"],
}


class FirstCells(NASBench201):
    """The first cells of the space: enough for a folder."""

    size = 12


def accuracy(cell: int, hp: str, data_set: str, seed: int, name: str) -> float:
    """Made-up percentages that are different for everything they depend on."""
    place = [(d, s) for d, names in SETS.items() for s in names].index((data_set, name))
    return 20.0 + 4 * cell + place / 4 + SEEDS[hp].index(seed) / 32 + (hp == "200") / 64


def training(cell: int, arch_str: str, hp: str, data_set: str, seed: int) -> dict[str, object]:
    """The state of a `ResultsCount`. As in the old trainings, most sets were evaluated after the last epoch."""
    epochs = int(hp)
    every = [f"{name}@{epoch}" for name in SETS[data_set] for epoch in range(epochs)]
    seen = [key for key in every if key.startswith("ori-test") or key.endswith(f"@{epochs - 1}")]
    return {
        "name": data_set,
        "net_state_dict": None,
        "train_acc1es": dict.fromkeys(range(epochs), 50.0),
        "train_acc5es": {epoch: np.float64(60) for epoch in range(epochs)},
        "train_losses": dict.fromkeys(range(epochs), 1.5),
        "train_times": OrderedDict((epoch, 2.0 + cell) for epoch in range(epochs)),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": arch_str, "class_num": 10},
        "params": 0.073306,
        "flop": 7.78305,
        "seed": seed,
        "epochs": epochs,
        "latency": [0.013],
        "eval_names": SETS[data_set],
        "eval_acc1es": {key: accuracy(cell, hp, data_set, seed, key.split("@")[0]) for key in seen},
        "eval_times": dict.fromkeys(every, 0.5),
        "eval_losses": dict.fromkeys(seen, 1.0),
    }


def record(space: NASBench201, cell: int) -> OrderedDict[str, object]:
    """All trainings of a cell, the states of two `ArchResults`; odd cells were trained with one seed only."""
    arch_str = space.describe(np.array([cell], np.int32))["arch_str"]
    budgets: OrderedDict[str, object] = OrderedDict()
    for hp, seeds in SEEDS.items():
        dataset_seed = dict.fromkeys(SETS, seeds[: 1 if cell % 2 else None])
        budgets[hp] = {
            "arch_index": cell,
            "arch_str": arch_str,
            "all_results": {
                (data_set, seed): training(cell, arch_str, hp, data_set, seed)
                for data_set, used in dataset_seed.items()
                for seed in used
            },
            "dataset_seed": dataset_seed,
            "clear_net_done": True,
        }
    return budgets


def dump(path: Path, content: object) -> None:
    path.write_bytes(bz2.compress(pickle.dumps(content, protocol=4)))


def write(folder: Path, space: NASBench201, order: list[int]) -> Path:
    """A whole folder; `order` has the cell of each published index."""
    folder.mkdir()
    strings = [space.describe(np.array([cell], np.int32))["arch_str"] for cell in order]
    meta = {"meta_archs": strings, "total_archs": len(order), "arch2infos": None, "evaluated_indexes": set()}
    dump(folder / "meta.pickle.pbz2", meta)
    for index, cell in enumerate(order):
        dump(folder / f"{index:06d}.pickle.pbz2", record(space, cell))
    return folder
