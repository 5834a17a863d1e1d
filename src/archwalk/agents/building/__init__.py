"""Agents that build networks layer by layer instead of walking (P3): what they share, and they as strategies."""
