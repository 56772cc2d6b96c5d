# SPDX-License-Identifier: ISC
"""Long runs of everything at once, with faults: ROLLCALL_SOAK seconds of it.
What was answered must hold after each round, and memory must not grow."""
import os
import random
import time

import pytest

from harness import wait

SECONDS = int(os.environ.get('ROLLCALL_SOAK', '60'))
FAULTS = ('none', 'none', 'none', 'kill', 'freeze', 'crash', 'stop')


def resident(pid):
    with open(f'/proc/{pid}/statm', encoding='utf-8') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def strike(server, postgres, fault):
    if fault == 'kill':
        server.restart()
    elif fault == 'stop':
        assert server.stop() == 0
        server.start()
    elif fault == 'freeze':
        postgres.freeze()
    elif fault == 'crash':
        postgres.crash()
        postgres.start()


def is_written(server, publication):
    """The publication is in the table as it was answered last."""
    return server.psql('SELECT etag FROM rollcall.publications',
                       is_checked=False) == publication.etag


@pytest.mark.watchdog(SECONDS + 120)
def test_faults_lose_nothing(server, postgres):
    seed = random.randrange(1 << 30)
    print(f'seed {seed}')
    dice = random.Random(seed)
    alice, bob, carol = (server.agent(u) for u in ('alice', 'bob', 'carol'))
    publication = alice.publish('open')
    watches = [a.subscribe('alice') for a in (bob, carol)]
    turn, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        turn += 1
        fault = dice.choice(FAULTS)
        strike(server, postgres, fault)
        basic, note = dice.choice(('open', 'closed')), f'turn {turn}'
        publication.change(basic, note=note)
        postgres.thaw()
        for watch in watches:
            watch.expect(lambda n: n.presence.notes == [note]
                         and n.presence.state == basic,
                         f'turn {turn} ({fault}): {basic}', 20)
        # Both crashing at once may lose what was answered from memory.
        wait.until(lambda: is_written(server, publication),
                   f'turn {turn} ({fault}): it is written', 20)
        if turn % 10 == 0:
            for watch in watches:
                watch.refresh()
    assert turn > 1


@pytest.mark.watchdog(SECONDS + 120)
def test_memory_does_not_grow(server):
    alice, bob = server.agent('alice'), server.agent('bob', kind='tcp')
    bob.register()

    def round_of_all():
        alice.register()
        publication = alice.publish('open')
        watch = bob.subscribe('alice')
        watch.expect_state('open')
        alice.message('bob', 'hello', expect=200)
        bob.expect('MESSAGE')
        watch.end()
        publication.remove()
        alice.unregister()
        alice.answered.clear()
        alice.pending.clear()
        bob.answered.clear()
        bob.pending.clear()
        bob.dialogs.clear()

    end = time.monotonic() + SECONDS
    # Tables of answered requests fill for 32 s; after that nothing may grow.
    settled = time.monotonic() + min(40, SECONDS / 2)
    while time.monotonic() < settled:
        round_of_all()
    before = resident(server.process.pid)
    while time.monotonic() < end:
        round_of_all()
    wait.until(lambda: resident(server.process.pid) < before + (4 << 20),
               f'memory is back at {before} bytes')
