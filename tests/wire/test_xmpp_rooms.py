# SPDX-License-Identifier: ISC
"""Text conferences (RFC 7702, RFC 4575, XEP-0045): SIP users in the rooms of a
real Prosody, with XMPP users."""
import json
import re

import pytest

from harness import wait
from harness.conference import Conference
from harness.message import param, uri_of


class Room:
    """A room and its SIP side."""

    def __init__(self, prosody, name='verona'):
        self.jid = prosody.room(name)
        self.uri = f'sip:{self.jid}'


@pytest.fixture
def room(linked, prosody):
    return Room(prosody)


@pytest.fixture
def opened(room, xavier):
    """Xavier is in a room of his."""
    xavier.join(room.jid, 'Xavier')
    xavier.unlock(room.jid)
    return room


@pytest.fixture
def alice(linked):
    agent = linked.agent('alice')
    agent.register()
    return agent


@pytest.fixture
def bob(linked):
    agent = linked.agent('bob')
    agent.register()
    return agent


def enter(agent, room, expect=200, uri=None):
    """Subscribes to the room: its conference."""
    subscription = agent.subscribe(uri or room.uri, 'conference',
                                   expect=expect)
    return Conference(subscription)


def text_from(agent, text, **options):
    return agent.expect('MESSAGE', lambda m: m.body.decode() == text,
                        f'MESSAGE "{text}"', **options)


def answer_from(agent, pattern, **options):
    return agent.expect('MESSAGE',
                        lambda m: re.search(pattern, m.body.decode()),
                        f'MESSAGE like "{pattern}"', **options)


def display_name(header):
    found = re.match(r'\s*"((?:[^"\\]|\\.)*)"', header)
    return re.sub(r'\\(.)', r'\1', found.group(1)) if found else None


def address(header):
    """Its URI; a display name may have <> in it."""
    return uri_of(re.sub(r'^\s*"(?:[^"\\]|\\.)*"', '', header))


# --- Coming and going ---

def test_subscribing_joins(alice, opened, xavier):
    conference = enter(alice, opened)
    conference.expect_nicks('Xavier', 'alice')
    assert conference.documents[0] == 'full'
    assert conference.user('Xavier').role == 'moderator'
    assert conference.user('Xavier').status == 'connected'
    xavier.expect_presence(sender=f'{opened.jid}/alice')
    conference.subscription.send(0)
    conference.subscription.expect_ended()
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='unavailable')


def test_message_joins_and_everybody_hears(alice, opened, xavier):
    alice.message(opened.uri, 'hello', expect=200)
    xavier.expect_message(sender=f'{opened.jid}/alice', body='hello')
    answer_from(alice, '^You are in this room as alice')
    xavier.say(opened.jid, 'welcome', 'groupchat')
    heard = text_from(alice, 'welcome')
    assert display_name(heard['From']) == 'Xavier'
    assert uri_of(heard['From']) == f'{opened.uri};gr=Xavier'
    assert uri_of(heard['Reply-To']) == opened.uri
    assert uri_of(heard['To']) == alice.uri


def test_fetch_does_not_join(alice, opened, xavier):
    subscription = alice.subscribe(opened.uri, 'conference', 0)
    fetched = Conference(subscription)
    fetched.expect(lambda c: c.is_ended and c.documents, 'a document')
    assert fetched.nicks == set()
    assert fetched.is_active
    xavier.forbid('presence', after=opened.jid,
                  sender=f'{opened.jid}/alice')


def test_roster_is_told_in_parts(alice, opened, xavier, yvonne):
    conference = enter(alice, opened)
    conference.expect_nicks('Xavier', 'alice')
    yvonne.join(opened.jid, 'Yvonne')
    conference.expect_nicks('Xavier', 'alice', 'Yvonne')
    assert conference.documents[-1] == 'partial'
    yvonne.presence(f'{opened.jid}/Yvonne', show='dnd')
    conference.expect(lambda c: c.user('Yvonne').activity == 'busy',
                      'Yvonne is busy')
    yvonne.leave(opened.jid, 'Yvonne')
    conference.expect_nicks('Xavier', 'alice')
    conference.subscription.refresh()
    conference.expect(lambda c: c.documents[-1] == 'full',
                      'full state after a refresh')
    conference.expect_nicks('Xavier', 'alice')


