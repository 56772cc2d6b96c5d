# SPDX-License-Identifier: ISC
"""Resource lists (RFC 4662, RFC 4826, RFC 5367): one subscription, many people.
Every NOTIFY goes through the strict table of harness/rlmi."""
import zlib

import pytest

from harness import rlmi, rules, wait
from harness.message import token
from harness.xcap import LISTS_TYPE, RLS_TYPE, Xcap

ALICE, BOB, CAROL = (f'{user}@example.com' for user in
                     ('alice', 'bob', 'carol'))
RL = 'urn:ietf:params:xml:ns:resource-lists'
RLS = 'urn:ietf:params:xml:ns:rls-services'
ALL = f'sip:{ALICE};pres-list=contacts'


def lists(inner):
    return (f'<?xml version="1.0" encoding="UTF-8"?><resource-lists '
            f'xmlns="{RL}">{inner}</resource-lists>')


def entry(user, name=None):
    uri = user if ':' in user else f'sip:{user}@example.com'
    shown = f'<display-name>{name}</display-name>' if name else ''
    return f'<entry uri="{uri}">{shown}</entry>'


def services(inner):
    return f'<rls-services xmlns="{RLS}" xmlns:rl="{RL}">{inner}' \
           '</rls-services>'


def service(uri, inner, packages=''):
    return f'<service uri="{uri}">{inner}{packages}</service>'


def put(server, usage, body, kind, user='alice'):
    xcap = Xcap(server, user)
    answer = xcap.ask('PUT', xcap.path(usage), body, kind)
    assert answer.status in (200, 201), answer.text


def dora(server):
    server.psql('INSERT INTO rollcall.users (aor) '
                "VALUES ('dora@example.com')")
    server.sync()


def contact(server, *users, owner=ALICE, group='contacts'):
    for user in users:
        uri = user if ':' in user else f'sip:{user}@example.com'
        server.psql('INSERT INTO rollcall.contacts (owner, uri, group_name) '
                    f"VALUES ('{owner}', '{uri}', '{group}')")
    server.sync()


def adhoc(agent, *users, expect=200, uri='sip:example.com', body=None,
          content_type=LISTS_TYPE, **options):
    inner = ''.join(entry(user) for user in users)
    body = body or lists(f'<list>{inner}</list>')
    headers = [('Require', 'recipient-list-subscribe'),
               ('Content-Disposition', 'recipient-list')]
    return agent.subscribe(uri, body=body.encode(), content_type=content_type,
                           headers=headers, expect=expect, **options)


# --- What a list is ---

def test_a_deflated_list(server, alice, bob):
    """As liblinphone sends it."""
    bob.publish('open')
    body = zlib.compress(
        lists(f'<list>{entry("bob")}{entry("carol")}</list>').encode())
    headers = [('Require', 'recipient-list-subscribe'),
               ('Content-Disposition', 'recipient-list'),
               ('Content-Encoding', 'deflate')]
    watch = rlmi.watch(alice, 'sip:example.com', body=body,
                       content_type=LISTS_TYPE, headers=headers)
    watch.expect_all(bob='open', carol='closed')
    for wrong, status in ((body[:-9], 400), (zlib.compress(bytes(1 << 20)),
                                             413)):
        alice.subscribe('sip:example.com', body=wrong, expect=status,
                        content_type=LISTS_TYPE, headers=headers)
    refused = alice.subscribe(
        'sip:example.com', body=body, content_type=LISTS_TYPE, expect=415,
        headers=headers[:2] + [('Content-Encoding', 'br')])
    assert 'deflate' in refused.response['Accept-Encoding']


def test_all_contacts(server, alice, bob):
    contact(server, 'bob')
    contact(server, 'carol', group='work')
    bob.publish('open')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open', carol='closed')
    assert watch.last.uri == ALL and watch.last.version == 0
    bob.publish('closed', note='away', tuple_id='t2')
    assert watch.next().rows.keys() == {f'sip:{BOB}'}


