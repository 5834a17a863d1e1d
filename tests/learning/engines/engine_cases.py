"""What holds for every engine; each one's tests inherit it and say how the engine is made."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from engine_learner import Learner
from engine_workers import Broken, Sealed, Toy

from archwalk.errors import ArchwalkError, MissingExtraError, UsageError
from archwalk.learning.engines import Engine, WorkerCallError, WorkerLostError
from archwalk.learning.engines.local import LocalEngine


def bits(value: Any) -> Any:
    """A value with its arrays as bytes."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {name: bits(item) for name, item in value.items()}
    return value


def train(engine: Engine) -> list[Any]:
    """What two learners report that pass weights on, of a driver that draws their data."""
    rng = np.random.default_rng(1)
    learners = [engine.spawn(partial(Learner, seed), f"learner {seed}") for seed in (3, 4)]
    reports = []
    for _ in range(5):
        data_WBF = rng.normal(size=(2, 257, 16)).astype(np.float32)
        pending = [one.submit("train", x_BF) for one, x_BF in zip(learners, data_WBF, strict=True)]
        reports += [bits(one.result()) for one in pending]
        weights = engine.share(learners[0].submit("weights").result())
        learners[1].submit("load", weights)
    return [*reports, *(bits(one.submit("weights").result()) for one in learners)]


