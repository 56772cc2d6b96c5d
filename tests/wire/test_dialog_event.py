# SPDX-License-Identifier: ISC
"""Event dialog (RFC 4235): phones publish their calls, watchers see them
composed, and presence says "on the phone"."""
import xml.etree.ElementTree as ET

import pytest

from harness import pidf, rules

TYPE = 'application/dialog-info+xml'
NS = '{urn:ietf:params:xml:ns:dialog-info}'
RPID = '{urn:ietf:params:xml:ns:pidf:rpid}'
SAMPLE = (  # RFC 4235 4.2
    '<dialog id="{id}" call-id="a84b4c76e66710" local-tag="1928301774"'
    ' remote-tag="456887766" direction="initiator">'
    '<state>{state}</state><duration>274</duration>'
    '<local><identity display="Alice">sip:alice@example.com</identity>'
    '<target uri="sip:alice@pc33.example.com">'
    '<param pname="isfocus" pval="true"/></target></local>'
    '<remote><identity display="Bob">sip:bob@example.org</identity>'
    '<target uri="sip:bobster@phone21.example.org"/>'
    '<x:extra xmlns:x="urn:x" x:a="1">kept</x:extra></remote></dialog>')


class Calls:
    def __init__(self, body):
        self.root = ET.fromstring(body)
        assert self.root.tag == NS + 'dialog-info'
        assert self.root.get('state') == 'full'
        self.entity = self.root.get('entity')
        self.version = int(self.root.get('version'))
        self.dialogs = {d.get('id'): d for d in self.root}

    @property
    def states(self):
        return {i: d.findtext(NS + 'state') for i, d in self.dialogs.items()}


def document(*dialogs):
    return ('<?xml version="1.0"?><dialog-info'
            ' xmlns="urn:ietf:params:xml:ns:dialog-info" version="0"'
            ' state="full" entity="sip:alice@example.com">'
            + ''.join(dialogs) + '</dialog-info>')


def call(state, id='d1'):
    return SAMPLE.format(id=id, state=state)


class Line:
    """A phone's publication of its calls."""

    def __init__(self, agent):
        self.agent, self.etag = agent, None

    def publish(self, *dialogs, expect=200, expires=600, body=None):
        headers = [('Event', 'dialog'), ('Expires', str(expires))]
        if self.etag:
            headers.append(('SIP-If-Match', self.etag))
        if expires:
            body = body or document(*dialogs)
            headers.append(('Content-Type', TYPE))
        response = self.agent.request('PUBLISH', self.agent.uri, expect,
                                      headers=headers, body=body or b'')
        self.etag = next(iter(response.all('SIP-ETag')), self.etag)
        return response

    def remove(self):
        self.publish(expires=0)


def shows(watch, states, what=None):
    notify = watch.expect(
        lambda n: n.request.content_type == TYPE
        and Calls(n.body).states == states, what or f'calls {states}')
    return Calls(notify.body)


def is_on_phone(notify):
    found = ET.fromstring(notify.body).iter(RPID + 'on-the-phone')
    return next(found, None) is not None


def test_a_call_from_ringing_to_its_end(alice, bob):
    watch = bob.subscribe('alice', 'dialog', headers=[('Accept', TYPE)])
    first = shows(watch, {})
    assert first.entity == 'sip:alice@example.com'
    assert 'dialog' in watch.response['Allow-Events']
    line = Line(alice)
    versions = [first.version]
    for state in ('trying', 'early', 'confirmed', 'terminated'):
        line.publish(call(state))
        versions.append(shows(watch, {'d1': state}).version)
    line.remove()
    versions.append(shows(watch, {}).version)
    assert versions == list(range(6))


def test_nothing_of_it_is_lost(alice, bob):
    watch = bob.subscribe('alice', 'dialog')
    Line(alice).publish(call('confirmed'))
    dialog = shows(watch, {'d1': 'confirmed'}).dialogs['d1']
    expected = ET.fromstring(document(call('confirmed')))[0]
    assert ET.canonicalize(ET.tostring(dialog)) \
        == ET.canonicalize(ET.tostring(expected))


def test_one_call_alone(alice, bob):
    """RFC 4235 3.2."""
    Line(alice).publish(
        call('confirmed'), call('early', 'd2').replace('a84b4', 'other'))
    watch = bob.subscribe('alice', 'dialog;call-id="a84b4c76e66710"'
                                   ';to-tag=1928301774;from-tag=456887766')
    notify = watch.next()
    assert Calls(notify.body).states == {'d1': 'confirmed'}
    assert notify.request['Event'].startswith('dialog;call-id=')


def test_two_phones_are_one_document(server, bob):
    desk, mobile = server.agent('alice'), server.agent('alice', kind='tcp')
    desk.register()
    mobile.register()
    watch = bob.subscribe('alice', 'dialog')
    Line(desk).publish(call('confirmed'), call('early', 'd2'))
    second = Line(mobile)
    second.publish(call('early'))
    calls = Calls(watch.expect(lambda n: len(Calls(n.body).dialogs) == 3,
                               'three calls').body)
    assert sorted(calls.states.values()) == ['confirmed', 'early', 'early']
    second.publish()
    shows(watch, {'d1': 'confirmed', 'd2': 'early'})


def test_on_the_phone(alice, bob):
    alice.publish('open')
    watch = bob.subscribe('alice')
    assert not is_on_phone(watch.expect_state('open'))
    line = Line(alice)
    line.publish(call('early'))
    line.publish(call('confirmed'))
    watch.expect(is_on_phone, 'on the phone')
    line.publish(call('terminated'))
    watch.expect(lambda n: not is_on_phone(n), 'not any more')
    line.publish(call('confirmed'))
    watch.expect(is_on_phone, 'on the phone again')
    line.remove()
    watch.expect(lambda n: not is_on_phone(n), 'not any more')


