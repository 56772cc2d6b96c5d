# SPDX-License-Identifier: ISC
"""Which devices get a message: all, until one of them replies to its sender
(DESIGN section 6).  Desk and mobile are Bob's, one on UDP, one on TCP."""
import time

import pytest

from harness import wait
from harness.instant import (COMPOSING_TYPE, CPIM_TYPE, IMDN_TYPE, composing,
                             imdn, kept, notification)

QUICK = {'timeout': '3s', 'locked_timeout': '1s', 'retry': '1s'}


@pytest.fixture
def alice(server):
    agent = server.agent('alice')
    agent.register()
    return agent


@pytest.fixture
def desk(server):
    agent = server.agent('bob', instance='urn:uuid:desk-0001')
    agent.register()
    return agent


@pytest.fixture
def mobile(server):
    agent = server.agent('bob', kind='tcp', instance='urn:uuid:mobile-0002')
    agent.register()
    return agent


def says(text):
    return lambda request: request.body.decode() == text


def reaches(sender, whom, text, yes, no=(), status=200):
    """The message comes to those of yes and to none of no."""
    for agent in no:
        agent.forbid('MESSAGE', says(text), f'"{text}", meant for another')
    response = sender.message(whom, text, expect=status)
    for agent in yes:
        agent.expect('MESSAGE', says(text), text)
    for agent in no:
        agent.settle()
    return response


def reply(device, alice, text='a reply'):
    device.message('alice', text, expect=200)
    alice.expect('MESSAGE', says(text), text)


def test_to_all_until_one_replies_then_only_there(alice, desk, mobile):
    reaches(alice, 'bob', 'one', [desk, mobile])
    reaches(alice, 'bob', 'two', [desk, mobile])
    reply(mobile, alice)
    reaches(alice, 'bob', 'three', [mobile], [desk])
    reaches(alice, 'bob', 'four', [mobile], [desk])


def test_the_lock_is_for_one_sender(server, alice, carol, desk, mobile):
    reply(mobile, alice)
    reaches(carol, 'bob', 'from Carol', [desk, mobile])
    reaches(alice, 'bob', 'from Alice', [mobile], [desk])


def test_each_direction_has_its_own(server, alice, desk, mobile):
    other = server.agent('alice', kind='tcp')
    other.register()
    reaches(alice, 'bob', 'one', [desk, mobile])
    # Alice has written from there, so the reply goes there alone
    reaches(mobile, 'alice', 'two', [alice], [other])
    reaches(other, 'bob', 'three', [mobile], [desk])
    # her lock has moved, his is where it was
    reaches(mobile, 'alice', 'four', [other], [alice])
    reaches(other, 'bob', 'five', [mobile], [desk])


def automatic(device, kind):
    """Sends what no person wrote."""
    bodies = {
        'composing': (COMPOSING_TYPE, composing()),
        'idle': (COMPOSING_TYPE, composing('idle')),
        'imdn': (IMDN_TYPE, imdn('0815')),
        'imdn in cpim': (CPIM_TYPE, notification(
            'sip:bob@example.com', 'sip:alice@example.com', '0815')),
    }
    content_type, body = bodies[kind]
    device.message('alice', body, content_type, 200)


@pytest.mark.parametrize('kind', ['composing', 'idle', 'imdn',
                                  'imdn in cpim'])
def test_nothing_automatic_locks(alice, desk, mobile, kind):
    reaches(alice, 'bob', 'one', [desk, mobile])
    automatic(mobile, kind)
    reaches(alice, 'bob', 'two', [desk, mobile])
    reply(desk, alice)
    automatic(mobile, kind)
    reaches(alice, 'bob', 'three', [desk], [mobile])


def test_what_is_automatic_follows_the_lock(alice, desk, mobile):
    reply(mobile, alice)
    desk.forbid('MESSAGE', why='it follows the lock')
    alice.message('bob', composing(), COMPOSING_TYPE, 200)
    mobile.expect('MESSAGE')
    desk.settle()


def test_another_device_replies_and_the_lock_moves(alice, desk, mobile):
    reply(mobile, alice, 'from the mobile')
    reaches(alice, 'bob', 'one', [mobile], [desk])
    reply(desk, alice, 'from the desk')
    reaches(alice, 'bob', 'two', [desk], [mobile])


def test_it_falls_when_the_device_unregisters(alice, desk, mobile):
    reply(mobile, alice)
    mobile.unregister()
    mobile.register()
    reaches(alice, 'bob', 'to both', [desk, mobile])


