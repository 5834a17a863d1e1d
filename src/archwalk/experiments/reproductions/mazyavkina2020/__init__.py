"""The experiments of Mazyavkina et al. 2020 (P2), an item each."""

from archwalk.experiments.reproductions.mazyavkina2020 import (
    against_random,
    best_architectures,
    correlation,
    figure4,
    table1,
)

CITATION = (
    "N. Mazyavkina, S. Moustafa, I. Trofimov, E. Burnaev: Optimizing the Neural Architecture of Reinforcement Learning "
    "Agents, 2020"
)

ITEMS = (table1.ITEM, figure4.ITEM, best_architectures.ITEM, correlation.ITEM, against_random.ITEM)