def test_a_group_of_contacts_with_names(server, alice, bob):
    dora(server)
    put(server, 'resource-lists', lists(
        '<list name="work"><display-name>At work</display-name>'
        + entry('bob', 'Bob B.')
        + '<list name="inner">' + entry('carol') + '</list>'
        + entry('sip:BOB@Example.com') + '</list>'
        '<list name="home">' + entry('dora') + '</list>'), LISTS_TYPE)
    watch = rlmi.watch(alice, f'sip:{ALICE};pres-list=work')
    watch.expect_all(bob='closed', carol='closed')
    assert watch.row('bob').name == 'Bob B.'
    assert watch.last.names == ['At work']
    alice.subscribe(f'sip:{ALICE};pres-list=nothing', expect=404)


def test_the_whole_list_of_a_user_without_contacts(alice):
    watch = rlmi.watch(alice, ALL)
    assert watch.next().rows == {} and watch.last.is_full


def test_a_service_with_its_own_list(server, alice):
    put(server, 'rls-services', services(service(
        'sip:Friends@example.com',
        '<list><rl:display-name>Friends</rl:display-name>'
        '<rl:entry uri="sip:bob@example.com"><rl:display-name>B'
        '</rl:display-name></rl:entry></list>',
        '<packages><package>presence</package></packages>')), RLS_TYPE)
    watch = rlmi.watch(alice, 'friends')
    watch.expect_all(bob='closed')
    assert watch.last.names == ['Friends']
    assert watch.row('bob').name == 'B'


def test_a_service_that_refers_to_a_list(server, alice):
    dora(server)
    root = f'http://127.0.0.1:{server.http_port}/xcap-root/'
    own = f'resource-lists/users/sip:{ALICE}/index/~~/resource-lists/'
    put(server, 'resource-lists', lists(
        '<list name="a">' + entry('bob', 'Bob')
        + f'<external anchor="{root}{own}list%5b@name=%22c%22%5d"/>'
        f'<entry-ref ref="{own}list%5b@name=%22b%22%5d/'
        'entry%5b@uri=%22sip:dora@example.com%22%5d"/>'
        # not followed: elsewhere, somebody else's, nothing
        '<external anchor="http://elsewhere.example.org/x/'
        f'{own}list%5b@name=%22b%22%5d"/>'
        f'<external anchor="{root}resource-lists/users/sip:{BOB}/index/~~/'
        'resource-lists/list%5b1%5d"/>'
        f'<external anchor="{root}{own}list%5b@name=%22none%22%5d"/>'
        '</list>'
        '<list name="b">' + entry('sip:eve@example.net') + entry('dora') + '</list>'
        '<list name="c">' + entry('carol')
        + f'<external anchor="{root}{own}list%5b@name=%22a%22%5d"/>'
        '</list>'), LISTS_TYPE)
    put(server, 'resource-lists', lists(
        '<list>' + entry('alice') + '</list>'), LISTS_TYPE, 'bob')
    put(server, 'rls-services', services(service(
        'sip:friends@example.com',
        f'<resource-list>{root}{own}list%5b@name=%22a%22%5d'
        '</resource-list>')), RLS_TYPE)
    watch = rlmi.watch(alice, 'friends')
    watch.expect_all(bob='closed', carol='closed', dora='closed')
    assert list(watch.shown) == ['bob', 'carol', 'dora']


def test_an_adhoc_list(server, alice, bob):
    bob.publish('open')
    watch = rlmi.Watch(adhoc(alice, 'bob', 'carol', 'nobody',
                             'sip:eve@example.net', 'alice', 'bob'))
    watch.expect_all(bob='open', carol='closed', nobody='noresource',
                     eve='probation', alice='closed')
    assert watch.last.uri == 'sip:example.com'


def test_an_adhoc_list_beside_another_part(alice):
    body = ('--x\r\nContent-Type: application/resource-lists+xml\r\n'
            'Content-Disposition: recipient-list\r\n\r\n'
            + lists(f'<list>{entry("bob")}</list>')
            + '\r\n--x\r\nContent-Type: application/simple-filter+xml\r\n'
            'Content-Disposition: session;handling=optional\r\n\r\n'
            '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"/>\r\n'
            '--x--\r\n')
    watch = rlmi.Watch(adhoc(alice, body=body,
                             content_type='multipart/mixed;boundary=x'))
    watch.expect_all(bob='closed')


