# SPDX-License-Identifier: ISC
"""An XMPP server that a test plays itself, for what no real one does: it takes
components (XEP-0114) and says what it is told to."""
import socket
import threading

from . import wait
from .ports import free_port

HEAD = ("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept'"
        " xmlns:stream='http://etherx.jabber.org/streams' id='s1'"
        " from='example.com'>")


class FakeServer:
    """Takes one component after the other.  Its opening is written at once;
    what the component sends is gathered."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', free_port()))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        self.echoes = True
        self.reads = True
        self.streams = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            stream = FakeStream(self, sock)
            self.streams.append(stream)

    def stream(self, n):
        return wait.until(lambda: len(self.streams) > n and self.streams[n],
                          f'connection {n + 1}', 20)

    def close(self):
        self.listener.close()
        for stream in self.streams:
            stream.close()


class FakeStream:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.got = ''
        self.is_over = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                if not self.server.reads and '<handshake>' in self.got:
                    return
                data = self.sock.recv(65536)
                if not data:
                    break
                self.got += data.decode()
                if self.server.echoes:
                    self._echo(data.decode())
        except OSError:
            pass
        self.is_over = True

    def _echo(self, text):
        """What the component sends to itself comes back."""
        for piece in text.split('<iq ')[1:]:
            if 'to="example.com"' in piece and 'urn:xmpp:ping' in piece:
                self.send('<iq ' + piece.split('</iq>')[0] + '</iq>')

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.sock.sendall(data)

    def open(self):
        self.wait('<stream:stream')
        self.send(HEAD)
        self.wait('</handshake>')
        self.send('<handshake/>')
        return self

    def wait(self, text, within=20):
        return wait.until(lambda: text in self.got,
                          f'it sends {text}; it sent {self.got}', within)

    def wait_over(self):
        wait.until(lambda: self.is_over, 'the stream ends', 20)

    def close(self):
        self.sock.close()
