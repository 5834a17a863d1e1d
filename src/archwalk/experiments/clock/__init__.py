"""From images to a trained network by the clock: a search in rungs, then a final training of the winner."""