# --- Who may, and what is answered ---

def test_a_list_is_its_owners(server, alice, bob):
    contact(server, 'carol')
    put(server, 'rls-services', services(service(
        'sip:friends@example.com', '<list/>')), RLS_TYPE)
    bob.subscribe(ALL, expect=403)
    bob.subscribe('friends', expect=403)
    alice.subscribe('friends')
    alice.subscribe('nobody', expect=404)


def send(agent, uri, headers, body=b''):
    return agent.request('SUBSCRIBE', uri, headers=[
        ('Event', 'presence'), ('Expires', '600'),
        ('Contact', f'<{agent.contact}>'), *headers], body=body)


def test_421_only_for_a_list(server, alice):
    """RFC 4662 4.1."""
    put(server, 'rls-services', services(service(
        'sip:friends@example.com', '<list/>')), RLS_TYPE)
    for uri in (ALL, 'sip:friends@example.com'):
        response = send(alice, uri, [])
        assert response.status == 421 and response['Require'] == 'eventlist'
        assert send(alice, uri, [('Supported', 'path, EventList')]).status \
            == 200
    assert send(alice, 'sip:bob@example.com', []).status == 200
    assert send(alice, 'sip:nobody@example.com', []).status == 404
    answer = send(alice, 'sip:bob@example.com', [('Supported', 'eventlist')])
    assert answer.status == 200 and 'Require' not in answer


def test_406_where_no_list_is_understood(alice):
    """RFC 4662 4.3; a phone that forgets one of the two is served."""
    def ask(*accept):
        return send(alice, ALL, [('Supported', 'eventlist'),
                                 *[('Accept', a) for a in accept]]).status
    assert ask('application/pidf+xml') == 406
    assert ask('application/pidf+xml, application/rlmi+xml',
               'multipart/related') == 200
    assert ask('application/pidf+xml, multipart/related') == 200
    assert ask('application/rlmi+xml') == 200
    assert ask() == 200


def test_489_for_other_packages(server, alice):
    put(server, 'rls-services', services(
        service('sip:one@example.com', '<list/>',
                '<packages><package>dialog</package></packages>')
        + service('sip:two@example.com', '<list/>')), RLS_TYPE)
    response = alice.subscribe('one', expect=489).response
    assert 'presence' in response['Allow-Events']
    alice.subscribe('two')


def test_wrong_adhoc_lists(server, alice):
    adhoc(alice, 'bob', body='<resource-lists', expect=400)
    adhoc(alice, 'bob', body='<a/>', expect=400)
    adhoc(alice, content_type='text/plain', body='bob', expect=415)
    adhoc(alice, content_type='multipart/mixed;boundary=x',
          body='--x\r\nContent-Type: text/plain\r\n\r\nx\r\n--x--\r\n',
          expect=415)
    alice.subscribe('sip:example.com', expect=404)
    # to a user's own address it is not for lists
    adhoc(alice, 'bob', uri='sip:bob@example.com', expect=415)
    assert 'recipient-list-subscribe' in alice.request(
        'OPTIONS', 'sip:example.com', auth=False)['Supported']


@pytest.mark.options(subscriptions={'list_members': '3', 'list_max': '2'})
def test_bounds(server, alice):
    adhoc(alice, 'a', 'b', 'c', 'd', expect=413)
    adhoc(alice, 'a', 'b', 'c', 'a')
    contact(server, 'bob', 'carol', 'sip:x@example.net', 'sip:y@example.net')
    watch = rlmi.watch(alice, ALL)
    assert len(watch.next().rows) == 3
    alice.subscribe(ALL, expect=403)
    watch.subscription.end()
    wait.until(lambda: alice.subscribe(ALL, expect=None).response.status
               == 200, 'there is room again')


def test_a_list_in_a_later_subscribe(alice):
    """RFC 5367 5: it means nothing, so another one is refused."""
    subscription = adhoc(alice, 'bob')
    watch = rlmi.Watch(subscription)
    watch.expect_all(bob='closed')
    subscription.refresh()
    assert watch.next().is_full
    subscription.body = lists(f'<list>{entry("carol")}</list>').encode()
    subscription.refresh(expect=415)
    subscription.body, subscription.content_type = b'', None
    subscription.headers = []
    subscription.refresh()
    watch.next()
    watch.expect_all(bob='closed')