def test_subject(alice, opened, xavier):
    xavier.say(opened.jid, None, 'groupchat',
               '<subject>Today in Verona</subject>')
    xavier.expect_message(check=lambda s: s.text('subject') ==
                          'Today in Verona')
    conference = enter(alice, opened)
    conference.expect(lambda c: c.subject == 'Today in Verona', 'the subject')
    alice.forbid('MESSAGE', lambda m: b'Today' in m.body, 'it is no news')
    xavier.say(opened.jid, None, 'groupchat', '<subject>Love</subject>')
    conference.expect(lambda c: c.subject == 'Love', 'the new subject')
    answer_from(alice, '^The topic is now: Love$')


def test_topic_command(alice, opened, xavier):
    xavier.ask(opened.jid, '<query xmlns="http://jabber.org/protocol/muc#owner">'
               '<x xmlns="jabber:x:data" type="submit">'
               '<field var="FORM_TYPE"><value>'
               'http://jabber.org/protocol/muc#roomconfig</value></field>'
               '<field var="muc#roomconfig_changesubject"><value>1</value>'
               '</field></x></query>', 'set')
    alice.message(opened.uri, '/topic Mantua', expect=200)
    xavier.expect_message(check=lambda s: s.text('subject') == 'Mantua')


def test_all_devices_have_it(linked, opened, xavier):
    desk = linked.agent('alice', instance='urn:uuid:1')
    mobile = linked.agent('alice', instance='urn:uuid:2')
    desk.register()
    mobile.register()
    desk.message(opened.uri, '/join', expect=200)
    for phone in desk, mobile:
        answer_from(phone, '^You are in this room as alice')
    xavier.say(opened.jid, 'to all', 'groupchat')
    text_from(desk, 'to all')
    text_from(mobile, 'to all')
    desk.forbid('MESSAGE', lambda m: m.body == b'mine', 'its own message')
    desk.message(opened.uri, 'mine', expect=200)
    text_from(mobile, 'mine')
    xavier.say(opened.jid, 'the end', 'groupchat')
    text_from(desk, 'the end')


def test_one_occupant_of_two_phones(linked, opened, xavier):
    desk, mobile = linked.agent('alice'), linked.agent('alice')
    first = enter(desk, opened).expect_nicks('Xavier', 'alice')
    second = enter(mobile, opened).expect_nicks('Xavier', 'alice')
    first.subscription.end()
    xavier.say(opened.jid, 'still?', 'groupchat')
    second.read()
    assert not second.is_ended
    second.subscription.end()
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='unavailable')


def test_unregistering_leaves(linked, opened, xavier):
    linked.configure({'rooms': {'grace': '1s'},
                      'xmpp': opened_options(xavier)})
    linked.reload()
    alice = linked.agent('alice')
    alice.register()
    alice.message(opened.uri, '/join', expect=200)
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='')
    alice.unregister()
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='unavailable')


def opened_options(user):
    return user.prosody.options()


def test_history_has_its_date(alice, opened, xavier):
    xavier.say(opened.jid, 'before you came', 'groupchat')
    xavier.expect_message(body='before you came')
    alice.message(opened.uri, '/join', expect=200)
    assert 'Date' in text_from(alice, 'before you came')


# --- Names ---

def test_taken_nick_gets_a_number(alice, opened, xavier, yvonne):
    yvonne.join(opened.jid, 'alice')
    conference = enter(alice, opened)
    conference.expect_nicks('Xavier', 'alice', 'alice2')


def test_nick_command(alice, opened, xavier):
    alice.message(opened.uri, '/join', expect=200)
    alice.message(opened.uri, '/nick Al Capulet', expect=200)
    answer_from(alice, '^You are Al Capulet in this room now$')
    alice.message(opened.uri, 'hello', expect=200)
    xavier.expect_message(sender=f'{opened.jid}/Al Capulet', body='hello')
    alice.message(opened.uri, '/nick Xavier', expect=200)
    answer_from(alice, '^You are still Al Capulet: The name is taken$')


