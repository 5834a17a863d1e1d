"""The explorer: all that was evaluated, in a page that needs nothing else."""
