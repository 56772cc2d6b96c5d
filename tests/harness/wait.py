# SPDX-License-Identifier: ISC
"""Waiting for something to become true, never for time to pass."""
import time

PATIENCE = 10.0  # seconds; a wait that ends early costs nothing


def until(check, what, within=PATIENCE):
    """Calls check until it returns something true, and returns that.  What it
    raised last is shown when the patience is at its end."""
    deadline = time.monotonic() + within
    pause = 0.002
    while True:
        trouble = None
        try:
            value = check()
            if value:
                return value
        except (OSError, AssertionError, LookupError) as error:
            trouble = error
        if time.monotonic() > deadline:
            reason = f' ({trouble})' if trouble else ''
            raise AssertionError(
                f'not within {within:g} s: {what}{reason}') from trouble
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
