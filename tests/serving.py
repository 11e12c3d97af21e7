"""A web server that gives ranges or not, and counts what it sends; and models of any size to put there."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Server(ThreadingHTTPServer):
    """Files by path. `sent` are bytes of bodies, `asked` the methods and ranges of requests."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.ranges = files, True
        self.sent, self.asked = 0, list[tuple[str, str]]()
        self.failing: Callable[[Server, BaseHTTPRequestHandler], bool] = lambda *_: False
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is none of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        wanted = self.headers.get("Range", "")
        with self.server.lock:
            self.server.asked.append((self.command, wanted))
        if self.server.failing(self.server, self):
            return
        data = self.server.files.get(self.path.partition("?")[0])
        if data is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = len(data)
        if wanted and self.server.ranges:
            first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
            data = data[first : last + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{first + len(data) - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            with self.server.lock:
                self.server.sent += len(data)
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Server]:
    """A server of these files, which ends with the block."""
    with Server(files) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Proxy(socketserver.ThreadingTCPServer):
    """Passes bytes on to a port of this machine and counts them: what travels from any server, headers too."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.port, self.own = port, int(self.server_address[1])
        self.sent = self.requests = 0

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is none of ours."""


class _Passing(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.port)) as there:
            back = threading.Thread(target=self._back, args=(there,), daemon=True)
            back.start()
            while data := self.request.recv(1 << 16):
                self.server.requests += data.count(b" HTTP/1.1\r\n")
                there.sendall(data)
            there.shutdown(socket.SHUT_WR)
            back.join()

    def _back(self, there: socket.socket) -> None:
        while data := there.recv(1 << 16):
            self.server.sent += len(data)
            self.request.sendall(data)


@contextmanager
def counting(port: int) -> Iterator[Proxy]:
    """A proxy to a port, which ends with the block."""
    with Proxy(port) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
