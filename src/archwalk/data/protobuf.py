"""The protobuf wire format, as much of it as reading a message takes; no schema, no library.

Source: https://protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator
from struct import unpack

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_LENGTHS = {_FIXED64: 8, _FIXED32: 4}


def read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Iterate over (field number, value): an int for a varint, else the bytes of the value.

    Raises ValueError where the message is cut short or uses a wire type that is long out of use.
    """
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        wire_type = key & 7
        if wire_type == _VARINT:
            value, at = _read_varint(message, at)
            yield key >> 3, value
            continue
        if wire_type == _BYTES:
            length, at = _read_varint(message, at)
        elif wire_type in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[wire_type]
        else:
            raise ValueError(f"a protobuf message has wire type {wire_type} at byte {at}")
        if at + length > len(message):
            raise ValueError(f"a protobuf message is cut short at byte {at}")
        yield key >> 3, message[at : at + length]
        at += length


def as_double(value: int | bytes) -> float:
    """The value of a field of type `double`. Raises ValueError where it is of another type."""
    if isinstance(value, int) or len(value) != 8:
        raise ValueError("a protobuf field is not a double")
    return float(unpack("<d", value)[0])


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """The integer at byte `at`, seven bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError(f"a protobuf message is cut short at byte {at}")
