"""The engine of local processes: one a worker, started afresh, with arrays in shared memory."""

import contextlib
import os
import queue
import signal
import socket
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

import loky
from loky.backend import resource_tracker as lokys_resource_tracker

from archwalk.errors import UsageError
from archwalk.late import use_one_thread
from archwalk.learning.engines.base import Arrays, Engine, Shared, WorkerLostError
from archwalk.learning.engines.hosting import Host, Parts, attempt, pack, pack_outcome, settle, unpack
from archwalk.learning.engines.keeper import Keeper
from archwalk.learning.engines.segments import Channel, MappedSegment, read_segment, write_segment

_GRACE = 1.0
"""Seconds that a worker without a driver has to finish its call."""

_PATIENCE = 3.0
"""Seconds after which workers that were told to stop are killed."""


def can_start_processes() -> bool:
    """Whether this system has what the engine needs: descriptors that go from process to process, as Unix has them."""
    return hasattr(socket, "send_fds")


class ProcessShared(Shared):
    """Arrays in a segment that every worker maps."""

    def __init__(self, arrays: Arrays) -> None:
        self.descriptor = write_segment(pack(dict(arrays)))
        weakref.finalize(self, os.close, self.descriptor)


@dataclass(frozen=True)
class _Place:
    """Stands for a Shared in the arguments of a call: which of the segments that came with it."""

    index: int


class ProcessPending:
    """An outcome that is on its way."""

    def __init__(self, name: str, outcome: Future[Parts]) -> None:
        self.name = name
        self.outcome = outcome

    def done(self) -> bool:
        """See `Pending`."""
        return self.outcome.done()

    def result(self) -> Any:
        """See `Pending`."""
        return settle(unpack(self.outcome.result()), self.name)


class ProcessWorker:
    """The driver's side of a worker: sends commands; a thread takes in the outcomes and sees the end."""

    def __init__(self, name: str, factory: Callable[[], object], keeper: Keeper) -> None:
        self.name = name
        self.lock = threading.Lock()
        self.lost = False
        self.commands = 0
        self.outcomes: dict[int, Future[Parts]] = {}
        command = pack(factory)
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours)
        with theirs:
            self.process = _start(theirs, name, keeper)
        self.receiver = threading.Thread(target=self._receive, name=f"outcomes of {name}", daemon=True)
        self.receiver.start()
        self._send(command)

    def submit(self, method: str, *args: Any) -> ProcessPending:
        """See `Worker`. Raises what pickle raises, and OSError where memory or descriptors run out."""
        shared = [value for value in args if isinstance(value, ProcessShared)]
        places = iter(range(len(shared)))
        named = [_Place(next(places)) if isinstance(value, ProcessShared) else value for value in args]
        return ProcessPending(
            self.name, self._send(pack((method, named)), *(one.descriptor for one in shared))
        )

    def _send(self, command: Parts, *descriptors: int) -> Future[Parts]:
        outcome: Future[Parts] = Future()
        segment = write_segment(command)
        try:
            with self.lock:
                if self.lost:
                    outcome.set_exception(WorkerLostError(self.name))
                    return outcome
                self.commands += 1
                self.outcomes[self.commands] = outcome
            with contextlib.suppress(ConnectionError):  # the receiver sees it too
                self.channel.send(self.commands, segment, *descriptors)
        finally:
            os.close(segment)
        return outcome

    def _receive(self) -> None:
        try:
            while True:
                number, descriptors = self.channel.receive()
                parts = read_segment(*descriptors)
                self.outcomes.pop(number).set_result(parts)
        except EOFError:
            pass
        finally:
            with self.lock:
                self.lost = True
            for outcome in self.outcomes.values():
                outcome.set_exception(WorkerLostError(self.name))
            self.outcomes.clear()

    def kill(self) -> None:
        """See `Worker`."""
        number = self.process.pid
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if number is not None and os.getpgid(number) == number:
                os.killpg(number, signal.SIGKILL)
        self.process.kill()
        self.process.join()

    def stop(self, deadline: float) -> None:
        """Wait until the process has ended; kill it at the deadline."""
        self.process.join(max(0.0, deadline - time.monotonic()))
        if self.process.is_alive():
            self.kill()
        del self.process  # and with it its pipe
        self.receiver.join()
        self.channel.link.close()


