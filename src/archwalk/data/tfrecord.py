"""TFRecord files read record by record, each checked against its checksums; no TensorFlow.

A record is: length (uint64, little-endian), checksum of the length (uint32), payload, checksum of the
payload (uint32). A checksum is a CRC-32C, rotated and offset ("masked"). Source: TensorFlow,
core/lib/io/record_writer.h.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import google_crc32c

from archwalk.data.files import Progress, opened
from archwalk.errors import DataError

_MASK = 0xA282EAD8
_HEADER, _FOOTER = 12, 4
_REPORT_EVERY = 1 << 22


def read_records(path: Path, progress: Progress | None = None) -> Iterator[bytes]:
    """Iterate over the payloads in file order; `progress` is called with (bytes read, bytes in all).

    Raises DataError with the byte offset of the record that is truncated or damaged.
    """
    try:
        with opened(path) as file:
            total = os.fstat(file.fileno()).st_size
            offset, next_report = 0, 0
            while offset < total:
                payload = _read_record(file, path, offset, total)
                yield payload
                offset += _HEADER + len(payload) + _FOOTER
                if progress and (offset >= next_report or offset == total):
                    progress(offset, total)
                    next_report = offset + _REPORT_EVERY
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def masked_crc(content: bytes) -> int:
    """The checksum that TFRecord files store for `content`."""
    crc = int(google_crc32c.value(content))
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def is_tfrecord(path: Path) -> bool:
    """Whether the file begins as a TFRecord file does: with a length and its right checksum."""
    try:
        with opened(path) as file:
            header = file.read(_HEADER)
    except OSError:
        return False
    return len(header) == _HEADER and _matches(header[:8], header[8:])


def _read_record(file: IO[bytes], path: Path, offset: int, total: int) -> bytes:
    header = file.read(_HEADER)
    length = int.from_bytes(header[:8], "little")
    if len(header) == _HEADER and not _matches(header[:8], header[8:]):
        raise _damaged(path, f"wrong checksum of the length at byte {offset}")
    if len(header) < _HEADER or offset + _HEADER + length + _FOOTER > total:
        raise _damaged(path, f"it ends inside the record at byte {offset}")
    payload = file.read(length)
    if not _matches(payload, file.read(_FOOTER)):
        raise _damaged(path, f"wrong checksum of the record at byte {offset}")
    return payload


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(f"{path} is not a whole TFRecord file: {reason}; get the file again")


def _matches(content: bytes, checksum: bytes) -> bool:
    return masked_crc(content) == int.from_bytes(checksum, "little")