def test_who_and_leave(alice, opened, xavier):
    alice.message(opened.uri, '/who', expect=200)
    answer_from(alice, '^2 here: alice, Xavier$')
    alice.message(opened.uri, '/leave', expect=200)
    answer_from(alice, '^You left the room$')
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='unavailable')
    alice.message(opened.uri, '/leave', expect=200)
    answer_from(alice, '^You are not in this room$')


HOSTILE = ['a"b', "o'hara", 'x\\y', '<b>', '&amp;', 'semi;colon', 'per%25cent',
           'an@at/slash', 'Жанна', 'new']


@pytest.mark.parametrize('nick', HOSTILE)
def test_hostile_nicks(alice, opened, yvonne, nick):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    yvonne.join(opened.jid, nick)
    conference.expect_nicks('Xavier', 'alice', nick)
    yvonne.say(opened.jid, 'hi', 'groupchat')
    heard = text_from(alice, 'hi')
    assert display_name(heard['From']) == nick
    alice.message(address(heard['From']), 'psst', expect=200)
    yvonne.expect_message(sender=f'{opened.jid}/alice', type='chat',
                          body='psst')


def test_hostile_subject_and_text(alice, opened, xavier):
    evil = 'x\r\nBye: y\r\n\r\n<z/> "quoted" &amp; \\'
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    xavier.say(opened.jid, evil, 'groupchat')
    heard = alice.expect('MESSAGE', lambda m: b'quoted' in m.body)
    assert heard.body.decode().split() == evil.split()
    xavier.say(opened.jid, None, 'groupchat',
               '<subject>a &lt;b&gt; &#10; "c"</subject>')
    conference.expect(lambda c: c.subject and '<b>' in c.subject, 'subject')


# --- To one alone ---

def test_private_messages(alice, opened, xavier):
    alice.message(opened.uri, '/join', expect=200)
    xavier.say(f'{opened.jid}/alice', 'psst', 'chat',
               '<x xmlns="http://jabber.org/protocol/muc#user"/>')
    heard = text_from(alice, 'psst')
    assert uri_of(heard['Reply-To']) == f'{opened.uri};gr=Xavier'
    alice.message(uri_of(heard['Reply-To']), 'yes?', expect=200)
    xavier.expect_message(sender=f'{opened.jid}/alice', type='chat',
                          body='yes?')
    alice.message(opened.uri, '/msg Xavier so it is', expect=200)
    xavier.expect_message(sender=f'{opened.jid}/alice', type='chat',
                          body='so it is')


def test_private_message_to_nobody(alice, opened):
    alice.message(opened.uri, '/join', expect=200)
    assert alice.message(f'{opened.uri};gr=Nobody', 'psst').status == 404


def test_private_message_from_outside(alice, opened):
    assert alice.message(f'{opened.uri};gr=Xavier', 'psst').status == 403


# --- Refusals ---

def configure_room(owner, room, **fields):
    values = ''.join(f'<field var="muc#roomconfig_{name}"><value>{value}'
                     '</value></field>' for name, value in fields.items())
    answer = owner.ask(
        room.jid, '<query xmlns="http://jabber.org/protocol/muc#owner">'
        '<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>'
        'http://jabber.org/protocol/muc#roomconfig</value></field>'
        f'{values}</x></query>', 'set')
    assert answer.type == 'result', str(answer)


def set_affiliation(owner, room, jid, affiliation):
    owner.ask(room.jid, '<query xmlns="http://jabber.org/protocol/muc#admin">'
              f'<item jid="{jid}" affiliation="{affiliation}"/></query>', 'set')


def test_password(alice, opened, xavier):
    configure_room(xavier, opened, passwordprotectedroom=1,
                   roomsecret='s3cret')
    refused = enter(alice, opened, expect=403).subscription.response
    assert 'password' in refused['Warning']
    assert alice.message(opened.uri, 'hello').status == 403
    assert alice.message(opened.uri, '/join wrong').status == 403
    alice.message(opened.uri, '/join s3cret', expect=200)
    answer_from(alice, '^You are in this room as alice')


def test_password_of_the_uri(alice, opened, xavier):
    configure_room(xavier, opened, passwordprotectedroom=1,
                   roomsecret='s3cret')
    enter(alice, opened, uri=f'{opened.uri};password=s3cret') \
        .expect_nicks('Xavier', 'alice')


