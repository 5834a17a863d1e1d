"""The experiments of Gomez Robles and Vanschoren 2019, an item each."""

from archwalk.papers.gomezrobles2019 import (
    appendix_a,
    appendix_b,
    exp1,
    exp2,
    exp3,
    intensive,
)
from archwalk.papers.gomezrobles2019.evolution_views import view_evolution
from archwalk.papers.gomezrobles2019.network_views import view_hardness, view_intensive, view_networks
from archwalk.papers.paper import Paper

PAPER = Paper(
    "gomezrobles2019",
    "Gomez Robles and Vanschoren 2019",
    ("J. Gomez Robles, J. Vanschoren: Learning to reinforcement learn for Neural Architecture Search, 2019"),
    (exp1.ITEM, exp2.ITEM, intensive.ITEM, exp3.ITEM, appendix_a.ITEM, appendix_b.ITEM),
    {
        "evolution": view_evolution,
        "intensive": view_intensive,
        "hardness": view_hardness,
        "networks": view_networks,
    },
)
