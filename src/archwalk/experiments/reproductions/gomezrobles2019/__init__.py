"""The experiments of Gomez Robles and Vanschoren 2019 (P3), an item each."""

from archwalk.experiments.reproductions.gomezrobles2019 import (
    appendix_a,
    appendix_b,
    exp1,
    exp2,
    exp3,
    intensive,
)

CITATION = (
    "J. Gomez Robles, J. Vanschoren: Learning to reinforcement learn for Neural Architecture Search, 2019"
)

ITEMS = (exp1.ITEM, exp2.ITEM, intensive.ITEM, exp3.ITEM, appendix_a.ITEM, appendix_b.ITEM)
