"""Evaluations are told while a search runs: in order, once, and without any effect on it."""

import logging

import numpy as np
import pytest

import archwalk
from archwalk.api.objectives import objective_benchmark
from archwalk.data.decoding import decode_json
from archwalk.errors import DataError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments import watching
from archwalk.experiments.comparison import compare
from archwalk.experiments.live import LIVE, LiveJournal, LiveReader
from archwalk.experiments.runs import load_method
from archwalk.experiments.watching import Watcher

PROTEINS = "nas-bench-graph:proteins"


def variety(architecture):
    """An objective of an architecture, which fails for some."""
    ops = architecture.description["ops"]
    if ops[0] == "fc":
        raise ValueError("no such thing")
    return {
        "variety": len(set(ops)) + 0.1 * sum(architecture.description["link"]),
        "skips": ops.count("skip"),
    }


class Listener(Watcher):
    """Keeps what it is told."""

    def __init__(self, log=()):
        self.abouts, self.batches, self.ended, self.log = [], [], 0, log

    def begin(self, about):
        self.abouts.append(about)

    def evaluated(self, batch):
        self.batches.append(batch)
        if self.log != ():
            self.log.append("told")

    def end(self):
        self.ended += 1

    def rows(self):
        """Told values by strategy, agent, trial and query; each once."""
        rows = {}
        for one in self.batches:
            for (t, n), reward in np.ndenumerate(one.reward_TN):
                key = one.strategy, one.agent, one.trial + t, one.query + n
                assert key not in rows
                rows[key] = one.codes_TNL[t, n].tolist(), reward, one.report_TN[t, n]
        return rows


class Faulty(Watcher):
    def evaluated(self, batch):
        raise RuntimeError("a callback's\nfault")


def run(names, benchmark, watchers, trials=1, **options):
    problem = load_benchmark(benchmark) if isinstance(benchmark, str) else benchmark
    methods = [load_method(name, problem.space) for name in names]
    searches = {}
    compare(problem, methods, searches=searches, watchers=watchers, seed=1, trials=trials, **options)
    return searches


def ledger_rows(searches):
    return {
        (name, agent, t, q + 1): (
            ledger.codes_TQL[t, q].tolist(), ledger.scores_TQ[0][t, q], ledger.scores_TQ[1][t, q],
        )
        for name, search in searches.items()
        for agent, ledger in enumerate(search.ledgers)
        for t, q in np.ndindex(ledger.codes_TQL.shape[:2])
    }  # fmt: skip


@pytest.mark.parametrize("workers", [1, 2])
def test_every_evaluation_is_told_once(workers):
    listener = Listener()
    searches = run(["local-search", "tpe"], PROTEINS, [listener], budget=40, trials=3, workers=workers)
    assert listener.rows() == ledger_rows(searches)
    assert [about.strategies for about in listener.abouts] == [["local-search", "tpe"]]
    assert listener.ended == 1
    assert set(listener.batches[0].metrics_TN) >= {"latency_ms", "parameters"}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_objectives_evaluations_are_told_one_by_one(workers, monkeypatch):
    monkeypatch.setattr(watching, "_SHARE", 0.0)  # however quick they are
    log = []

    def logged(architecture):
        log.append("called")
        return variety(architecture)

    listener = Listener(log)
    benchmark = objective_benchmark("nas-bench-graph", logged if workers == 1 else variety, workers=workers)
    searches = run(["random-search"], benchmark, [listener], budget=10, trials=2)
    np.testing.assert_equal(listener.rows(), ledger_rows(searches))
    if workers == 1:
        assert log[:4] == ["called", "told", "called", "told"]
    for trial in (0, 1):
        queries = [one.query for one in listener.batches if one.trial == trial]
        assert queries == sorted(queries)
    assert [about.reward.name for about in listener.abouts][-1] == "variety"


def test_a_watcher_that_fails_is_one_note_and_no_more(caplog):
    listener = Listener()
    with caplog.at_level(logging.WARNING):
        searches = run(["local-search"], PROTEINS, [Faulty(), listener], budget=70)
    assert [record.message for record in caplog.records] == [
        "archwalk: Faulty failed and is told nothing more: a callback's fault"
    ]
    assert listener.rows() == ledger_rows(searches)
    assert ledger_rows(run(["local-search"], PROTEINS, [], budget=70)) == ledger_rows(searches)


def test_the_journal_gives_back_what_was_written(tmp_path):
    listener, reader = Listener(), LiveReader(tmp_path)
    searches = run(
        ["local-search", "random-search"], PROTEINS, [LiveJournal(tmp_path), listener], budget=40, trials=2
    )
    anew, about, batches = reader.read()
    again = Listener()
    again.batches = batches
    assert anew
    assert about == listener.abouts[-1]
    assert again.rows() == ledger_rows(searches)
    assert reader.read() == (False, None, [])


def test_a_torn_line_is_read_when_it_is_whole(tmp_path):
    run(["random-search"], PROTEINS, [LiveJournal(tmp_path)], budget=3)
    path, reader = tmp_path / LIVE, LiveReader(tmp_path)
    whole = path.read_text()
    path.write_text(whole[:-10])
    _, about, batches = reader.read()
    assert about is not None
    assert batches == []
    path.open("a").write(whole[-10:])
    assert len(reader.read()[2]) == 1
    path.unlink()
    with pytest.raises(FileNotFoundError):
        reader.read()
    path.write_text(whole.replace("created", "CREATED"))
    assert reader.read()[0], "another file"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"strategy": 3}',
        '{"strategy": "a", "shape": [1, 2, 1], "codes": [1]}',
        '{"strategy": "a", "shape": [1, 1, 1], "codes": [99999999999], "reward": [1], "report": [1]}',
    ],
)
def test_a_damaged_journal_is_one_line(tmp_path, line):
    (tmp_path / LIVE).write_text(f"{line}\n")
    with pytest.raises(DataError, match=LIVE):
        LiveReader(tmp_path).read()


def test_the_journal_is_there_until_the_result_is(tmp_path):
    seen = []

    def look(architecture):
        seen.append((tmp_path / LIVE).exists())
        return variety(architecture)

    archwalk.search("random-search", "nas-bench-graph", objective=look, budget=4, out=tmp_path)
    assert seen == [True] * 4
    assert not (tmp_path / LIVE).exists()
    assert (tmp_path / "result.json").exists()


def test_a_journal_of_a_search_that_was_killed_gives_way(tmp_path):
    (tmp_path / LIVE).write_text("something old\n")
    run(["random-search"], PROTEINS, [LiveJournal(tmp_path)], budget=3)
    lines = (tmp_path / LIVE).read_text().splitlines()
    assert all(isinstance(decode_json(line, dict, "a line"), dict) for line in lines)
    assert len(lines) == 2