# --- What is told ---

def test_full_state_first_and_after_each_subscribe(server, alice, bob, carol):
    contact(server, 'bob', 'carol')
    watch = rlmi.watch(alice, ALL)
    watch.next()
    for round_ in range(3):
        bob.publish('open', tuple_id=f't{round_}')
        assert not watch.next().is_full
        watch.subscription.refresh()
        assert watch.next().is_full
        assert watch.last.version == 2 * round_ + 2
    watch.subscription.send(0)
    last = watch.subscription.expect_ended('timeout')
    assert watch.take(last).is_full


def test_a_fetch(server, alice, bob):
    contact(server, 'bob')
    bob.publish('open')
    watch = rlmi.watch(alice, ALL, expires=0)
    watch.expect_all(bob='open')
    assert watch.subscription.seen[-1].phase == 'terminated'


@pytest.mark.options(subscriptions={'list_delay': '600'})
def test_changes_are_gathered(server, alice, bob, carol):
    contact(server, 'bob', 'carol')
    watch = rlmi.watch(alice, ALL)
    watch.next()
    first = bob.publish('open')
    carol.publish('open')
    first.change('closed')
    rows = watch.next().rows
    assert {uri: row.shown for uri, row in rows.items()} \
        == {f'sip:{BOB}': 'closed', f'sip:{CAROL}': 'open'}
    assert watch.last.version == 1
    alice.settle()
    assert not watch.subscription.unread


def test_a_notify_that_is_lost_is_followed_by_full_state(server, alice, bob):
    contact(server, 'bob', 'carol')
    watch = rlmi.watch(alice, ALL)
    watch.next()
    alice.answer('NOTIFY', 500)
    first = bob.publish('open')
    assert not watch.next().is_full
    alice.answer('NOTIFY', 200)
    first.change('closed')
    assert watch.next().is_full
    watch.expect_all(bob='closed', carol='closed')


# --- The policy of each member ---

def test_pending_and_rejected_members(server, alice, bob, carol):
    server.psql('UPDATE rollcall.settings SET allow_without_approval = false')
    contact(server, 'bob', 'carol')
    server.psql("INSERT INTO rollcall.watchers (presentity, watcher, decision)"
                f" VALUES ('{CAROL}', '{ALICE}', 'block')")
    server.sync()
    bob.publish('open')
    winfo = bob.subscribe('bob', event='presence.winfo')
    winfo.next()
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='pending', carol='rejected')
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{ALICE}', ' ')[0]
                 == 'pending', 'Alice waits')
    listed = server.ctl('watchers', 'list', BOB)
    assert ALICE in listed and 'pending' in listed
    why = server.ctl('why', ALICE, BOB)
    assert f'pending through the list {ALICE};pres-list=contacts' in why
    server.ctl('watchers', 'allow', BOB, ALICE)
    watch.expect_all(bob='open', carol='rejected')
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{ALICE}', ' ')[0]
                 == 'active', 'Alice watches')
    server.ctl('watchers', 'polite-block', BOB, ALICE)
    watch.expect_all(bob='closed', carol='rejected')
    server.ctl('watchers', 'allow', CAROL, ALICE)
    server.ctl('watchers', 'block', BOB, ALICE)
    watch.expect_all(bob='rejected', carol='closed')
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{ALICE}')
                 == ('terminated', 'rejected'), 'Alice watches no more')


def test_rules_name_what_a_member_shows(server, alice, bob):
    contact(server, 'bob')
    bob.publish('open', note='secret')
    rules.put(server, rules.ruleset(rules.rule(
        'a', 'allow', rules.one(ALICE), rules.SERVICES)), user='bob')
    server.sync()
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open')
    assert watch.row('bob').presence.notes == []
    rules.put(server, rules.ruleset(rules.rule(
        'a', 'allow', rules.one(ALICE), rules.ALL)), user='bob')
    watch.next()
    assert watch.row('bob').presence.notes == ['secret']


