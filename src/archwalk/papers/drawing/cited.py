"""Tables that a paper prints, apart from ours."""

from archwalk.papers.drawing.blocks import Block, Grid, Record
from archwalk.papers.reported import tables_of


def reported_grids(record: Record) -> list[Block]:
    """Those of an item, each with its source and setting."""
    return [
        Grid(
            table["head"],
            [(row[0], None, row[1:]) for row in table["rows"]],
            [
                f"{table['citation']}, {table['table']}: {table['what']}. Not ours, and not to be read beside ours: "
                f"{table['setting']}."
            ],
            f"Reported by the paper: {table['table']}",
        )
        for table in tables_of(record["paper"], record["item"])
    ]
