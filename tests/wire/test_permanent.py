# SPDX-License-Identifier: ISC
"""Permanent presence (RFC 4827): a document that a user keeps by XCAP is a
part of what watchers see, with devices and without."""
import time

import pytest

from harness import rules, wait
from harness.pidf import PIDF_TYPE, document
from harness.xcap import ELEMENT_TYPE, Xcap

ALICE = 'sip:alice@example.com'
USAGE = 'pidf-manipulation'
NS = ('xmlns="urn:ietf:params:xml:ns:pidf" '
      'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
      'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid"')
TUPLE = '<tuple id="{}"><status><basic>{}</basic></status>{}</tuple>'


def presence(inside):
    return f'<presence {NS} entity="{ALICE}">{inside}</presence>'


def mail(basic='open', note='by mail'):
    return presence(TUPLE.format(
        'mail', basic, '<contact>mailto:alice@example.com</contact>'
        f'<note>{note}</note>'))


def psql_put(server, body, owner='alice@example.com'):
    server.psql(
        "INSERT INTO rollcall.xcap_documents (auid, owner, filename, body) "
        f"VALUES ('{USAGE}', '{owner}', 'index', "
        f"convert_to($${body}$$, 'UTF8')) ON CONFLICT (auid, owner, filename) "
        "DO UPDATE SET body = excluded.body")


def text_of(notify):
    return notify.request.body.decode()


@pytest.fixture
def alice_x(server):
    return Xcap(server, 'alice')


@pytest.fixture
def path(alice_x):
    return alice_x.path(USAGE)


def expect_ids(watch, *ids, within=wait.PATIENCE):
    """A NOTIFY with tuples of these ids, in this order."""
    return watch.expect(
        lambda n: n.presence and
        [t.get('id') for t in n.presence.tuples] == list(ids),
        f'tuples {ids}', within).presence


# What a watcher sees.

def test_without_any_device(alice_x, path, bob):
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    alice_x.put(path, mail(), PIDF_TYPE)
    seen = watch.expect_state('open').presence
    assert seen.entity == ALICE and seen.notes == ['by mail']
    fetch = bob.subscribe('alice', expires=0).expect_ended()
    assert fetch.presence.notes == ['by mail']
    alice_x.put(path, mail(note='in Rome'), PIDF_TYPE, 200)
    watch.expect(lambda n: n.presence.notes == ['in Rome'], 'the note')
    alice_x.delete(path)
    assert not watch.expect_state('closed').presence.notes


def test_an_element_of_it(alice_x, path, bob):
    alice_x.put(path, mail(), PIDF_TYPE)
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    node = alice_x.path(USAGE, node='presence/tuple[@id="mail"]/note')
    alice_x.put(node, '<note>on leave</note>', ELEMENT_TYPE, 200)
    watch.expect(lambda n: n.presence.notes == ['on leave'], 'the note')
    sms = alice_x.path(USAGE, node='presence/tuple[@id="sms"]')
    alice_x.put(sms, TUPLE.format('sms', 'closed', ''), ELEMENT_TYPE)
    expect_ids(watch, 'mail', 'sms')
    alice_x.delete(sms)
    expect_ids(watch, 'mail')


def test_beside_devices(server, alice_x, path, alice, bob):
    alice_x.put(path, mail('closed'), PIDF_TYPE)
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    phone = alice.publish('open', tuple_id='phone')
    expect_ids(watch, 'phone', 'mail')
    tablet = server.agent('alice').publish('open', tuple_id='tablet')
    expect_ids(watch, 'tablet', 'phone', 'mail')
    phone.remove()
    expect_ids(watch, 'tablet', 'mail')
    alice_x.delete(path)
    expect_ids(watch, 'tablet')
    tablet.remove()
    watch.expect_state('closed')


def publish(alice, inside):
    alice.request('PUBLISH', alice.uri, 200, body=presence(inside), headers=[
        ('Event', 'presence'), ('Content-Type', PIDF_TYPE)])


def test_what_is_published_wins(alice_x, path, alice, bob):
    """The default of a device and of the person (RFC 4827 1)."""
    alice_x.put(path, presence(
        TUPLE.format('desk', 'closed', '<dm:deviceID>urn:x:1</dm:deviceID>')
        + TUPLE.format('home', 'open', '<dm:deviceID>urn:x:2</dm:deviceID>')
        + '<dm:person id="p"><rpid:activities><rpid:vacation/>'
        '</rpid:activities><rpid:mood><rpid:happy/></rpid:mood>'
        '<dm:note>back on Monday</dm:note></dm:person>'), PIDF_TYPE)
    watch = bob.subscribe('alice')
    assert 'vacation' in text_of(watch.expect_state('open'))
    publish(alice,
            TUPLE.format('now', 'open', '<dm:deviceID>urn:x:1</dm:deviceID>')
            + '<dm:person id="q"><rpid:activities><rpid:on-the-phone/>'
            '</rpid:activities></dm:person>')
    watch.expect(lambda n: [t.get('id') for t in n.presence.tuples] == [
        'now', 'home'], 'the published tuple')
    text = text_of(watch.seen[-1])
    assert 'on-the-phone' in text and 'vacation' not in text
    assert 'happy' in text and 'back on Monday' in text


def test_restart(server, alice_x, path, bob):
    watch = bob.subscribe('alice')
    alice_x.put(path, mail(), PIDF_TYPE)
    watch.expect_state('open')
    server.restart()
    watch.expect_state('open')
    alice_x.put(path, mail('closed'), PIDF_TYPE, 200)
    watch.expect_state('closed')
    assert server.psql('SELECT count(*) FROM rollcall.publications') == '0'


