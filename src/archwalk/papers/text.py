"""What a terminal shows of a reproduction: the sentences and tables of its items, without the drawings."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archwalk.papers.catalogue import VIEWS
from archwalk.papers.drawing.blocks import Grid, Record, Words, setting_line

LABEL = 20
"""Characters of a word of a row's name that are never folded."""

GAP = 2
"""Characters between two columns."""


def print_records(records: Sequence[Record], console: Console) -> None:
    """Print each item under its title."""
    for record in records:
        console.print(Text(f"{record['item']}: {record['title']} ({record['source']})", style="bold"))
        console.print(Text(setting_line(record), style="dim"))
        for block in VIEWS[record["kind"]](record):
            if isinstance(block, Words):
                console.print(Text("\n".join(filter(None, block.texts))))
            elif isinstance(block, Grid):
                _print_grid(block, console)
        console.print()


def _print_grid(grid: Grid, console: Console) -> None:
    if grid.title:
        console.print(Text(grid.title, style="italic"))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    first, *others = _widths(grid, console.width)
    table.add_column(Text(grid.head[0]), overflow="fold", width=first)
    for title, width in zip(grid.head[1:], others, strict=True):
        table.add_column(Text(title), justify="right", width=width)
    for label, _, cells in grid.rows:
        table.add_row(Text(label), *map(Text, cells))
    console.print(table)
    for note in grid.notes:
        console.print(Text(note, style="dim"))


def _widths(grid: Grid, width: int) -> list[int]:
    """Of the columns. In a narrow terminal lines are broken, rows' names and the right ones first; no word is."""
    columns = [[grid.head[0], *(label for label, _, _ in grid.rows)]]
    columns += [[title, *(cells[i] for _, _, cells in grid.rows)] for i, title in enumerate(grid.head[1:])]
    lines = [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    widths = [max(len(word) for cell in column for word in cell.split()) for column in columns]
    widths[0] = min(widths[0], LABEL)
    spare = width - sum(widths) - GAP * (len(columns) - 1)
    for i in (*range(1, len(columns)), 0):
        grown = min(lines[i] - widths[i], spare)
        if i == 0 or grown == lines[i] - widths[i]:
            widths[i], spare = widths[i] + grown, spare - grown
    return widths
