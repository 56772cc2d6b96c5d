# SPDX-License-Identifier: ISC
"""Event reg (RFC 3680): where a user is registered, with GRUUs (RFC 5628)."""
import time
import xml.etree.ElementTree as ET

import pytest

TYPE = 'application/reginfo+xml'
NS = '{urn:ietf:params:xml:ns:reginfo}'
GRUU = '{urn:ietf:params:xml:ns:gruuinfo}'
INSTANCE = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'


class Registration:
    def __init__(self, body):
        root = ET.fromstring(body)
        assert root.tag == NS + 'reginfo'
        self.version = int(root.get('version'))
        self.is_full = root.get('state') == 'full'
        registration, = root
        self.aor = registration.get('aor')
        self.id = registration.get('id')
        self.state = registration.get('state')
        self.contacts = {c.findtext(NS + 'uri'): c for c in registration}

    @property
    def events(self):
        return {uri: (c.get('state'), c.get('event'))
                for uri, c in self.contacts.items()}


def told(watch, state=None, **events):
    """The next document; what it says of each contact."""
    notify = watch.next()
    assert notify.request.content_type == TYPE
    said = Registration(notify.body)
    if state:
        assert said.state == state
    return said


def test_from_nothing_to_nothing(server, alice):
    """RFC 3680 6: registered, refreshed, unregistered."""
    watch = alice.subscribe('alice', 'reg', headers=[('Accept', TYPE)])
    assert 'reg' in watch.response['Allow-Events'].split(', ')
    first = told(watch, 'init')
    assert first.is_full and not first.contacts
    assert first.aor == 'sip:alice@example.com'
    alice.register()
    said = told(watch, 'active')
    assert not said.is_full
    assert said.events == {alice.contact: ('active', 'registered')}
    contact, = said.contacts.values()
    assert 0 < int(contact.get('expires')) <= 600
    assert contact.get('callid') == alice.registration[0]
    alice.register(expires=900)
    again = told(watch, 'active')
    assert again.events == {alice.contact: ('active', 'refreshed')}
    alice.register(expires=120)
    short = told(watch)
    assert short.events == {alice.contact: ('active', 'shortened')}
    assert int(short.contacts[alice.contact].get('expires')) <= 120
    alice.unregister()
    last = told(watch, 'terminated')
    assert last.events == {alice.contact: ('terminated', 'unregistered')}
    ids = {c.get('id') for d in (said, again, short, last)
           for c in d.contacts.values()}
    assert len(ids) == 1
    assert {d.id for d in (first, said, last)} == {first.id}
    assert [d.version for d in (first, said, again, short, last)] \
        == list(range(5))


def test_one_document_says_what_changed(server, alice):
    mobile = server.agent('alice', kind='tcp')
    alice.register()
    watch = alice.subscribe('alice', 'reg')
    assert set(told(watch).contacts) == {alice.contact}
    mobile.register()
    partial = told(watch, 'active')
    assert not partial.is_full and set(partial.contacts) == {mobile.contact}
    watch.refresh()
    full = told(watch)
    assert full.is_full
    assert set(full.contacts) == {alice.contact, mobile.contact}
    mobile.unregister()
    gone = told(watch, 'active')
    assert gone.events == {mobile.contact: ('terminated', 'unregistered')}


@pytest.mark.options(registrar={'min_expires': '1s'})
def test_expired(alice):
    watch = alice.subscribe('alice', 'reg')
    told(watch)
    alice.register(expires=1)
    told(watch, 'active')
    assert told(watch, 'terminated').events \
        == {alice.contact: ('terminated', 'expired')}


def test_parameters_and_gruu(server):
    """RFC 5628 5."""
    alice = server.agent('alice', instance=INSTANCE)
    alice.register(params=';q=0.5;+sip.rendering="no;t";audio')
    contact, = told(alice.subscribe('alice', 'reg')).contacts.values()
    assert contact.get('q') == '0.5'
    params = {p.get('name'): p.text for p in contact.iter(NS + 'unknown-param')}
    assert params['+sip.instance'] == f'"<{INSTANCE}>"'
    assert params['+sip.rendering'] == '"no;t"'
    assert 'audio' in params
    assert contact.find(GRUU + 'pub-gruu').get('uri') \
        == f'sip:alice@example.com;gr={INSTANCE}'


def test_what_was_not_taken_is_said_again(alice):
    watch = alice.subscribe('alice', 'reg')
    told(watch)
    alice.answer('NOTIFY', 500)
    alice.register()
    told(watch)
    alice.answer('NOTIFY', 200)
    time.sleep(0.2)
    alice.register(expires=900)
    said = told(watch)
    assert said.is_full
    assert said.events == {alice.contact: ('active', 'refreshed')}


def test_after_a_crash(server, alice):
    alice.register()
    watch = alice.subscribe('alice', 'reg')
    before = told(watch)
    server.restart()
    after = told(watch, 'active')
    assert after.is_full and set(after.contacts) == {alice.contact}
    assert after.version > before.version
    alice.register()
    assert told(watch).events == {alice.contact: ('active', 'refreshed')}


def test_who_may_watch(server, alice, bob):
    """RFC 3680 4.6: oneself; others when they are allowed by name."""
    bob.subscribe('alice', 'reg', expect=403)
    server.ctl('watchers', 'allow', 'alice@example.com', '@example.com')
    bob.subscribe('alice', 'reg', expect=403)
    server.ctl('watchers', 'allow', 'alice@example.com', 'bob@example.com')
    watch = bob.subscribe('alice', 'reg')
    told(watch)
    server.ctl('watchers', 'block', 'alice@example.com', 'bob@example.com')
    watch.expect_ended('rejected')


@pytest.mark.options(sip={'trusted_peers': '127.0.0.1'})
def test_an_application_of_the_administrators(server, alice, bob):
    alice.register()
    application = server.agent('scheduler')
    watch = application.subscribe('alice', 'reg')
    assert set(told(watch).contacts) == {alice.contact}
    bob.subscribe('alice', 'reg', expect=403)   # through the same peer
    alice.unregister()
    assert told(watch).state == 'terminated'


@pytest.mark.parametrize('base', ['presence', 'dialog', 'reg',
                                  'message-summary'])
def test_who_watches(alice, bob, base):
    """RFC 3857: the template applies to each."""
    winfo = alice.subscribe('alice', f'{base}.winfo')
    assert f'{base}.winfo' in winfo.response['Allow-Events'].split(', ')
    first = winfo.next()
    assert f'package="{base}"'.encode() in first.body
    assert not first.watchers.watchers
    other = alice.subscribe('alice', base)
    other.next()
    listed = winfo.expect(lambda n: n.watchers.watchers, 'a watcher')
    assert listed.watchers.watchers \
        == {'sip:alice@example.com': ('active', 'subscribe')}
    other.end()
    winfo.expect(lambda n: n.watchers.watchers
                 == {'sip:alice@example.com': ('terminated', 'timeout')},
                 'it ended')
    bob.subscribe('alice', f'{base}.winfo', expect=403)


def test_there_is_no_other_template(alice):
    for event in ('xcap-diff.winfo', 'presence.winfo.winfo', 'reg.foo'):
        alice.subscribe('alice', event, expect=489)
