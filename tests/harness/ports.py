# SPDX-License-Identifier: ISC
"""Free ports on loopback."""
import socket


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


def free_port():
    """A port that is free for UDP and TCP, on IPv4 and IPv6."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.bind(('127.0.0.1', 0))
            port = sock.getsockname()[1]
        if is_free(port, socket.SOCK_DGRAM) \
                and is_free(port, socket.SOCK_STREAM, '::1') \
                and is_free(port, socket.SOCK_DGRAM, '::1'):
            return port
    raise OSError('no free port')