# The rules that hold for any presence.

def test_rules_apply(server, alice_x, path, alice, bob, carol):
    rules.put(server, rules.ruleset(
        rules.rule('a', 'allow', rules.one('bob@example.com'),
                   rules.SERVICES),
        rules.rule('b', 'polite-block', rules.one('carol@example.com'))))
    watch, blocked = bob.subscribe('alice'), carol.subscribe('alice')
    own = alice.subscribe('alice')
    for one in (watch, blocked, own):
        one.expect_state('closed')
    blocked.forbid(lambda n: n.presence.tuples,
                   'state to who is politely blocked')
    alice_x.put(path, presence(
        TUPLE.format('mail', 'open', '')
        + '<dm:person id="p"><rpid:mood><rpid:happy/></rpid:mood>'
        '</dm:person>'), PIDF_TYPE)
    assert 'happy' not in text_of(watch.expect_state('open'))
    assert 'happy' in text_of(own.expect_state('open'))
    carol.subscribe('alice', expires=0).expect_state('closed')
    server.psql('UPDATE rollcall.settings SET share_availability = false')
    assert 'mail' not in text_of(watch.expect_state('unknown'))
    bob.subscribe('alice', expires=0).expect_state('unknown')
    alice.subscribe('alice', expires=0).expect_state('open')


def test_a_disabled_and_a_removed_user(server, alice_x, path, bob):
    alice_x.put(path, mail(), PIDF_TYPE)
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    server.psql("UPDATE rollcall.users SET enabled = false "
                "WHERE aor ~ '^alice'")
    watch.expect_ended('rejected')
    server.psql("UPDATE rollcall.users SET enabled = true "
                "WHERE aor ~ '^alice'")
    server.sync()
    wait.until(lambda: bob.subscribe('alice', expires=0).next().is_state(
        'open'), 'it counts again')
    again = bob.subscribe('alice')
    again.expect_state('open')
    server.psql("DELETE FROM rollcall.users WHERE aor ~ '^alice'")
    again.expect_ended('noresource')
    server.psql("INSERT INTO rollcall.users (aor) "
                "VALUES ('alice@example.com')")
    server.sync()
    bob.subscribe('alice', expires=0).expect_state('closed')


# From psql.

def test_psql(server, alice_x, path, bob):
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    psql_put(server, mail())
    watch.expect_state('open')
    etag = alice_x.get(path).etag
    psql_put(server, mail('closed'))
    watch.expect_state('closed')
    assert alice_x.get(path).etag != etag
    alice_x.put(path, mail(), PIDF_TYPE, 412, headers=[('If-Match', etag)])
    psql_put(server, mail())
    watch.expect_state('open')
    server.psql('DELETE FROM rollcall.xcap_documents')
    watch.expect_state('closed')
    alice_x.get(path, 404)


def test_within_a_second(server, alice_x, path, bob):
    """Tried again while the machine is busy with other tests."""
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    alice_x.put(path, mail(), PIDF_TYPE)
    watch.expect_state('open')

    def seconds(change, state):
        begin = time.monotonic()
        change()
        watch.expect_state(state)
        return time.monotonic() - begin
    wait.until(lambda: max(
        seconds(lambda: psql_put(server, mail('closed')), 'closed'),
        seconds(lambda: alice_x.put(path, mail(), PIDF_TYPE, 200), 'open')
    ) < 1, 'both ways take less than a second', 30)


def test_many_at_once_in_psql(server, alice_x, path, bob):
    """More than are told one by one: those of each user are read again."""
    alice_x.put(path, mail(), PIDF_TYPE)
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    server.psql("INSERT INTO rollcall.users (aor) SELECT 'u' || i || "
                "'@example.com' FROM generate_series(1, 1200) i")
    server.psql(
        "BEGIN; DELETE FROM rollcall.xcap_documents; INSERT INTO "
        "rollcall.xcap_documents (auid, owner, filename, body) SELECT "
        f"'{USAGE}', aor, 'index', convert_to($${mail()}$$, 'UTF8') "
        "FROM rollcall.users WHERE aor ~ '^u'; COMMIT")
    watch.expect_state('closed')
    wait.until(lambda: bob.subscribe('u1200', expires=0).next().is_state(
        'open'), 'the last one is read')
    server.psql("TRUNCATE rollcall.users CASCADE")
    watch.expect_ended('noresource')


@pytest.mark.parametrize('body', ['<presence', '', presence('') + 'x',
                                  '<a xmlns="urn:x"/>', mail()[:-3]])
def test_one_that_cannot_be_read(server, alice_x, path, alice, bob, body):
    alice_x.put(path, mail(), PIDF_TYPE)
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    psql_put(server, body)
    watch.expect_state('closed')
    psql_put(server, body)
    server.sync()
    alice.publish('open', tuple_id='phone')
    expect_ids(watch, 'phone')
    complaint = 'permanent presence of alice@example.com is passed over'
    assert server.log_text().count(complaint) == 1
    server.restart()
    expect_ids(watch, 'phone')
    alice_x.put(path, mail(), PIDF_TYPE, 200)
    expect_ids(watch, 'phone', 'mail')


def test_one_that_no_watcher_could_be_shown(alice_x, path):
    """The bounds of what is published."""
    many = presence(''.join(TUPLE.format(f't{i}', 'open', '')
                            for i in range(101)))
    answer = alice_x.put(path, many, PIDF_TYPE, 409)
    assert answer.reason == 'constraint-failure'
    alice_x.get(path, 404)
    alice_x.put(path, document(ALICE, 'open'), PIDF_TYPE)
