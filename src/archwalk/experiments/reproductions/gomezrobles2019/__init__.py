"""The experiments of Gomez Robles and Vanschoren 2019 (P3), an item each."""

from archwalk.experiments.reproductions.gomezrobles2019 import exp1

CITATION = "J. Gomez Robles, J. Vanschoren: Learning to reinforcement learn for Neural Architecture Search, 2019"

ITEMS = (exp1.ITEM,)
