# SPDX-License-Identifier: ISC
"""Event filters in SUBSCRIBE bodies: RFC 4660, RFC 4661."""
import pytest

from harness.partial import BOTH, Known
from harness.pidf import PIDF_TYPE

FILTER = 'application/simple-filter+xml'
NOTE = 'so that a part is smaller than the whole ' * 8
BINDINGS = '''<ns-bindings>
 <ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/>
 <ns-binding prefix="rpid" urn="urn:ietf:params:xml:ns:pidf:rpid"/>
 <ns-binding prefix="wi" urn="urn:ietf:params:xml:ns:watcherinfo"/>
</ns-bindings>'''
NO_NOTES = '<what><exclude>//pidf:note</exclude></what>'
OPENED = ('<trigger><changed from="closed" to="open">'
          '/pidf:presence/pidf:tuple/pidf:status/pidf:basic'
          '</changed></trigger>')


def filters(*contents, bindings=BINDINGS):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<filter-set '
            'xmlns="urn:ietf:params:xml:ns:simple-filter">'
            + bindings + ''.join(contents) + '</filter-set>')


def one(content, name='123', more='uri="sip:alice@example.com"'):
    return f'<filter id="{name}" {more}>{content}</filter>'


def watch(agent, content, whom='alice', **parts):
    return agent.subscribe(whom, body=filters(one(content)),
                           content_type=FILTER, **parts)


def refresh(subscription, body, expect=200):
    subscription.body, subscription.content_type = body, FILTER
    subscription.refresh(expect=expect)
    subscription.body, subscription.content_type = b'', None


def test_only_what_is_wanted(alice, bob):
    """RFC 4660 section 7.1.1; what is left is shown, what changed of the rest
    is no NOTIFY."""
    publication = alice.publish('open', note='at lunch')
    subscription = watch(bob, NO_NOTES)
    notify = subscription.expect_state('open')
    assert notify.presence.notes == []
    publication.change('open', note='back')
    publication.change('closed', note='gone')
    notify = subscription.next()
    assert notify.is_state('closed') and notify.presence.notes == []
    subscription.refresh()
    assert subscription.expect_state('closed').presence.notes == []


def test_only_when_it_is_wanted(alice, bob):
    """RFC 4660 section 7.1.3: the first NOTIFY comes all the same."""
    publication = alice.publish('closed')
    subscription = watch(bob, OPENED)
    subscription.expect_state('closed')
    subscription.forbid(lambda n: n.is_state('closed'), 'no trigger for it')
    publication.change('open')
    subscription.expect_state('open')
    publication.change('closed')
    bob.settle()
    publication.change('open', note='again')
    bob.settle()
    assert not subscription.unread, 'it was shown as open'
    publication.remove()
    bob.settle()


def test_watchers_of_watchers(alice, bob, server):
    """RFC 4660 section 7.2: who waits for approval, when somebody does."""
    server.ctl('settings', 'set', 'allow_without_approval', 'false')
    subscription = watch(
        alice, '<what><include>/wi:watcherinfo/wi:watcher-list/'
        'wi:watcher[@status="pending"]</include></what><trigger><added>'
        '//wi:watcher[@status="pending"]</added></trigger>',
        event='presence.winfo')
    assert not subscription.next().body, 'nobody waits'
    carol = server.agent('carol')
    server.ctl('watchers', 'allow', 'alice@example.com', 'carol@example.com')
    carol.subscribe('alice').next()
    bob.subscribe('alice').next()
    notify = subscription.next()
    assert notify.watchers.watchers == {
        'sip:bob@example.com': ('pending', 'subscribe')}
    server.ctl('watchers', 'allow', 'alice@example.com', 'bob@example.com')
    alice.settle()
    assert not subscription.unread


def test_a_refresh_changes_removes_and_keeps_it(alice, bob):
    """RFC 4660 section 3.3.3."""
    alice.publish('open', note='at lunch')
    subscription = watch(bob, NO_NOTES)
    assert subscription.next().presence.notes == []
    subscription.refresh()
    assert subscription.next().presence.notes == []
    refresh(subscription, filters('<filter id="123" enabled="false"/>'))
    assert subscription.next().presence.notes == ['at lunch']
    refresh(subscription, filters('<filter id="123" enabled="true"/>'))
    assert subscription.next().presence.notes == []
    refresh(subscription, filters(one(
        '<what><include>//pidf:note</include></what>')))
    assert subscription.next().presence.notes == ['at lunch']
    refresh(subscription, filters('<filter id="123" remove="true"/>'))
    notify = subscription.next()
    assert notify.presence.notes == ['at lunch'] and notify.is_state('open')


