# SPDX-License-Identifier: ISC
"""Spoiled requests for ROLLCALL_SOAK seconds, from a trusted peer, so that
they come as far as they can: the server lives, serves others, and forgets."""
import os
import random
import time

import pytest

from harness.mutate import bombard

SECONDS = int(os.environ.get('ROLLCALL_SOAK', '60'))


def resident(server):
    with open(f'/proc/{server.process.pid}/statm', encoding='utf-8') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


@pytest.mark.watchdog(SECONDS + 120)
@pytest.mark.options(sip={'trusted_peers': '127.0.0.1'},
                     subscriptions={'max_expires': '60'},
                     presence={'max_expires': '60'})
def test_mutants_for_a_long_time(server, alice):
    seed = random.randrange(1 << 30)
    print(f'seed {seed}')
    end = time.monotonic() + SECONDS
    # What lives for a minute, and answers for 32 s, has come and gone by then.
    settled = time.monotonic() + min(80, SECONDS / 2)
    before = None
    while time.monotonic() < end:
        seed += 1
        bombard(server, ('udp', 'tcp')[seed % 2], seed, 500)
        alice.request('OPTIONS', 'sip:example.com', 200, auth=False)
        assert server.process.poll() is None, f'seed {seed}'
        alice.pending.clear()
        if before is None and time.monotonic() > settled:
            before = resident(server)
    assert resident(server) < before + (16 << 20)
    assert 'runtime error' not in server.log_text()
