# SPDX-License-Identifier: ISC
"""Partial presence: RFC 5262, RFC 5263."""
import random

import pytest

from harness.partial import BOTH, DIFF_TYPE, Known
from harness.pidf import PIDF_TYPE, document

NOTE = ' '.join(['in a meeting, at lunch, on the train'] * 8)


def watch(agent, accept=BOTH, **parts):
    return agent.subscribe('alice', headers=[('Accept', accept)], **parts)


def rich(publication, basic, note=NOTE):
    return publication.send(basic, note=note)


def test_the_whole_first_then_what_changed(alice, bob):
    """RFC 5263 section 5."""
    publication = alice.publish('open', note=NOTE)
    subscription = watch(bob)
    known = Known().take(subscription.next())
    assert (known.version, known.fulls) == (1, 1)
    assert known.presence.state == 'open'
    rich(publication, 'closed')
    assert known.take(subscription.next()).presence.state == 'closed'
    assert (known.version, known.diffs) == (2, 1)
    assert b'<p:replace' in subscription.seen[-1].body
    subscription.refresh()
    assert known.take(subscription.next()).fulls == 2, 'after a refresh'
    subscription.send(0)
    assert known.take(subscription.expect_ended()).fulls == 3


@pytest.mark.parametrize('accept, kind', [
    (BOTH, DIFF_TYPE),
    (f'{PIDF_TYPE}, {DIFF_TYPE}', DIFF_TYPE),
    (DIFF_TYPE, DIFF_TYPE),
    (f'{PIDF_TYPE};q=1, {DIFF_TYPE};q=0.5', PIDF_TYPE),
    (f'{PIDF_TYPE}, {DIFF_TYPE};q=0', PIDF_TYPE),
    ('*/*', PIDF_TYPE),
    (PIDF_TYPE, PIDF_TYPE)])
def test_accept_decides(bob, accept, kind):
    """RFC 5263 section 4.3."""
    notify = watch(bob, accept).next()
    assert notify.request.content_type == kind


def test_a_refresh_may_change_the_format(alice, bob):
    """RFC 5263 section 4.4, 4.5: the counter goes on."""
    subscription = watch(bob)
    known = Known().take(subscription.next())
    subscription.headers = [('Accept', PIDF_TYPE)]
    subscription.refresh()
    assert subscription.next().request.content_type == PIDF_TYPE
    alice.publish('open')
    subscription.expect_state('open')
    subscription.headers = [('Accept', BOTH)]
    subscription.refresh()
    assert known.take(subscription.next()).version == 2
    assert known.fulls == 2


def test_after_a_lost_notify_the_whole(alice, bob):
    publication = alice.publish('open', note=NOTE)
    subscription = watch(bob)
    known = Known().take(subscription.next())
    bob.answer('NOTIFY', 500)
    rich(publication, 'closed')
    subscription.next()
    bob.settle()
    bob.answer('NOTIFY', 200)
    rich(publication, 'open')
    known.take(subscription.next())
    assert (known.fulls, known.presence.state) == (2, 'open')


def test_a_restart_begins_with_the_whole(server, alice, bob):
    publication = alice.publish('open', note=NOTE)
    subscription = watch(bob)
    known = Known().take(subscription.next())
    server.kill()
    server.start()
    known.take(subscription.next())
    assert known.fulls == 2
    rich(publication, 'closed')
    known.take(subscription.next())
    assert known.diffs == 1 and known.presence.state == 'closed'


def test_polite_blocking_shows_in_parts_too(server, alice, bob):
    """What somebody may see is decided before what of it is sent."""
    alice.publish('open', note=NOTE)
    subscription = watch(bob)
    known = Known().take(subscription.next())
    server.ctl('watchers', 'polite-block', 'alice@example.com',
               'bob@example.com')
    subscription.expect(
        lambda n: known.take(n).presence.state == 'closed', 'offline')


