import math

import msgspec
import pytest

from archwalk.data.decoding import convert, decode_json, encode_json, read_json
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
