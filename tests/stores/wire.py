"""A wire to a server, in the hands of a test: it may lose an answer, or stop carrying anything."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Carries bytes between ``port`` and a server. What it is told holds from then on, for every connection."""

    def __init__(self, listening: socket.socket, server: int) -> None:
        self.port = int(listening.getsockname()[1])
        self._listening, self._server = listening, server
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._losing = threading.Semaphore(0)
        self._is_dead = threading.Event()

    def lose_an_answer(self) -> None:
        """Cut the connection on which the next answer comes, instead of carrying it."""
        self._losing.release()

    def die(self) -> None:
        """Carry nothing any more, and close nothing: whoever waits, waits."""
        self._is_dead.set()

    def listen(self) -> None:
        """Accept connections until ``cut``."""
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._server))
            self._ends += (near, far)
            self._start(near, far, are_answers=False)
            self._start(far, near, are_answers=True)

    def cut(self) -> None:
        """Close everything, and return when it is closed."""
        for end in self._ends:
            _shut(end)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _start(self, source: socket.socket, sink: socket.socket, *, are_answers: bool) -> None:
        thread = threading.Thread(target=self._carry, args=(source, sink), kwargs={"are_answers": are_answers})
        thread.start()
        self._threads.append(thread)

    def _carry(self, source: socket.socket, sink: socket.socket, *, are_answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._is_dead.is_set():
                    continue
                if are_answers and self._losing.acquire(blocking=False):
                    break
                sink.sendall(data)
        _shut(source)
        _shut(sink)


@contextmanager
def wire(server: int) -> Iterator[Wire]:
    """Yield a wire to a port of this machine; it is cut at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Wire(listening, server)
        accepting = threading.Thread(target=made.listen)
        accepting.start()
        try:
            yield made
        finally:
            _shut(listening)
            accepting.join()
            made.cut()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
