"""The command that shows a search while it runs: watch."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from archwalk.cli.common import note, print_json
from archwalk.cli.guard import Terminated
from archwalk.cli.numbers import PORT


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command of this file."""
    watch = commands.add_parser(
        "watch", help="a page on this machine that shows a search while it runs; ends with Ctrl-C"
    )
    watch.add_argument(
        "what",
        metavar="DIR|STORE",
        help="a run folder (--out DIR), a study's file or URL, or the store of trainings",
    )
    watch.add_argument(
        "--port", type=PORT, default=8765, help="on 127.0.0.1 (default 8765; 0: any that is free)"
    )
    watch.add_argument("--study", metavar="NAME", help="which one of a database that holds several")
    watch.add_argument("--space", help="of a store: only architectures of this space")
    watch.add_argument("--dataset", help="of a store: only trainings on this data set")
    watch.add_argument("--json", action="store_true", help='print {"url": ...} as one line')
    watch.set_defaults(run=run_watch)


def run_watch(options: argparse.Namespace) -> None:
    """Serve the page until somebody says stop."""
    from archwalk.api.watching.opening import is_there, open_source, wait_for
    from archwalk.api.watching.server import watch

    def ready(url: str) -> None:
        if options.json:
            print_json({"url": url})
            sys.stdout.flush()
        else:
            note(f"{source.name} is shown at {url}; Ctrl-C ends that")

    try:
        if not is_there(options.what):
            note(f"there is no {options.what} yet; it is shown as soon as there is one, Ctrl-C ends that")
            wait_for(options.what)
        source = open_source(options.what, study=options.study, space=options.space, dataset=options.dataset)
        watch(source, options.port, ready)
    except Terminated:
        raise
    except KeyboardInterrupt:  # that is how it ends
        note("stopped watching")