def test_sharing_off_is_unknown(server, alice, bob):
    contact(server, 'bob', 'alice')
    bob.publish('open')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open', alice='closed')
    server.psql('UPDATE rollcall.settings SET share_availability = false')
    watch.expect_all(bob='unknown', alice='closed')
    bob.publish('closed', tuple_id='t2')
    server.psql('UPDATE rollcall.settings SET share_availability = true')
    watch.expect(bob='open')
    server.psql("UPDATE rollcall.users SET share_availability = false"
                f" WHERE aor = '{BOB}'")
    watch.expect_all(bob='unknown', alice='closed')


def test_the_contact_rule_counts_each_member(server, alice, bob):
    """Contacts are no ad hoc watching; who is none is judged by it."""
    server.psql('UPDATE rollcall.settings SET adhoc_enabled = false')
    contact(server, 'bob')
    watch = rlmi.Watch(adhoc(alice, 'bob', 'carol', 'sip:eve@example.net'))
    watch.expect_all(bob='closed', carol='rejected', eve='rejected')
    server.psql('UPDATE rollcall.settings SET adhoc_enabled = true, '
                'adhoc_max = 1, adhoc_ttl = 2')
    watch.expect(carol='closed', eve='rejected')
    alice.subscribe('sip:alice@example.com')
    adhoc(alice, 'dora')
    contact(server, 'carol')
    watch.expect(bob='closed', carol='closed')


def test_the_time_of_an_adhoc_member_ends(server, alice):
    server.psql('UPDATE rollcall.settings SET adhoc_ttl = 2')
    contact(server, 'bob')
    watch = rlmi.Watch(adhoc(alice, 'bob', 'carol'))
    watch.expect_all(bob='closed', carol='closed')
    watch.expect_all(bob='closed', carol='timeout')
    watch.subscription.refresh()
    watch.next()
    watch.expect_all(bob='closed', carol='timeout')


def test_a_list_counts_as_watching(server, alice, bob, carol):
    server.psql('UPDATE rollcall.settings SET max_watchers = 1')
    contact(server, 'bob')
    contact(server, 'bob', owner=CAROL)
    winfo = bob.subscribe('bob', event='presence.winfo')
    winfo.next()
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='closed')
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{ALICE}', ' ')[0]
                 == 'active', 'Alice watches')
    carol.subscribe('bob', expect=403)
    other = rlmi.watch(carol, f'sip:{CAROL};pres-list=contacts')
    other.expect_all(bob='rejected')
    alice.subscribe('bob')
    watch.subscription.end()
    alice.subscribe('bob').end()


def test_users_come_and_go(server, alice):
    contact(server, 'bob')
    dora(server)
    contact(server, 'dora')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='closed', dora='closed')
    server.psql('UPDATE rollcall.users SET enabled = false '
                f"WHERE aor = '{BOB}'")
    watch.expect_all(bob='noresource', dora='closed')
    server.psql(f"UPDATE rollcall.users SET enabled = true WHERE aor = '{BOB}'")
    watch.expect_all(bob='closed', dora='closed')
    server.psql("DELETE FROM rollcall.users WHERE aor = 'dora@example.com'")
    watch.expect(bob='closed', dora='noresource')


# --- A list that is edited ---

def test_members_come_and_go(server, alice, bob):
    contact(server, 'bob')
    bob.publish('open')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open')
    contact(server, 'carol')
    watch.expect_all(bob='open', carol='closed')
    server.psql(f"DELETE FROM rollcall.contacts WHERE uri = 'sip:{BOB}'")
    watch.expect(carol='closed', bob='noresource')
    bob.publish('closed', tuple_id='t2')
    watch.subscription.refresh()
    watch.expect_all(carol='closed')


