"""Files fetched over HTTP: resumed after a break, checked, and under their final name only when whole."""

import json
import os
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from archwalk.data.decoding import read_json
from archwalk.data.files import Progress, cache_folder, make_folder, sha256_of, write_atomically
from archwalk.errors import DataError

_BLOCK = 1 << 20
_TIMEOUT = 60.0
"""Seconds without an answer after which a connection counts as broken."""


def download(url: str, target: Path, size: int | None = None, progress: Progress | None = None) -> None:
    """Fetch `url` to `target`; what arrives is kept in `target`.part, and a later call goes on from there.

    `size` is what the file must have, in bytes, where that is known. The SHA-256 of a URL's first download is
    kept in `hashes.json` in the cache folder, and every later file of that URL must have it. A file that is
    there already is only checked. `progress` is called with (bytes done, bytes in all).

    Raises DataError with what to do: no network, connection broken, wrong size or hash, disk full.
    """
    if target.exists():
        _check_hash(url, target)
        return
    make_folder(target.parent)
    part = target.with_name(f"{target.name}.part")
    try:
        _fetch(url, part, size, progress)
    except HTTPError as error:
        reason = f"{url} answered {error.code} {error.reason}"
        raise DataError(f"{reason}; get the file elsewhere and put it at {target}") from error
    except (OSError, HTTPException) as error:
        reason = f"cannot reach {url} ({getattr(error, 'reason', None) or error})"
        raise DataError(f"{reason}; get the file elsewhere and put it at {target}") from error
    try:
        _check_hash(url, part)
    except DataError:
        part.unlink(missing_ok=True)  # going on from it could never end well
        raise
    part.replace(target)


def _fetch(url: str, part: Path, size: int | None, progress: Progress | None) -> None:
    """Bring `part` to its full length. Errors of the connection pass through until the first byte is here."""
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have == size:
        return
    headers = {"User-Agent": "archwalk", **({"Range": f"bytes={have}-"} if have else {})}
    try:
        with urlopen(Request(url, headers=headers), timeout=_TIMEOUT) as response:
            resumed = response.status == 206 and _range_start(response) == have
            start = have if resumed else 0
            total = start + int(response.headers.get("Content-Length", 0))
            if size is not None and total not in (start, size):
                raise DataError(f"{url} has {total:,} bytes, {size:,} are expected: the source was renewed")
            _receive(response, url, part, start, total if total > start else size or 0, progress)
    except HTTPError as error:
        if error.code != 416 or not have:
            raise
        if error.headers.get("Content-Range") == f"bytes */{have}":  # all was here but the final name
            return
        part.unlink()
        _fetch(url, part, size, progress)


def _range_start(response: HTTPResponse) -> int:
    """First byte of a partial answer ("bytes 100-199/200"), -1 if it does not say."""
    unit, _, span = response.headers.get("Content-Range", "").partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def _receive(
    response: HTTPResponse, url: str, part: Path, start: int, total: int, progress: Progress | None
) -> None:
    """Append the body to the first `start` bytes of `part`; `total` is the final length, 0 if unknown."""
    done = start
    try:
        with part.open("ab" if start else "wb") as file:
            while block := _read(response, url, done):
                file.write(block)
                done += len(block)
                if progress:
                    progress(done, total)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DataError(f"cannot write {part}: {error.strerror}") from error
    if total and done != total:
        raise _broken(url, done)


def _read(response: HTTPResponse, url: str, done: int) -> bytes:
    try:
        return response.read(_BLOCK)
    except (OSError, HTTPException) as error:
        raise _broken(url, done) from error


def _broken(url: str, done: int) -> DataError:
    return DataError(
        f"the download of {url} broke off after {done:,} bytes; run it again to go on from there"
    )


def _check_hash(url: str, path: Path) -> None:
    """Compare with the hash of the first download of `url`, or record this one as the first."""
    lock = cache_folder() / "hashes.json"
    hashes = _read_hashes(lock)
    digest = sha256_of(path)
    expected = hashes.setdefault(url, digest)
    if digest != expected:
        hint = f"delete it and get it again, or delete the entry in {lock} if the source was renewed"
        raise DataError(f"{path} has SHA-256 {digest}, the first download had {expected}; {hint}")
    if _read_hashes(lock) != hashes:
        write_atomically(lock, json.dumps(hashes, indent=2) + "\n")


def _read_hashes(lock: Path) -> dict[str, str]:
    if not lock.exists():
        return {}
    try:
        return read_json(lock, dict[str, str], "hashes by URL")
    except DataError as error:
        raise DataError(f"{error}; delete it to begin anew") from error
