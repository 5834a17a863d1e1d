"""The tables of the database of experiments, and rows in and out of them."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, MetaData, String, Table, Text

from archwalk.data.decoding import decode_json
from archwalk.estimators.store.records import Evaluation, Outcome, Problem, canonical_json, metric_of

FORM = "2"
"""Of the tables; a database of another form is refused."""

CLAIMED = "claimed"
"""The status of a row that somebody is training for; all others are in `STATUSES`."""

METADATA = MetaData()

ABOUT = Table(
    "archwalk_store",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

EVALUATIONS = Table(
    "archwalk_evaluations",
    METADATA,
    Column("key", String(64), primary_key=True),  # `Problem.key`: what makes a training unique
    Column("space", Text, nullable=False),
    Column("architecture", Text, nullable=False),
    Column("dataset", Text, nullable=False, index=True),
    Column("dataset_fingerprint", String(64), nullable=False),
    Column("settings", Text, nullable=False),
    Column("settings_fingerprint", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("validation", Float(53), nullable=False, default=0.0),
    Column("test", Float(53), nullable=False, default=0.0),
    Column("parameters", BigInteger, nullable=True),
    Column("seconds", Float(53), nullable=False, default=0.0),
    Column("curves", Text, nullable=False, default="{}"),
    Column("versions", Text, nullable=False, default="{}"),
    Column("finished", String(32), nullable=False, default=""),
    Column("owner", Text, nullable=False, default=""),  # who claims it
    Column("lease", Float(53), nullable=False, default=0.0),  # until when, in seconds since 1970
    Index("archwalk_evaluations_best", "validation", "status"),
)

EXPORTED = tuple(
    column.name
    for column in EVALUATIONS.columns
    if column.name not in ("owner", "lease", "settings_fingerprint")
)
"""The columns of exports."""

NUMBERS: dict[str, type[int] | type[float]] = {
    "seed": int, "validation": float, "test": float, "parameters": int, "seconds": float,
}  # fmt: skip
"""Those that are not text."""
TEXTS = tuple(name for name in EXPORTED if name not in NUMBERS)


def problem_values(problem: Problem, architecture: str, key: str = "") -> dict[str, Any]:
    """The columns that say what is trained; `key` is the problem's of the architecture where it is known."""
    return {
        "key": key or problem.key(architecture),
        "space": problem.space,
        "architecture": architecture,
        "dataset": problem.dataset,
        "dataset_fingerprint": problem.dataset_fingerprint,
        "settings": problem.settings_json,
        "settings_fingerprint": problem.settings_fingerprint,
        "seed": problem.seed,
    }


def evaluation_values(one: Evaluation) -> dict[str, Any]:
    """All columns of a row that is finished."""
    return problem_values(one.problem, one.architecture, one.key) | outcome_values(one.outcome, one.finished)


def outcome_values(outcome: Outcome, finished: str) -> dict[str, Any]:
    """The columns that say what came of it; nobody claims the row any longer."""
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "validation": outcome.validation,
        "test": outcome.test,
        "parameters": outcome.parameters,
        "seconds": outcome.seconds,
        "curves": canonical_json(dict(outcome.curves)),
        "versions": _versions_json(*outcome.versions.items()),
        "finished": finished,
        "owner": "",
        "lease": 0.0,
    }


def read_outcome(row: Any) -> Outcome:
    """The outcome in a row (a mapping). Raises DataError, or one of `WRONG_CONTENT`, where it holds something else."""
    curves = decode_json(row["curves"], dict[str, list[float]], "curves")
    return Outcome(
        row["status"], row["reason"], row["validation"], row["test"], row["parameters"], row["seconds"],
        curves, dict(_read_versions(row["versions"])), metric_of(_read_settings(row["settings"])),
    )  # fmt: skip


def read_evaluation(row: Any) -> Evaluation:
    """The evaluation in a row. Raises as `read_outcome` does."""
    for name in TEXTS:
        if not isinstance(row[name], str):
            raise ValueError(f"{name} is {row[name]!r}")
    decode_json(row["architecture"], dict[str, Any], "architecture")
    problem = _read_problem(
        row["space"], row["dataset"], row["dataset_fingerprint"], row["settings"], row["seed"]
    )
    return Evaluation(problem, row["architecture"], read_outcome(row), row["finished"])


@lru_cache(maxsize=256)
def _read_versions(versions: str) -> Mapping[str, str]:
    return MappingProxyType(decode_json(versions, dict[str, str], "versions"))


@lru_cache(maxsize=256)
def _versions_json(*versions: tuple[str, str]) -> str:
    return canonical_json(dict(versions))


@lru_cache(maxsize=256)
def _read_settings(settings: str) -> Mapping[str, Any]:
    return MappingProxyType(decode_json(settings, dict[str, Any], "settings"))


@lru_cache(maxsize=1024)  # thousands of rows have one problem
def _read_problem(space: str, dataset: str, fingerprint: str, settings: str, seed: int) -> Problem:
    return Problem(space, dataset, fingerprint, dict(_read_settings(settings)), seed)
