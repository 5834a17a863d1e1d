"""What a terminal shows of a reproduction: the sentences and tables of its items, without the drawings."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archwalk.report.reproductions.blocks import Grid, Record, Words, setting_line
from archwalk.report.reproductions.catalogue import VIEWS

LABEL = 16
"""Characters of a row's name that are never folded."""


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
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    longest = max([len(label) for label, _, _ in grid.rows], default=0)
    table.add_column(Text(grid.head[0]), overflow="fold", min_width=min(longest, LABEL))
    for title in grid.head[1:]:
        table.add_column(Text(title), justify="right")
    for label, _, cells in grid.rows:
        table.add_row(Text(label), *map(Text, cells))
    console.print(table)
    for note in grid.notes:
        console.print(Text(note, style="dim"))