def test_unless_he_says_otherwise(alice, bob):
    rpid = ('<dm:person xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
            ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" id="p">'
            '<r:activities><r:meeting/></r:activities></dm:person>')
    body = pidf.document(alice.uri, 'open').replace(
        '</presence>', rpid + '</presence>')
    alice.request('PUBLISH', alice.uri, 200, body=body, headers=[
        ('Event', 'presence'), ('Content-Type', pidf.PIDF_TYPE)])
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    watch.forbid(is_on_phone)
    calls = bob.subscribe('alice', 'dialog')
    Line(alice).publish(call('confirmed'))
    shows(calls, {'d1': 'confirmed'})
    bob.settle()


def test_after_a_restart(server, alice, bob):
    watch, calls = bob.subscribe('alice'), bob.subscribe('alice', 'dialog')
    line = Line(alice)
    line.publish(call('confirmed'))
    before = shows(calls, {'d1': 'confirmed'}).version
    watch.expect(is_on_phone, 'on the phone')
    server.restart()
    assert shows(calls, {'d1': 'confirmed'}).version > before
    watch.expect(is_on_phone, 'on the phone still')
    line.publish()
    shows(calls, {})
    watch.expect(lambda n: not is_on_phone(n), 'not any more')


@pytest.mark.options(presence={'device_grace': '1s'})
def test_it_goes_with_its_phone(server, bob):
    desk = server.agent('alice')
    desk.register()
    watch, calls = bob.subscribe('alice'), bob.subscribe('alice', 'dialog')
    Line(desk).publish(call('confirmed'))
    shows(calls, {'d1': 'confirmed'})
    desk.unregister()
    shows(calls, {})
    watch.expect(lambda n: n.presence.state == 'closed'
                 and not is_on_phone(n), 'offline')


def test_what_is_no_document(alice):
    for body in ('<x/>', document('<dialog id="1"/>'),
                 document('<dialog><state>early</state></dialog>'),
                 document('<dialog id="1"><state>dead</state></dialog>')):
        Line(alice).publish(body=body, expect=400)
    response = alice.request(
        'PUBLISH', alice.uri, 415, body='x',
        headers=[('Event', 'dialog'), ('Content-Type', 'text/plain')])
    assert response['Accept'] == TYPE


def test_who_may_watch(server, alice, bob, carol):
    """As presence: the contact rule, decisions, approval."""
    server.psql("UPDATE rollcall.settings SET adhoc_enabled = false")
    server.sync()
    bob.subscribe('alice', 'dialog', expect=403)
    alice.subscribe('alice', 'dialog').next()
    server.ctl('contacts', 'add', 'bob@example.com', 'sip:alice@example.com')
    watch = bob.subscribe('alice', 'dialog')
    shows(watch, {})
    server.ctl('watchers', 'block', 'alice@example.com', 'bob@example.com')
    watch.expect_ended('rejected')
    bob.subscribe('alice', 'dialog', expect=403)


def test_approval(server, alice, bob):
    server.psql("UPDATE rollcall.settings SET allow_without_approval = false")
    server.sync()
    watch = bob.subscribe('alice', 'dialog')
    assert watch.next().phase == 'pending'
    Line(alice).publish(call('confirmed'))
    server.ctl('watchers', 'allow', 'alice@example.com', 'bob@example.com')
    shows(watch, {'d1': 'confirmed'})


def test_a_polite_block_sees_no_calls(server, alice, bob):
    server.ctl('watchers', 'polite-block', 'alice@example.com',
               'bob@example.com')
    watch = bob.subscribe('alice', 'dialog')
    shows(watch, {})
    watch.forbid()
    Line(alice).publish(call('confirmed'))
    bob.settle()


def test_sharing_off_hides_calls(server, alice, bob):
    own, other = alice.subscribe('alice', 'dialog'), \
        bob.subscribe('alice', 'dialog')
    Line(alice).publish(call('confirmed'))
    shows(other, {'d1': 'confirmed'})
    server.psql("UPDATE rollcall.users SET share_availability = false"
                " WHERE aor = 'alice@example.com'")
    shows(other, {})
    shows(own, {'d1': 'confirmed'})


def test_rules_show_less(server, alice, bob, carol):
    """Whoever sees activities and no more sees that there are calls."""
    activities = rules.PERSONS + '<pr:provide-activities>true' \
        '</pr:provide-activities>'
    rules.put(server, rules.ruleset(
        rules.rule('b', 'allow', rules.one('bob@example.com'), activities),
        rules.rule('c', 'allow', rules.one('carol@example.com'),
                   rules.SERVICES)))
    some, none = bob.subscribe('alice', 'dialog'), \
        carol.subscribe('alice', 'dialog')
    shows(none, {})
    none.forbid()
    Line(alice).publish(call('confirmed'))
    dialog = shows(some, {'d1': 'confirmed'}).dialogs['d1']
    assert dialog.attrib == {'id': 'd1', 'direction': 'initiator'}
    assert [child.tag for child in dialog] == [NS + 'state']
    carol.settle()


def tag(notify):
    return notify.request['SIP-ETag']


def test_an_entity_tag(alice, bob):
    """RFC 5839: the version of a document is no part of its tag."""
    subscription = bob.subscribe('alice', event='dialog')
    notify = subscription.next()
    subscription.headers = [('Suppress-If-Match', tag(notify))]
    subscription.refresh(expect=204)
    Line(alice).publish(call('confirmed'))
    busy = subscription.next()
    assert b'confirmed' in busy.body and tag(busy) != tag(notify)
    subscription.headers = []
    subscription.refresh(expect=200)
    again = subscription.next()
    assert again.body != busy.body and tag(again) == tag(busy)
