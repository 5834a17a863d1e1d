"""Tables that users added, as benchmarks: `NAME`, or `NAME:COLUMN` for another metric than the default one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.data.added.adding import COMPLETE, KNOWN
from archwalk.data.added.names import added_folder, is_added
from archwalk.data.added.stored import Added, StoredMetric, read_added, whole_space
from archwalk.errors import UsageError
from archwalk.estimators.added.surrogate import Surrogate, fit_surrogate, read_surrogate, write_surrogate
from archwalk.estimators.base import Estimator, Floats, Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Columns
from archwalk.estimators.metrics import Metric, Objective
from archwalk.estimators.table import MultiFidelityTable, TableEstimator
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace
from archwalk.spaces.known import KnownSpace


@dataclass(frozen=True)
class SurrogateEstimator:
    """What regressions predict for any architecture of a space; reward and report may be one and the same."""

    space: SearchSpace
    objective: Objective
    reward: Surrogate
    report: Surrogate
    worst_reward: float
    evaluation = "surrogate"

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Predict for codes (B, L)."""
        features_BF = self.space.features(codes_BL)
        reward_B = self.reward(features_BF)
        report_B = reward_B if self.report is self.reward else self.report(features_BF)
        return Scores(reward_B, report_B, np.full(len(codes_BL), np.nan))


