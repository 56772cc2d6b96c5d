# SPDX-License-Identifier: ISC
"""All messages of a test in the order in which they passed, for the reader
of a failure."""
import threading
import time

LIMIT = 400  # messages kept


class Transcript:
    def __init__(self):
        self.start = time.monotonic()
        self.lines = []
        self.lock = threading.Lock()

    def _put(self, text):
        with self.lock:
            self.lines.append(f'[{time.monotonic() - self.start:8.3f}] {text}')
            del self.lines[:-LIMIT]

    def add(self, who, arrow, message):
        text = str(message).replace('\r\n', '\n').rstrip()
        self._put(f'{who} {arrow} ' + text.replace('\n', '\n    '))

    def note(self, who, text):
        self._put(f'{who}: {text}')

    def __str__(self):
        with self.lock:
            return '\n'.join(self.lines)
