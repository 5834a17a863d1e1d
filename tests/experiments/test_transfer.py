"""Leave one task out: what is compared, what it costs, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from archwalk.api.transferring import transfer
from archwalk.cli.main import main
from archwalk.cli.transferring import _print as print_transfer
from archwalk.data.decoding import read_json
from archwalk.errors import UsageError
from archwalk.estimators.metrics import Metric, Objective, accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.transfer_records import Transfer
from archwalk.experiments.transfer_target import TargetTask
from archwalk.spaces.known import KnownSpace
from transfer_cases import SHORT_SETTINGS, TASKS, flat, task


@pytest.fixture(scope="module")
def record(space4, tmp_path_factory) -> Transfer:
    out = tmp_path_factory.mktemp("transfer")
    found = transfer(
        [task(space4, number) for number in range(TASKS)], ["pretrained", "mean-rank", "local-search"],
        budget=12, trials=3, seeds=(0, 1), settings=SHORT_SETTINGS, out=out,
    )  # fmt: skip
    assert read_json(out / "result.json", Transfer, "a transfer") == found
    return found


def test_every_task_is_searched_by_agents_of_the_others(record):
    names = {f"task-{number}" for number in range(TASKS)}
    assert set(record.tasks) == names
    for target, result in record.tasks.items():
        assert {*result.source.sources} == names - {target}
        assert result.source.queries == (TASKS - 1) * 60
        assert result.strategies["pretrained"].training_queries == result.source.queries
        assert result.strategies["pretrained"].agents == 2
        assert result.strategies["local-search"].training_queries == 0


def test_tasks_count_alike(record):
    for name, after in record.overall.items():
        means = [result.normalised[name][12] for result in record.tasks.values()]
        assert after[12].mean == pytest.approx(np.mean(means))
        low, high = after[12].ci95
        assert low <= after[12].mean <= high <= 1
    pair = record.pairs[12][1]
    assert (pair.one, pair.other) == ("pretrained", "local-search")
    expected = record.overall["pretrained"][12].mean - record.overall["local-search"][12].mean
    assert pair.difference == pytest.approx(expected)


def test_the_recommended_is_reported_beside_the_best_by_reward(record):
    assert set(record.recommended) == {"pretrained"}
    reported = [task.strategies["pretrained"].best_after[12].mean for task in record.tasks.values()]
    assert record.recommended["pretrained"].by_reward == pytest.approx(np.mean(reported))


def renamed(space):
    return replace(task(space, 0), name="another")


def unknown(space):
    nothing_N = np.full(space.size, np.nan)
    return replace(task(space, 8), estimator=TableEstimator(accuracies(), nothing_N, nothing_N))


def test_objectives_of_one_benchmark_are_tasks(space4):
    """Columns of a table of one's own."""
    tasks = [
        replace(task(space4, number), name="mine", estimator=with_objective(task(space4, number), name))
        for number, name in enumerate(("cora", "citeseer"))
    ]
    found = transfer(
        tasks, ["mean-rank"], targets=["mine:citeseer"], budget=2, trials=1, settings=SHORT_SETTINGS
    )
    assert found.tasks["mine:citeseer"].source.sources == ["mine:cora"]


def with_gaps(space, first):
    """A task of 60 architectures of a space, from one on, that it numbers by themselves."""
    ids_N1 = np.arange(first, first + 60, dtype=np.int32)[:, None]
    whole = task(space, first)
    estimator = TableEstimator(
        accuracies(), whole.estimator.reward_N[ids_N1[:, 0]], whole.estimator.report_N[ids_N1[:, 0]]
    )
    return replace(whole, space=KnownSpace(space, ids_N1), estimator=estimator)


def with_objective(one, name):
    return TableEstimator(accuracies(name), one.estimator.reward_N, one.estimator.report_N)


def test_sources_that_are_flat_or_have_gaps_are_learned_from(space4):
    """What they say is little, but defined."""
    gaps = task(space4, 1).estimator.reward_N.copy()
    gaps[::3] = np.nan
    sources = [flat(space4), replace(task(space4, 1), estimator=TableEstimator(accuracies(), gaps, gaps))]
    found = transfer(
        [*sources, task(space4, 0)], ["pretrained", "rgpe"], targets=["task-0"], budget=6, trials=1,
        settings=SHORT_SETTINGS,
    )  # fmt: skip
    assert np.isfinite([after[6].mean for after in found.overall.values()]).all()


@pytest.mark.parametrize(
    ("tasks", "targets", "message"),
    [
        (lambda s4, s5: [task(s4, 0), task(s5, 1)], (), "share one space"),
        (lambda s4, s5: [task(s4, 0), with_gaps(s4, 9)], (), "knows 91 architectures, and the other task 60"),
        (
            lambda s4, s5: [with_gaps(s4, 0), with_gaps(s4, 9)],
            (),
            "knows 60 architectures, and the other task 60",
        ),
        (lambda s4, s5: [task(s4, 0), task(s4, 0)], (), "among its own sources"),
        (lambda s4, s5: [task(s4, 0), renamed(s4)], (), "have the same rewards: a target may not be among"),
        (lambda s4, s5: [task(s4, 0)], (), "one source task at least"),
        (lambda s4, s5: [task(s4, 0), unknown(s4)], ("task-8",), "all alike"),
        (lambda s4, s5: [task(s4, 0), task(s4, 1)], ("task-7",), "not among the tasks"),
        (lambda s4, s5: [task(s4, 0), flat(s4)], ("task-9",), "all alike"),
    ],
)
def test_refuses_what_is_no_transfer(space4, space5, tasks, targets, message):
    with pytest.raises(UsageError, match=message):
        transfer(
            tasks(space4, space5),
            ["local-search"],
            targets=targets,
            budget=2,
            trials=1,
            settings=SHORT_SETTINGS,
        )


