# SPDX-License-Identifier: ISC
"""The client policy by event ua-profile (RFC 6080) and as an XCAP document that
xcap-diff watches: an administrator changes it, phones hear of it."""
import re
import time
import xml.etree.ElementTree as ET

import pytest

from harness.message import param
from harness.xcap import LISTS_TYPE, SETTINGS_TYPE, Xcap

EVENT = 'ua-profile;profile-type=user;vendor="example.com";' \
        'model="uPhone";version="1.1"'
POINTER = 'message/external-body'
POLICY = 'org.rollcall.settings/global/policy'
DIFF = '{urn:ietf:params:xml:ns:xcap-diff}'


def watch(agent, event=EVENT, **options):
    return agent.subscribe(agent.user, event, **options)


def policy_of(body):
    """(may keep a history, may cut and paste)"""
    root = ET.fromstring(body)
    assert root.tag == '{http://rollcall.org/ns/settings}policy'
    return tuple(
        {'true': True, 'false': False}[
            root.find(f'{{http://rollcall.org/ns/settings}}{name}').text]
        for name in ('allow-history', 'allow-cut-paste'))


def told(subscription, *policy, within=10):
    """The next NOTIFY has the profile, and it is this."""
    notify = subscription.next(within=within)
    assert notify.phase == 'active'
    assert notify.request.content_type == SETTINGS_TYPE
    assert policy_of(notify.body) == policy
    return notify.request


def becomes(subscription, *policy):
    """A NOTIFY has it, perhaps not the next: what was not answered before a
    connection came back is told once more."""
    while policy_of(subscription.next(within=10).body) != policy:
        pass


def setting(server, **values):
    for name, value in values.items():
        server.psql(f'UPDATE rollcall.settings SET {name} = {value}')


def test_the_profile_of_a_user(server, alice):
    """RFC 6080 6.2: what the phone says of itself is not repeated, how soon it
    has to act is said; RFC 6665 8.2.1: token and id are."""
    subscription = watch(alice, EVENT.replace('ua-', 'UA-') + ';id=7',
                         headers=[('Accept', SETTINGS_TYPE)])
    assert 'ua-profile' in subscription.response['Allow-Events']
    event = told(subscription, True, True)['Event']
    assert event.startswith('UA-profile')
    assert param(event, 'id') == '7' and param(event, 'effective-by') == '0'
    for name in ('profile-type', 'vendor', 'model', 'version'):
        assert param(event, name) is None
    subscription.event = 'ua-profile;id=7'
    subscription.refresh()
    told(subscription, True, True)
    ended = subscription.end()
    assert policy_of(ended.body) == (True, True)


def test_changes_are_pushed(server, alice, bob):
    """In psql within a second; by rollcallctl when it returns."""
    watches = [watch(agent) for agent in (alice, bob)]
    for subscription in watches:
        told(subscription, True, True)
    setting(server, allow_history='false')
    began = time.monotonic()
    for subscription in watches:
        told(subscription, False, True)
    assert time.monotonic() - began < 1
    server.ctl('settings', 'set', 'allow_cut_paste', 'off')
    for subscription in watches:
        told(subscription, False, False, within=1)
    server.ctl('settings', 'set', 'allow_history', 'on')
    for subscription in watches:
        told(subscription, True, False, within=1)


def test_one_notify_for_each_change_and_none_for_others(server, alice, bob):
    subscription, presence = watch(alice), bob.subscribe('alice')
    told(subscription, True, True)
    presence.expect_state('closed')
    presence.forbid()
    server.psql('UPDATE rollcall.settings SET allow_history = false, '
                'allow_cut_paste = false')
    told(subscription, False, False)
    subscription.forbid()
    setting(server, max_contacts='7', allow_history='false')
    server.psql("UPDATE rollcall.settings SET updated_by = 'me'")
    server.sync()
    time.sleep(0.2)    # the pace of what concerns everybody is 50 ms
    alice.settle()
    bob.settle()
    assert len(subscription.seen) == 2