class Predicted:
    """All metrics of a table with gaps, each predicted by a surrogate of its own, which is fitted when it is needed
    first: those that are wanted are measured, reward and report among them.
    """

    def __init__(self, added: Added, space: SearchSpace, own: Sequence[str]) -> None:
        self.added, self.space, self.wanted = added, space, list(dict.fromkeys(own))
        self._fitted: dict[str, Surrogate] = {}

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Those of the table."""
        return _metrics(self.added)

    def want(self, names: Iterable[str]) -> None:
        """From now on these are measured too."""
        self.wanted = list(dict.fromkeys([*self.wanted, *names]))

    def measure(self, codes_BL: Codes) -> Mapping[str, Floats]:
        """Predictions (B,) of what is wanted."""
        features_BF = self.space.features(codes_BL)
        return {name: self._surrogate(name)(features_BF) for name in self.wanted}

    def _surrogate(self, name: str) -> Surrogate:
        if name not in self._fitted:
            self._fitted[name] = find_surrogate(self.added, self.space, name)
        return self._fitted[name]


def find_added_space(name: str) -> SearchSpace | None:
    """The space that an added table is searched in; None where there is no such table."""
    return load_added(name, []).space if is_added(name) else None


def load_added(name: str, words: list[str]) -> Benchmark:
    """The benchmark of an added table. Raises UsageError for a metric that it does not have."""
    added = read_added(name)
    metric = added.metric(":".join(words) or added.about.default)
    return _benchmark(added, metric, _known(added, metric))


def load_tasks(name: str) -> list[Benchmark]:
    """A benchmark for each task of an added table, all of one space: where rows are missing, what is known of all.

    Raises UsageError where a task has no number, or no architecture has one in all of them.
    """
    added = read_added(name)
    metrics = [added.metric(task) for task in added.tasks]
    known_KN = np.array([_known(added, metric) for metric in metrics])
    for metric, known_N in zip(metrics, known_KN, strict=True):
        if not known_N.any():
            others = ",".join(f"{name}:{other.name}" for other in metrics if other is not metric)
            raise UsageError(
                f"{metric.name} of {name} has no numbers: it is no task. Without it the family is {others}"
            )
    known_N = np.all(known_KN, axis=0)
    if not known_N.any():
        raise UsageError(f"no architecture of {name} has a number in each of {', '.join(added.tasks)}")
    return [_benchmark(added, metric, known_N) for metric in metrics]


def _known(added: Added, metric: StoredMetric) -> NDArray[np.bool_]:
    """Which architectures (N,) have a number for a metric and for what it is judged by."""
    both_2N = np.stack([added.values[name][-1] for name in (metric.name, metric.report)])
    known_N: NDArray[np.bool_] = ~np.isnan(both_2N).any(axis=0)
    return known_N


def _benchmark(added: Added, metric: StoredMetric, known_N: NDArray[np.bool_]) -> Benchmark:
    name, objective = added.about.name, _objective(added, metric)
    provenance = {"source": added.about.source, "sha256": added.about.sha256, "added": added.about.created}
    whole = whole_space(added.about)
    if not known_N.any():
        raise UsageError(f"no architecture of {name} has numbers for {metric.name} and {metric.report}")
    if added.about.mode not in (COMPLETE, KNOWN):
        estimator, told = _surrogate(added, whole, metric, objective)
        predicted = Predicted(added, whole, (metric.name, metric.report))
        return Benchmark(name, whole, estimator, provenance | told, known=predicted)
    if isinstance(whole, EnumerableSpace) and known_N.sum() == whole.size:
        rows = np.argsort(added.codes_NL[:, 0])
        table = _table(added, metric, objective, rows)
        return Benchmark(name, whole, table, provenance, known=_columns(added, rows))
    known = KnownSpace(whole, added.codes_NL[known_N], added.about.linked)
    rows = np.flatnonzero(known_N)[known.order_N]
    table = _table(added, metric, objective, rows)
    there = f"{known.size:,} architectures with numbers; walks step through these alone"
    return Benchmark(name, known, table, provenance | {"known": there}, known=_columns(added, rows))


def _columns(added: Added, rows: np.ndarray) -> Columns:
    """All metrics of the table, at the full fidelity."""
    metrics = _metrics(added)
    return Columns(metrics, {name: added.values[name][-1][rows] for name in metrics})


def _metrics(added: Added) -> dict[str, Metric]:
    return {one.name: Metric(one.name, one.unit, one.higher_is_better) for one in added.about.metrics}


def _objective(added: Added, metric: StoredMetric) -> Objective:
    report = added.metric(metric.report)
    return Objective(
        metric.name,
        Metric(metric.name, metric.unit, metric.higher_is_better),
        Metric(report.name, report.unit, report.higher_is_better),
    )


def _table(added: Added, metric: StoredMetric, objective: Objective, rows: np.ndarray) -> Estimator:
    reward_FN, report_N = added.values[metric.name][:, rows], added.values[metric.report][-1, rows]
    seconds_FN = None if added.about.seconds is None else added.values[added.about.seconds][:, rows]
    fidelities = tuple(added.about.fidelities)
    if len(fidelities) > 1:
        return MultiFidelityTable(objective, fidelities, reward_FN, report_N, seconds_FN)
    return TableEstimator(objective, reward_FN[0], report_N, None if seconds_FN is None else seconds_FN[0])


def _surrogate(
    added: Added, whole: SearchSpace, metric: StoredMetric, objective: Objective
) -> tuple[SurrogateEstimator, dict[str, str]]:
    reward = find_surrogate(added, whole, metric.name)
    report = reward if metric.report == metric.name else find_surrogate(added, whole, metric.report)
    value_N = added.values[metric.name][-1]
    lowest, highest = float(np.nanmin(value_N)), float(np.nanmax(value_N))
    worst = lowest if metric.higher_is_better else highest
    told = {"surrogate": f"of {metric.name}, {reward.provenance}"}
    if report is not reward:
        told["surrogate of the report"] = f"of {metric.report}, {report.provenance}"
    return SurrogateEstimator(whole, objective, reward, report, worst), told


def find_surrogate(added: Added, whole: SearchSpace, metric: str) -> Surrogate:
    """The surrogate of a metric, fitted (with a note on stderr) and kept where it was not yet."""
    place = [one.name for one in added.about.metrics].index(metric)
    path = added_folder(added.about.name) / f"surrogate-{place}.safetensors"
    if path.is_file():
        return read_surrogate(path)
    value_N: Floats = added.values[metric][-1]
    known_N = ~np.isnan(value_N)
    print(f"archwalk: fitting a surrogate of {metric} of {added.about.name} (once)", file=sys.stderr)
    surrogate = fit_surrogate(whole.features(added.codes_NL[known_N]), value_N[known_N])
    write_surrogate(path, surrogate)
    for quality in surrogate.qualities:
        print(f"archwalk: {quality}", file=sys.stderr)
    return surrogate
