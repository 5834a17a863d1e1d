"""A search space, a benchmark on it and a strategy, as CONTRIBUTING.md explains them."""