def test_a_document_is_edited_by_xcap(server, alice):
    def edit(*users):
        put(server, 'rls-services', services(service(
            'sip:friends@example.com', '<list>' + ''.join(
                f'<rl:entry uri="sip:{u}@example.com"/>' for u in users)
            + '</list>')), RLS_TYPE)
    edit('bob')
    watch = rlmi.watch(alice, 'friends')
    watch.expect_all(bob='closed')
    edit('bob', 'carol')
    watch.expect_all(bob='closed', carol='closed')
    edit('carol')
    watch.expect(bob='noresource', carol='closed')
    put(server, 'rls-services', services(''), RLS_TYPE)
    watch.subscription.expect_ended('noresource')
    alice.subscribe('friends', expect=404)


def test_a_name_is_edited(server, alice):
    contact(server, 'bob')
    watch = rlmi.watch(alice, ALL)
    watch.next()
    server.psql("UPDATE rollcall.contacts SET display_name = 'Bobby'")
    watch.next()
    assert watch.row('bob').name == 'Bobby'


# --- Restart ---

def test_lists_live_on_after_a_restart(server, alice, bob):
    contact(server, 'bob', 'carol')
    put(server, 'rls-services', services(service(
        'sip:friends@example.com',
        '<list><rl:entry uri="sip:bob@example.com"/></list>')), RLS_TYPE)
    bob.publish('open')
    watches = [rlmi.watch(alice, ALL), rlmi.watch(alice, 'friends'),
               rlmi.Watch(adhoc(alice, 'bob', 'nobody'))]
    for watch in watches:
        watch.expect(bob='open')
    before = [watch.version for watch in watches]
    server.kill()
    server.start()
    for watch, version in zip(watches, before):
        assert watch.next().is_full and watch.version > version
        watch.expect(bob='open')
    bob.publish('closed', tuple_id='t2', note='x')
    for watch in watches:
        assert not watch.next().is_full
        watch.subscription.refresh()
        assert watch.next().is_full


def test_a_list_that_went_while_the_server_was_away(server, alice):
    put(server, 'rls-services', services(service(
        'sip:friends@example.com', '<list/>')), RLS_TYPE)
    watch = rlmi.watch(alice, 'friends')
    watch.next()
    server.stop()
    server.psql('SET session_replication_role = replica; '
                'DELETE FROM rollcall.service_uris')
    server.start()
    watch.subscription.expect_ended('noresource')


def test_a_refresh_right_after_a_restart(server, alice):
    contact(server, 'bob')
    watch = rlmi.watch(alice, ALL)
    watch.next()
    server.kill()
    server.start()
    watch.subscription.refresh()
    assert watch.next().is_full
    watch.expect_all(bob='closed')


def test_a_list_on_tcp_goes_on_when_its_device_is_back(server, bob):
    alice = server.agent('alice', kind='tcp')
    contact(server, 'bob', 'carol')
    publication = bob.publish('closed')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='closed', carol='closed')
    before = watch.version
    server.kill()
    server.start()
    publication.change('open')
    assert not watch.subscription.unread
    alice.transport.connect()
    alice.register()
    watch.next()
    assert watch.last.is_full and watch.version > before
    assert watch.shown == {'bob': 'open', 'carol': 'closed'}
    publication.change('closed')
    watch.expect(bob='closed')


def test_lists_go_on_while_postgresql_is_away(server, postgres, alice, bob):
    """Those that are watched do; a list that has to be read first waits, and
    nobody is taken for gone."""
    contact(server, 'bob', 'carol')
    publication = bob.publish('closed')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='closed', carol='closed')
    postgres.freeze()
    publication.change('open')
    watch.expect(bob='open')
    watch.subscription.refresh()
    watch.next()
    watch.expect_all(bob='open', carol='closed')
    postgres.thaw()
    wait.until(lambda: server.log_text().count('PostgreSQL is there') == 2,
               'PostgreSQL is there again')
    later = rlmi.watch(alice, ALL)
    later.expect_all(bob='open', carol='closed')


# --- Together with what else a watcher may ask for ---

NO_NOTES = (
    '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings>'
    '<ns-binding prefix="p" urn="urn:ietf:params:xml:ns:pidf"/></ns-bindings>'
    f'<filter id="1" uri="{{}}"><what><exclude>//p:note</exclude></what>'
    '</filter></filter-set>')
FILTER_TYPE = 'application/simple-filter+xml'


