"""What the names of columns say: which are metrics, which way they are better, which say how a row was measured."""

from __future__ import annotations

import re

HIGHER = frozenset(
    [
        "acc",
        "accs",
        "accuracy",
        "accuracies",
        "score",
        "scores",
        "reward",
        "rewards",
        "auc",
        "auroc",
        "f1",
        "iou",
        "miou",
        "psnr",
        "ssim",
        "bleu",
        "precision",
        "recall",
        "throughput",
        "fps",
        "return",
        "returns",
        "top1",
        "top5",
        "map",
        "ap",
        "r2",
        "ips",
    ]
)
LOWER = frozenset(
    [
        "error",
        "err",
        "errors",
        "loss",
        "losses",
        "latency",
        "lat",
        "flops",
        "flop",
        "macs",
        "mac",
        "params",
        "nparams",
        "parameters",
        "time",
        "times",
        "runtime",
        "seconds",
        "sec",
        "secs",
        "ms",
        "us",
        "energy",
        "power",
        "memory",
        "mem",
        "perplexity",
        "ppl",
        "wer",
        "cer",
        "mse",
        "mae",
        "rmse",
        "co2",
        "cost",
        "per",
        "mb",
        "bytes",
        "carbon",
    ]
)
NEUTRAL = frozenset(
    [
        "val",
        "valid",
        "validation",
        "test",
        "train",
        "training",
        "metric",
        "value",
        "result",
        "performance",
        "perf",
        "objective",
        "target",
        "y",
        "eval",
    ]
)
NEGATED = frozenset(["neg", "negative", "minus"])
UNITS = frozenset(
    ["%", "s", "sec", "ms", "us", "µs", "min", "h", "M", "K", "k", "G", "MB", "KB", "GB", "MiB", "GiB", "kg"]
) | {"GFLOPs", "MFLOPs", "GMACs", "J", "mJ", "Wh", "kWh", "W", "mW"}
"""Units that names of metrics end in, in brackets."""

VALIDATION = frozenset(["val", "valid", "validation"])
TEST = frozenset(["test", "tst"])
TRAIN = frozenset(["train", "training"])
ACCURACY = frozenset(
    [
        "acc",
        "accs",
        "accuracy",
        "accuracies",
        "top1",
        "top5",
        "precision",
        "recall",
        "f1",
        "auc",
        "auroc",
        "iou",
        "miou",
    ]
)
ERROR = frozenset(["error", "err", "errors"])
SECONDS = frozenset(["time", "times", "runtime", "seconds", "sec", "secs"])

_SEED = frozenset(
    ["seed", "seeds", "run", "runs", "repeat", "repeats", "repetition", "replicate", "random", "rep", "runid"]
)
_FIDELITY = frozenset(
    ["epoch", "epochs", "fidelity", "fidelities", "budget", "num", "n", "total", "training", "train"]
)
_FIDELITY_HEADS = frozenset(["epoch", "epochs", "fidelity", "fidelities", "budget"])
_TASK = frozenset(["task", "tasks", "dataset", "datasets", "data", "set", "benchmark", "name"])
_TASK_HEADS = frozenset(["task", "tasks", "dataset", "datasets", "benchmark"])
_IDENTITY = frozenset(
    [
        "index",
        "idx",
        "id",
        "ids",
        "row",
        "rows",
        "unnamed",
        "column",
        "hash",
        "md5",
        "sha",
        "uuid",
        "module",
        "number",
        "no",
        "nr",
        "timestamp",
        "date",
        "created",
    ]
)


def words(name: str) -> list[str]:
    """The parts of a name in lower case: `valAccuracy_200` is val, accuracy, 200."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d?(?![0-9])|[A-Z]?[a-z]+|\d+", name)
    return [part.lower() for part in found]


def unit_of(name: str) -> str:
    """The unit that a name ends in, in brackets: `Dauer [s]`, `params (M)`; "" for none."""
    found = re.search(r"[\[(]\s*([^\[\]()]+?)\s*[\])]\s*$", name)
    return found[1] if found and found[1] in UNITS else ""


def is_metric(name: str) -> bool:
    """Whether a name is a metric's."""
    return bool((HIGHER | LOWER | NEUTRAL).intersection(words(name))) or bool(unit_of(name))


def lower_is_better(name: str) -> bool:
    """Whether the name of a metric is one of which less is better: error, loss, latency, parameters, ..."""
    parts = words(name)
    if NEGATED.intersection(parts):  # neg_loss
        return False
    costs = LOWER.intersection(parts) or unit_of(name) in UNITS - {"%"}
    return bool(costs) and not HIGHER.intersection(parts)


def says(name: str, what: frozenset[str]) -> bool:
    """Whether a part of a name is one of these words."""
    return bool(what.intersection(words(name)))


def _all_of(name: str, heads: frozenset[str], known: frozenset[str]) -> bool:
    parts = [part for part in words(name) if not part.isdigit()]
    return bool(heads.intersection(parts)) and known.issuperset(parts)


def is_seed(name: str) -> bool:
    """Whether a column says which run of several a row is."""
    parts = [part for part in words(name) if not part.isdigit()]
    return (
        bool(parts)
        and (_SEED | {"id", "number", "idx", "index"}).issuperset(parts)
        and says(name, _SEED - {"random"})
    )


def is_fidelity(name: str) -> bool:
    """Whether a column says how long a row was trained."""
    return _all_of(name, _FIDELITY_HEADS, _FIDELITY)


def is_task(name: str) -> bool:
    """Whether a column says on what a row was measured."""
    return _all_of(name, _TASK_HEADS, _TASK)


def is_identity(name: str) -> bool:
    """Whether a column only names its rows."""
    parts = [part for part in words(name) if not part.isdigit()]
    return not parts or _IDENTITY.issuperset(parts)
