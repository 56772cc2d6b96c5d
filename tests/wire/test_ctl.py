# SPDX-License-Identifier: ISC
"""rollcallctl: what it says to programs and to people who mistype."""
import json
import subprocess

import pytest


@pytest.mark.parametrize('words', [
    (), ('user',), ('user', 'frob'), ('user', 'add'), ('status', 'now'),
    ('user', 'list', 'a', 'b'), ('--frob', 'status')])
def test_a_wrong_command_line(server, words):
    assert 'rollcallctl --help' in server.ctl(*words, status=2)


def test_json_for_programs(server, alice):
    alice.register()
    users = json.loads(server.ctl('--json', 'user', 'list', 'al*'))
    assert [(u['aor'], u['enabled'], u['devices']) for u in users] == [
        ('alice@example.com', True, 1)]
    assert json.loads(server.ctl('--json', 'status'))['bindings'] == 1


@pytest.mark.parametrize('aor', ['nobody', 'a b@example.com', '@example.com'])
def test_what_is_no_address(server, aor):
    server.ctl('user', 'add', aor, status=1, text='secret\n')


def test_a_domain_that_is_not_served(server):
    said = server.ctl('user', 'add', 'dave@example.net', status=1,
                      text='secret\n')
    assert 'example.com' in said


def test_an_empty_password_adds_nobody(server):
    server.ctl('user', 'add', 'dave@example.com', status=1, text='\n')
    assert 'dave' not in server.ctl('user', 'list')


def test_a_password_is_in_no_trail(server):
    server.ctl('user', 'add', 'dave@example.com', text='hunter2\n')
    trail = server.psql('SELECT * FROM rollcall.audit')
    digest = server.psql("SELECT ha1_md5 FROM rollcall.users "
                         "WHERE aor = 'dave@example.com'")
    assert 'dave@example.com' in trail
    assert 'hunter2' not in trail and digest not in trail


def test_a_user_who_is_not_there(server):
    for verb in ('remove', 'enable', 'disable'):
        server.ctl('user', verb, 'zorro@example.com', status=1)


def test_it_works_without_a_daemon(stopped_server):
    stopped_server.ctl('user', 'disable', 'alice@example.com')
    assert 'no' in stopped_server.ctl('user', 'list', 'alice*').split()
    stopped_server.ctl('status', status=1)


def test_two_inits_at_once_make_one_schema(stopped_server):
    server = stopped_server
    server.psql('DROP SCHEMA rollcall CASCADE')
    runs = [subprocess.Popen(
        [f'{server.bin}/rollcallctl', '-c', server.config, 'db', 'init'],
        stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate(timeout=30)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    files = int(server.psql(
        'SELECT count(*) FROM rollcall.schema_version'))
    assert sum(text.count('applied') for text in said) == files


def test_a_newer_schema_is_left_alone(server):
    server.psql("INSERT INTO rollcall.schema_version (version, file) "
                "VALUES (99, 'from the future')")
    assert 'newer' in server.ctl('db', 'upgrade', status=1)
