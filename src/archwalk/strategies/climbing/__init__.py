"""Which network is trained next, and how far: rungs, and a model over architectures and lengths of training."""
