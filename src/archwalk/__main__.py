"""`python -m archwalk`."""

from archwalk.cli.main import run

run()
