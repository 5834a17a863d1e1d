"""Search with several goals: all values are turned so that higher is better."""
