"""Graph hashes that are equal for isomorphic cells: the published one (MD5) and Cassimon et al.'s (BLAKE2s).

Neither is needed to search: canonical ids come from tables (`enumeration`). The published hash names cells
in the official files; `published_hashes` computes it for a whole space at once.
"""

from collections.abc import Sequence
from hashlib import blake2s, md5
from typing import AnyStr

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel, map_ranges
from archwalk.spaces.nasbench101.enumeration import CellTables, unpack_labels, unpack_matrix

Matrix = Sequence[Sequence[int]] | NDArray[np.int8]


def md5_hash(matrix: Matrix, labels: Sequence[int]) -> str:
    """The published module hash (nasbench, `graph_util.hash_module`) as 32 hex digits.

    `matrix` is any directed graph (V, V); labels: -1 input, -2 output, else the index of the operation.
    """

    def digest(text: str) -> str:
        return md5(text.encode(), usedforsecurity=False).hexdigest()

    ends = _neighbour_lists(matrix)
    hashes = [
        digest(str((len(out), len(inn), int(label)))) for (inn, out), label in zip(ends, labels, strict=True)
    ]
    for _ in hashes:
        hashes = [
            digest("".join(_pick(hashes, inn)) + "|" + "".join(_pick(hashes, out)) + "|" + own)
            for (inn, out), own in zip(ends, hashes, strict=True)
        ]
    return digest(str(sorted(hashes)))


def blake2s_hash(matrix: Matrix, labels: Sequence[int]) -> bytes:
    """Cassimon et al.'s variant of the hash (section 3): BLAKE2s, 32-byte digests, bytes throughout. Returns 32
    bytes.
    """
    ends = _neighbour_lists(matrix)
    hashes = [
        blake2s(bytes((len(out), len(inn), label & 0xFF))).digest()
        for (inn, out), label in zip(ends, labels, strict=True)
    ]
    for _ in hashes:
        hashes = [
            blake2s(b"".join(_pick(hashes, inn)) + b"|" + b"".join(_pick(hashes, out)) + b"|" + own).digest()
            for (inn, out), own in zip(ends, hashes, strict=True)
        ]
    return blake2s(b"".join(sorted(hashes))).digest()


def _neighbour_lists(matrix: Matrix) -> list[tuple[list[int], list[int]]]:
    vertices = range(len(matrix))
    return [([u for u in vertices if matrix[u][v]], [w for w in vertices if matrix[v][w]]) for v in vertices]


def _pick(hashes: list[AnyStr], vertices: list[int]) -> list[AnyStr]:
    return sorted(hashes[v] for v in vertices)


def published_hashes(tables: CellTables) -> NDArray[np.uint8]:
    """MD5 digests (size, 16) of all cells, equal to `md5_hash` of each."""
    initial_OIL = np.zeros((8, 8, 5, 2), np.uint64)
    for (out, inn, label), _ in np.ndenumerate(initial_OIL[..., 0]):
        digest = md5(str((out, inn, label - 2)).encode(), usedforsecurity=False).digest()
        initial_OIL[out, inn, label] = np.frombuffer(digest, ">u8")
    digests_N2 = np.empty((tables.size, 2), np.uint64)

    def hash_range(a: int, b: int) -> None:
        cells = tables.vertices_N[a:b], tables.bits_N[a:b], tables.code_N[a:b]
        _hash_cells(*cells, initial_OIL, _SINES, _SHIFTS, digests_N2[a:b])

    map_ranges(hash_range, tables.size)
    return digests_N2.astype(">u8").view(np.uint8).reshape(-1, 16)


_SINES = np.floor(np.abs(np.sin(np.arange(1, 65))) * 2.0**32).astype(np.uint64)
_SHIFTS = np.array([7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21], np.uint64)


@kernel
def _hash_cells(vertices_N, bits_N, code_N, initial_OIL, sines, shifts, digests_N2):  # type: ignore[no-untyped-def]
    matrix = np.zeros((8, 8), np.uint8)
    label = np.zeros(8, np.int64)
    old = np.zeros((8, 2), np.uint64)
    new = np.zeros((8, 2), np.uint64)
    picked = np.zeros((8, 2), np.uint64)
    message = np.zeros(512, np.uint8)
    words = np.zeros(16, np.uint64)
    for cell in range(len(vertices_N)):
        n = vertices_N[cell]
        unpack_matrix(n, bits_N[cell], matrix)
        unpack_labels(n, code_N[cell], label)
        for v in range(n):
            old[v] = initial_OIL[matrix[v, :n].sum(), matrix[:n, v].sum(), label[v] + 2]
        for _ in range(n):
            for v in range(n):
                length = _write_sorted(old, matrix[:, v], n, picked, message, 0)
                message[length] = 124  # '|'
                length = _write_sorted(old, matrix[v, :], n, picked, message, length + 1)
                message[length] = 124
                length = _write_hex(old[v], message, length + 1)
                new[v] = _md5(message, length, words, sines, shifts)
            old, new = new, old
        length = _write_list(old, n, picked, message)
        digests_N2[cell] = _md5(message, length, words, sines, shifts)