def test_members_only(alice, opened, xavier):
    configure_room(xavier, opened, membersonly=1)
    refused = enter(alice, opened, expect=403).subscription.response
    assert 'members' in refused['Warning']
    set_affiliation(xavier, opened, alice.aor, 'member')
    enter(alice, opened).expect_nicks('Xavier', 'alice')


def test_banned(alice, opened, xavier):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    set_affiliation(xavier, opened, alice.aor, 'outcast')
    conference.subscription.expect_ended('rejected')
    answer_from(alice, '^You are banned from the room')
    assert enter(alice, opened, expect=403)
    assert alice.message(opened.uri, 'hello').status == 403


def test_kicked(linked, alice, opened, xavier):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    xavier.ask(opened.jid, '<query xmlns="http://jabber.org/protocol/muc#admin">'
               '<item nick="alice" role="none"><reason>too loud</reason>'
               '</item></query>', 'set')
    conference.subscription.expect_ended('rejected')
    answer_from(alice, r'^You were removed from the room \(too loud\)$')
    wait.until(lambda: linked.psql(
        'SELECT count(*) FROM rollcall.room_members') == '0', 'no row')


def test_muted(alice, opened, xavier):
    configure_room(xavier, opened, moderatedroom=1)
    alice.message(opened.uri, '/join', expect=200)
    response = alice.message(opened.uri, 'hello')
    if response.status == 200:  # it was refused a moment later
        answer_from(alice, '^The room refused your message')
    else:
        assert response.status in (403, 603)


def test_destroyed(alice, opened, xavier):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    xavier.ask(opened.jid, '<query xmlns="http://jabber.org/protocol/muc#owner">'
               '<destroy/></query>', 'set')
    conference.subscription.expect_ended('noresource')
    answer_from(alice, '^The room was closed')


def test_new_room(alice, room, yvonne):
    """Alice makes a room by going there; others can come in."""
    conference = enter(alice, room)
    conference.expect_nicks('alice')
    yvonne.join(room.jid, 'Yvonne')
    conference.expect_nicks('alice', 'Yvonne')


def test_no_such_service(linked, alice):
    response = alice.message('sip:x@rooms.nowhere.invalid', 'hello')
    assert response.status >= 400


def test_wrong_package_and_place(alice, opened):
    alice.subscribe(opened.uri, 'presence', expect=489)
    alice.subscribe('bob', 'conference', expect=404)
    assert alice.message(opened.uri, 'x', 'image/png').status == 415


def test_im_disabled(linked, alice, opened, xavier):
    alice.message(opened.uri, '/join', expect=200)
    answer_from(alice, '^You are in this room')
    linked.ctl('settings', 'set', 'im_enabled', 'false')
    assert alice.message(opened.uri, 'hello').status == 403
    alice.forbid('MESSAGE')
    xavier.say(opened.jid, 'anybody?', 'groupchat')
    xavier.expect_message(body='anybody?')
    alice.settle()


def test_sharing_disabled(linked, alice, opened, xavier):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    linked.ctl('settings', 'set', 'share_availability', 'false')
    conference.expect(lambda c: c.user('Xavier').status is None,
                      "Xavier's availability is unknown")
    assert conference.user('alice').status == 'connected'
    linked.ctl('settings', 'set', 'share_availability', 'true')
    conference.expect(lambda c: c.user('Xavier').status == 'connected',
                      'Xavier is connected')


# --- Restarts ---

def test_prosody_restarts(linked, prosody, alice, opened, xavier, xmpp_user):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    prosody.restart()
    conference.expect(lambda c: c.is_active is False, 'the room is away')
    linked.wait_linked()
    conference.expect_nicks('alice', within=20)
    again = xmpp_user(xavier.jid, resource='again')
    again.join(opened.jid, 'Xavier')
    conference.expect_nicks('Xavier', 'alice')
    again.say(opened.jid, 'we are back', 'groupchat')
    text_from(alice, 'we are back')
    assert not conference.is_ended