class ProcessEngine(Engine):
    """See the module."""

    def __init__(self) -> None:
        if not can_start_processes():
            raise UsageError("the engine 'processes' needs Unix; the engines 'local' and 'ray' do not")
        self.workers: list[ProcessWorker] = []
        self.keeper: Keeper | None = None
        """Ends workers that do not see that their driver is gone: stopped ones, those that wait for a processor."""

    def spawn(self, factory: Callable[[], object], name: str) -> ProcessWorker:
        """See `Engine`."""
        self.keeper = self.keeper or Keeper()
        worker = ProcessWorker(name, factory, self.keeper)
        self.workers.append(worker)
        return worker

    def share(self, arrays: Arrays) -> ProcessShared:
        """See `Engine`."""
        return ProcessShared(arrays)

    def close(self) -> None:
        """See `Engine`."""
        for worker in self.workers:
            worker.channel.shut()
        deadline = time.monotonic() + _PATIENCE
        while self.workers:
            self.workers.pop().stop(deadline)
        if self.keeper:
            self.keeper.close()
            self.keeper = None


def _start(link: socket.socket, name: str, keeper: Keeper) -> BaseProcess:
    process: BaseProcess = loky.backend.get_context("loky").Process(  # runs no script a second time
        target=_serve, args=(link,), name=name
    )
    process.daemon = True
    resource_tracker.ensure_running()  # starting it unblocks signals
    lokys_resource_tracker.ensure_running()  # unmarked: others use it too
    with keeper.marking(), _without_interrupts():
        process.start()
    return process


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Children inherit what is blocked: Ctrl-C, which goes to all of us, must not reach one that is starting."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(frozen=True)
class _Command:
    """A command as it arrived: its number, its content, the segments that came with it."""

    number: int
    content: Parts
    segments: list[MappedSegment]


def _serve(link: socket.socket) -> None:
    """The worker's process: make the object, then answer commands in their order until the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    channel = Channel(link)
    inbox: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
    threading.Thread(target=_take_in, args=(channel, inbox), daemon=True).start()
    first = inbox.get()
    if first is None:
        return
    host = Host(partial(_make, first))
    for command in iter(inbox.get, None):
        segment = write_segment(pack_outcome(attempt(partial(_answer, host, command))))
        with contextlib.suppress(ConnectionError):  # the inbox ends too
            channel.send(command.number, segment)
        os.close(segment)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # taking down an interpreter with PyTorch in it lasts seconds


def _make(command: _Command) -> object:
    factory = unpack(command.content)
    use_one_thread()
    return factory()


def _answer(host: Host, command: _Command) -> Any:
    method, args = unpack(command.content)
    arrived = [unpack(command.segments[v.index].parts) if isinstance(v, _Place) else v for v in args]
    return host.call(method, *arrived)


def _take_in(channel: Channel, inbox: queue.SimpleQueue[_Command | None]) -> None:
    """A thread of the worker: fill the inbox; end the process when the driver is gone, also amid a call."""
    mapped: weakref.WeakValueDictionary[int, MappedSegment] = weakref.WeakValueDictionary()
    try:
        while True:
            number, (content, *shared) = channel.receive()
            inbox.put(_Command(number, read_segment(content), [_map(one, mapped) for one in shared]))
    except EOFError:
        pass
    finally:
        inbox.put(None)
        time.sleep(_GRACE)
        if os.getpgrp() == os.getpid():  # what we have started ends too
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


def _map(descriptor: int, mapped: weakref.WeakValueDictionary[int, MappedSegment]) -> MappedSegment:
    """Map a segment, or find it among those that are; closes the descriptor, of which there are not many."""
    try:
        file = os.fstat(descriptor).st_ino
        segment = mapped.get(file)
        if segment is None:
            segment = mapped[file] = MappedSegment(descriptor)
        return segment
    finally:
        os.close(descriptor)
