"""Where the command line begins: `archwalk` and `python -m archwalk`."""

import signal
from typing import NoReturn


def start() -> NoReturn:
    """Import the command line and run it; Ctrl-C meanwhile ends the process without a word."""
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from archwalk.cli.main import run

    signal.signal(signal.SIGINT, heard)
    run()


if __name__ == "__main__":
    start()