def test_members_are_filtered(server, alice, bob, carol):
    """RFC 4660 3.3.1: a filter for the list is for all of it, one for a member
    for him; beside an ad hoc list (RFC 5367), too, and in a refresh."""
    contact(server, 'bob', 'carol')
    bob.publish('open', note='at lunch')
    carol.publish('open', note='at work')
    watch = rlmi.watch(alice, ALL, body=NO_NOTES.format(ALL).encode(),
                       content_type=FILTER_TYPE)
    watch.expect_all(bob='open', carol='open')
    assert b'at lunch' not in watch.row('bob').body
    assert b'at work' not in watch.row('carol').body
    watch.subscription.body = NO_NOTES.format(f'sip:{BOB}').encode()
    watch.subscription.content_type = FILTER_TYPE
    watch.subscription.refresh()
    watch.next()
    watch.expect_all(bob='open', carol='open')


def test_a_trigger_holds_back_a_member(server, alice, bob, carol):
    """RFC 4661 3.6: what it does not fire for is not told, and of another change
    neither; what is told is compared with what was told last."""
    contact(server, 'bob', 'carol')
    first, second = bob.publish('closed'), carol.publish('closed')
    body = NO_NOTES.format(ALL).replace(
        '</filter>', '<trigger><changed from="closed" to="open">'
        '/p:presence/p:tuple/p:status/p:basic</changed></trigger></filter>')
    watch = rlmi.watch(alice, ALL, body=body.encode(),
                       content_type=FILTER_TYPE)
    watch.expect_all(bob='closed', carol='closed')
    first.change('open')
    watch.next()
    assert watch.last.rows.keys() == {f'sip:{BOB}'}
    first.change('closed')
    second.change('open')
    watch.next()
    assert watch.last.rows.keys() == {f'sip:{CAROL}'}
    assert watch.shown == {'bob': 'open', 'carol': 'open'}
    second.change('open', note='hidden by the filter')
    watch.subscription.refresh()
    watch.next()
    assert watch.last.is_full
    assert watch.shown == {'bob': 'closed', 'carol': 'open'}


def test_what_a_filter_hides_is_not_told(server, alice, bob, carol):
    contact(server, 'bob', 'carol')
    first, second = bob.publish('open'), carol.publish('open')
    watch = rlmi.watch(alice, ALL, body=NO_NOTES.format(ALL).encode(),
                       content_type=FILTER_TYPE)
    watch.expect_all(bob='open', carol='open')
    first.change('open', note='hidden')
    second.change('closed')
    watch.next()
    assert watch.last.rows.keys() == {f'sip:{CAROL}'}


def test_a_filter_beside_a_list_in_the_body(server, alice, bob, carol):
    contact(server, 'bob', 'carol')
    bob.publish('open', note='at lunch')
    carol.publish('open', note='at work')
    parts = ((LISTS_TYPE, lists('<list>' + entry('bob') + entry('carol')
                                + '</list>')),
             (FILTER_TYPE, NO_NOTES.format(f'sip:{BOB}')))
    body = ''.join(f'--b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n'
                   for kind, text in parts) + '--b--\r\n'
    watch = rlmi.Watch(adhoc(alice, body=body,
                             content_type='multipart/mixed;boundary=b'))
    watch.expect_all(bob='open', carol='open')
    assert b'at lunch' not in watch.row('bob').body
    assert b'at work' in watch.row('carol').body


def test_a_bad_filter_of_a_list(server, alice):
    contact(server, 'bob')
    alice.subscribe(ALL, body=b'<filter-set/>', content_type=FILTER_TYPE,
                    expect=488)


def test_a_list_at_a_rate(server, alice, bob):
    """RFC 6446 5.2 and 6: it is the dialog's, however many the members are."""
    contact(server, 'bob', 'carol')
    watch = rlmi.watch(alice, ALL, event='presence;max-rate=0.5')
    notify = watch.subscription.next('the first')
    assert 'max-rate=0.5' in notify.request['Subscription-State']
    watch.take(notify)
    publication = bob.publish('closed')
    for state in ('open', 'closed', 'open'):
        publication.send(state)
    watch.expect(bob='open')
    assert watch.version <= 2