def test_a_refresh_keeps_it(alice, desk, mobile):
    reply(mobile, alice)
    mobile.register()
    desk.register()
    reaches(alice, 'bob', 'to one', [mobile], [desk])


@pytest.mark.options(registrar={'min_expires': '1s'})
def test_it_falls_when_the_device_expires(server, alice, desk, mobile):
    reply(mobile, alice)
    # the metric is brought up to date once a second
    wait.until(lambda: server.metric('bindings') == 3, 'all are known')
    mobile.register(expires=1)
    wait.until(lambda: server.metric('bindings') == 2, 'it has expired')
    mobile.register()
    reaches(alice, 'bob', 'to both', [desk, mobile])


@pytest.mark.parametrize('status', [408, 480, 486, 500, 503])
def test_what_it_does_not_take_goes_to_the_others_once(alice, desk, mobile,
                                                       status):
    reply(mobile, alice)
    mobile.answer('MESSAGE', status)
    reaches(alice, 'bob', 'one', [desk, mobile])
    desk.forbid('MESSAGE', says('one'), 'the same message once more')
    mobile.answer('MESSAGE', 200)
    reaches(alice, 'bob', 'two', [desk, mobile])
    mobile.forbid('MESSAGE', says('one'), 'what another device took')
    mobile.settle()
    desk.settle()


@pytest.mark.parametrize('status', [415, 488, 603])
def test_what_nobody_would_take_is_answered_so(alice, desk, mobile, status):
    reply(mobile, alice)
    mobile.answer('MESSAGE', status)
    response = alice.message('bob', 'one')
    assert response.status == status


@pytest.mark.options(message=QUICK)
@pytest.mark.parametrize('locked', ['desk', 'mobile'])
def test_silent(server, alice, desk, mobile, locked):
    """After locked_timeout the others get it, and the lock falls."""
    silent, other = (desk, mobile) if locked == 'desk' else (mobile, desk)
    reply(silent, alice)
    silent.mute()
    start = time.monotonic()
    reaches(alice, 'bob', 'one', [other])
    assert 0.9 < time.monotonic() - start < 2.9
    # the next one waits for nobody
    start = time.monotonic()
    reaches(alice, 'bob', 'two', [other])
    assert time.monotonic() - start < 0.9
    reply(other, alice)
    reaches(alice, 'bob', 'three', [other])


@pytest.mark.options(message={'timeout': '3s', 'locked_timeout': '1s'})
def test_a_late_answer_of_the_locked_device(server, alice, desk, mobile):
    """Silent for longer than its time, it takes the message after all: one
    2xx is relayed, none is sent twice."""
    reply(mobile, alice)
    mobile.answer('MESSAGE', None)
    desk.answer('MESSAGE', None)
    request = alice.build('MESSAGE', 'sip:bob@example.com', body='late',
                          headers=[('Content-Type', 'text/plain')])
    request = alice.authorize(request, alice.exchange(request))
    alice._send(request)
    first = mobile.expect('MESSAGE', says('late'))
    desk.expect('MESSAGE', says('late'))
    from harness.agent import reply as answer
    mobile._send(answer(first, 200), first.flow)
    assert alice.exchange(request).status == 200
    for agent in (mobile, desk):
        agent.answer('MESSAGE', 200)
        agent.forbid('MESSAGE', says('late'), 'a second time')
        agent.settle()


@pytest.mark.options(message={'lock_idle': '10s'})
def test_it_falls_after_idle_time(alice, desk, mobile):
    reply(mobile, alice)
    start = time.monotonic()

    def is_to_all():
        # what is automatic follows the lock and does not renew it
        alice.message('bob', composing(), COMPOSING_TYPE, 200)
        mobile.expect('MESSAGE')
        desk.settle()
        return any(r.method == 'MESSAGE' for r in desk.inbox)
    wait.until(is_to_all, 'the lock has fallen', 20)
    assert 9 < time.monotonic() - start < 15
    desk.inbox.clear()
    reaches(alice, 'bob', 'to both', [desk, mobile])


@pytest.mark.options(message={'lock_idle': '10s'})
def test_a_message_renews_it(alice, desk, mobile):
    reply(mobile, alice)
    end = time.monotonic() + 12
    desk.forbid('MESSAGE', why='the conversation goes on elsewhere')
    while time.monotonic() < end:
        alice.message('bob', 'still here', expect=200)
        mobile.expect('MESSAGE')
        desk.settle()
        time.sleep(1)