@kernel
def _write_sorted(hashes, chosen, n, picked, message, length):  # type: ignore[no-untyped-def]
    count = _sort_chosen(hashes, chosen, n, picked)
    for i in range(count):
        length = _write_hex(picked[i], message, length)
    return length


@kernel
def _write_list(hashes, n, picked, message):  # type: ignore[no-untyped-def]
    """Write str(sorted(hashes)) as Python prints it: ['aa', 'bb']."""
    count = _sort_chosen(hashes, np.ones(n, np.uint8), n, picked)
    message[0] = 91
    length = 1
    for i in range(count):
        if i:
            message[length] = 44
            message[length + 1] = 32
            length += 2
        message[length] = 39
        length = _write_hex(picked[i], message, length + 1)
        message[length] = 39
        length += 1
    message[length] = 93
    return length + 1


@kernel
def _sort_chosen(hashes, chosen, n, picked):  # type: ignore[no-untyped-def]
    count = 0
    for v in range(n):
        if chosen[v]:
            high, low = hashes[v, 0], hashes[v, 1]
            i = count
            while i > 0 and (
                picked[i - 1, 0] > high or (picked[i - 1, 0] == high and picked[i - 1, 1] > low)
            ):
                picked[i] = picked[i - 1]
                i -= 1
            picked[i, 0] = high
            picked[i, 1] = low
            count += 1
    return count


@kernel
def _write_hex(digest, message, length):  # type: ignore[no-untyped-def]
    for half in range(2):
        for nibble in range(16):
            value = (digest[half] >> np.uint64(60 - 4 * nibble)) & np.uint64(15)
            message[length] = value + np.uint64(48) if value < 10 else value + np.uint64(87)
            length += 1
    return length


@kernel
def _md5(message, length, words, sines, shifts):  # type: ignore[no-untyped-def]
    """MD5 (RFC 1321) of message[:length]; overwrites what lies behind it. Returns big-endian (high, low)."""
    mask = np.uint64(0xFFFFFFFF)
    blocks = (length + 8) // 64 + 1
    message[length] = 128
    message[length + 1 : blocks * 64] = 0
    for i in range(8):
        message[blocks * 64 - 8 + i] = ((8 * length) >> (8 * i)) & 255
    a0, b0, c0, d0 = (
        np.uint64(0x67452301),
        np.uint64(0xEFCDAB89),
        np.uint64(0x98BADCFE),
        np.uint64(0x10325476),
    )
    for block in range(blocks):
        for i in range(16):
            at = block * 64 + 4 * i
            words[i] = (
                np.uint64(message[at])
                | (np.uint64(message[at + 1]) << np.uint64(8))
                | (np.uint64(message[at + 2]) << np.uint64(16))
                | (np.uint64(message[at + 3]) << np.uint64(24))
            )
        a, b, c, d = a0, b0, c0, d0
        for i in range(16):
            a, b, c, d = _turn((b & c) | (~b & d), a, b, c, d, i, words[i], sines, shifts)
        for i in range(16, 32):
            a, b, c, d = _turn((d & b) | (~d & c), a, b, c, d, i, words[(5 * i + 1) & 15], sines, shifts)
        for i in range(32, 48):
            a, b, c, d = _turn(b ^ c ^ d, a, b, c, d, i, words[(3 * i + 5) & 15], sines, shifts)
        for i in range(48, 64):
            a, b, c, d = _turn(c ^ (b | (~d & mask)), a, b, c, d, i, words[(7 * i) & 15], sines, shifts)
        a0, b0, c0, d0 = (a0 + a) & mask, (b0 + b) & mask, (c0 + c) & mask, (d0 + d) & mask
    return (_swap(a0) << np.uint64(32)) | _swap(b0), (_swap(c0) << np.uint64(32)) | _swap(d0)


@kernel
def _turn(mixed, a, b, c, d, i, word, sines, shifts):  # type: ignore[no-untyped-def]
    mask = np.uint64(0xFFFFFFFF)
    mixed = (mixed + a + sines[i] + word) & mask
    shift = shifts[(i >> 4) * 4 + (i & 3)]
    return d, (b + ((mixed << shift) | (mixed >> (np.uint64(32) - shift)))) & mask, b, c


@kernel
def _swap(word):  # type: ignore[no-untyped-def]
    return (
        ((word & np.uint64(0xFF)) << np.uint64(24))
        | ((word & np.uint64(0xFF00)) << np.uint64(8))
        | ((word >> np.uint64(8)) & np.uint64(0xFF00))
        | (word >> np.uint64(24))
    )