def test_daemon_is_killed(linked, alice, opened, xavier):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    linked.kill()
    linked.start()
    linked.wait_linked()
    conference.expect_nicks('Xavier', 'alice', within=20)
    xavier.say(opened.jid, 'still here?', 'groupchat')
    text_from(alice, 'still here?', within=20)
    conference.subscription.refresh()
    alice.message(opened.uri, 'yes', expect=200)
    xavier.expect_message(sender=f'{opened.jid}/alice', body='yes')
    assert not conference.is_ended


def test_password_room_after_a_restart(linked, alice, opened, xavier):
    configure_room(xavier, opened, passwordprotectedroom=1,
                   roomsecret='s3cret')
    alice.message(opened.uri, '/join s3cret', expect=200)
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='')
    linked.restart()
    linked.wait_linked()
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='', within=20)


def test_link_is_down(linked, prosody, alice, bob, opened):
    enter(alice, opened).expect_nicks('Xavier', 'alice')
    prosody.stop()
    linked.wait_linked(False)
    assert alice.message(opened.uri, 'hello').status == 480
    assert enter(bob, opened, expect=503)
    prosody.start()


@pytest.mark.options(rooms={'ping': '1s'})
def test_silent_room_is_asked(linked, prosody, alice, opened, xavier):
    """XEP-0410: who is in stays in."""
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    wait.until(lambda: re.search(
        rf"<iq[^>]*to='{opened.jid}/alice'[^>]*type='get'|"
        rf"<iq[^>]*type='get'[^>]*to='{opened.jid}/alice'",
        prosody.log_text()), 'the room is asked')
    conference.read()
    xavier.say(opened.jid, 'there you are', 'groupchat')
    text_from(alice, 'there you are')
    xavier.forbid('presence', after=opened.jid,
                  sender=f'{opened.jid}/alice', type='unavailable')
    assert not conference.is_ended


# --- Administrators ---

def test_ctl(linked, alice, opened, xavier):
    conference = enter(alice, opened).expect_nicks('Xavier', 'alice')
    assert opened.jid in linked.ctl('rooms', 'list')
    rooms = json.loads(linked.ctl('--json', 'rooms', 'list'))
    assert [(r['room'], r['users'], r['occupants'], r['state'])
            for r in rooms] == [(opened.jid, 1, 2, 'known')]
    shown = json.loads(linked.ctl('--json', 'rooms', 'show', opened.jid))
    assert shown['users'][0]['user'] == alice.aor
    assert {o['nick'] for o in shown['occupants']} == {'alice', 'Xavier'}
    assert 'moderator' in linked.ctl('rooms', 'show', opened.jid)
    linked.ctl('rooms', 'show', 'nowhere@example.org', status=1)
    linked.ctl('rooms', 'kick', opened.jid, alice.aor, 'good night')
    conference.subscription.expect_ended('rejected')
    answer_from(alice, 'removed you from the room: good night$')
    xavier.expect_presence(sender=f'{opened.jid}/alice', type='unavailable')
    linked.ctl('rooms', 'kick', opened.jid, alice.aor, status=1)


def test_ctl_kicks_xmpp_user(linked, alice, room, yvonne):
    conference = enter(alice, room).expect_nicks('alice')
    yvonne.join(room.jid, 'Yvonne')
    conference.expect_nicks('alice', 'Yvonne')
    linked.ctl('rooms', 'kick', room.jid, 'Yvonne', 'out')
    yvonne.expect_presence(sender=f'{room.jid}/Yvonne', type='unavailable',
                           check=lambda s: 307 in s.codes)
    conference.expect_nicks('alice')


def test_troubleshooter_has_a_row(linked):
    assert re.search(r'^conferences +ok', linked.ctl('troubleshoot'), re.M)


def test_invitation_is_stored(linked, opened, xavier):
    xavier.say(opened.jid, None, 'normal',
               '<x xmlns="http://jabber.org/protocol/muc#user">'
               f'<invite to="bob@{linked.domain}"><reason>come</reason>'
               '</invite></x>')
    wait.until(lambda: linked.psql(
        "SELECT count(*) FROM rollcall.messages WHERE body IS NOT NULL"
        ) == '1', 'the invitation is stored')
    bob = linked.agent('bob')
    bob.register()
    invitation = answer_from(bob, 'invites you to this room: come')
    assert uri_of(invitation['From']) == opened.uri
    assert param(invitation['From'], 'tag')
