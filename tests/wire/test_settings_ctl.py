# SPDX-License-Identifier: ISC
"""rollcallctl settings, user set and user show."""
import json

import pytest

ALICE = 'alice@example.com'


def setting(server, name):
    [row] = json.loads(server.ctl('--json', 'settings', 'show', name))
    return row


def test_every_column_is_a_setting(stopped_server):
    server = stopped_server
    rows = json.loads(server.ctl('--json', 'settings', 'show'))
    columns = server.psql(
        "SELECT attname FROM pg_attribute WHERE attrelid = "
        "'rollcall.settings'::regclass AND attnum > 0 ORDER BY attnum"
    ).splitlines()
    assert [row['name'] for row in rows] == [
        c for c in columns if c not in ('id', 'updated_at', 'updated_by')]
    assert all(row['meaning'] for row in rows)
    assert setting(server, 'max_contacts') == {
        'name': 'max_contacts', 'value': 200, 'default': 200,
        'is_default': True, 'meaning': 'Contacts per user; NULL: no limit'}


def test_a_table_for_people(stopped_server):
    said = stopped_server.ctl('settings', 'show').splitlines()
    assert said[0].split() == ['name', 'value', 'default', 'meaning']
    place = said[0].index('meaning')
    assert all(line[place - 1] == ' ' and line[place] != ' ' for line in said)
    assert [line.split()[:3] for line in said if 'adhoc_ttl' in line] == [
        ['adhoc_ttl', 'none', '1800']]


@pytest.mark.parametrize('name, value, shown', [
    ('max_contacts', '100', 100), ('max_contacts', 'none', None),
    ('max_watchers', 'NULL', None), ('adhoc_max', '0', 0),
    ('adhoc_ttl', '31536000', 31536000), ('share_availability', 'off', False),
    ('share_availability', 'FALSE', False), ('im_enabled', 'true', True),
    ('allow_history', 'off', False)])
def test_a_value_is_set(stopped_server, name, value, shown):
    server = stopped_server
    said = json.loads(server.ctl('--json', 'settings', 'set', name, value))
    assert said == {'name': name, 'value': shown}
    assert setting(server, name)['value'] == shown


@pytest.mark.parametrize('name, value, allowed', [
    ('max_contacts', '-1', 'from 0 to 1000000, or none'),
    ('max_contacts', '1000001', 'from 0 to 1000000, or none'),
    ('max_contacts', '99999999999999', 'from 0 to 1000000, or none'),
    ('max_contacts', 'many', 'from 0 to 1000000, or none'),
    ('max_contacts', '', 'from 0 to 1000000, or none'),
    ('max_contacts', "1'; DROP TABLE rollcall.users; --", 'from 0 to'),
    ('offline_ttl', '59', 'from 60 to 31536000'),
    ('offline_ttl', 'none', 'from 60 to 31536000'),
    ('adhoc_ttl', '1.5', 'from 1 to 31536000, or none'),
    ('share_availability', 'maybe', 'on or off'),
    ('share_availability', 'none', 'on or off')])
def test_a_value_that_is_none(stopped_server, name, value, allowed):
    server = stopped_server
    before = server.ctl('settings', 'show')
    said = server.ctl('settings', 'set', name, value, status=1)
    assert said.startswith(f'rollcallctl: {name} is ') and allowed in said
    assert said.count('\n') == 1
    assert server.ctl('settings', 'show') == before


@pytest.mark.parametrize('name', ['max_contact', 'id', 'updated_by', '"', ''])
def test_a_setting_that_is_not_there(stopped_server, name):
    for words in (('show', name), ('set', name, '1')):
        said = stopped_server.ctl('settings', *words, status=1)
        assert 'max_contacts' in said and 'updated_by,' not in said


def test_a_setting_is_in_force_on_return(server, alice, bob):
    server.ctl('settings', 'set', 'adhoc_enabled', 'off')
    bob.subscribe('alice', expect=403)
    server.ctl('settings', 'set', 'adhoc_enabled', 'on')
    bob.subscribe('alice').next()


def test_the_audit_names_role_and_program(server):
    server.ctl('settings', 'set', 'max_contacts', '7')
    server.ctl('settings', 'set', 'max_contacts', '7')
    server.ctl('settings', 'set', 'max_contacts', '-7', status=1)
    assert server.psql(
        'SELECT actor, program, action, detail FROM rollcall.audit WHERE '
        "table_name = 'settings' AND detail ? 'max_contacts'") == \
        'rollcall|rollcallctl|update|{"max_contacts": 7}'
    assert server.psql(
        'SELECT updated_by FROM rollcall.settings') == 'rollcall'


def test_a_role_that_may_not(stopped_server):
    server = stopped_server
    role = f'clerk_{server.database}'
    server.psql(f'CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA rollcall '
                f'TO {role}; GRANT SELECT ON rollcall.settings TO {role}')
    dsn = server.postgres.dsn(server.database).replace('rollcall@',
                                                       f'{role}@')
    said = server.ctl('--dsn', dsn, 'settings', 'set', 'max_contacts', '7',
                      status=1)
    server.psql(f'DROP OWNED BY {role}; DROP ROLE {role}')
    assert 'permission denied' in said


# One user's.

def override(server, name):
    return server.psql(f'SELECT {name} FROM rollcall.users '
                       f"WHERE aor = '{ALICE}'")


def test_an_override_and_back(stopped_server):
    server = stopped_server
    for name in ('share_availability', 'allow_without_approval'):
        for value, stored in (('off', 'f'), ('on', 't'), ('default', '')):
            server.ctl('user', 'set', 'ALICE@example.com', name, value)
            assert override(server, name) == stored
    assert 'default (on)' in server.ctl('user', 'show', ALICE)


def test_an_override_is_in_force_on_return(server, alice, bob):
    alice.register()
    watching = bob.subscribe('alice')
    watching.expect_state('open')
    server.ctl('user', 'set', ALICE, 'share_availability', 'off')
    watching.expect_state('unknown')
    server.ctl('settings', 'set', 'share_availability', 'off')
    server.ctl('user', 'set', ALICE, 'share_availability', 'on')
    watching.expect_state('open')


@pytest.mark.parametrize('words', [
    (ALICE, 'max_contacts', 'on'), (ALICE, 'share_availability', 'maybe'),
    ('zorro@example.com', 'share_availability', 'on'),
    ('zorro', 'share_availability', 'on')])
def test_no_override(stopped_server, words):
    server = stopped_server
    assert server.ctl('user', 'set', *words, status=1).count('\n') == 1
    assert override(server, 'share_availability') == ''


def test_what_there_is_to_know_of_a_user(server, alice, bob):
    alice.register()
    bob.subscribe('alice').next()
    server.ctl('contacts', 'add', ALICE, 'sip:bob@example.com')
    server.ctl('user', 'set', ALICE, 'allow_without_approval', 'off')
    said = json.loads(server.ctl('--json', 'user', 'show', ALICE))
    assert (said['contacts'], said['max_contacts']) == (1, 200)
    assert (said['watchers'], said['max_watchers']) == (1, 200)
    assert said['share_availability'] is None
    assert said['allow_without_approval'] is False
    [device] = said['devices']
    assert device['contact'].startswith('sip:alice@')
    lines = {line.split()[0]: line.split()[1:] for line in server.ctl(
        'user', 'show', ALICE).splitlines() if line}
    assert lines['contacts'] == ['1', 'of', '200']
    assert lines['allow_without_approval'] == ['off']
    assert lines['share_availability'] == ['default', '(on)']
    assert lines['devices'] == ['1']
    server.ctl('user', 'show', 'zorro@example.com', status=1)
