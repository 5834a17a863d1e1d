"""The tables of a reproduction as files: Markdown, LaTeX and CSV, with their notes and settings."""

import csv
import io
from collections.abc import Iterator, Sequence

from archwalk.papers.catalogue import VIEWS
from archwalk.papers.drawing.blocks import Grid, Record, heading_of, setting_line
from archwalk.report.sheets import PREAMBLE, Line, Sheet, sheet_to_latex, sheet_to_markdown


def to_sheets(record: Record) -> Iterator[Sheet]:
    """Every table of an item; what others report stays a table of its own, with its own setting."""
    for block in VIEWS[record["kind"]](record):
        if isinstance(block, Grid):
            title = f"{heading_of(record)}: {block.title}" if block.title else heading_of(record)
            lines = [Line(label, cells) for label, _, cells in block.rows]
            yield Sheet(title, block.head, lines, [*block.notes, setting_line(record)])


def to_markdown(records: Sequence[Record]) -> str:
    """All tables as GitHub-flavoured Markdown."""
    return "\n".join(sheet_to_markdown(sheet) for record in records for sheet in to_sheets(record))


def to_latex(records: Sequence[Record]) -> str:
    """All tables for LaTeX with booktabs."""
    return PREAMBLE + "\n".join(sheet_to_latex(sheet) for record in records for sheet in to_sheets(record))


def to_csv(records: Sequence[Record]) -> str:
    """All tables, a cell a line, as they are shown; result.json has the figures themselves."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["item", "setting", "table", "row", "column", "value"])
    for record in records:
        for sheet in to_sheets(record):
            for line in sheet.lines:
                for column, (cell, _) in zip(sheet.head[1:], line.marked(), strict=True):
                    writer.writerow(
                        [record["item"], setting_line(record), sheet.title, line.label, column, cell]
                    )
    return text.getvalue()


TABLES = {"table.md": to_markdown, "table.tex": to_latex, "table.csv": to_csv}
"""Files of the tables beside a result."""
