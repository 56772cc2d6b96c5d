# SPDX-License-Identifier: ISC
"""NOTIFYs that are too large for UDP (RFC 3261 18.1.1): by TCP where that can
be, by the connection there is, by UDP where nothing else is; never lost in
silence (DESIGN section 5)."""
import time

import pytest

from harness import pidf
from harness.agent import Notify
from harness.wait import until

BIG = 'x' * 20000


def via(notify):
    return notify.request['Via'].split()[0]


def suspended(server):
    return server.metric('notify_results_total{result="suspended"}')


def shown(watch, note):
    return watch.expect(lambda n: n.presence.notes == [note],
                        f'a note of {len(note)} bytes')


@pytest.mark.parametrize('listens,way', [(True, 'SIP/2.0/TCP'),
                                         (False, 'SIP/2.0/UDP')])
def test_twenty_kilobytes(server, alice, listens, way):
    bob = server.agent('bob', listen_tcp=listens)
    watch = bob.subscribe('alice')
    assert via(watch.next()) == 'SIP/2.0/UDP'
    publication = alice.publish('open', note='small')
    assert via(shown(watch, 'small')) == 'SIP/2.0/UDP'
    publication.change('open', note=BIG)
    assert via(shown(watch, BIG)) == way
    publication.change('open', note=BIG + '2')
    assert via(shown(watch, BIG + '2')) == way
    publication.change('open', note='small')
    assert via(shown(watch, 'small')) == 'SIP/2.0/UDP'


def test_once_known_it_is_at_once(server, alice, bob):
    """Where no connection can be opened is remembered."""
    watch = bob.subscribe('alice')
    publication = alice.publish('open', note=BIG)
    shown(watch, BIG)
    began = time.monotonic()
    for n in range(5):
        publication.change('open', note=BIG + str(n))
        shown(watch, BIG + str(n))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize('kind', ['tcp', 'tls'])
def test_by_the_connection(server, alice, kind):
    bob = server.agent('bob', kind=kind)
    watch = bob.subscribe('alice')
    alice.publish('open', note=BIG)
    notify = shown(watch, BIG)
    assert notify.request.flow is bob.transport.flow


@pytest.mark.options(subscriptions={'udp_max': '30000'})
def test_the_bound_is_an_option(server, alice):
    bob = server.agent('bob', listen_tcp=True)
    watch = bob.subscribe('alice')
    alice.publish('open', note=BIG)
    assert via(shown(watch, BIG)) == 'SIP/2.0/UDP'


def test_a_few_bytes_too_long_is_written_shorter(server, alice):
    """RFC 3261 7.3.3: short header names, where they keep it on UDP."""
    bob = server.agent('bob', listen_tcp=True)
    watch = bob.subscribe('alice')
    watch.next()
    ways = set()
    publication = alice.publish('open', note='.')
    for size in range(200, 1300, 20):
        note = 'y' * size
        publication.change('open', note=note)
        notify = shown(watch, note)
        ways.add((via(notify), notify.request.is_compact))
        if via(notify) == 'SIP/2.0/TCP':
            break
    assert {('SIP/2.0/UDP', False), ('SIP/2.0/UDP', True)} < ways
    assert len(ways) == 3


def test_what_cannot_go_at_all_is_not_lost(server, bob):
    """Over 64 kB there is TCP alone: the subscription is suspended, and goes on
    with what can be sent."""
    watch = bob.subscribe('alice')
    watch.next()
    phones = [server.agent('alice', kind=kind) for kind in ('udp', 'tcp')]
    for n, phone in enumerate(phones):
        phone.register()
    big = 'z' * 40000
    publications = [phone.publish('open', note=f'{big}{n}')
                    for n, phone in enumerate(phones)]
    until(lambda: suspended(server), 'the subscription is suspended')
    watch.forbid(lambda n: len(n.body) > 65000, 'what cannot go')
    publications[1].change('open', note='small')
    watch.refresh()
    watch.expect(lambda n: 'small' in n.presence.notes, 'what fits')


def test_a_list_of_devices_arrives_whole(server, alice):
    """What came by TCP is what came by UDP."""
    tcp, udp = server.agent('bob', kind='tcp'), server.agent('carol')
    one, other = tcp.subscribe('alice'), udp.subscribe('alice')
    alice.publish('open', note=BIG)
    bodies = {shown(watch, BIG).body for watch in (one, other)}
    assert len(bodies) == 1
    assert isinstance(Notify(other.seen[-1].request).presence, pidf.Presence)
