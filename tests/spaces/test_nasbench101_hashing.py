import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from archwalk.spaces.nasbench101.hashing import blake2s_hash, md5_hash
from archwalk.spaces.nasbench101.space import NASBench101

HASHES = pytest.mark.parametrize("hash_graph", [md5_hash, blake2s_hash])
INPUT, OUTPUT = -1, -2


def graph(edges, labels):
    """A matrix of any directed graph, from "01 12" and the labels of all vertices."""
    matrix = np.zeros((len(labels), len(labels)), np.int8)
    for a, b in edges.split():
        matrix[int(a), int(b)] = 1
    return matrix, labels


@pytest.mark.parametrize(
    ("edges", "labels", "expected"),
    [
        ("01", [], "043721b9c7fe8c5fad811d47d83132ec"),
        ("01 12", [0], "b49ac8c578b4561d79ac7087988f1c61"),
        ("01 12 02", [0], "d32d0b26d534203b48d866facd98cc3e"),
        ("01 12", [1], "d1269d9156ddc027c40473008192958a"),
        ("01 12 02", [1], "09fc2d10bdd6225e167a6f81a22a3f06"),
        ("01 12", [2], "53cee42601ad14d661bb6878031d6acb"),
        ("01 12 02", [2], "6f6257bc3b12d87b8736e81cd4b7ed8b"),
        ("01 02 03 05 16 26 34 46 56", [1, 0, 0, 0, 2], "28cfc7874f6d200472e1a9dcd8650aa0"),  # README
    ],
)
def test_golden_md5(hashed7, edges, labels, expected):
    matrix, labels = graph(edges, [INPUT, *labels, OUTPUT])
    assert md5_hash(matrix, labels) == expected
    assert md5_hash(matrix.tolist(), labels) == expected
    assert md5_hash(matrix.astype(float), np.array(labels)) == expected, "the type of the matrix showed"
    code = hashed7.parse({"matrix": matrix.tolist(), "ops": operations_of(labels)})
    assert hashed7.published_hash(code) == expected
    assert hashed7.published_hashes[code[0]].tobytes().hex() == expected


def operations_of(labels):
    names = {INPUT: "input", OUTPUT: "output", 0: "conv3x3-bn-relu", 1: "conv1x1-bn-relu", 2: "maxpool3x3"}
    return [names[label] for label in labels]


@HASHES
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("01 02 13 23", [-1, 1, 2, -2]), ("01 02 13 23", [-1, 2, 1, -2])),
        (("01 02 14 23 34", [-1, 1, 2, 3, -2]), ("01 03 12 24 34", [-1, 2, 3, 1, -2])),
        (("01 02 14 23 34", [-1, 1, 2, 3, -2]), ("01 02 13 24 34", [-1, 2, 1, 3, -2])),
    ],
)
def test_isomorphic_graphs_are_equal(hash_graph, one, other):
    assert hash_graph(*graph(*one)) == hash_graph(*graph(*other))


@HASHES
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("01 03 12 23", [-1, 1, 0, -2]), ("01 03 12 23", [-1, 0, 1, -2])),
        (("01 12 23 34", [-1, 1, 0, 0, -2]), ("01 12 23 34", [-1, 0, 0, 1, -2])),
    ],
)
def test_other_labels_are_different(hash_graph, one, other):
    assert hash_graph(*graph(*one)) != hash_graph(*graph(*other))


@HASHES
def test_numbering_of_random_graphs_does_not_matter(hash_graph):
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(1_000):
        n = int(rng.integers(3, 21))
        matrix = np.triu(rng.integers(0, 2, (n, n)), 1)
        labels = np.array([INPUT, *rng.integers(0, 3, n - 2), OUTPUT])
        order = np.array([0, *rng.permutation(n - 2) + 1, n - 1])
        code = hash_graph(matrix.tolist(), labels.tolist())
        assert hash_graph(matrix[np.ix_(order, order)].tolist(), labels[order].tolist()) == code
        seen.add(code)
    assert len(seen) > 900, "different graphs must not hash alike"


@HASHES
def test_the_known_collision(hash_graph):
    """Ten vertices that the hash cannot tell apart although they are not isomorphic, as in the original tests."""
    labels = [-1, 1, 1, 1, 1, 2, 2, 2, 2, -2]
    ends = "01 02 03 04 59 69 79 89"
    one = graph(f"{ends} 15 16 25 26 37 38 47 48", labels)
    other = graph(f"{ends} 15 16 26 27 37 38 48 45", labels)
    assert hash_graph(*one) == hash_graph(*other)


def test_blake2s_digest_is_32_bytes_and_not_md5():
    digest = blake2s_hash(*graph("01", [INPUT, OUTPUT]))
    assert isinstance(digest, bytes)
    assert len(digest) == 32


def test_published_hashes_of_all_cells(hashed7):
    digests = hashed7.published_hashes
    assert digests.shape == (423_624, 16)
    keys = np.sort(digests.view("S16")[:, 0])
    first = keys[0].ljust(16, b"\0")
    assert first.hex() == "00005c142e6f48ac74fdcf73e3439874"
    assert np.all(keys[1:] != keys[:-1]), "two cells have one hash"
    for i in np.random.default_rng(0).integers(0, hashed7.size, 1_000):
        cell = hashed7.cell(np.array([i]))
        assert digests[i].tobytes().hex() == md5_hash(cell.matrix.tolist(), cell.labels)


def test_hashes_of_a_smaller_space_are_those_of_the_whole(space4, hashed7):
    np.testing.assert_array_equal(space4.published_hashes, hashed7.published_hashes[: space4.size])


def blake2s_hashes(start, stop):
    """BLAKE2s of a range of ids, joined; runs in its own process."""
    space = NASBench101()
    cells = (space.cell(np.array([i])) for i in range(start, stop))
    return b"".join(blake2s_hash(cell.matrix.tolist(), cell.labels) for cell in cells)


def test_blake2s_has_no_collision(space7):
    """Cassimon et al. 2024, section 3: the hash with its longer digest tells all 423,624 cells apart."""
    bounds = np.linspace(0, space7.size, 9).astype(int).tolist()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        parts = list(pool.map(blake2s_hashes, bounds[:-1], bounds[1:]))
    digests = np.frombuffer(b"".join(parts), "V32")
    assert len(digests) == space7.size
    assert len({digest.tobytes() for digest in digests}) == space7.size
