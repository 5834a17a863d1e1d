import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archwalk.data.download import download
from archwalk.errors import DataError

CONTENT = bytes(range(256)) * 8192  # 2 MiB


class Server(ThreadingHTTPServer):
    """Serves `content` and keeps the requests; flags make it misbehave as real servers do."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.ignores_range = False
        self.says_length = True
        self.breaks_after = None  # bytes of the body
        self.ranges = []
        self.url = f"http://127.0.0.1:{self.server_port}/file.tfrecord"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        if self.path != "/file.tfrecord":
            self.send_error(404)
            return
        content, wanted = self.server.content, self.headers.get("Range")
        self.server.ranges.append(wanted)
        resumes = wanted and not self.server.ignores_range
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if resumes else 0
        if start and start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.server.says_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.server.breaks_after])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path, cache):
    return tmp_path / "downloads" / "file.tfrecord"


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def test_whole_file_with_progress_and_hash(server, target, cache):
    seen = []
    download(server.url, target, size=len(CONTENT), progress=lambda *done: seen.append(done))
    assert target.read_bytes() == CONTENT
    assert not part_of(target).exists()
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert list(json.loads((cache / "hashes.json").read_text())) == [server.url]


def test_without_content_length(server, target):
    server.says_length = False
    download(server.url, target)
    assert target.read_bytes() == CONTENT


def test_broken_off_then_resumed(server, target):
    server.breaks_after = 1_000_000
    with pytest.raises(DataError, match=r"broke off after 1,000,000 bytes; run it again"):
        download(server.url, target)
    assert not target.exists()
    assert part_of(target).stat().st_size == 1_000_000
    server.breaks_after = None
    download(server.url, target)
    assert server.ranges == [None, "bytes=1000000-"]
    assert target.read_bytes() == CONTENT


def test_short_body_without_length_is_found_by_the_size(server, target):
    server.says_length, server.breaks_after = False, 10
    with pytest.raises(DataError, match="broke off after 10 bytes"):
        download(server.url, target, size=len(CONTENT))
    assert not target.exists()


def test_server_that_ignores_range_starts_over(server, target):
    part_of(target).parent.mkdir()
    part_of(target).write_bytes(b"x" * 1000)
    server.ignores_range = True
    download(server.url, target)
    assert target.read_bytes() == CONTENT


def test_killed_between_last_byte_and_rename(server, target):
    part_of(target).parent.mkdir()
    part_of(target).write_bytes(CONTENT)
    download(server.url, target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_part_longer_than_the_file_starts_over(server, target):
    part_of(target).parent.mkdir()
    part_of(target).write_bytes(CONTENT + b"more")
    download(server.url, target)
    assert target.read_bytes() == CONTENT


def test_wrong_size_is_refused_before_the_body(server, target):
    with pytest.raises(DataError, match="2,097,152 bytes, 5 are expected"):
        download(server.url, target, size=5)
    assert not target.exists()
    assert not part_of(target).exists()


def test_file_that_changed_since_the_first_download(server, target):
    download(server.url, target)
    target.unlink()
    server.content = CONTENT[::-1]
    with pytest.raises(DataError, match="the first download had"):
        download(server.url, target)
    assert not target.exists()
    assert not part_of(target).exists()
    server.content = CONTENT
    download(server.url, target)


def test_file_that_is_here_is_checked_not_fetched(server, target):
    download(server.url, target)
    download(server.url, target)
    assert len(server.ranges) == 1
    target.write_bytes(b"damaged")
    with pytest.raises(DataError, match="delete it and get it again"):
        download(server.url, target)


def test_no_network_says_what_to_fetch_and_where_to_put_it(target):
    with Server() as server:
        url = server.url  # closed at once: nobody listens there
    with pytest.raises(DataError) as error:
        download(url, target)
    message = str(error.value)
    assert message.startswith(f"cannot reach {url}")
    assert message.endswith(f"put it at {target}")
    assert "\n" not in message


def test_unknown_address(server, target):
    with pytest.raises(DataError, match="answered 404"):
        download(server.url + "x", target)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_disk_full(server, target):
    part_of(target).parent.mkdir()
    part_of(target).symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"cannot write .*: No space left on device"):
        download(server.url, target)
    assert not target.exists()


def test_damaged_hash_file_is_named(server, target, cache):
    cache.mkdir()
    for content in ("{", "[]"):
        (cache / "hashes.json").write_text(content)
        with pytest.raises(DataError, match=r"hashes\.json"):
            download(server.url, target)
