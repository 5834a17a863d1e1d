"""A PostgreSQL server and the head of a Ray cluster, of our own, that can be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = "postgres"
_HEAD = "ARCHWALK_CHAOS_HEAD"


def postgres_programs() -> Path | None:
    """Where initdb and pg_ctl are."""
    found = [Path(path).parent for path in [shutil.which("pg_ctl") or ""] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return found[-1] if found else None


def no_postgres() -> str:
    """Why there is no server here."""
    if postgres_programs() is None:
        return "no PostgreSQL server is installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return ""


def no_ray() -> str:
    """Why there is no Ray here."""
    try:
        import ray  # noqa: F401
    except ImportError:
        return "ray is not installed"
    return ""


def free_port() -> int:
    """One that nobody listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Postgres:
    """A server of our own."""

    def __init__(self, folder: Path) -> None:
        programs = postgres_programs()
        assert programs is not None
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.url = f"postgresql://{NOBODY}@127.0.0.1:{self.port}/postgres"
        if os.geteuid() == 0:  # the server refuses to be root
            shutil.chown(folder, NOBODY)
        self._do("initdb", "-D", str(folder / "data"), "-U", NOBODY, "-A", "trust")
        self.start()

    def _do(self, program: str, *words: str) -> None:
        call = [str(self.programs / program), *words]
        if os.geteuid() == 0:
            call = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *call]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        """And wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._do(
            "pg_ctl",
            "-D",
            str(self.folder / "data"),
            "-l",
            str(self.folder / "log"),
            "-o",
            options,
            "-w",
            "start",
        )

    def stop(self) -> None:
        """As a crash does it: every connection is cut."""
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


SERVERS: list[Postgres] = []


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """A server, and the variable that names it as the store."""
    with tempfile.TemporaryDirectory(prefix="chaos-postgres-") as place:
        server = Postgres(Path(place))
        SERVERS.append(server)
        try:
            yield {"ARCHWALK_STORE": server.url}
        finally:
            SERVERS.remove(server)
            server.stop()


def empty_store() -> None:
    """Forget what the server has."""
    import psycopg

    with psycopg.connect(SERVERS[-1].url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


class Head:
    """The head of a cluster."""

    def __init__(self) -> None:
        self.port, self.tag = free_port(), uuid.uuid4().hex
        try:
            self.start()
        except BaseException:  # it has not begun in time, say; what has is ended
            self.kill()
            raise

    def start(self) -> None:
        """And wait until it answers."""
        environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", _HEAD: self.tag}
        words = ["-m", "ray.scripts.scripts", "start", "--head", f"--port={self.port}", "--num-cpus=2"]
        subprocess.run(
            [sys.executable, *words, "--include-dashboard=false", "--disable-usage-stats"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip

    def kill(self) -> None:
        """At once, with all that belongs to it on this machine."""
        for pid in tagged(f"{_HEAD}={self.tag}"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(1)


def tagged(words: str) -> list[int]:
    """Processes that have this in their environment, and run."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            alive = (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if alive and words.encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


HEADS: list[Head] = []


@contextmanager
def ray_head() -> Iterator[dict[str, str]]:
    """A cluster, and the variable by which programs find it."""
    head = Head()
    HEADS.append(head)
    try:
        yield {"CHAOS_RAY": f"127.0.0.1:{head.port}", "RAY_gcs_rpc_server_reconnect_timeout_s": "10"}
    finally:
        HEADS.remove(head)
        head.kill()
