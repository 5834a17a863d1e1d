from itertools import product

import numpy as np
import pytest
from nasbench101_naive import canonical, description, is_valid, prune
from scipy.stats import chisquare

from archwalk.spaces.nasbench101.space import NASBench101

SPACES = pytest.mark.parametrize("max_vertices", [4, 5])
ALPHA = 1e-6
DRAWS = 60_000


class Literal:
    """The samplers as their papers' code has them: draw, and reject until valid."""

    def __init__(self, space):
        self.space = space
        self.ids = {}

    def id_of(self, cell):
        form = canonical(cell)
        if form not in self.ids:
            self.ids[form] = int(self.space.parse(description(cell))[0])
        return self.ids[form]

    def outcomes(self, vertices):
        """Every matrix of that many vertices with every labelling, all equally likely."""
        pairs = [(a, b) for b in range(vertices) for a in range(b)]
        for bits in product((0, 1), repeat=len(pairs)):
            edges = frozenset(pair for pair, bit in zip(pairs, bits, strict=True) if bit)
            for labels in product(range(3), repeat=vertices - 2):
                yield edges, labels

    def size_uniform(self, rng, n):
        """Cassimon et al. 2024 3.2.3: the size first; a matrix must be valid as it is, with the desired number of
        vertices.
        """
        limit = self.space.max_vertices
        accepted = {v: self._ids_of(v, lambda cell: cell) for v in range(2, limit + 1)}
        sizes = rng.integers(2, limit + 1, n)
        return np.array([self._draw(rng, accepted[v]) for v in sizes])

    def bananas(self, rng, n):
        """White et al., `random_cell`: a matrix of the largest size; it must be valid after pruning."""
        accepted = self._ids_of(self.space.max_vertices, prune)
        return np.array([self._draw(rng, accepted) for _ in range(n)])

    def _ids_of(self, vertices, reduce):
        """The cell of each outcome, -1 for those that are rejected."""
        cells = map(reduce, self.outcomes(vertices))
        return [self.id_of(c) if c and is_valid(c, self.space.max_vertices, 9) else -1 for c in cells]

    @staticmethod
    def _draw(rng, ids):
        while (found := ids[rng.integers(len(ids))]) < 0:
            pass
        return found


@pytest.fixture(scope="module")
def literals():
    return {v: Literal(NASBench101(max_vertices=v)) for v in (4, 5)}


def assert_drawn_from(ids, weights):
    observed, expected = np.bincount(ids, minlength=len(weights)), len(ids) * weights
    rare = expected < 5
    observed = np.append(observed[~rare], observed[rare].sum() + 5)
    expected = np.append(expected[~rare], expected[rare].sum() + 5)
    assert chisquare(observed, expected).pvalue > ALPHA


@SPACES
def test_size_uniform_is_p1_s_rejection_sampler(literals, max_vertices):
    literal = literals[max_vertices]
    ids = literal.size_uniform(np.random.default_rng(0), DRAWS)
    assert_drawn_from(ids, literal.space.start_weights)


@SPACES
def test_banana_weights_are_its_rejection_sampler(literals, max_vertices):
    literal = literals[max_vertices]
    ids = literal.bananas(np.random.default_rng(1), DRAWS)
    assert_drawn_from(ids, literal.space.banana_weights)


@SPACES
def test_banana_weights_exactly(literals, max_vertices):
    """Each outcome is as likely as any other, so a cell's weight is its share of the accepted ones."""
    literal = literals[max_vertices]
    accepted = np.array(literal._ids_of(max_vertices, prune))
    counts = np.bincount(accepted[accepted >= 0], minlength=literal.space.size)
    np.testing.assert_allclose(literal.space.banana_weights, counts / counts.sum(), rtol=1e-12)


def test_the_samplers_are_not_the_same(space5):
    assert np.abs(space5.start_weights - space5.banana_weights).sum() > 0.1


def test_every_size_is_equally_likely(space7):
    per_size = np.bincount(space7.tables.vertices_N, space7.start_weights)[2:]
    np.testing.assert_allclose(per_size, 1 / 6, rtol=1e-9)


def test_banana_weights_of_the_whole_space(space7):
    """Shares of the sizes, from all 2^21 matrices, of which those with more than 9 edges left are rejected."""
    n, bits = 7, np.arange(1 << 21)
    pairs = [(a, b) for b in range(n) for a in range(b)]
    edge = {pair: (bits >> i) & 1 == 1 for i, pair in enumerate(pairs)}
    forward, backward = np.zeros((2, n, len(bits)), bool)
    forward[0] = backward[n - 1] = True
    for a, b in pairs:  # in ascending order of b: a is final by then
        forward[b] |= forward[a] & edge[a, b]
    for a, b in sorted(pairs, reverse=True):
        backward[a] |= backward[b] & edge[a, b]
    kept = forward & backward
    edges = sum((edge[a, b] & kept[a] & kept[b]).astype(int) for a, b in pairs)
    valid = kept[0] & (edges <= 9)
    expected = np.bincount(kept.sum(axis=0)[valid], minlength=n + 1) / valid.sum()
    per_size = np.bincount(space7.tables.vertices_N, space7.banana_weights)
    np.testing.assert_allclose(per_size, expected, rtol=1e-9)
    assert space7.banana_weights.min() > 0


def test_sample_uniform(space4):
    ids = space4.sample_uniform(np.random.default_rng(0), 20_000)
    assert ids.shape == (20_000, 1)
    assert chisquare(np.bincount(ids[:, 0], minlength=space4.size)).pvalue > ALPHA
