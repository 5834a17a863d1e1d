"""Run folders: of a search or a comparison that goes on or is over, of a training."""

from __future__ import annotations

from pathlib import Path

from archwalk.api.results import EVALUATIONS, PAGE
from archwalk.api.watching.source import OVER, RUNNING, WAITING, Source
from archwalk.experiments.evaluated import Evaluations
from archwalk.experiments.live import LIVE, LiveReader
from archwalk.experiments.runs import CONFIG, METRICS, RunFolder
from archwalk.report.explorer.explored import Explored


class FolderSource(Source):
    """The folder of a search, a comparison or a training, while it goes on and after."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder
        self._live = LiveReader(folder)
        self._seen: tuple[float, int] | None = None

    def update(self) -> None:
        """See `Source`."""
        if (self.folder / LIVE).exists():
            try:
                self._read_live()
                return
            except FileNotFoundError:  # it has just ended
                pass
        if (self.folder / EVALUATIONS).exists():
            self._read_result()
        elif (self.folder / CONFIG).exists():
            self._read_training()

    def _read_live(self) -> None:
        anew, about, batches = self._live.read()
        self.written = self._live.path.stat().st_mtime
        self.state, self.report, self._seen = RUNNING, None, None
        if anew and about is None:
            self.explored, self.state = None, WAITING
        elif about is not None and (anew or self.explored is None):
            self._begin(about)
        elif about is not None and self.explored is not None and about != self.explored.about:
            before = self.explored
            self._begin(about)
            if before.rows:  # how its metrics are called was not known yet
                self._live = LiveReader(self.folder)
                self._read_live()
                return
        for batch in batches:
            if self.explored is not None:
                self.explored.add(batch)

    def _read_result(self) -> None:
        file = self.folder / EVALUATIONS
        written = file.stat()
        mark = written.st_mtime, written.st_size
        if mark != self._seen:
            self._seen = mark
            evaluations = Evaluations.read(file)
            self.explored = Explored.of(evaluations, evaluations.about.load_space())
            self.edition += 1
        self.state = OVER
        self.report = self.folder / PAGE if (self.folder / PAGE).exists() else None

    def _read_training(self) -> None:
        run = RunFolder(self.folder)
        rows = run.metrics() if (self.folder / METRICS).exists() else []
        names = dict.fromkeys(name for row in rows for name in row)
        self.charts = {name: [row.get(name) for row in rows] for name in names}
        self.state = OVER if run.finished else RUNNING
        self.written = (self.folder / (METRICS if rows else CONFIG)).stat().st_mtime
