"""Whole numbers on the command line: types for argparse, which say what is right where a number is not."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def whole(least: int, most: int) -> Callable[[str], int]:
    """Whole numbers from `least` to `most`; others raise ArgumentTypeError."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ArgumentTypeError(f"takes a whole number from {least} to {most:,}, not {text!r}")
        return number

    return read


SEED = whole(0, 2**63 - 1)
"""What NumPy, PyTorch and the database of experiments take."""

STEPS = whole(1, 10**12)
COUNT, COUNT_OR_ZERO = whole(1, 10**8), whole(0, 10**8)
"""What arrays are made for: the product of two of them has still a size, if not the memory."""

WORKERS = whole(1, 1_000)
"""Processes, all of which are started."""

PORT = whole(0, 65_535)
"""Of TCP."""
