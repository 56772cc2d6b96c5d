# SPDX-License-Identifier: ISC
"""Another SIP server, as ours meets it: an edge proxy, a foreign domain."""
import socket
import threading

from .agent import reply
from .message import parse


class Elsewhere:
    """Takes requests over UDP, keeps them, answers all with one status."""

    def __init__(self, status):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.requests, self.status = [], status
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                data, peer = self.sock.recvfrom(65536)
            except OSError:
                return
            request = parse(data)
            self.requests.append(request)
            self.sock.sendto(reply(request, self.status).encode(), peer)

    def close(self):
        self.sock.close()