@pytest.mark.parametrize('body', [
    'no filter', '<filter-set/>', filters('<filter/>'),
    filters(one('<what><include>//x:y</include></what>')),
    filters(one('<what><include>count(//a)</include></what>')),
    filters('<filter id="1"/>'),
    filters(one(NO_NOTES), one(NO_NOTES, '124')),
    filters(one(NO_NOTES)).replace('<filter-set', '<filter-set package="x"'),
    filters(one('<trigger><added>//pidf:a</added></trigger>' * 41)),
    filters(one('<what><include>' + '//*' * 17 + '</include></what>')),
    filters(one('<what><include>//a' + '[b' * 50 + '</include></what>')),
    filters(one('<what>' * 40 + '</what>' * 40)),
    '<!DOCTYPE f [<!ENTITY a "b">]>' + filters(one(NO_NOTES))])
def test_what_is_wrong_is_488(bob, body):
    """RFC 4660 section 5.4; no dialog is made."""
    subscription = bob.subscribe('alice', body=body, content_type=FILTER,
                                 expect=488)
    assert 'Warning' in subscription.response
    bob.settle()
    assert not subscription.seen
    again = watch(bob, NO_NOTES)
    again.next()
    refresh(again, body, expect=488)
    again.refresh()
    again.next()


def test_packages_without_filters_say_so(alice):
    response = alice.subscribe('alice', event='message-summary',
                               body=filters(one(NO_NOTES)),
                               content_type=FILTER, expect=415).response
    assert 'Accept' in response
    response = alice.subscribe('bob', body='x', content_type='text/plain',
                               expect=415).response
    assert FILTER in response['Accept']


def test_in_a_multipart_body(alice, bob):
    alice.publish('open', note='at lunch')
    body = ('--b\r\nContent-Type: ' + FILTER + '\r\n\r\n'
            + filters(one(NO_NOTES)) + '\r\n--b\r\nContent-Type: text/plain\r\n'
            'Content-Disposition: render;handling=optional\r\n\r\nhello\r\n'
            '--b--\r\n')
    subscription = bob.subscribe('alice', body=body,
                                 content_type='multipart/mixed;boundary=b')
    assert subscription.next().presence.notes == []


def test_by_domain_and_for_others(alice, bob):
    """RFC 4660 section 5.2.1."""
    alice.publish('open', note='at lunch')

    def notes(*contents):
        return bob.subscribe('alice', body=filters(*contents),
                             content_type=FILTER).next().presence.notes
    assert notes(one(NO_NOTES, more='domain="EXAMPLE.com"')) == []
    assert notes(one(NO_NOTES, more='')) == []
    assert notes(one(NO_NOTES, more='uri="pres:alice@example.com"')) == []
    assert notes(one(NO_NOTES, more='domain="example.net"')) == ['at lunch']
    assert notes(one(NO_NOTES, more='uri="sip:carol@example.com"')) \
        == ['at lunch']
    assert notes(one(NO_NOTES, '1', 'domain="example.com"'),
                 one('<what><include>//pidf:note</include></what>', '2')) \
        == ['at lunch']


def test_it_outlives_a_restart(server, alice, bob):
    publication = alice.publish('closed', note='at lunch')
    subscription = watch(bob, NO_NOTES + OPENED)
    subscription.next()
    refresh(subscription, filters(
        '<filter id="123" enabled="false"/>',
        one('<what><exclude>//pidf:basic</exclude></what>', 'x',
            'uri="sip:x@example.net"')))
    subscription.next()
    refresh(subscription, filters('<filter id="123" enabled="true"/>'))
    subscription.next()
    server.kill()
    server.start()
    assert subscription.next().presence.notes == []
    publication.change('closed', note='still')
    bob.settle()
    publication.change('open', note='back')
    notify = subscription.next()
    assert notify.is_state('open') and notify.presence.notes == []


def test_after_the_rights(server, alice, bob):
    """What somebody may not see no filter brings."""
    alice.publish('open', note='at lunch')
    server.ctl('watchers', 'polite-block', 'alice@example.com',
               'bob@example.com')
    subscription = watch(bob, '<what><include>//pidf:note</include>'
                              '<include>//pidf:tuple</include></what>')
    notify = subscription.next()
    assert notify.request.content_type == PIDF_TYPE
    assert notify.is_state('closed') and notify.presence.notes == []


def test_with_parts_and_conditions(alice, bob):
    """RFC 5263 and RFC 5839 of what the filter leaves."""
    publication = alice.publish('open', note=NOTE)
    subscription = watch(bob, '<what><exclude>//pidf:contact</exclude></what>',
                         headers=[('Accept', BOTH)])
    notify = subscription.next()
    known = Known().take(notify)
    subscription.headers.append(
        ('Suppress-If-Match', notify.request['SIP-ETag']))
    subscription.refresh(expect=204)
    publication.send('closed', note=NOTE)
    known.take(subscription.next())
    assert (known.diffs, known.presence.state) == (1, 'closed')


def test_many_watchers_with_one_filter(server, alice, bob):
    publication = alice.publish('open', note='x')
    subscriptions = [watch(bob, NO_NOTES) for _ in range(20)]
    for subscription in subscriptions:
        subscription.expect_state('open')
    publication.change('closed', note='y')
    for subscription in subscriptions:
        assert subscription.expect_state('closed').presence.notes == []
