# SPDX-License-Identifier: ISC
"""What a device published goes with its registration or its connection, after
a grace; who is offline shows since when."""
import datetime
import time

import pytest

from harness.pidf import PIDF
from harness.wait import until

GRACE = 2
brief = pytest.mark.options(presence={'device_grace': f'{GRACE}s'})
DESK = 'urn:uuid:00000000-0000-1000-8000-000000000001'


def shown(watch, note):
    return watch.expect(lambda n: n.presence.notes == ([note] if note else []),
                        f'shown with the note {note}')


def since(notify):
    """When the only tuple says that he left."""
    tuples = notify.presence.tuples
    assert len(tuples) == 1
    text = tuples[0].findtext(PIDF + 'timestamp')
    if text is None:
        return None
    at = datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%SZ')
    return at.replace(tzinfo=datetime.timezone.utc).timestamp()


def is_now(at):
    return at is not None and abs(at - time.time()) < 5


@brief
@pytest.mark.parametrize('instance', [DESK, None])
def test_with_its_registration(server, bob, instance):
    desk = server.agent('alice', instance=instance)
    desk.register()
    publication = desk.publish('open', note='here')
    watch = bob.subscribe('alice')
    shown(watch, 'here')
    began = time.monotonic()
    desk.unregister()
    shown(watch, None)
    assert time.monotonic() - began > GRACE - 0.5
    publication.refresh(expect=412)


@brief
def test_what_another_device_published_stays(server, bob):
    desk = server.agent('alice', instance=DESK)
    mobile = server.agent('alice')
    desk.register()
    mobile.register()
    desk.publish('open', note='desk')
    mobile.publish('open', note='mobile')
    watch = bob.subscribe('alice')
    watch.expect(lambda n: len(n.presence.tuples) == 2, 'both')
    desk.unregister()
    shown(watch, 'mobile')


@brief
def test_it_comes_back_in_time(server, bob):
    desk = server.agent('alice', instance=DESK)
    desk.register()
    publication = desk.publish('open', note='here')
    watch = bob.subscribe('alice')
    shown(watch, 'here')
    desk.unregister()
    desk.register()
    watch.forbid(lambda n: n.presence.notes != ['here'], 'a flicker')
    time.sleep(GRACE + 1)
    publication.refresh()


@brief
def test_with_its_connection(server, bob):
    """The binding is there still, but nobody can reach the device."""
    desk = server.agent('alice', kind='tcp')
    desk.register()
    desk.publish('open', note='here')
    watch = bob.subscribe('alice')
    shown(watch, 'here')
    desk.transport.disconnect()
    shown(watch, None)


@brief
def test_the_connection_of_a_proxy(server, bob):
    """Many users register by it: their devices are behind it."""
    proxy = server.agent('alice', kind='tcp')
    proxy.register()
    proxy.publish('open', note='here')
    proxy.user, proxy.aor = 'carol', 'carol@example.com'
    proxy.uri = f'sip:{proxy.aor}'
    proxy.registration = ('another', 'one')
    proxy.register()
    proxy.transport.disconnect()
    time.sleep(GRACE + 1)
    shown(bob.subscribe('alice'), 'here')


@brief
def test_a_new_connection_in_time(server, bob):
    desk = server.agent('alice', kind='tcp', instance=DESK)
    desk.register()
    desk.publish('open', note='here')
    watch = bob.subscribe('alice')
    shown(watch, 'here')
    desk.transport.connect()
    desk.register()
    watch.forbid(lambda n: n.presence.notes != ['here'], 'a flicker')
    time.sleep(GRACE + 1)
    bob.settle()


@brief
@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_who_never_registered_is_left_alone(server, bob, kind):
    desk = server.agent('alice', kind=kind, instance=DESK)
    desk.publish('open', note='here')
    watch = bob.subscribe('alice')
    shown(watch, 'here')
    if kind == 'tcp':
        desk.transport.disconnect()
    time.sleep(GRACE + 1)
    server.restart()
    time.sleep(GRACE + 1)
    fetch = bob.subscribe('alice', expires=0)
    shown(fetch, 'here')


@brief
@pytest.mark.parametrize('instance', [DESK, None])
def test_after_a_restart(server, bob, instance):
    desk = server.agent('alice', instance=instance)
    desk.register()
    desk.publish('open', note='here')
    watch = bob.subscribe('alice')
    shown(watch, 'here')
    desk.unregister()
    server.restart()
    shown(watch, None)


@brief
def test_a_restart_is_not_the_devices_fault(server, bob):
    """Its connection closed with the server."""
    desk = server.agent('alice', kind='tcp', instance=DESK)
    desk.register()
    desk.publish('open', note='here')
    server.restart()
    time.sleep(GRACE + 1)
    shown(bob.subscribe('alice'), 'here')


@pytest.mark.options(presence={'device_grace': '0'})
def test_switched_off(server, bob):
    desk = server.agent('alice', instance=DESK)
    desk.register()
    desk.publish('open', note='here')
    desk.unregister()
    time.sleep(1.5)
    shown(bob.subscribe('alice'), 'here')


def test_offline_since(server, alice, bob):
    watch = bob.subscribe('alice')
    assert since(watch.expect_state('closed')) is None, 'never here'
    alice.register()
    watch.expect_state('open')
    alice.unregister()
    first = since(watch.expect_state('closed'))
    assert is_now(first)
    until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.publications"
        " WHERE event = 'last-seen'") == '1', 'the row')
    server.restart()
    assert since(watch.expect_state('closed')) == first
    assert since(bob.subscribe('alice').next()) == first


def test_offline_since_the_server_was_away(server, alice, bob):
    """Whoever left, or ran out, while it was not there to see it."""
    alice.publish('open')
    server.kill()
    server.psql("SET rollcall.origin = 'daemon';"
                " UPDATE rollcall.publications"
                " SET expires_at = now() - interval '100 seconds';"
                " RESET rollcall.origin")
    server.start()
    left = since(bob.subscribe('alice').expect_state('closed'))
    assert left is not None and 95 < time.time() - left < 110


def test_a_polite_block_has_a_time_too(server, alice, bob, carol):
    """...that does not move when she comes and goes."""
    alice.register()
    server.ctl('watchers', 'polite-block', 'alice@example.com',
               'bob@example.com')
    first = since(bob.subscribe('alice').expect_state('closed'))
    assert is_now(first)
    watch = carol.subscribe('alice')
    watch.expect_state('open')
    time.sleep(1.1)
    alice.unregister()
    assert since(watch.expect_state('closed')) > first
    assert since(bob.subscribe('alice', expires=0).next()) == first


def test_a_user_made_anew_has_no_past(server, alice, bob):
    alice.register()
    alice.unregister()
    server.ctl('user', 'remove', 'alice@example.com')
    server.ctl('user', 'add', 'alice@example.com', text='secret\n')
    assert since(bob.subscribe('alice').next()) is None
    server.restart()
    assert since(bob.subscribe('alice').next()) is None
