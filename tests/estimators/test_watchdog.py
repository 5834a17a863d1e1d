"""A process that hangs ends itself, without what only Unix has."""

import subprocess
import sys

HANGING = """
import re
from archwalk.estimators.trainings.watchdog import ends_after
with ends_after(60):
    pass
with ends_after(0.2):
    print("in time", flush=True)
    re.match("(a*)*b", "a" * 40)  # in C, for centuries
print("never")
"""


def test_a_call_that_hangs_ends_its_process():
    result = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (1, "in time\n", "")
