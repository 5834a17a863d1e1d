"""How far proxies, which train nothing, rank architectures as benchmarks do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archwalk.api.progress import progress_bar
from archwalk.data.decoding import encode_json
from archwalk.data.files import make_folder, write_atomically
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.zero_cost import PROXIES, View
from archwalk.experiments import proxies as protocol
from archwalk.experiments.proxies import ProxyRanks
from archwalk.experiments.records import RESULT
from archwalk.experiments.settings import make_settings
from archwalk.report.proxies import draw_proxies
from archwalk.report.svg import WIDE, as_file

PLOT = "proxies.svg"


def rank_proxies(
    benchmarks: Sequence[Benchmark | str],
    proxies: Sequence[str] = (),
    *,
    architectures: int = 200,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    command: str | None = None,
    progress: bool | None = None,
) -> ProxyRanks:
    """Rank correlations of proxies (all unless some are named) with the rewards of benchmarks, over some architectures.

    `settings` are those of `View`: `images` (a data set or a folder; random ones unless a benchmark has its own),
    `channels`, `cells`, `batch`, `resolution`. With `out`, `result.json` and a drawing are written there. The same seed
    gives the same result to the bit, but for milliseconds. Raises errors of `archwalk.errors`.
    """
    problems = [load_benchmark(one, seed) if isinstance(one, str) else one for one in benchmarks]
    view = make_settings(View, None, {**(settings or {}), "seed": seed})
    with progress_bar("proxies", 1.0, progress) as bar:
        record = protocol.rank_proxies(
            problems, proxies or PROXIES.names(), architectures=architectures, view=view, command=command,
            tell=lambda name, share: bar.to(share),
        )  # fmt: skip
    if out is not None:
        folder = Path(out)
        make_folder(folder)
        write_atomically(folder / RESULT, encode_json(record, indent=1) + "\n")
        write_atomically(folder / PLOT, as_file(draw_proxies(record, width=WIDE)))
    return record
