"""What the paper prints: figures of its own and of other systems, each in a setting that is not ours."""

from typing import Any

from archwalk.experiments.statistics import normal_interval
from archwalk.papers.reported import read_reported


def reported(table: str) -> list[dict[str, Any]]:
    """Rows of `table1` or `table2`: system, citation, queries, mean, std, the paper's interval and the normal one."""
    content = read_reported("cassimon2024")
    rows = []
    for entry in content[table]:
        about = content["systems"][entry["system"]]
        for queries, mean, std, low, high in entry["values"]:
            rows.append(
                {
                    "system": about["name"],
                    "citation": about["citation"],
                    "of_paper": about["of_paper"],
                    "setting": content["settings"][table],
                    "unit": content["unit"],
                    "queries": queries,
                    "mean": mean,
                    "std": std,
                    "printed_interval": [low, high],
                    "normal_interval": list(normal_interval(mean, std)),
                }
            )
    return rows
