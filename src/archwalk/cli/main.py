"""The command line: parses the call, runs the command, turns errors into one line and a status."""

import argparse
import errno
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from archwalk import __version__
from archwalk.cli import (
    agents,
    completion,
    data,
    exporting,
    images,
    inspection,
    listing,
    proxies,
    reproduction,
    results,
    shipped,
    store,
    transferring,
    watching,
)
from archwalk.cli.guard import (
    INTERRUPTED,
    Terminated,
    ending_in_order,
    note_in_one_line,
    open_closed_streams,
    print_anything,
    report_unforeseen,
)
from archwalk.errors import ArchwalkError, UsageError, unknown
from archwalk.late import ask_for_one_blas_thread
from archwalk.secrets import hide_secrets, one_line


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line that name the nearest right word."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in place of printing the usage."""
        raise UsageError(f"{message} (see: {self.prog} --help)")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            raise unknown(action.dest, str(value), [str(choice) for choice in action.choices])


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = Parser(prog="archwalk", description="Neural architecture search by reinforcement learning.")
    parser.add_argument("--version", action="version", version=f"archwalk {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (
        agents,
        results,
        images,
        listing,
        inspection,
        exporting,
        reproduction,
        data,
        store,
        transferring,
        shipped,
        proxies,
        watching,
    ):
        module.add_commands(commands)
    completion.add_command(commands, make_parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 the work failed, 2 the call was wrong."""
    print_anything()
    try:
        options = make_parser().parse_args(arguments)
        words = sys.argv[1:] if arguments is None else arguments
        options.command_line = _written(["archwalk", *words])
        options.run(options)
        sys.stdout.flush()
    except ArchwalkError as error:
        return _fail(str(error), error.status)
    except KeyboardInterrupt as stop:
        return _fail("stopped", stop.status if isinstance(stop, Terminated) else INTERRUPTED)
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
        return 1
    except MemoryError:
        return _fail("out of memory", 1)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        hint = "; free some space and try again" if error.errno == errno.ENOSPC else ""
        return _fail(f"{error.strerror or error}{place}{hint}", 1)
    except Exception as error:  # the last net
        return _fail(report_unforeseen(error, sys.argv[1:] if arguments is None else arguments), 1)
    return 0


def _written(words: Sequence[str]) -> str:
    """A call as results keep it: without secrets, and bytes that are no UTF-8 by their numbers."""
    return hide_secrets(shlex.join(words)).encode("utf-8", "backslashreplace").decode()


def _fail(message: str, status: int) -> int:
    print(f"archwalk: {one_line(message)}", file=sys.stderr)
    return status


def run() -> NoReturn:
    """Entry point of the console script."""
    open_closed_streams()
    note_in_one_line()
    ask_for_one_blas_thread()
    try:
        with ending_in_order():
            status = main()
    except KeyboardInterrupt:  # once more, while the first was answered
        status = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(status)
