"""A way to a PostgreSQL server that can be cut: what a restart of the server is to its clients."""

import contextlib
import socket
import threading
from pathlib import Path

from sqlalchemy import make_url


class Relay:
    """Listens in `folder` as a server does and hands everything on to the server of a URL, until it is cut."""

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self.server = f"{parsed.query['host']}/.s.PGSQL.5432"
        self.url = parsed.set(query={"host": str(folder)}).render_as_string(hide_password=False)
        self.place = folder / ".s.PGSQL.5432"
        self.open: list[socket.socket] = []
        self.cut_at = b""
        """What a client says last: it reaches the server, and no answer comes back."""
        self.cuts = 0
        self.start()

    def start(self) -> None:
        """The server is there."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.place))
        self.listener.listen()
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def stop(self) -> None:
        """The server is away, and all connections with it."""
        self.place.unlink()
        for one in (self.listener, *self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                self.open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65_536):
                cut = bool(self.cut_at) and self.cut_at in content
                if cut:
                    self.cut_at = b""
                    self.cuts += 1
                    source.shutdown(socket.SHUT_RDWR)
                sink.sendall(content)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_WR if one is sink else socket.SHUT_RDWR)
