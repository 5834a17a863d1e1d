"""Arrays between processes: segments of shared memory without a name, handed over as descriptors.

A named segment (multiprocessing.shared_memory) stays behind when its owner is killed, and has to fit what a
container grants to /dev/shm. One without a name is gone with the last process that has it, whatever ended them.
"""

import contextlib
import mmap
import os
import socket
import struct
import tempfile

from archwalk.learning.engines.hosting import ALIGNMENT, Parts, aligned

_COUNT = struct.Struct("<Q")
_LETTER = struct.Struct("<Q")
_MOST_DESCRIPTORS = 250
_CLOSED_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def write_segment(parts: Parts) -> int:
    """Copy the parts of a value into a new segment; return its descriptor.

    A segment is the number of its parts, their sizes, and the parts, each at a multiple of ALIGNMENT.
    """
    sizes = [memoryview(part).nbytes for part in parts]
    starts, end = _layout(sizes)
    descriptor = _unnamed_file()
    try:
        os.ftruncate(descriptor, end)
        _write(descriptor, struct.pack(f"<{len(sizes) + 1}Q", len(sizes), *sizes), 0)
        for part, start in zip(parts, starts, strict=True):
            _write(descriptor, part, start)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_segment(descriptor: int) -> Parts:
    """The parts of a segment, each in memory of its own; closes the descriptor."""
    try:
        count = _COUNT.unpack(os.pread(descriptor, _COUNT.size, 0))[0]
        sizes = struct.unpack(f"<{count}Q", os.pread(descriptor, 8 * count, _COUNT.size))
        parts = [aligned(size) for size in sizes]
        for part, start in zip(parts, _layout(sizes)[0], strict=True):
            _read(descriptor, part, start)
        return parts
    finally:
        os.close(descriptor)


class MappedSegment:
    """A segment as views of the memory that all its processes share; lives as long as any view of it."""

    def __init__(self, descriptor: int) -> None:
        area = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
        count = _COUNT.unpack_from(area)[0]
        sizes = struct.unpack_from(f"<{count}Q", area, _COUNT.size)
        starts = _layout(sizes)[0]
        self.parts: Parts = [area[start : start + size] for start, size in zip(starts, sizes, strict=True)]


class Channel:
    """One end of a socket that carries nothing but letters: a number and descriptors of segments."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link

    def send(self, number: int, *descriptors: int) -> None:
        """Hand over descriptors, one at least; the sender's own stay open. Raises OSError."""
        socket.send_fds(self.link, [_LETTER.pack(number)], descriptors)

    def receive(self) -> tuple[int, list[int]]:
        """Wait for a letter. Raises EOFError when the other end is gone."""
        try:
            letter, descriptors, _, _ = socket.recv_fds(
                self.link, _LETTER.size, _MOST_DESCRIPTORS, _CLOSED_ON_EXEC
            )
        except ConnectionError as error:
            raise EOFError from error
        if len(letter) < _LETTER.size:
            raise EOFError
        return _LETTER.unpack(letter)[0], descriptors

    def shut(self) -> None:
        """End the conversation; both ends then see EOFError."""
        with contextlib.suppress(OSError):  # the other end may be gone already
            self.link.shutdown(socket.SHUT_RDWR)


def _layout(sizes: tuple[int, ...] | list[int]) -> tuple[list[int], int]:
    """Where each part begins, and where the last one ends."""
    starts = []
    end = _COUNT.size * (len(sizes) + 1)
    for size in sizes:
        starts.append(-(-end // ALIGNMENT) * ALIGNMENT)
        end = starts[-1] + size
    return starts, end


def _unnamed_file() -> int:
    """A descriptor of memory; on systems without memfd, of a temporary file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("archwalk")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _write(descriptor: int, part: bytes | memoryview, start: int) -> None:
    view = memoryview(part).cast("B")
    while view:
        written = os.pwrite(descriptor, view, start)
        start, view = start + written, view[written:]


def _read(descriptor: int, part: memoryview, start: int) -> None:
    while part:
        count = os.preadv(descriptor, [part], start)
        start, part = start + count, part[count:]
