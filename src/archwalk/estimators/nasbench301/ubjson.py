"""Universal Binary JSON, in which xgboost pickles its models since 1.6.

Read: null, booleans, numbers, strings, objects, and arrays, those of one numeric type as NumPy arrays.

Source: https://ubjson.org/type-reference.
"""

import struct
from typing import Any

import numpy as np

_NUMBERS = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
"""Their types, in the codes that `struct` and NumPy share."""

_CONSTANTS = {"Z": None, "T": True, "F": False}


def read_ubjson(content: bytes) -> Any:
    """The value that fills `content`. Raises ValueError if it is damaged, cut short or goes on."""
    reader = _Reader(content)
    try:
        value = reader.value(reader.marker())
    except (IndexError, struct.error, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"damaged at byte {reader.at} of {len(content)}") from error
    if reader.at != len(content):
        raise ValueError(f"{len(content) - reader.at} bytes too many")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def marker(self) -> str:
        self.at += 1
        return chr(self.content[self.at - 1])

    def value(self, marker: str) -> Any:
        if marker in _NUMBERS:
            code = _NUMBERS[marker]
            return struct.unpack(code, self.take(struct.calcsize(code)))[0]
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == "S":
            return self.text()
        if marker == "[":
            return self.array()
        if marker == "{":
            return self.object()
        raise ValueError(f"unknown type {marker!r} at byte {self.at - 1}")

    def array(self) -> Any:
        if self.peek() == "$":
            self.at += 1
            number = self.marker()
            if number not in _NUMBERS or self.marker() != "#":
                raise ValueError(f"unknown kind of array at byte {self.at}")
            dtype = np.dtype(_NUMBERS[number])
            big_endian = np.frombuffer(self.take(self.length() * dtype.itemsize), dtype)
            return big_endian.astype(dtype.newbyteorder("="))
        if self.peek() == "#":
            self.at += 1
            return [self.value(self.marker()) for _ in range(self.length())]
        values = []
        while (marker := self.marker()) != "]":
            values.append(self.value(marker))
        return values

    def object(self) -> dict[str, Any]:
        members = {}
        while self.peek() != "}":
            key = self.text()
            members[key] = self.value(self.marker())
        self.at += 1
        return members

    def text(self) -> str:
        return self.take(self.length()).decode()

    def length(self) -> int:
        marker = self.marker()
        if marker not in "iUIlL":
            raise ValueError(f"a length of type {marker!r} at byte {self.at - 1}")
        return int(self.value(marker))

    def peek(self) -> str:
        return chr(self.content[self.at])

    def take(self, length: int) -> bytes:
        if not 0 <= length <= len(self.content) - self.at:
            raise ValueError(f"cut short at byte {self.at}")
        self.at += length
        return self.content[self.at - length : self.at]