def test_fewer_sources_are_those_that_follow(space4):
    tasks = [task(space4, number) for number in range(TASKS)]
    found = transfer(
        tasks, ["mean-rank"], targets=["task-1"], budget=2, trials=1, settings=SHORT_SETTINGS, sources=1
    )
    assert found.tasks["task-1"].source.sources == ["task-2"]
    with pytest.raises(UsageError, match="1 to 2 source tasks for each target, not 3"):
        transfer(tasks, ["mean-rank"], budget=2, trials=1, settings=SHORT_SETTINGS, sources=3)


def test_the_command(capsys):
    call = [
        "transfer",
        "chains",
        "--target",
        "chain-digits",
        "--strategies",
        "mean-rank,random-walk",
        "--budget",
        "3",
    ]
    sets = [f"--set={key}={value}" for key, value in SHORT_SETTINGS.items()]
    assert main([*call, "--trials", "2", "--json", *sets]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["kind"] == "transfer"
    assert record["tasks"]["chain-digits"]["source"]["queries"] == 4 * 60
    assert main(["transfer", "chains"]) == 2
    assert main(["transfer", "chain", "--leave-one-out"]) == 2


SHORT = ["samples=60", "members=1", "width=8", "updates=20"]


class TestBaselinesInACompare:
    """`mean-rank` and `rgpe`, with their sources in a setting."""

    CALL = ("compare", "--benchmark", "chain-digits", "--budget", "4", "--trials", "2", "--json")

    @staticmethod
    def sets(name, sources):
        return [f"--set={name}.{one}" for one in (f"sources={sources}", *SHORT)]

    def test_they_learn_from_the_sources_first(self, capsys):
        sources = "chain-mnist5k,chain-dtd10"
        sets = [*self.sets("rgpe", sources), *self.sets("mean-rank", sources)]
        call = [*self.CALL, "--strategies", "rgpe,mean-rank,random-search", *sets]
        assert main(call) == 0
        record = json.loads(capsys.readouterr().out)
        for name in ("rgpe", "mean-rank"):
            assert record["strategies"][name]["training_queries"] == 2 * 60
            assert record["strategies"][name]["settings"]["sources"] == sources
        assert main([*call, "--workers", "2"]) == 0
        again = json.loads(capsys.readouterr().out)
        assert [again["strategies"][name]["curve"] for name in ("rgpe", "mean-rank")] == [
            record["strategies"][name]["curve"] for name in ("rgpe", "mean-rank")
        ]

    @pytest.mark.parametrize(
        ("sources", "message"),
        [
            ("", "which source tasks"),
            (" , ", "which source tasks"),
            ("chain-digits,chain-mnist5k", "chain-digits is searched: it may not be among its own sources"),
            ("digits-cells", "what learns on digits-cells was trained on nasbench101, not on chain"),
            ("chain-mnist5k,digits-cells", "source tasks share one space"),
            ("chain-mnist5k,chain-mnist5k", "named twice"),
            ("chain-mnist", "did you mean 'chain-mnist5k'"),
        ],
    )
    def test_sources_that_make_no_sense_are_refused(self, capsys, sources, message):
        assert main([*self.CALL, "--strategies", "rgpe", *self.sets("rgpe", sources)]) == 2
        assert message in capsys.readouterr().err


def test_what_is_done_is_found_again(space4, tmp_path, monkeypatch):
    """A call that was killed goes on; another call shares nothing with it."""
    tasks = [task(space4, number) for number in range(TASKS)]
    made = []
    compute = TargetTask._search
    monkeypatch.setattr(TargetTask, "_search", lambda self, name: made.append(name) or compute(self, name))

    def run(trials):
        return transfer(
            tasks,
            ["mean-rank", "random-search"],
            budget=3,
            trials=trials,
            settings=SHORT_SETTINGS,
            out=tmp_path,
        )

    whole = run(2)
    parts = sorted((tmp_path / "parts").iterdir())
    agents = [part for part in parts if part.name.startswith("agent")]
    assert (len(agents), len(parts), len(made)) == (TASKS, 3 * TASKS, 2 * TASKS)
    parts[-1].unlink()
    again = run(2)
    assert len(made) == 2 * TASKS + 1
    assert again.overall == whole.overall
    trained = agents[0].stat().st_mtime_ns
    run(1)
    assert agents[0].stat().st_mtime_ns == trained
    assert len(made) == 2 * TASKS + 1 + 2 * TASKS


def test_every_task_is_told_in_its_own_metric(space4, capsys):
    """Columns of one table: a title for all would be wrong for one."""
    fast = replace(task(space4, 1), name="fast")
    estimator = TableEstimator(
        Objective("latency", Metric("latency", "ms", False), Metric("latency", "ms", False)),
        -fast.estimator.reward_N, -fast.estimator.report_N,
    )  # fmt: skip
    found = transfer(
        [task(space4, 0), replace(fast, estimator=estimator)], ["pretrained"], budget=3, trials=1,
        settings=SHORT_SETTINGS,
    )  # fmt: skip
    assert [result.reward.name for result in found.tasks.values()] == [accuracies().reward.name, "latency"]
    assert found.recommended == {}
    print_transfer(found)
    printed = capsys.readouterr().out
    assert "reward of each task" in printed
    assert "latency, ms" in printed
