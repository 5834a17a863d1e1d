import math
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archwalk.data import files
from archwalk.data.decoding import convert, decode_json, encode_json, read_json, read_toml
from archwalk.data.files import read_file
from archwalk.errors import DataError


class Inner(msgspec.Struct):
    seed: int


class Outer(msgspec.Struct):
    name: str
    inner: Inner


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"name": "a", "inner": {"seed": "x"}}', "inner.seed"),
        (b'{"name": "a"}', "inner"),
        (b"[]", "at the top|object"),
        (b'{"name"', "damaged"),
        (b"\xff\xfe", "damaged"),
        (b'{"name": "a", "x": ' + b"[" * 100_000, "nested"),
        (b'{"name": "a", "inner": {"seed": 1e400}}', "seed|damaged"),
    ],
)
def test_what_does_not_fit_is_one_line_that_names_the_file(tmp_path, content, told):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told) as caught:
        read_json(path, Outer, "an outer")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_fits_is_read():
    assert decode_json('{"name": "a", "inner": {"seed": 3}}', Outer, "here") == Outer("a", Inner(3))
    assert convert({"name": "a", "inner": {"seed": 3}}, Outer, "here") == Outer("a", Inner(3))


def test_json_is_strict():
    assert encode_json({"a": math.nan, "b": [math.inf]}) == '{"a":null,"b":[null]}'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"[" * 300 + b"]" * 300, "nested too deeply"),
        (b"a = " + b"1" * 5_000, "not TOML"),
        (b"a = [1, 99999999999999999999]", r"more than 64 bits at `a\[1\]`"),
        (b"[a]\nb = inf", "has inf at `a.b`"),
        (b"a = nan", "has nan at `a`"),
        (b"a = \xff", "not text in UTF-8: byte 4"),
        (b"a =", "not TOML"),
    ],
)
def test_toml_that_makes_no_sense(tmp_path, content, told):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told) as caught:
        read_toml(path, dict)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[" * 300 + b"]" * 300, "nested too deeply"),
        (b'{"a": 99999999999999999999}', "more than 64 bits at `a`"),
        (b'{"a": [' + b"1" * 5_000 + b"]}", r"a\[\.\.\.\]|out of range"),
        (b'{"a": NaN}', "damaged"),
        (b'{"a": 1e999}', "out of range"),
    ],
)
def test_json_of_any_form_that_makes_no_sense(content, told):
    with pytest.raises(DataError, match=told):
        decode_json(content, Any, "here")


def test_a_byte_order_mark_says_nothing(tmp_path):
    for suffix, text, read in ((".json", '{"a": "é"}', read_json), (".toml", 'a = "é"', read_toml)):
        path = tmp_path / f"x{suffix}"
        path.write_bytes(text.encode("utf-8-sig"))
        assert read(path, dict[str, str]) == {"a": "é"}


def test_what_never_ends_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIPE_SECONDS", 0.01)
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(DataError, match=r"nobody writes to it|no regular file"):
            read_json(place, dict)
    (tmp_path / "x").write_bytes(b"1234")
    with pytest.raises(DataError, match="more than 3 bytes"):
        read_file(tmp_path / "x", 3)


def test_a_pipe_with_something_in_it_is_a_file(tmp_path):
    """As a shell's <(...) is."""
    place = tmp_path / "pipe"
    os.mkfifo(place)
    writer = threading.Thread(target=place.write_bytes, args=(b"{}",))
    writer.start()
    assert read_json(place, dict) == {}
    writer.join()
