# SPDX-License-Identifier: ISC
"""Messages stored and delivered for ROLLCALL_SOAK seconds while the daemon is
killed and PostgreSQL crashes, in the middle of both: none that was acknowledged
is lost, none is shown twice to a device that took it."""
import os
import random
import time

import pytest

from harness.mailstorm import FAULTS, Storm

SECONDS = int(os.environ.get('ROLLCALL_SOAK', '60'))


@pytest.mark.watchdog(SECONDS + 180)
@pytest.mark.options(sip={'trusted_peers': '127.0.0.1'},
                     message={'timeout': '2s', 'locked_timeout': '1s',
                              'retry': '1s'})
def test_no_message_is_lost_or_shown_twice(server, postgres):
    seed = int(os.environ.get('ROLLCALL_SEED', random.randrange(1 << 30)))
    print(f'seed {seed}')
    storm = Storm(server, postgres, random.Random(seed))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or storm.turn < 2:
        storm.round(storm.dice.choice(FAULTS))
    print(f'{storm.turn} turns')
