"""Agents that are trained to play, and what their networks are worth by their scores (Mazyavkina et al. 2020)."""
