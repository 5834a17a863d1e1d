"""The tables of Krishna et al. 2020 (ReMAADE), an item each."""

from archwalk.papers.krishna2020 import table2_parameters, tables
from archwalk.papers.krishna2020.error_views import view_errors, view_parameters
from archwalk.papers.paper import Paper

PAPER = Paper(
    "krishna2020",
    "Krishna et al. 2020",
    (
        "C. S. Krishna et al.: Neural Architecture Search with Reinforce and Masked Attention Autoregressive Density "
        "Estimators, 2020 (arXiv:2006.00939)"
    ),
    (table2_parameters.ITEM, tables.TABLE3, tables.TABLE4, tables.TABLE5, tables.TABLE6),
    {"errors": view_errors, "parameters": view_parameters},
)
