"""Measure the explorer in a real browser: a page of 5,000 evaluations, and one that is served while a search runs.

    python benchmarks/page.py [--out DIR] [--evaluations 5000]

Needs Chromium (or Chrome) as `chromium`, `chromium-browser` or `google-chrome`; it is driven through a pipe by its own
protocol, without a library. With --out pictures are left there: light, dark, and 400 pixels wide. Ends with status 1
where the console had an error, a request went out, or a goal was missed (page < 3 MB; sorting, scrolling < 200 ms).
"""

import argparse
import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import archwalk
from archwalk.api.watching.opening import open_source
from archwalk.api.watching.server import WatchServer

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
MOST_BYTES, MOST_MS = 3_000_000, 200.0

READY = """new Promise((done) => {
  const look = () => document.querySelector("#x-explorer[data-ready]") && archwalkExplorer.store.rows
    ? done(archwalkExplorer.store.rows) : setTimeout(look, 20);
  look();
})"""
FRAME = "const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
SORT = f"""(async () => {{ {FRAME}
  const took = [];
  for (const button of document.querySelectorAll(".x-table thead button")) {{
    const began = performance.now();
    button.click();
    await painted();
    took.push(performance.now() - began);
  }}
  return took;
}})()"""
SCROLL = f"""(async () => {{ {FRAME}
  const table = document.querySelector(".x-table"), took = [];
  for (let part = 0; part <= 40; part++) {{
    const began = performance.now();
    table.scrollTop = (table.scrollHeight * part) / 40;
    table.dispatchEvent(new Event("scroll"));
    await painted();
    took.push(performance.now() - began);
  }}
  table.scrollTop = 0;
  return took;
}})()"""
FILTER = f"""(async () => {{ {FRAME}
  const took = [];
  for (const text of ["gcn", "reward>78", "query<=100 gat", ""]) {{
    const began = performance.now();
    archwalkExplorer.view.text = text;
    archwalkExplorer.view.changed();
    await painted();
    took.push(performance.now() - began);
  }}
  return took;
}})()"""
KEPT = """(async () => {
  const { view, store, table } = archwalkExplorer, input = document.querySelector(".x-search input");
  const until = async (holds) => { while (!holds()) await new Promise((done) => setTimeout(done, 50)); };
  await until(() => store.rows > 60);
  input.value = "reward>0";
  input.dispatchEvent(new Event("input"));
  await until(() => view.text === "reward>0");
  view.sorted = { key: "query", down: true }; // new ones come above what is read
  view.changed();
  table.node.scrollTop = 600;
  const before = store.rows, row = view.order[20];
  await until(() => store.rows > before + 5);
  const moved = view.order.indexOf(row) - Math.round(table.node.scrollTop / 30);
  return { more: store.rows - before, text: view.text, key: view.sorted.key, moved };
})()"""


THROUGH = """(async () => {
  for (let top = 0; top < document.body.scrollHeight; top += 400) {
    scrollTo(0, top);
    await new Promise((done) => setTimeout(done, 60));
  }
  scrollTo(0, 0);
})()"""


class Browser:
    """Chromium, spoken to through two pipes: messages of its protocol, each ended by NUL."""

    def __init__(self, folder: Path) -> None:
        program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
        if program is None:
            sys.exit(f"there is no {' or '.join(PROGRAMS)} here")
        reading, self._out = os.pipe()
        self._in, writing = os.pipe()
        words = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", f"--user-data-dir={folder}", "--remote-debugging-pipe",
        ]  # fmt: skip
        shell = f'exec "$@" 3<&{reading} 4>&{writing}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *words], pass_fds=(reading, writing), stderr=subprocess.DEVNULL
        )
        os.close(reading)
        os.close(writing)
        self._buffer, self._number = b"", 0
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    session: str | None = None

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        found: dict[str, Any] = answer["result"]
        return found

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 16)
            if not part:
                raise RuntimeError("the browser is gone")
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        what, parameters = event.get("method"), event.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.errors.append(str(parameters["exceptionDetails"].get("exception", {}).get("description")))
        elif what == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.errors.append(str([one.get("value", one.get("description")) for one in parameters["args"]]))
        elif what == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])
        elif what == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith("data:"):
            self.requests.append(parameters["request"]["url"])

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page, awaited where it is a promise."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def open(self, url: str, width: int = 1300, dark: bool = False) -> int:
        """Open a page as wide and as dark as one likes; gives the rows that its table has."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=url)
        rows: int = self.ask(READY)
        return rows

    def picture(self, path: Path) -> None:
        """The whole page as PNG; what is drawn only in sight is, before."""
        self.ask(THROUGH)
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(taken["data"]))

    def close(self) -> None:
        """End it."""
        self.send("Browser.close")
        self.process.wait(20)


@contextmanager
def browser() -> Iterator[Browser]:
    """Around what is looked at."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        one = Browser(Path(folder))
        try:
            yield one
        finally:
            one.close()


def measure_page(one: Browser, page: Path, out: Path | None) -> list[bool]:
    """A page from the disk."""
    size = page.stat().st_size
    rows = one.open(page.as_uri())
    times = {
        name: one.ask(script) for name, script in (("sort", SORT), ("scroll", SCROLL), ("filter", FILTER))
    }
    print(f"page of {rows:,} evaluations: {size / 1e6:.2f} MB")
    for name, took in times.items():
        print(f"  {name}: median {statistics.median(took):.0f} ms, most {max(took):.0f} ms of {len(took)}")
    if out is not None:
        for name, width, dark in (("light", 1300, False), ("dark", 1300, True), ("phone", 400, False)):
            one.open(page.as_uri(), width, dark)
            one.picture(out / f"{name}.png")
    only = all(url == page.as_uri() for url in one.requests)
    return [size < MOST_BYTES, only, *(statistics.median(took) < MOST_MS for took in times.values())]


def slowly(architecture: archwalk.Architecture) -> float:
    """An objective that takes a while."""
    import time

    time.sleep(0.05)
    return float(len(set(architecture.description["ops"])))


def measure_live(one: Browser, folder: Path) -> list[bool]:
    """A search that runs, watched: what a reader has chosen stays while evaluations come."""
    out = folder / "live"
    search = threading.Thread(
        target=archwalk.search, args=("random-search", "nas-bench-graph"),
        kwargs={"objective": slowly, "budget": 200, "out": out, "store": False},
    )  # fmt: skip
    search.start()
    out.mkdir(parents=True, exist_ok=True)
    server = WatchServer(open_source(str(out)), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one.requests.clear()
    one.open(server.url)
    kept = one.ask(KEPT)
    print(f"live: {kept['more']} more evaluations came; filter {kept['text']!r}, sorted by {kept['key']}, "
          f"the row at the top moved by {kept['moved']} rows")  # fmt: skip
    only = all(url.startswith(server.url) for url in one.requests)
    search.join()
    server.shutdown()
    return [only, kept["text"] == "reward>0", kept["key"] == "query", kept["moved"] == 0]


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="a folder for pictures")
    parser.add_argument("--evaluations", type=int, default=5_000)
    options = parser.parse_args()
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, browser() as one:
        folder = Path(place)
        strategies = ["regularized-evolution", "random-search"]
        archwalk.compare(
            strategies, "nas-bench-graph:cora", budget=options.evaluations // 2, out=folder / "result"
        )
        fine = measure_page(one, folder / "result" / "report.html", options.out) + measure_live(one, folder)
        print(f"errors on the console: {len(one.errors)}", *one.errors, sep="\n  ")
        sys.exit(0 if all(fine) and not one.errors else 1)


if __name__ == "__main__":
    main()
