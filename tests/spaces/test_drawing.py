import random
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from archwalk.spaces.drawing import draw_dag
from archwalk.spaces.layout import Spacing, layered_layout

SVG = "{http://www.w3.org/2000/svg}"
SPACING = Spacing()
WIDTH = 100.0
TOLERANCE = 0.01


def pairs(text):
    return [(int(a), int(b)) for a, b in text.split()]


GRAPHS = {
    "empty cell": (2, pairs("01")),
    "chain": (5, pairs("01 12 23 34")),
    "diamond": (4, pairs("01 02 13 23")),
    "chain with skip": (3, pairs("01 12 02")),
    "two diamonds with skip": (7, pairs("01 02 13 23 34 35 46 56 06")),
    "wide": (7, pairs("01 02 03 04 45 16 26 36 56")),
    "nested skips": (7, pairs("01 12 23 34 45 56 06 03 26")),
    "two inputs": (
        10,
        [(0, 2), (1, 3), (0, 4), (6, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 8), (7, 8), (8, 9)],
    ),
    "separate": (3, []),
}


def random_dag(seed):
    generator = random.Random(seed)
    nodes = generator.randint(3, 9)
    every = list(combinations(range(nodes), 2))
    return nodes, generator.sample(every, generator.randint(1, min(12, len(every))))


def curve_points(route, steps=20):
    """Points of the edge as drawn: cubics that are vertical at both ends."""
    for (x0, y0), (x1, y1) in pairwise(route):
        for i in range(steps + 1):
            t = i / steps
            blend = t * t * (3 - 2 * t)
            middle = (y0 + y1) / 2
            y = (1 - t) ** 3 * y0 + 3 * t * (1 - t) * middle + t**3 * y1
            yield x0 + (x1 - x0) * blend, y


def crossings(routes):
    """Pairs of edges whose order from left to right changes between two layers."""
    count = 0
    for one, two in combinations(routes, 2):
        segments = [
            (a, b) for a in pairwise(one) for b in pairwise(two) if (a[0][1], a[1][1]) == (b[0][1], b[1][1])
        ]
        count += sum((a[0][0] - b[0][0]) * (a[1][0] - b[1][0]) < 0 for a, b in segments)
    return count


@pytest.mark.parametrize("graph", [*GRAPHS.values(), *map(random_dag, range(60))])
def test_layout_is_clear(graph):
    nodes, edges = graph
    layout = layered_layout([WIDTH] * nodes, edges, SPACING)
    half_width, half_height = WIDTH / 2, SPACING.box_height / 2
    for x, y in layout.boxes:
        assert (
            half_width + SPACING.margin - TOLERANCE
            <= x
            <= layout.width - half_width - SPACING.margin + TOLERANCE
        )
        assert (
            half_height + SPACING.margin - TOLERANCE
            <= y
            <= layout.height - half_height - SPACING.margin + TOLERANCE
        )
    for (x0, y0), (x1, y1) in combinations(layout.boxes, 2):
        apart = WIDTH + SPACING.between - TOLERANCE if y0 == y1 else 0
        assert y0 != y1 or abs(x0 - x1) >= apart, "boxes overlap"
    for (source, target), route in zip(edges, layout.routes, strict=True):
        (x0, y0), (x1, y1) = layout.boxes[source], layout.boxes[target]
        assert route[0][1] == y0 + half_height, "leaves its source at the bottom"
        assert route[-1][1] == y1 - half_height, "enters its target at the top"
        assert abs(route[0][0] - x0) < half_width
        assert abs(route[-1][0] - x1) < half_width
        for x, y in curve_points(route):
            assert 0 <= x <= layout.width
            for box, (box_x, box_y) in enumerate(layout.boxes):
                inside = abs(x - box_x) < half_width and abs(y - box_y) < half_height - TOLERANCE
                assert not inside, f"edge {source}-{target} runs through box {box}"


@pytest.mark.parametrize("name", GRAPHS)
def test_planar_graphs_are_drawn_without_crossings(name):
    nodes, edges = GRAPHS[name]
    assert crossings(layered_layout([WIDTH] * nodes, edges, SPACING).routes) == 0


def test_chains_are_straight():
    layout = layered_layout([WIDTH] * 5, GRAPHS["chain"][1], SPACING)
    assert len({round(x, 6) for x, _ in layout.boxes}) == 1


def test_diamonds_are_symmetric():
    (top, _), (left, _), (right, _), (bottom, _) = layered_layout(
        [WIDTH] * 4, GRAPHS["diamond"][1], SPACING
    ).boxes
    assert top == pytest.approx(bottom)
    assert top == pytest.approx((left + right) / 2)


def test_drawing_is_self_contained_svg():
    root = ElementTree.fromstring(draw_dag(["input", "gcn", "output"], pairs("01 12"), title="a cell"))
    assert root.tag == f"{SVG}svg"
    assert re.fullmatch(r"0 0 \d+ \d+", root.attrib["viewBox"])
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "a cell"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "title",
        "g",
        "path",
        "rect",
        "text",
    }
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not attributes & {"id", "class", "style", "href"}
    assert [text.text for text in root.iter(f"{SVG}text")] == ["input", "gcn", "output"]


def test_same_graph_gives_the_same_text():
    nodes, edges = random_dag(3)
    assert draw_dag(["a"] * nodes, edges) == draw_dag(["a"] * nodes, edges)


def test_labels_and_titles_are_escaped():
    root = ElementTree.fromstring(draw_dag(['<b> & "c"'], [], title="<&>"))
    assert root[0].text == "<&>"
    assert next(root.iter(f"{SVG}text")).text == '<b> & "c"'


def test_kinds_of_operations_have_their_colours():
    labels = ["input", "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3", "skip", "gat", "fc", "add", "?"]
    root = ElementTree.fromstring(draw_dag(labels, []))
    looks = {
        (box.attrib["fill"], box.attrib["stroke"], box.attrib.get("stroke-dasharray"))
        for box in root.iter(f"{SVG}rect")
    }
    assert len(looks) == len(labels)


def test_boxes_are_as_wide_as_their_labels():
    root = ElementTree.fromstring(draw_dag(["x" * 40], []))
    assert float(next(root.iter(f"{SVG}rect")).attrib["width"]) > 40 * 7


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([(0, 3)], "names no box"),
        ([(-1, 0)], "names no box"),
        ([(0, 1), (1, 0)], "cycle"),
        ([(1, 1)], "cycle"),
    ],
)
def test_wrong_edges_are_refused(edges, message):
    with pytest.raises(ValueError, match=message):
        draw_dag(["a", "b", "c"], edges)


def test_nothing_can_be_drawn():
    ElementTree.fromstring(draw_dag([], []))
