"""A stretch of network between clients and a server on loopback, slow or cut at will."""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Self

HOST = "127.0.0.1"


class Proxy:
    """Passes bytes on between its own port and a server's; a context manager.

    A Kafka broker tells its clients where it is: that address, wherever it comes by, is replaced by
    the proxy's, so that they stay on it.

    Attributes:
        port: Where clients connect to.
        delay_s: How long every piece is held back.
        watch: Called with each piece a client sends; True hangs up on both once it is passed on.
    """

    def __init__(self, server: int) -> None:
        """Put it in front of a port."""
        self.delay_s = 0.0
        self.watch: Callable[[bytes], bool] = lambda _piece: False
        self._server = server
        self._open = Event()
        self._open.set()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._told = HOST.encode() + struct.pack(">i", server)
        self._ours = HOST.encode() + struct.pack(">i", self.port)

    def cut(self, *, silently: bool) -> None:
        """Let nothing through from now on; hang up on everybody, unless silently."""
        self._open.clear()
        if not silently:
            self._hang_up()

    def mend(self) -> None:
        """Let everything through again, what was held back included."""
        self._open.set()

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._hang_up()

    def _hang_up(self) -> None:
        while self._sockets:
            with suppress(OSError):
                self._sockets.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                self._open.wait()
                try:
                    server = socket.create_connection((HOST, self._server))
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, server]
                Thread(target=self._pass_on, args=(client, server, self.watch), daemon=True).start()
                Thread(target=self._pass_on, args=(server, client, None), daemon=True).start()

    def _pass_on(
        self,
        source: socket.socket,
        to: socket.socket,
        watch: Callable[[bytes], bool] | None,
    ) -> None:
        with source, suppress(OSError):
            while piece := source.recv(1 << 16):
                self._open.wait()
                time.sleep(self.delay_s)
                to.sendall(piece if watch else piece.replace(self._told, self._ours))
                if watch and watch(piece):
                    break
            source.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)
