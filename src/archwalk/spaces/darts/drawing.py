"""A DARTS architecture as one SVG: the normal cell and the reduction cell side by side."""

import re

from archwalk.spaces.base import Codes
from archwalk.spaces.darts.code import CELLS, EDGES, INPUTS, NODES, OPERATIONS, genotype_arrays
from archwalk.spaces.darts.features import EDGE_VERTEX, STATE_VERTEX, VERTICES
from archwalk.spaces.drawing import FONT, FONT_SIZE, TEXT_COLOUR, draw_dag

_TITLES = {"normal": "normal cell", "reduce": "reduction cell"}
_HEADING = 26
_GAP = 24


def draw_architecture(code_L: Codes) -> str:
    """SVG of both cells, their operations on nodes (Cassimon et al. 2024, figure 1)."""
    inputs, operations = genotype_arrays(code_L[None])
    parts, left, height = [], 0, 0
    for c, cell in enumerate(CELLS):
        drawing = _draw_cell(_TITLES[cell], inputs[0, c].tolist(), operations[0, c].tolist())
        width, cell_height = (int(size) for size in re.findall(r'(?:width|height)="(\d+)"', drawing)[:2])
        parts += [
            f'<text x="{left + width / 2:.0f}" y="18" font-family="{FONT}" font-size="{FONT_SIZE}" '
            f'font-weight="600" text-anchor="middle" fill="{TEXT_COLOUR}">{_TITLES[cell]}</text>',
            drawing.replace("<svg ", f'<svg x="{left}" y="{_HEADING}" ', 1),
        ]
        left, height = left + width + _GAP, max(height, _HEADING + cell_height)
    size = f'viewBox="0 0 {left - _GAP} {height}" width="{left - _GAP}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
            "<title>DARTS architecture</title>",
            *parts,
            "</svg>",
        ]
    )


def _draw_cell(title: str, inputs: list[int], operations: list[int]) -> str:
    labels = [""] * VERTICES
    for state, vertex in enumerate(STATE_VERTEX):
        labels[vertex] = f"input {state}" if state < INPUTS else f"sum {state}"
    labels[-1] = "output"
    arrows = [(int(STATE_VERTEX[INPUTS + node]), VERTICES - 1) for node in range(NODES)]
    for edge in range(EDGES):
        vertex = int(EDGE_VERTEX[edge])
        labels[vertex] = OPERATIONS[operations[edge]]
        arrows.append((int(STATE_VERTEX[inputs[edge]]), vertex))
        arrows.append((vertex, int(STATE_VERTEX[INPUTS + edge // 2])))
    return draw_dag(labels, arrows, title=title)
