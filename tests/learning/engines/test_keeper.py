"""All that was started within a mark ends with its keeper."""

import subprocess
import sys

import psutil

from archwalk.learning.engines.keeper import Keeper

STARTS_OTHERS = """
import subprocess
print(flush=True)
while True:
    subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
"""


def test_who_is_started_while_others_are_ended_ends_too():
    keeper = Keeper()
    with keeper.marking():
        first = subprocess.Popen([sys.executable, "-c", STARTS_OTHERS], stdout=subprocess.PIPE)
    first.stdout.readline()
    keeper.close()
    first.communicate()
    assert not [one for one in psutil.process_iter() if one.name() == "sleep" and has_mark(one, keeper.mark)]


def has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        return mark in process.environ().values()
    except psutil.Error:
        return False
