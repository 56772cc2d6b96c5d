# SPDX-License-Identifier: ISC
"""SQL through libpq itself, as `psql -A -t -c` runs and prints it: starting a
program for each statement took most of the time of many tests."""
import ctypes
import ctypes.util

_CONNECTION_OK = 0
_GOOD = (0, 1, 2, 9)  # empty query, command, rows, one row

_pq = ctypes.CDLL(ctypes.util.find_library('pq') or 'libpq.so.5')
for _name, _result, *_arguments in (
        ('PQconnectdb', ctypes.c_void_p, ctypes.c_char_p),
        ('PQstatus', ctypes.c_int, ctypes.c_void_p),
        ('PQfinish', None, ctypes.c_void_p),
        ('PQerrorMessage', ctypes.c_char_p, ctypes.c_void_p),
        ('PQsetNoticeProcessor', ctypes.c_void_p, ctypes.c_void_p,
         ctypes.c_void_p, ctypes.c_void_p),
        ('PQexec', ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p),
        ('PQclear', None, ctypes.c_void_p),
        ('PQresultStatus', ctypes.c_int, ctypes.c_void_p),
        ('PQresultErrorMessage', ctypes.c_char_p, ctypes.c_void_p),
        ('PQntuples', ctypes.c_int, ctypes.c_void_p),
        ('PQnfields', ctypes.c_int, ctypes.c_void_p),
        ('PQgetvalue', ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int,
         ctypes.c_int)):
    getattr(_pq, _name).restype = _result
    getattr(_pq, _name).argtypes = _arguments
_QUIET = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(
    lambda data, text: None)


class SqlError(Exception):
    """What PostgreSQL said, as psql prints it."""


def _rows(result):
    if _pq.PQresultStatus(result) not in _GOOD:
        raise SqlError(_pq.PQresultErrorMessage(result).decode())
    return '\n'.join(
        '|'.join(_pq.PQgetvalue(result, row, column).decode()
                 for column in range(_pq.PQnfields(result)))
        for row in range(_pq.PQntuples(result)))


class Session:
    """One session with a database, for as long as it lives."""

    def __init__(self, dsn):
        self.handle = _pq.PQconnectdb(dsn.encode())
        if not self.is_alive():
            text = _pq.PQerrorMessage(self.handle).decode()
            self.close()
            raise SqlError(text)
        _pq.PQsetNoticeProcessor(
            self.handle, ctypes.cast(_QUIET, ctypes.c_void_p), None)

    def is_alive(self):
        return self.handle and _pq.PQstatus(self.handle) == _CONNECTION_OK

    def run(self, sql):
        """One string of statements: the rows of the last one, columns
        separated by |."""
        result = _pq.PQexec(self.handle, sql.encode())
        try:
            return _rows(result)
        finally:
            _pq.PQclear(result)

    def close(self):
        if self.handle:
            _pq.PQfinish(self.handle)
        self.handle = None


def run(dsn, sql):
    """In a session of its own."""
    session = Session(dsn)
    try:
        return session.run(sql)
    finally:
        session.close()
