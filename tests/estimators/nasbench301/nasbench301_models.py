"""Models to read and to compare with: trained here by xgboost, pickled as the official ones are."""

import json
import pickle
from pathlib import Path

import numpy as np
import xgboost

FEATURES = 56


def make_rows(rng: np.random.Generator, n: int, features: int = FEATURES, missing: float = 0.0) -> np.ndarray:
    """Rows (n, features) of integers -1 to 6, some of them missing."""
    rows = rng.integers(-1, 7, (n, features)).astype(np.float32)
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def train(rounds: int = 40, features: int = FEATURES, constant=(), missing: float = 0.05, **parameters):
    """A Booster of trees on random accuracies; the features `constant` do not vary."""
    rng = np.random.default_rng(0)
    rows = make_rows(rng, 600, features, missing)
    rows[:, list(constant)] = 0
    accuracies = 90 + np.nansum(rows[:, : features // 2], axis=1) / 10 + rng.normal(0, 0.3, 600)
    settings = {"max_depth": 5, "learning_rate": 0.1, "nthread": 1, "verbosity": 0, **parameters}
    return xgboost.train(settings, xgboost.DMatrix(rows, label=accuracies), num_boost_round=rounds)


def snapshot(booster: xgboost.Booster) -> bytes:
    """What a pickle of the Booster holds."""
    return bytes(booster.__getstate__()["handle"])


def text_snapshot(booster: xgboost.Booster) -> bytes:
    """The same as xgboost 1.3 to 1.5 wrote it, JSON text, directions as true and false."""
    model = json.loads(booster.save_raw("json"))
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        tree["default_left"] = [bool(left) for left in tree["default_left"]]
    score = model["learner"]["learner_model_param"]
    score["base_score"] = score["base_score"].strip("[]")
    return json.dumps({"Config": {"learner": {}}, "Model": model}, separators=(",", ":")).encode()


def write_member(
    folder: Path, booster: bytes | xgboost.Booster, config=None, seed: int = 0, prefix: str = ""
) -> Path:
    """The three files of a member of an ensemble; `booster` may be a pickle."""
    folder.mkdir(parents=True, exist_ok=True)
    content = booster if isinstance(booster, bytes) else pickle.dumps(booster)
    path = folder / f"{prefix}surrogate_model.model"
    path.write_bytes(content)
    (folder / f"{prefix}model_config.json").write_text(json.dumps({"model": "xgb", **(config or {})}))
    (folder / f"{prefix}data_config.json").write_text(json.dumps({"seed": seed}))
    return path
