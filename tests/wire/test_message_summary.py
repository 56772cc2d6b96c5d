# SPDX-License-Identifier: ISC
"""Event message-summary (RFC 3842): how many messages wait for a user."""
import time

import pytest

TYPE = 'application/simple-message-summary'


def watch(agent, **options):
    return agent.subscribe(agent.user, 'message-summary', **options)


def summary(n):
    return (f'Messages-Waiting: {"yes" if n else "no"}\r\n'
            'Message-Account: sip:bob@example.com\r\n'
            f'Text-Message: {n}/0\r\n').encode()


def told(subscription, n):
    """RFC 3842 5.2 and 3.5: status, account without brackets, classes.  What
    changes quickly is coalesced: this is what it comes to."""
    return subscription.expect(
        lambda notify: notify.request.content_type == TYPE
        and notify.body == summary(n), f'{n} wait').request


def store(sender, *texts):
    for text in texts:
        sender.message('bob', text, expect=202)


def test_stored_and_delivered(server, alice, bob):
    subscription = watch(bob, headers=[('Accept', TYPE)])
    assert 'message-summary' in subscription.response['Allow-Events']
    first = subscription.next()
    assert first.phase == 'active' and first.body == summary(0)
    store(alice, 'one')
    assert subscription.next().body == summary(1)
    store(alice, 'two', 'three')
    told(subscription, 3)
    phone = server.agent('bob')
    phone.register()
    for text in ('one', 'two', 'three'):
        assert phone.expect('MESSAGE').body.decode() == text
    told(subscription, 0)
    ended = subscription.end()
    assert ended.body == summary(0)


def test_a_fetch(server, alice, bob):
    store(alice, 'one', 'two')
    notify = watch(bob, expires=0).next()
    assert notify.phase == 'terminated' and notify.body == summary(2)


def test_who_signs_in_with_many(server, alice, bob):
    """RFC 3842 3.11: not more than one a second."""
    store(alice, *[f'number {n}' for n in range(30)])
    subscription = watch(bob)
    told(subscription, 30)
    bob.register()
    began = time.monotonic()
    for n in range(30):
        assert bob.expect('MESSAGE').body.decode() == f'number {n}'
    told(subscription, 0)
    taken = time.monotonic() - began
    assert len(subscription.seen) <= taken + 3


def test_a_live_message_does_not_wait(server, alice, bob):
    bob.register()
    subscription = watch(bob)
    told(subscription, 0)
    subscription.forbid()
    alice.message('bob', 'hello', expect=200)
    bob.expect('MESSAGE')
    bob.settle()


@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_after_a_crash(server, alice, kind):
    bob = server.agent('bob', kind=kind)
    subscription = watch(bob)
    told(subscription, 0)
    store(alice, 'one', 'two')
    told(subscription, 2)
    server.kill()
    server.start()
    if kind == 'tcp':
        bob.transport.connect()
        assert watch(bob).next().body == summary(2)
    assert subscription.next().body == summary(2)
    store(alice, 'three')
    told(subscription, 3)


def test_purged_in_psql(server, alice, bob):
    store(alice, 'one', 'two', 'three')
    subscription = watch(bob)
    told(subscription, 3)
    server.psql("DELETE FROM rollcall.messages WHERE id = "
                "(SELECT min(id) FROM rollcall.messages)")
    told(subscription, 2)
    server.psql("DELETE FROM rollcall.messages")
    told(subscription, 0)
    store(alice, 'four')
    told(subscription, 1)
    server.psql('TRUNCATE rollcall.messages CASCADE')
    told(subscription, 0)


def test_only_ones_own(alice, bob):
    alice.subscribe('bob', 'message-summary', expect=403)
    watch(bob, headers=[('Accept', 'application/pidf+xml')], expect=406)
    watch(bob, headers=[('Accept', f'{TYPE};q=0')], expect=406)
    watch(bob, headers=[('Accept', 'application/*')]).next()
    response = watch(bob, body=b'x', content_type='text/plain',
                     expect=415).response
    assert not response['Accept']
