"""Steps as event files for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archwalk.data.files import make_folder
from archwalk.data.protobuf import read_fields
from archwalk.data.tfrecord import read_records
from archwalk.errors import DataError, MissingExtraError
from archwalk.tracking.step import Run, Step, Tracker

_STEP = 2
"""The field of an event that holds its step (tensorflow/core/util/event.proto)."""

_FLUSH_SECONDS = 1


class TensorBoard(Tracker):
    """A folder for `tensorboard --logdir DIR`, a folder a run inside. Needs the extra `tracking`.

    What is written is read again: a search or a training that goes on after a stop writes no step twice.
    """

    def __init__(self, folder: str | Path) -> None:
        """Raises MissingExtraError without tensorboardX, DataError where the folder cannot be made."""
        try:
            import tensorboardX  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("tensorboardX", "tracking") from error
        self.folder = make_folder(Path(folder))
        self.name = f"TensorBoard's folder {folder}"
        self._writers: dict[str, Any] = {}

    def begin(self, run: Run) -> int:
        """See `Tracker`."""
        from tensorboardX import SummaryWriter

        place = self.folder / f"{run.name.replace(':', '-')}-{run.key[:8]}"
        last = last_step(place)
        suffix = f".{len([*place.glob('*')])}"  # files are named by the second
        writer = self._writers[run.key] = SummaryWriter(
            str(place), flush_secs=_FLUSH_SECONDS, filename_suffix=suffix
        )
        if last == 0:
            lines = "\n".join(f"| {name} | {value} |" for name, value in run.about.items())
            writer.add_text("about", f"| | |\n|---|---|\n{lines}", 0)
        return last

    def step(self, step: Step) -> None:
        """See `Tracker`."""
        writer = self._writers[step.run.key]
        for name, value in step.metrics.items():
            writer.add_scalar(name, value, step.number)

    def end(self, run: Run) -> None:
        """See `Tracker`."""
        writer = self._writers.pop(run.key, None)
        if writer is not None:
            writer.close()


def last_step(folder: Path) -> int:
    """The last step in a folder of event files, 0 where there is none; one that a kill has torn is read up to there."""
    last = 0
    for file in folder.glob("*tfevents*"):
        try:
            for event in read_records(file):
                found = (value for number, value in read_fields(event) if number == _STEP)
                last = max([last, *(value for value in found if isinstance(value, int))])
        except (DataError, ValueError):
            continue
    return last
