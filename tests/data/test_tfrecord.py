import struct

import pytest
from official_files import tfrecord

from archwalk.data.tfrecord import is_tfrecord, masked_crc, read_records
from archwalk.errors import DataError

PAYLOADS = [b"first", b"", b"x" * 200]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(tfrecord(PAYLOADS))
    return path


def test_checksum_is_that_of_rfc_3720_masked():
    crc = 0x8A9136AA  # of 32 zero bytes, RFC 3720 B.4
    assert masked_crc(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def test_records_in_order_with_progress(file):
    seen = []
    assert list(read_records(file, lambda *done: seen.append(done))) == PAYLOADS
    size = file.stat().st_size
    assert seen[-1] == (size, size)


def test_empty_file_has_no_records(tmp_path):
    (tmp_path / "empty").touch()
    assert list(read_records(tmp_path / "empty")) == []


def test_every_truncation_names_the_record(file):
    content = file.read_bytes()
    starts = [0, 21, 37, len(content)]
    for length in range(1, len(content)):
        if length in starts:
            continue
        file.write_bytes(content[:length])
        start = max(s for s in starts if s < length)
        with pytest.raises(DataError, match=rf"ends inside the record at byte {start};"):
            list(read_records(file))


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (3, "checksum of the length at byte 0"),
        (10, "checksum of the length at byte 0"),
        (14, "checksum of the record at byte 0"),
        (19, "checksum of the record at byte 0"),
        (40, "checksum of the length at byte 37"),
        (-1, "checksum of the record at byte 37"),
    ],
)
def test_damage_names_the_byte(file, at, message):
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_records(file))


def test_length_beyond_the_file_asks_for_no_memory(tmp_path):
    length = struct.pack("<Q", 1 << 60)
    path = tmp_path / "huge"
    path.write_bytes(length + struct.pack("<I", masked_crc(length)) + b"abc")
    with pytest.raises(DataError, match="ends inside the record at byte 0"):
        list(read_records(path))


def test_absent_file(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        list(read_records(tmp_path / "absent"))


def test_recognition(file, tmp_path):
    assert is_tfrecord(file)
    (tmp_path / "other").write_bytes(b"PK\x03\x04 something else")
    for other in (tmp_path / "other", tmp_path / "absent", tmp_path):
        assert not is_tfrecord(other)


def test_published_file(data_root):
    assert sum(1 for _ in read_records(data_root / "ec-nas/energy_4V9E.tfrecord")) == 91 * 4 * 3
