# SPDX-License-Identifier: ISC
"""Free ports on loopback."""
import os
import random
import socket

# Below the ports that the system gives to clients, which would take them.
FIRST, LAST = 10000, 32767


def is_free(port, kind, host='127.0.0.1'):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, kind) as sock:
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            return False
    return True


# Suites that run beside each other (pytest -n) have ports of their own.
WORKER = os.environ.get('PYTEST_XDIST_WORKER')
SUITES = int(os.environ['PYTEST_XDIST_WORKER_COUNT']) if WORKER else 1
OWN = int(WORKER[2:]) if WORKER else 0
given = set()


def free_port():
    """A port that is free for UDP and TCP, on IPv4 and IPv6, and that nobody
    got before, here or in a suite beside this one."""
    kinds = [(kind, host) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
             for host in ('127.0.0.1', '::1')]
    for _ in range(100):
        port = random.SystemRandom().randrange(FIRST + OWN, LAST, SUITES)
        if port not in given and all(is_free(port, *kind) for kind in kinds):
            given.add(port)
            return port
    raise OSError('no free port')
