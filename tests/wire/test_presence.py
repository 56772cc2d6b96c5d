# SPDX-License-Identifier: ISC
"""Who publishes, who watches, what is shown: RFC 3903, RFC 6665, RFC 3856."""
import gzip
import zlib

import pytest

from harness import pidf
from harness.pidf import PIDF_TYPE


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
def test_alice_publishes_bob_is_notified(server, kind):
    alice = server.agent('alice', kind=kind)
    bob = server.agent('bob', kind=kind)
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    publication = alice.publish('open', note='at lunch')
    assert watch.expect_state('open').presence.notes == ['at lunch']
    publication.change('closed')
    watch.expect_state('closed')
    publication.change('open')
    watch.expect_state('open')
    publication.remove()
    watch.expect_state('closed')


def test_a_registration_alone_shows_open(alice, bob):
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    alice.register()
    watch.expect_state('open')
    alice.unregister()
    watch.expect_state('closed')


def test_two_devices_are_one_document(server, bob):
    desk, mobile = server.agent('alice'), server.agent('alice', kind='tcp')
    desk.publish('closed', tuple_id='desk')
    mobile.publish('open', tuple_id='mobile')
    notify = bob.subscribe('alice').expect_state('open')
    assert notify.presence.basics[0] == 'open', 'an open tuple comes first'
    assert notify.presence.entity == 'sip:alice@example.com'
    assert notify.request.content_type == PIDF_TYPE


def test_a_fetch_is_answered_once(bob):
    watch = bob.subscribe('alice', expires=0)
    notify = watch.next()
    assert notify.phase == 'terminated'
    assert notify.presence.state == 'closed'
    watch.forbid(why='a second NOTIFY for a fetch')
    bob.settle()


def test_unsubscribing_ends_it(alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    watch.end()
    watch.forbid(why='a NOTIFY after the end')
    alice.publish('open')
    bob.settle()


def test_a_refresh_brings_full_state(alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    alice.publish('open')
    watch.expect_state('open')
    watch.refresh(600)
    watch.expect_state('open')


@pytest.mark.parametrize('status', [404, 405, 410, 416, 480, 481, 482, 483,
                                    484, 485, 489, 501, 604])
def test_a_refused_notify_ends_the_subscription(server, alice, bob, status):
    """RFC 6665 section 4.2.2."""
    watch = bob.subscribe('alice')
    watch.next()
    bob.answer('NOTIFY', status)
    publication = alice.publish('open')
    watch.expect_state('open')
    bob.settle()
    watch.forbid(why='a NOTIFY in a dialog that has ended')
    publication.change('closed')
    bob.settle()
    bob.answer('NOTIFY', 200)
    watch.refresh(expect=481)


def test_a_silent_watcher_delays_nobody(alice, bob, server):
    carol = server.agent('carol')
    silent, lively = bob.subscribe('alice'), carol.subscribe('alice')
    silent.next()
    lively.next()
    bob.answer('NOTIFY', None)
    publication = alice.publish('open')
    lively.expect_state('open')
    publication.change('closed')
    lively.expect_state('closed')


def test_one_notify_in_flight_then_the_newest(alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    bob.answer('NOTIFY', None)
    publication = alice.publish('open', note='first')
    first = watch.expect_state('open')
    watch.forbid(lambda n: n.presence.notes == ['second'],
                 'a state that was already replaced')
    publication.change('open', note='second')
    publication.change('open', note='third')
    bob.answer('NOTIFY', 200)
    last = watch.expect(lambda n: n.presence.notes == ['third'], 'the newest')
    assert first.request.cseq < last.request.cseq


def test_a_publish_for_an_old_etag_is_refused(alice):
    publication = alice.publish('open')
    old = publication.etag
    publication.change('closed')
    publication.send('open', etag=old, expect=412)


def test_a_publication_too_short_is_refused(alice):
    response = alice.publish('open', expires=5, expect=423).response
    assert int(response['Min-Expires']) == 60


def test_a_publication_may_be_compressed(alice, bob):
    document = pidf.document(alice.uri, 'open', 't', 'squeezed').encode()
    response = alice.request('OPTIONS', 'sip:example.com', 200, auth=False)
    assert response['Accept-Encoding'] == 'deflate, gzip, identity'
    for coding, body in (('deflate', zlib.compress(document)),
                         ('gzip', gzip.compress(document))):
        alice.request('PUBLISH', alice.uri, 200, body=body, headers=[
            ('Event', 'presence'), ('Content-Type', pidf.PIDF_TYPE),
            ('Content-Encoding', coding)])
        bob.subscribe('alice').expect_state('open')
    alice.request('PUBLISH', alice.uri, 400, body=document, headers=[
        ('Event', 'presence'), ('Content-Type', pidf.PIDF_TYPE),
        ('Content-Encoding', 'deflate')])


def test_a_publication_of_another_type_is_refused(alice):
    alice.request('PUBLISH', alice.uri, 415, body='hello', headers=[
        ('Event', 'presence'), ('Content-Type', 'text/plain')])


@pytest.mark.parametrize('method', ['PUBLISH', 'SUBSCRIBE'])
def test_an_unknown_event_is_refused(alice, method):
    response = alice.request(method, alice.uri, 489, headers=[
        ('Event', 'weather'), ('Contact', f'<{alice.contact}>')])
    assert 'presence' in response['Allow-Events']


def test_nobody_publishes_for_somebody_else(bob):
    response = bob.request(
        'PUBLISH', 'sip:alice@example.com', headers=[
            ('Event', 'presence'), ('Content-Type', PIDF_TYPE)], body='<x/>')
    assert response.status == 403


def test_an_unknown_presentity_is_not_found(bob):
    bob.subscribe('nobody', expect=404)


def test_alice_sees_who_watches_her(alice, bob):
    """RFC 3857."""
    winfo = alice.subscribe('alice', event='presence.winfo')
    assert winfo.next().watchers.watchers == {}
    watch = bob.subscribe('alice')
    winfo.expect(lambda n: n.watchers.watchers.get(
        'sip:bob@example.com', [''])[0] == 'active', 'Bob is active')
    watch.end()
    winfo.expect(lambda n: n.watchers.watchers.get(
        'sip:bob@example.com', [''])[0] == 'terminated', 'Bob has ended')


def test_nobody_else_sees_who_watches(bob):
    bob.subscribe('alice', event='presence.winfo', expect=403)


def test_an_unpublished_user_is_open_by_registration_tcp(server):
    alice = server.agent('alice', kind='tcp')
    bob = server.agent('bob', kind='tcp')
    alice.register()
    bob.subscribe('alice').expect_state('open')
