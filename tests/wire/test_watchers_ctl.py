# SPDX-License-Identifier: ISC
"""rollcallctl watchers."""
import json

import pytest

ALICE, BOB, CAROL = (f'{u}@example.com' for u in ('alice', 'bob', 'carol'))


def rows(server):
    return {row['watcher']: row for row in json.loads(
        server.ctl('--json', 'watchers', 'list', ALICE))}


def decision(server, watcher):
    return server.psql('SELECT decision FROM rollcall.watchers WHERE '
                       f"presentity = '{ALICE}' AND watcher = '{watcher}'")


@pytest.mark.parametrize('verb, stored', [
    ('allow', 'allow'), ('block', 'block'), ('polite-block', 'polite_block')])
def test_a_decision_is_stored_and_taken_back(stopped_server, verb, stored):
    server = stopped_server
    for watcher in (BOB, 'eve@example.net', '@example.net'):
        server.ctl('watchers', verb, ALICE, watcher)
        assert decision(server, watcher) == stored
        server.ctl('watchers', 'forget', ALICE, watcher)
        assert decision(server, watcher) == ''
        said = server.ctl('watchers', 'forget', ALICE, watcher, status=1)
        assert watcher in said


def test_nothing_is_decided_about_oneself(stopped_server):
    server = stopped_server
    for verb in ('allow', 'block', 'polite-block'):
        said = server.ctl('watchers', verb, ALICE, 'sip:ALICE@example.com',
                          status=1)
        assert 'always sees himself' in said
    assert decision(server, ALICE) == ''


def test_one_watcher_in_any_case(stopped_server):
    server = stopped_server
    server.ctl('watchers', 'allow', 'ALICE@example.com', 'sip:BOB@Example.com')
    server.ctl('watchers', 'block', ALICE, 'Bob@EXAMPLE.com')
    server.ctl('watchers', 'allow', ALICE, '@Example.NET')
    assert server.psql('SELECT watcher, decision, decided_by FROM '
                       'rollcall.watchers ORDER BY 1').splitlines() == [
        '@example.net|allow|rollcall', f'{BOB}|block|rollcall']
    server.ctl('watchers', 'forget', ALICE, '@example.NET')
    assert decision(server, '@example.net') == ''


@pytest.mark.parametrize('owner, watcher', [
    ('zorro@example.com', BOB), ('alice', BOB), (ALICE, 'bob'), (ALICE, '@'),
    (ALICE, '@x y'), (ALICE, 'bob@example.com:5060'), (ALICE, '@@x.org'),
    (ALICE, "x@x.org' OR ''='"), (ALICE, '')])
def test_who_is_nobody(stopped_server, owner, watcher):
    for verb in ('allow', 'forget'):
        said = stopped_server.ctl('watchers', verb, owner, watcher, status=1)
        assert said.count('\n') == 1
    assert stopped_server.psql('SELECT count(*) FROM rollcall.watchers') == '0'


def test_a_domain_is_written_with_its_sign(stopped_server):
    assert '@domain for everybody of a domain' in stopped_server.ctl(
        'watchers', 'block', ALICE, 'example.net', status=1)


def test_decisions_are_in_force_on_return(server, alice, bob):
    alice.register()
    bob.subscribe('alice').expect_state('open')
    server.ctl('watchers', 'block', ALICE, BOB)
    bob.subscribe('alice', expect=403)
    server.ctl('watchers', 'polite-block', ALICE, BOB)
    bob.subscribe('alice').expect_state('closed')
    server.ctl('watchers', 'forget', ALICE, BOB)
    bob.subscribe('alice').expect_state('open')


def test_a_domain_is_blocked_and_one_of_it_allowed(server, alice, bob, carol):
    alice.register()
    server.ctl('watchers', 'block', ALICE, '@example.com')
    server.ctl('watchers', 'allow', ALICE, CAROL)
    bob.subscribe('alice', expect=403)
    carol.subscribe('alice').expect_state('open')


def test_a_request_is_answered(server, alice, bob):
    """It is listed while it waits; the dialog turns active at once."""
    alice.register()
    server.ctl('settings', 'set', 'allow_without_approval', 'off')
    watching = bob.subscribe('alice')
    assert watching.next().phase == 'pending'
    row = rows(server)[BOB]
    assert (row['decision'], row['state'], row['devices']) == (
        'pending', 'pending', 1)
    server.ctl('watchers', 'allow', ALICE, BOB)
    watching.expect_state('open')
    row = rows(server)[BOB]
    assert (row['decision'], row['state'], row['decided_by']) == (
        'allow', 'active', 'rollcall')
    server.ctl('watchers', 'block', ALICE, BOB)
    watching.expect_ended('rejected')


def test_who_is_listed(server, bob, carol):
    assert 'nobody watches' in server.ctl('watchers', 'list', ALICE)
    assert server.ctl('--json', 'watchers', 'list', ALICE) == '[]\n'
    for phone in (bob, bob, carol):
        phone.subscribe('alice').next()
    server.ctl('watchers', 'allow', ALICE, '@example.net')
    server.ctl('watchers', 'allow', ALICE, CAROL)
    found = rows(server)
    assert {k: (v['decision'], v['state'], v['devices'])
            for k, v in found.items()} == {
        BOB: (None, 'active', 2), CAROL: ('allow', 'active', 1),
        '@example.net': ('allow', None, 0)}
    table = server.ctl('watchers', 'list', ALICE).splitlines()
    assert table[0].split() == ['watcher', 'decision', 'state', 'devices',
                                'since', 'by']
    assert len(table) == 4
    assert all(len(line) < 80 for line in table)
    server.ctl('watchers', 'list', 'zorro@example.com', status=1)


def test_the_audit_names_the_program(stopped_server):
    stopped_server.ctl('watchers', 'allow', ALICE, BOB)
    stopped_server.ctl('watchers', 'forget', ALICE, BOB)
    assert stopped_server.psql(
        'SELECT actor, program, action FROM rollcall.audit WHERE '
        "table_name = 'watchers' ORDER BY id").splitlines() == [
        'rollcall|rollcallctl|insert', 'rollcall|rollcallctl|delete']


def test_it_speaks_json(stopped_server):
    said = json.loads(stopped_server.ctl('--json', 'watchers', 'polite-block',
                                         ALICE, '@example.net'))
    assert said == {'owner': ALICE, 'watcher': '@example.net',
                    'result': 'blocked politely'}