def test_the_same_device_back_before_the_next_message(alice, desk, mobile):
    reply(mobile, alice)
    mobile.transport.disconnect()
    mobile.transport.connect()
    mobile.register()
    reaches(alice, 'bob', 'one', [mobile], [desk])


def test_a_message_while_its_flow_is_closed(server, alice, desk, mobile):
    reply(mobile, alice)
    mobile.transport.disconnect()
    wait.until(lambda: mobile.transport.flow.is_closed, 'it is closed')
    reaches(alice, 'bob', 'one', [desk])
    mobile.transport.connect()
    mobile.register()
    mobile.forbid('MESSAGE', says('one'), 'what was taken meanwhile')
    reaches(alice, 'bob', 'two', [desk, mobile])


def test_what_is_automatic_does_not_end_one_that_sleeps(alice, desk, mobile):
    reply(mobile, alice)
    mobile.transport.disconnect()
    wait.until(lambda: mobile.transport.flow.is_closed, 'it is closed')
    alice.message('bob', composing(), COMPOSING_TYPE, 200)
    desk.expect('MESSAGE')
    mobile.transport.connect()
    mobile.register()
    reaches(alice, 'bob', 'two', [mobile], [desk])


def test_the_locked_device_is_the_only_one_and_away(server, alice, mobile):
    """Its connection is closed, and nobody else is there: stored, and its
    again when it is back."""
    reply(mobile, alice)
    mobile.transport.disconnect()
    wait.until(lambda: mobile.transport.flow.is_closed, 'it is closed')
    response = alice.message('bob', 'for later', expect=202)
    assert kept(server, response.request.call_id)
    mobile.transport.connect()
    mobile.register()
    mobile.expect('MESSAGE', says('for later'))


def test_the_device_is_known_by_gr_in_from(server, alice, desk, mobile):
    """It writes by another way than it is registered by."""
    elsewhere = server.agent('bob')
    elsewhere.uri = 'sip:bob@example.com;gr=urn:uuid:mobile-0002'
    reply(elsewhere, alice)
    reaches(alice, 'bob', 'one', [mobile], [desk])


def test_the_device_is_known_when_it_is_the_only_one(server, alice, desk):
    elsewhere = server.agent('bob', kind='tcp')
    reply(elsewhere, alice)
    mobile = server.agent('bob', kind='tcp', instance='urn:uuid:mobile-0002')
    mobile.register()
    reaches(alice, 'bob', 'one', [desk], [mobile])


def test_nobody_knows_the_device(server, alice, desk, mobile):
    elsewhere = server.agent('bob', kind='tcp')
    reply(elsewhere, alice)
    reaches(alice, 'bob', 'one', [desk, mobile])


def test_a_gruu_goes_past_the_lock(alice, desk, mobile):
    reply(mobile, alice)
    reaches(alice, 'sip:bob@example.com;gr=urn:uuid:desk-0001', 'one', [desk],
            [mobile])
    reaches(alice, 'bob', 'two', [mobile], [desk])


@pytest.mark.options(message=QUICK)
@pytest.mark.parametrize('status', [480, 503, None])
def test_for_a_gruu_nothing_is_stored(server, alice, desk, mobile, status):
    mobile.answer('MESSAGE', status)
    reaches(alice, 'sip:bob@example.com;gr=urn:uuid:mobile-0002', 'one',
            [mobile], [desk], 480)
    assert server.psql('SELECT count(*) FROM rollcall.messages '
                       'WHERE body IS NOT NULL') == '0'


def test_a_message_to_oneself(alice, desk, mobile):
    """It is for the other devices, and it locks nothing."""
    reaches(desk, 'bob', 'a note', [mobile])
    reaches(mobile, 'bob', 'another note', [desk])
    reaches(alice, 'bob', 'hello', [desk, mobile])


def test_whoever_is_locked_is_named_with_its_own_case(server, desk, mobile):
    """Addresses are compared as addresses: the lock is for Alice however she
    or he spells her."""
    alice = server.agent('alice')
    alice.register()
    mobile.message('sip:Alice@EXAMPLE.com', 'a reply', expect=200)
    alice.expect('MESSAGE')
    reaches(alice, 'sip:BOB@Example.Com', 'one', [mobile], [desk])
