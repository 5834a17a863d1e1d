"""The engine on Ray: an actor a worker, on this machine or on a cluster."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from archwalk.errors import ArchwalkError, MissingExtraError, UsageError
from archwalk.late import use_one_thread
from archwalk.learning.engines.base import Arrays, Engine, Shared, WorkerCallError, WorkerLostError
from archwalk.learning.engines.hosting import Host, settle
from archwalk.learning.engines.keeper import Keeper
from archwalk.secrets import one_line

_ANSWER_SECONDS = 3.0
_JOIN_SECONDS = 45.0
_STARTS, _TOO_LATE = 4, "timed out during startup"
_HEAD_SECONDS = 300
"""How long a cluster's head may be away (Ray's own: 60); then Ray ends this process, and its work is resumed."""
_QUIET = {"logging_level": logging.ERROR, "log_to_driver": False}
_JOIN = "import logging, ray, sys; ray.init(sys.argv[1], logging_level=logging.CRITICAL, log_to_driver=False)"


class RayShared(Shared):
    """Arrays in Ray's object store."""

    def __init__(self, reference: Any) -> None:
        self.reference = reference


class RayPending:
    """An outcome that is on its way."""

    def __init__(self, engine: "RayEngine", name: str, reference: Any) -> None:
        self.engine = engine
        self.name = name
        self.reference = reference

    def done(self) -> bool:
        """See `Pending`."""
        return self.engine.closed or bool(self.engine.ray.wait([self.reference], timeout=0)[0])

    def result(self) -> Any:
        """See `Pending`."""
        if self.engine.closed:
            raise WorkerLostError(self.name)
        errors = self.engine.ray.exceptions
        try:
            outcome = self.engine.ray.get(self.reference)
        except errors.RayTaskError as error:  # of Ray's own work around a call, such as pickling
            raise WorkerCallError(f"worker {self.name!r} failed:\n{error}") from error
        except errors.RayError as error:
            raise WorkerLostError(self.name) from error
        return settle(outcome, self.name)


class RayWorker:
    """The driver's side of an actor."""

    def __init__(self, engine: "RayEngine", name: str, actor: Any) -> None:
        self.engine = engine
        self.name = name
        self.actor = actor

    def submit(self, method: str, *args: Any) -> RayPending:
        """See `Worker`."""
        if self.engine.closed:
            return RayPending(self.engine, self.name, None)
        arrived = [value.reference if isinstance(value, RayShared) else value for value in args]
        return RayPending(self.engine, self.name, self.actor.call.remote(method, *arrived))

    def kill(self) -> None:
        """See `Worker`; what the process has started lives on where Ray cannot see it."""
        with contextlib.suppress(self.engine.ray.exceptions.RayError):
            self.engine.ray.kill(self.actor)


class RayEngine(Engine):
    """See the module. A cluster that this process had joined before is used as it is, and left running."""

    def __init__(self, *, address: str | None = None, workers: int | None = None) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when it is imported, here and in its processes
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", str(_HEAD_SECONDS))
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError("ray", "ray") from error
        self.ray: Any = ray
        self.closed = False
        self.actors: list[Any] = []
        self.owns_cluster = not ray.is_initialized()
        self.keeper: Keeper | None = None
        if self.owns_cluster:
            with _our_signals(), _one_line():
                if address is None:
                    self.keeper = _start(ray, workers)
                else:
                    _join(ray, address)
        elif address not in (None, here := ray.get_runtime_context().gcs_address):
            raise UsageError(
                f"this process has joined the Ray cluster at {here} already; leave --address out"
            )
        # An actor takes no core of Ray's account: more workers than cores wait for nothing.
        self.actor_class = self.ray.remote(num_cpus=0, scheduling_strategy="SPREAD")(_RemoteHost)

    def spawn(self, factory: Callable[[], object], name: str) -> RayWorker:
        """See `Engine`."""
        self.actors.append(self.actor_class.remote(sys.path, self.ray.cloudpickle.dumps(factory)))
        return RayWorker(self, name, self.actors[-1])

    def share(self, arrays: Arrays) -> RayShared:
        """See `Engine`."""
        return RayShared(self.ray.put(dict(arrays)))

    def close(self) -> None:
        """See `Engine`."""
        if self.closed:
            return
        self.closed = True
        if self.owns_cluster:
            self.ray.shutdown()
        else:
            for actor in self.actors:
                with contextlib.suppress(self.ray.exceptions.RayError):
                    self.ray.kill(actor)
        if self.keeper:
            self.keeper.close()


class _RemoteHost(Host):
    """A host in a process of its own, which finds modules where the driver finds them."""

    def __init__(self, path: list[str], factory: bytes) -> None:
        sys.path += [folder for folder in path if folder not in sys.path]
        super().__init__(partial(_make, factory))


def _make(packed: bytes) -> object:
    from ray import cloudpickle

    factory = cloudpickle.loads(packed)
    use_one_thread()
    return factory()


@contextlib.contextmanager
def _our_signals() -> Iterator[None]:
    """Ray takes SIGTERM to itself and leaves the process by it; who asks us to end asks for an orderly end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Around Ray's start, which fails in many ways."""
    try:
        yield
    except ArchwalkError:
        raise
    except Exception as error:
        raise ArchwalkError(one_line(f"Ray did not start: {error}")) from error


def _start(ray: Any, workers: int | None) -> Keeper:
    """Start a cluster, and what ends all of it: when its driver is killed, Ray leaves some of it there for a minute.

    Where a machine is busy, Ray gives up after 30 seconds, which nothing can change; it is begun `_STARTS` times.
    """
    for start in range(1, _STARTS + 1):
        keeper = Keeper()
        try:
            with keeper.marking():
                ray.init("local", num_cpus=workers or os.cpu_count(), include_dashboard=False, **_QUIET)
            break
        except BaseException as error:
            keeper.close()
            if start == _STARTS or _TOO_LATE not in str(error):
                raise
            ray.shutdown()
    return keeper


def _join(ray: Any, address: str) -> None:
    """Join the cluster at an address."""
    _check_answers(address)
    ray.init(address, **_QUIET)


def _check_answers(address: str) -> None:
    """Raise UsageError unless a cluster can be joined there.

    Ray itself waits for more than a minute and then leaves the process, so another process tries first.
    """
    message = f"no Ray cluster answers at {address}; start one with: ray start --head, or leave --address out"
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if host and port.isdigit():
            socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS).close()
        command = [sys.executable, "-c", _JOIN, address]
        subprocess.run(command, check=True, capture_output=True, timeout=_JOIN_SECONDS)
    except (OSError, OverflowError, subprocess.SubprocessError) as error:
        raise UsageError(message) from error