@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_after_a_crash(server, kind):
    """The dialog lives on, and tells what changed meanwhile."""
    alice = server.agent('alice', kind=kind)
    alice.register()
    subscription = watch(alice)
    told(subscription, True, True)
    server.kill()
    setting(server, allow_cut_paste='false')
    server.start()
    if kind == 'tcp':
        alice.transport.connect()
        alice.register()
    told(subscription, True, False)
    setting(server, allow_cut_paste='true')
    becomes(subscription, True, True)
    subscription.refresh()
    told(subscription, True, True)


@pytest.mark.parametrize('event, status', [
    ('ua-profile;profile-type=device', 404),
    ('ua-profile;profile-type=local-network', 404),
    ('ua-profile;profile-type=application', 404),
    ('ua-profile;profile-type=""', 404),
    ('ua-profile', 400), ('ua-profile;vendor="user"', 400),
    ('ua-profiles;profile-type=user', 489),
    ('ua-profile;profile-type=USER', 200),
    ('ua-profile;profile-type="user"', 200)])    # as phones have it
def test_types_of_profiles(alice, event, status):
    response = watch(alice, event, expect=status).response
    if status in (400, 404):
        assert 'profile' in response['Warning']


def test_nobody_elses_profile(server, alice, bob):
    server.psql("INSERT INTO rollcall.watchers (presentity, watcher, decision) "
                "VALUES ('alice@example.com', 'bob@example.com', 'allow')")
    server.sync()
    bob.subscribe('alice', EVENT, expect=403)
    bob.subscribe('nobody', EVENT, expect=404)
    watch(alice, expires=0).expect_ended()


def test_what_is_accepted(alice):
    """RFC 6080 6.3: a body is of no use and ignored."""
    for accept in ('*/*', 'application/*', f'{POINTER}, {SETTINGS_TYPE};q=0.1'):
        told(watch(alice, headers=[('Accept', accept)]), True, True)
    for accept in ('application/pidf+xml', f'{SETTINGS_TYPE};q=0'):
        watch(alice, headers=[('Accept', accept)], expect=406)
    told(watch(alice, body=b'<x/>', content_type='application/x-uPhone'),
         True, True)


def test_a_pointer_to_the_document(server, alice):
    """RFC 4483, for who takes nothing else."""
    subscription = watch(alice, headers=[('Accept', POINTER)])
    notify = subscription.next().request
    kind = notify['Content-Type']
    assert kind.startswith(POINTER + ';')
    assert param(kind, 'access-type') == 'URL'
    xcap = Xcap(server, 'alice')
    assert param(kind, 'URL') == xcap.root + POLICY
    document = xcap.get(POLICY)
    assert len(document.body) == int(param(kind, 'size'))
    assert policy_of(document.body) == (True, True)
    before = re.search(rb'Content-ID: (<\S+@example.com>)\r\n', notify.body)
    setting(server, allow_history='false')
    notify = subscription.next().request
    after = re.search(rb'Content-ID: (<\S+@example.com>)\r\n', notify.body)
    assert before[1] != after[1]
    assert policy_of(xcap.get(POLICY).body) == (False, True)


@pytest.mark.options(http={'listen': ''})
def test_no_pointer_without_xcap(alice):
    watch(alice, headers=[('Accept', POINTER)], expect=406)
    told(watch(alice), True, True)


def test_the_document_changes(server, alice):
    """By XCAP: the same policy, and xcap-diff tells of it, but of nothing
    else that is changed in settings."""
    xcap = Xcap(server, 'alice')
    subscription = alice.subscribe(
        'alice', 'xcap-diff', content_type=LISTS_TYPE,
        body='<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">'
             f'<list><entry uri="{POLICY}"/></list></resource-lists>')

    def etags():
        root = ET.fromstring(subscription.next().body)
        [document] = root.iter(DIFF + 'document')
        assert document.get('sel') == POLICY
        return document.get('previous-etag'), document.get('new-etag')

    def etag():
        return xcap.get(POLICY).etag.strip('"')
    first = etag()
    assert etags() == (None, first)
    server.psql('UPDATE rollcall.settings SET allow_history = false')
    began = time.monotonic()
    before, second = etags()
    assert time.monotonic() - began < 1
    assert before == first != second == etag()
    server.ctl('settings', 'set', 'max_contacts', '7')
    server.ctl('settings', 'set', 'allow_cut_paste', 'off')
    before, third = etags()
    assert before == second != third == etag()