def test_many_changes_by_parts_are_the_whole(alice, bob, server):
    """What is put together from parts is what another watcher gets whole, also
    when several changes come at once."""
    carol = server.agent('carol')
    parts, whole = watch(bob), carol.subscribe('alice')
    publications = [alice.publish('open', note=NOTE, tuple_id=f't{i}')
                    for i in range(4)]
    rand = random.Random(5263)
    known = Known()
    for number in range(40):
        publication = rand.choice(publications)
        publication.send(rand.choice(['open', 'closed']),
                         note=f'{NOTE} {number}')
    carol.settle()
    last = whole.expect(lambda n: f'{NOTE} 39' in n.presence.notes, 'the last')
    while known.root is None or f'{NOTE} 39' not in known.presence.notes:
        known.take(parts.next())
    assert known.presence.basics == last.presence.basics
    assert known.presence.notes == last.presence.notes
    assert known.diffs > known.fulls


def test_the_whole_where_a_part_is_no_smaller(alice, bob):
    """RFC 5262 section 4."""
    subscription = watch(bob)
    known = Known().take(subscription.next())
    publication = alice.publish('open')
    known.take(subscription.next())
    assert known.fulls == 2
    body = document(alice.uri, 'closed', 'other', NOTE)
    alice.request('PUBLISH', alice.uri, 200, body=body, headers=[
        ('Event', 'presence'), ('Content-Type', PIDF_TYPE),
        ('SIP-If-Match', publication.etag)])
    assert known.take(subscription.next()).fulls == 3


def diff(root, content, agent):
    return (f'<p:{root} xmlns="urn:ietf:params:xml:ns:pidf" '
            'xmlns:p="urn:ietf:params:xml:ns:pidf-diff" '
            f'entity="{agent.uri}">{content}</p:{root}>')


def publish_partly(agent, body, etag=None, expect=200):
    headers = [('Event', 'presence'), ('Content-Type', DIFF_TYPE)]
    if etag:
        headers.append(('SIP-If-Match', etag))
    return agent.request('PUBLISH', agent.uri, expect, body=body,
                         headers=headers)


def test_a_publication_in_parts(server, alice, bob):
    """RFC 5264 section 6."""
    subscription = bob.subscribe('alice')
    subscription.next()
    whole = diff('pidf-full', '<tuple id="a"><status><basic>open</basic>'
                 f'</status><note>{NOTE}</note></tuple>', alice)
    etag = publish_partly(alice, whole)['SIP-ETag']
    notify = subscription.expect_state('open')
    assert notify.presence.notes == [NOTE.strip()]
    closed = diff('pidf-diff', '<p:replace sel="*/tuple[@id=\'a\']/status/'
                  'basic/text()">closed</p:replace><p:remove '
                  'sel="*/tuple/note"/>', alice)
    response = publish_partly(alice, closed, etag)
    assert subscription.expect_state('closed').presence.notes == []
    alice.repeat(response.request, is_new=True)
    server.kill()
    server.start()
    assert alice.repeat(response.request, is_new=True).status == 200
    opened = closed.replace('closed</p', 'open</p').split('<p:remove')[0] \
        + '</p:pidf-diff>'
    publish_partly(alice, opened, etag, expect=412)
    publish_partly(alice, opened, response['SIP-ETag'])
    subscription.expect_state('open')


def test_a_wrong_part_changes_nothing(alice, bob):
    """RFC 5264 section 4.3.2."""
    publication = alice.publish('open')
    subscription = bob.subscribe('alice')
    subscription.expect_state('open')
    publish_partly(alice, diff('pidf-diff', '', alice), expect=400)
    for operation in ('<p:remove sel="*/nothing"/>', '<p:remove sel="*"/>',
                      '<p:replace sel="*/tuple/status">x</p:replace>'):
        publish_partly(alice, diff('pidf-diff', operation, alice),
                       publication.etag, expect=400)
    publish_partly(alice, diff('pidf-diff', '', alice), 'stale', expect=412)
    publication.refresh()
    bob.settle()
    subscription.refresh()
    subscription.expect_state('open')
