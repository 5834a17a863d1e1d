"""NAS-Bench-301: surrogates of the validation accuracy of DARTS architectures, and how they are read."""