class EngineCases:
    """Inherit, and give a fixture `engine`."""

    def test_calls_run_in_order(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        pending = [worker.submit("say", i) for i in range(200)]
        assert pending[-1].result() == list(range(200))
        assert pending[9].result() == list(range(10))
        assert all(one.done() for one in pending)

    def test_workers_have_states_of_their_own(self, engine: Engine) -> None:
        workers = [engine.spawn(partial(Toy, seed), f"toy {seed}") for seed in (0, 1)]
        first, second = (worker.submit("draw", 3).result() for worker in workers)
        np.testing.assert_array_equal(first, np.random.default_rng(0).normal(size=3))
        np.testing.assert_array_equal(second, np.random.default_rng(1).normal(size=3))

    def test_same_bits_as_in_this_process(self, engine: Engine) -> None:
        with LocalEngine() as local:
            assert train(engine) == train(local)

    @pytest.mark.parametrize(
        ("kind", "error", "words"),
        [
            ("usage", UsageError, "the call was wrong"),
            ("work", ArchwalkError, "the work failed"),
            ("extra", MissingExtraError, "anvil is not installed; run: pip install 'archwalk[forge]'"),
        ],
    )
    def test_our_errors_stay_what_they_are(
        self, engine: Engine, kind: str, error: type[ArchwalkError], words: str
    ) -> None:
        worker = engine.spawn(Toy, "toy")
        with pytest.raises(error) as raised:
            worker.submit("fail", kind).result()
        assert type(raised.value) is error
        assert str(raised.value) == words
        assert raised.value.status == error.status
        assert worker.submit("say", 1).result() == [1]

    def test_other_errors_come_with_their_traceback(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        failures = [worker.submit("fail", "value"), worker.submit("fail", "odd"), worker.submit("nothing")]
        for pending, words in zip(failures, ("in fail", "OddError", "nothing"), strict=True):
            with pytest.raises(WorkerCallError, match="worker 'toy' failed") as raised:
                pending.result()
            assert words in str(raised.value)
            assert "Traceback" in str(raised.value)
        assert worker.submit("say", 1).result() == [1]

    def test_results_that_do_not_travel(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        with pytest.raises(WorkerCallError, match="odd things stay here"):
            worker.submit("odd").result()
        assert worker.submit("say", 1).result() == [1]

    def test_arguments_that_do_not_travel(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        with pytest.raises(TypeError):
            worker.submit("echo", (i for i in ()))
        assert worker.submit("say", 1).result() == [1]

    def test_what_cannot_be_unpickled_over_there(self, engine: Engine) -> None:
        worker, strange = engine.spawn(Toy, "toy"), engine.spawn(Sealed(), "strange")
        for pending in (worker.submit("echo", Sealed()), strange.submit("anything")):
            with pytest.raises(WorkerCallError, match="sealed"):
                pending.result()
        assert worker.submit("say", 1).result() == [1]

    def test_a_worker_that_cannot_be_made(self, engine: Engine) -> None:
        worker = engine.spawn(Broken, "broken")
        for _ in range(2):
            with pytest.raises(UsageError, match="no such worker"):
                worker.submit("anything").result()

    def test_arrays_come_back_equal(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        rng = np.random.default_rng(0)
        values = {
            "empty": np.zeros((0, 3)),
            "scalar": np.float64(0.1),
            "flags": rng.random((3, 5)) < 0.5,
            "columns": np.asfortranarray(rng.random((7, 3))),
            "strided": rng.integers(0, 9, (20, 20))[::2, ::3],
            "text": np.array(["a", "bc"]),
            "nothing": None,
        }
        assert bits(worker.submit("echo", values).result()) == bits(values)

    def test_a_hundred_megabytes(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        large = np.random.default_rng(0).integers(0, 2**62, 100_000_000 // 8)
        assert np.array_equal(worker.submit("echo", large).result(), large)

    def test_what_travels_is_a_copy(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        first, second = worker.submit("bump"), worker.submit("bump")
        assert first.result().tolist() == [1, 1, 1, 1]
        assert second.result().tolist() == [2, 2, 2, 2]
        mine = np.arange(1000)
        pending = [worker.submit("sleep", 0.05), worker.submit("echo", mine)]
        mine[:] = 0
        assert pending[1].result().sum() == 499500

    def test_arrays_that_travelled_are_read_only(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        array = np.zeros(1000)
        assert worker.submit("writeable", array).result() is False
        assert not worker.submit("echo", array).result().flags.writeable
        assert array.flags.writeable

    def test_shared_arrays_reach_all_workers(self, engine: Engine) -> None:
        workers = [engine.spawn(Toy, f"toy {i}") for i in range(2)]
        weights = {"a": np.arange(10.0), "b": np.ones((3, 100_000), np.float32)}
        shared = engine.share(weights)
        weights["a"][:] = 0
        pending = [worker.submit("total", shared, scale) for worker in workers for scale in (1, 2)]
        assert [one.result() for one in pending] == [300_045, 600_090] * 2
        both = workers[0].submit("echo", shared, shared).result()
        assert both[0]["a"].tolist() == both[1]["a"].tolist() == list(range(10))

    def test_a_worker_may_keep_what_was_shared(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        shared = engine.share({"a": np.ones(100_000)})
        worker.submit("keep", shared).result()
        del shared
        for _ in range(3):
            worker.submit("total", engine.share({"a": np.zeros(100_000)}), 1).result()
        assert worker.submit("kept_total").result() == 100_000

    def test_a_worker_that_leaves_is_lost(self, engine: Engine) -> None:
        worker, other = engine.spawn(Toy, "toy"), engine.spawn(Toy, "other")
        pending = worker.submit("leave")
        for lost in (pending, worker.submit("say", 1), worker.submit("say", 2)):
            with pytest.raises(WorkerLostError, match="worker 'toy' is lost"):
                lost.result()
        assert other.submit("say", 1).result() == [1]

    def test_nothing_runs_after_close(self, engine: Engine) -> None:
        worker = engine.spawn(Toy, "toy")
        assert worker.submit("say", 1).result() == [1]
        engine.close()
        pending = worker.submit("say", 2)
        assert pending.done()
        with pytest.raises(WorkerLostError):
            pending.result()
        engine.close()


class RemoteCases(EngineCases):
    """Workers that are processes."""

    def test_one_thread_a_worker(self, engine: Engine) -> None:
        assert engine.spawn(Toy, "toy").submit("threads").result() == 1

    def test_submit_does_not_wait(self, engine: Engine) -> None:
        workers = [engine.spawn(Toy, f"toy {i}") for i in range(2)]
        busy = workers[0].submit("sleep", 60)
        assert workers[1].submit("say", 1).result() == [1]
        assert not busy.done()

    @pytest.mark.parametrize("how", ["kill", "vanish"])
    def test_a_worker_that_dies_is_lost_and_replaced(self, engine: Engine, how: str) -> None:
        worker, other = engine.spawn(Toy, "toy"), engine.spawn(Toy, "other")
        assert worker.submit("say", 1).result() == [1]
        pending = [worker.submit(how), worker.submit("say", 2)]
        for lost in (*pending, worker.submit("say", 3)):
            with pytest.raises(WorkerLostError, match="worker 'toy' is lost"):
                lost.result()
            assert lost.done()
        assert other.submit("say", 1).result() == [1]
        again = engine.spawn(Toy, "toy")
        assert again.submit("say", 4).result() == [4]
        assert again.submit("pid").result() != other.submit("pid").result()
