"""The tables of Krishna et al. 2020 (P4, ReMAADE), an item each."""

from archwalk.experiments.reproductions.remaade import table2_parameters, tables

CITATION = (
    "C. S. Krishna et al.: Neural Architecture Search with Reinforce and Masked Attention Autoregressive Density "
    "Estimators, 2020 (arXiv:2006.00939)"
)

ITEMS = (table2_parameters.ITEM, tables.TABLE3, tables.TABLE4, tables.TABLE5, tables.TABLE6)
