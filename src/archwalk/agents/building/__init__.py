"""Agents that build networks layer by layer instead of walking (Gomez Robles and Vanschoren 2019): what they share,
and they as strategies.
"""
