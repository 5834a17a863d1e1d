"""The experiments of Mazyavkina et al. 2020, an item each."""

from archwalk.papers.mazyavkina2020 import (
    against_random,
    best_architectures,
    correlation,
    figure4,
    table1,
)
from archwalk.papers.mazyavkina2020.found_views import view_against, view_found
from archwalk.papers.mazyavkina2020.landscape_views import view_landscape, view_layers, view_proxies
from archwalk.papers.paper import Paper

PAPER = Paper(
    "mazyavkina2020",
    "Mazyavkina et al. 2020",
    (
        "N. Mazyavkina, S. Moustafa, I. Trofimov, E. Burnaev: Optimizing the Neural Architecture of Reinforcement "
        "Learning Agents, 2020"
    ),
    (table1.ITEM, figure4.ITEM, best_architectures.ITEM, correlation.ITEM, against_random.ITEM),
    {
        "found": view_found,
        "landscape": view_landscape,
        "layers": view_layers,
        "proxies": view_proxies,
        "against": view_against,
    },
)
