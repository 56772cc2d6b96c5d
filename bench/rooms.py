#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""How long a room takes: N SIP users are in a room of a private Prosody, an XMPP
user writes to it, and what is measured is the time from his stanza to the last
MESSAGE.  Prints a line of milliseconds and the CPU of both servers.

  ROLLCALL_BIN=build bench/rooms.py [USERS [MESSAGES [A_SECOND]]]"""
import os
import re
import socket
import statistics
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '..', 'tests'))
from harness import wait  # noqa: E402
from harness.daemon import Rollcalld  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.prosody import Prosody  # noqa: E402
from harness.xmpp import XmppUser  # noqa: E402

# The kernel's time of arrival: these phones are slower than real ones, for they
# share a thread.
SO_TIMESTAMPNS = 35
REPEATED = (b'Via', b'From', b'To', b'Call-ID', b'CSeq')


class Phones:
    """All of them on one socket; each answers 200 to whatever comes."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.connect(('127.0.0.1', server.port))
        self.port = self.socket.getsockname()[1]
        self.number = 0
        self.finals = {}   # status of each of our requests, by CSeq number
        self.arrived = {}  # body -> [time of each MESSAGE]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            data, stamps, _, _ = self.socket.recvmsg(65535, 64)
            now = sum(a * b for a, b in
                      zip(struct.unpack('qq', stamps[0][2]), (1, 1e-9)))
            if data.startswith(b'SIP/2.0 '):
                status = int(data[8:11])
                cseq = int(re.search(rb'\nCSeq: *(\d+)', data).group(1))
                if status >= 200:
                    self.finals[cseq] = status
                continue
            head, _, body = data.partition(b'\r\n\r\n')
            lines = head.split(b'\r\n')
            reply = [b'SIP/2.0 200 OK'] + [
                line for line in lines[1:]
                if line.split(b':')[0] in REPEATED]
            self.socket.send(b'\r\n'.join(reply)
                             + b'\r\nContent-Length: 0\r\n\r\n')
            if lines[0].startswith(b'MESSAGE'):
                self.arrived.setdefault(body.decode(), []).append(now)

    def send(self, method, uri, user, headers='', body=''):
        self.number += 1
        tag = f'{user}{self.number}'
        contact = '' if method == 'MESSAGE' else \
            f'Contact: <sip:{user}@127.0.0.1:{self.port}>\r\n'
        self.socket.send(
            f'{method} {uri} SIP/2.0\r\n'
            f'Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{tag};rport'
            f'\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@example.com>;tag={tag}'
            f'\r\nTo: <{uri if method != "REGISTER" else f"sip:{user}@example.com"}>'
            f'\r\nCall-ID: {tag}\r\nCSeq: {self.number} {method}\r\n{contact}'
            f'{headers}Content-Length: {len(body)}\r\n\r\n{body}'.encode())
        return self.number

    def ask(self, *words, **more):
        number = self.send(*words, **more)
        wait.until(lambda: number in self.finals, words[0], 30)
        assert self.finals[number] // 100 == 2, (words, self.finals[number])


def cpu_of(pid):
    with open(f'/proc/{pid}/stat') as file:
        parts = file.read().rpartition(')')[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf('SC_CLK_TCK')


def measure(server, prosody, n, messages, rate):
    room = prosody.room('bench')
    writer = XmppUser(prosody, prosody.add_user('xavier')).connect()
    writer.join(room, 'Xavier')
    writer.unlock(room)
    phones = Phones(server)
    start = time.monotonic()
    for i in range(n):
        phones.ask('REGISTER', 'sip:example.com', f'u{i}')
        phones.ask('SUBSCRIBE', f'sip:{room}', f'u{i}',
                   headers='Event: conference\r\nExpires: 3600\r\n')
    print(f'{n} users in the room after {time.monotonic() - start:.1f} s')
    time.sleep(1)
    took = []
    before = cpu_of(server.process.pid), cpu_of(prosody.process.pid)
    for i in range(messages):
        text = f'message {i}'
        sent = time.time()
        writer.say(room, text, 'groupchat')
        wait.until(lambda: len(phones.arrived.get(text, ())) >= n,
                   f'all have {text}', 20)
        took.append(1000 * (max(phones.arrived[text]) - sent))
        time.sleep(max(0, sent + 1 / rate - time.time()))
    after = cpu_of(server.process.pid), cpu_of(prosody.process.pid)
    copies = n * messages
    print(f'{messages} messages to {n}: median '
          f'{statistics.median(took):.1f} ms, 95 % '
          f'{sorted(took)[int(0.95 * len(took))]:.1f} ms, worst '
          f'{max(took):.1f} ms; CPU per copy: '
          f'rollcalld {1e6 * (after[0] - before[0]) / copies:.0f} us, '
          f'Prosody {1e6 * (after[1] - before[1]) / copies:.0f} us')


def main():
    n, messages, rate = [int(word) for word in
                         (sys.argv[1:] + ['200', '50', '5'][len(sys.argv) - 1:])]
    postgres, prosody = Postgres(), Prosody()
    postgres.create('bench')
    server = Rollcalld(postgres, 'bench', {
        'sip': {'trusted_peers': '127.0.0.0/8'}, 'xmpp': prosody.options()})
    try:
        server.ctl('db', 'init')
        postgres.psql('bench', 'INSERT INTO rollcall.users (aor) SELECT '
                      "'u' || i || '@example.com' FROM "
                      f'generate_series(0, {n}) AS i')
        server.start()
        server.wait_linked()
        measure(server, prosody, n, messages, rate)
    finally:
        server.close()
        prosody.close()
        postgres.close()


main()
