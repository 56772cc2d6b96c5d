# SPDX-License-Identifier: ISC
"""A client's sockets.  One thread per agent reads what comes and hands each
message on; nothing here knows what a message means."""
import select
import selectors
import socket
import ssl
import threading

from .message import StreamParser, parse


def family_of(host):
    return socket.AF_INET6 if ':' in host else socket.AF_INET


def bracket(host):
    return f'[{host}]' if ':' in host else host


class Flow:
    """A connected stream, or the datagram socket with a destination."""

    def __init__(self, sock, peer=None):
        self.sock, self.peer = sock, peer
        self.parser = StreamParser()
        self.lock = threading.Lock()
        self.is_closed = False

    def send(self, data):
        if self.peer:
            self.sock.sendto(data, self.peer)
            return
        while data:
            try:
                with self.lock:
                    data = data[self.sock.send(data):]
            except (BlockingIOError, ssl.SSLWantWriteError):
                select.select([], [self.sock], [], 1)

    def read(self):
        """What has come; None when that is nothing yet, b'' at the end.  The
        lock is there for OpenSSL, whose reader and writer share a state."""
        with self.lock:
            try:
                data = self.sock.recv(1 << 17)
                while isinstance(self.sock, ssl.SSLSocket) \
                        and self.sock.pending():
                    data += self.sock.recv(1 << 17)
                return data
            except (BlockingIOError, ssl.SSLWantReadError):
                return None
            except OSError:
                # A datagram socket tells of an ICMP error here: the server is
                # away, which its tests wish for.
                return None if self.peer else b''


class Transport:
    """kind is udp, tcp or tls.  From the reader's thread are called
    owner.receive(message, flow), owner.closed(flow) when the server closes a
    stream, and owner.failed(error) for what cannot be read."""

    def __init__(self, kind, server, owner, listen_tcp=False):
        self.kind, self.server, self.owner = kind, server, owner
        self.selector = selectors.DefaultSelector()
        self.wake_out, self.wake_in = socket.socketpair()
        self.selector.register(self.wake_out, selectors.EVENT_READ, 'wake')
        self.is_running = True
        self.flow = None
        self.lock = threading.Lock()
        if kind == 'udp':
            self._open_udp(listen_tcp)
        else:
            self.connect()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def host(self):
        return bracket(self.flow.sock.getsockname()[0])

    @property
    def port(self):
        return self.flow.sock.getsockname()[1]

    def _open_udp(self, listen_tcp):
        family = family_of(self.server[0])
        home = '::1' if family == socket.AF_INET6 else '127.0.0.1'
        for _ in range(20):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.bind((home, 0))
            self.flow = Flow(sock, self.server)
            if not listen_tcp or self._listen(home):
                break
            sock.close()
        else:
            raise OSError('no port is free for both UDP and TCP')
        self.selector.register(sock, selectors.EVENT_READ, self.flow)

    def _listen(self, home):
        listener = socket.socket(family_of(home), socket.SOCK_STREAM)
        try:
            listener.bind((home, self.port))
        except OSError:
            listener.close()
            return False
        listener.listen()
        self.selector.register(listener, selectors.EVENT_READ, 'listen')
        return True

    def connect(self):
        """Opens a stream to the server; a second call opens the next one,
        as after a cut cable: the old stream is forgotten, not closed."""
        sock = socket.create_connection(self.server, timeout=10)
        if self.kind == 'tls':
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            sock = context.wrap_socket(sock)
        sock.setblocking(False)
        flow = Flow(sock)
        with self.lock:
            self.flow = flow
            self.selector.register(sock, selectors.EVENT_READ, flow)
        self.wake_in.send(b'.')
        return flow

    def disconnect(self):
        """Closes the stream, and returns when that is done."""
        flow = self.flow
        try:
            flow.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.is_running = False
        self.wake_in.send(b'.')
        self.thread.join(5)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.wake_in.close()
        self.selector.close()

    def _run(self):
        while self.is_running:
            for key, _ in self.selector.select(1):
                if key.data == 'wake':
                    self.wake_out.recv(100)
                elif key.data == 'listen':
                    sock, _ = key.fileobj.accept()
                    self.selector.register(sock, selectors.EVENT_READ,
                                           Flow(sock))
                else:
                    try:
                        self._read(key.data)
                    except Exception as error:  # the test's thread tells it
                        self.owner.failed(error)

    def _read(self, flow):
        data = flow.read()
        if data is None:
            return
        if flow.peer:
            if data.strip(b'\r\n\0'):
                self.owner.receive(parse(data), flow)
            return
        if not data:
            self.selector.unregister(flow.sock)
            flow.is_closed = True
            flow.sock.close()
            self.owner.closed(flow)
            return
        for message in flow.parser.feed(data):
            self.owner.receive(message, flow)
