"""Drawings of architectures, as many as a page has room for."""

from __future__ import annotations

import base64
import json
import zlib

from archwalk.report.explorer.explored import Explored

MOST_DRAWN = 5_000
MOST_BYTES = 1_100_000
"""Of all drawings as they are packed, of which base64 makes a third more."""
_CHUNK = 50


def pack(text: str) -> str:
    """Text as a page holds it: compressed, in base64, in which nothing is markup."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def draw(explored: Explored, number: int) -> str:
    """The drawing of an architecture; empty where there is none. A space that fails at it loses nothing else."""
    code_L = explored.codes[number] if number < len(explored.codes) else None
    if explored.space is None or code_L is None:
        return ""
    try:
        return explored.space.draw(code_L)
    except Exception:  # of a plug-in's, say
        return ""


def packed_drawings(explored: Explored) -> tuple[str, int]:
    """Those on walks, then the best by reward, in the form of `pack`, and how many they are: the numbers of the
    architectures as a JSON list, then their drawings, with NUL between.
    """
    walked = dict.fromkeys(number for walk in explored.walks for number in walk["architecture"])
    ranked = sorted(range(len(explored.descriptions)), key=lambda number: (-explored.best[number], number))
    wanted = list(dict.fromkeys([*walked, *ranked]))[:MOST_DRAWN]
    compressor, size = zlib.compressobj(9), 0
    drawn: dict[int, str] = {}
    for start in range(0, len(wanted), _CHUNK):
        part = {number: svg for number in wanted[start : start + _CHUNK] if (svg := draw(explored, number))}
        size += len(
            compressor.compress("".join(part.values()).encode()) + compressor.flush(zlib.Z_SYNC_FLUSH)
        )
        if size > MOST_BYTES:
            break
        drawn |= part
    if not drawn:
        return "", 0
    return pack("\0".join([json.dumps(list(drawn)), *drawn.values()])), len(drawn)
