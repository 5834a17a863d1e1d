"""What files are written to: a file as a whole or not at all, a device or a pipe as it is."""

import os
import stat
import threading

import pytest

from archwalk.data.files import remove_file, write_atomically, written_atomically
from archwalk.errors import DataError


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "file"
    write_atomically(path, "first")
    with pytest.raises(ValueError, match="under way"):
        begin(path)
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def begin(path):
    with written_atomically(path) as file:
        file.write(b"second")
        raise ValueError("under way")


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_atomically(pipe, "all of it")
    reader.join()
    remove_file(pipe)
    assert read == [b"all of it"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_one_and_its_file_is_written(tmp_path):
    (tmp_path / "file").write_text("before")
    (tmp_path / "link").symlink_to("file")
    write_atomically(tmp_path / "link", "after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "after"


def test_what_cannot_be_written_is_said_in_one_line(tmp_path):
    with pytest.raises(DataError, match="cannot write"):
        write_atomically(tmp_path / ("x" * 5000), "")
    with pytest.raises(DataError, match="cannot write"):
        write_atomically(tmp_path, "")
