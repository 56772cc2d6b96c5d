# SPDX-License-Identifier: ISC
"""rollcallctl: what it says to programs and to people who mistype."""
import json
import os
import pty
import signal
import socket
import subprocess
import termios
import threading

import pytest

from harness import wait
from harness.daemon import Rollcalld


@pytest.fixture(scope='module')
def no_server(cluster, template):
    """What needs a configuration and nothing else."""
    server = Rollcalld(cluster, template)
    yield server
    server.close()


@pytest.mark.parametrize('words', [
    (), ('user',), ('user', 'frob'), ('user', 'add'), ('status', 'now'),
    ('user', 'list', 'a', 'b'), ('--frob', 'status')])
def test_a_wrong_command_line(no_server, words):
    assert 'rollcallctl --help' in no_server.ctl(*words, status=2)


@pytest.mark.parametrize('words', [('watchers',), ('watchers', 'accept', 'a')])
def test_what_there_is_of_that_name(no_server, words):
    said = no_server.ctl(*words, status=2)
    assert 'there is no command "' + ' '.join(words) + '"; there are:' in said
    assert '\n  watchers polite-block OWNER WATCHER\n' in said
    assert 'contacts' not in said


def test_nothing_is_of_that_name(no_server):
    assert 'there are' not in no_server.ctl('watch', 'list', status=2)


# What each command takes beside --config and --json, which all do.
Q = 'q@example.com'
TAKES = {
    ('user', 'show', Q): {'--dsn'},
    ('user', 'set', Q, 'share_availability', 'on'): {'--dsn'},
    ('settings', 'show'): {'--dsn'},
    ('settings', 'set', 'max_contacts', '1'): {'--dsn'},
    ('contacts', 'add', Q, 'sip:a@b.org'): {'--dsn', '--name', '--group'},
    ('contacts', 'remove', Q, 'sip:a@b.org'): {'--dsn'},
    ('contacts', 'list', Q): {'--dsn'},
    ('contacts', 'import', Q): {'--dsn'},
    ('contacts', 'export', Q): {'--dsn'},
    ('watchers', 'list', Q): {'--dsn'},
    ('watchers', 'allow', Q, 'r@example.com'): {'--dsn'},
    ('watchers', 'block', Q, 'r@example.com'): {'--dsn'},
    ('watchers', 'polite-block', Q, 'r@example.com'): {'--dsn'},
    ('watchers', 'forget', Q, 'r@example.com'): {'--dsn'},
    ('user', 'add', 'q@example.com'): {'--dsn', '--name', '--password-file'},
    ('user', 'list'): {'--dsn'},
    ('user', 'passwd', 'q@example.com'): {'--dsn', '--password-file'},
    ('user', 'enable', 'q@example.com'): {'--dsn'},
    ('user', 'disable', 'q@example.com'): {'--dsn'},
    ('user', 'remove', 'q@example.com'): {'--dsn'},
    ('messages', 'list'): {'--dsn'},
    ('messages', 'show', '1'): {'--dsn'},
    ('messages', 'retry', '1'): {'--dsn'},
    ('messages', 'purge', '1'): {'--dsn'},
    ('status',): set(), ('reload',): set(), ('drain',): set(),
    ('db', 'init'): {'--dsn'}, ('db', 'upgrade'): {'--dsn'}}


OPTIONS = ('--dsn', '--name', '--group', '--password-file')


@pytest.mark.parametrize('words', TAKES, ids=' '.join)
def test_an_option_of_other_commands(no_server, words):
    """With one it takes, the command comes as far as to fail: there is no such
    database."""
    for option in OPTIONS:
        nowhere = () if option == '--dsn' else ('--dsn', 'host=/nowhere')
        if option in TAKES[words]:
            said = no_server.ctl(*nowhere, option, 'host=/nowhere', *words,
                                 status=1)
            assert '/nowhere' in said
        else:
            said = no_server.ctl(option, 'host=/nowhere', *words, status=2)
            assert f'takes no {option}' in said


def test_the_summary_fits_a_terminal(no_server):
    lines = no_server.ctl('--help').splitlines()
    assert max(map(len, lines)) <= 80
    for words in TAKES:
        assert any(line.startswith('  ' + ' '.join(
            w for w in words[:2] if w.replace('-', '').isalpha()))
            for line in lines), words


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


def test_every_change_is_an_object_for_programs(server):
    for words, text in ((('user', 'add', 'dave@example.com'), 'secret\n'),
                        (('user', 'passwd', 'dave@example.com'), 'other\n'),
                        (('user', 'disable', 'dave@example.com'), None),
                        (('user', 'remove', 'dave@example.com'), None)):
        said = json.loads(server.ctl('--json', *words, text=text))
        assert said['aor'] == 'dave@example.com' and said['result']
    assert json.loads(server.ctl('--json', 'reload')) == {'reloaded': True}


def test_an_init_of_what_is_there(server):
    assert 'already' in server.ctl('db', 'init')


def test_a_database_that_is_not_there(server):
    said = server.ctl('--dsn', 'host=/nowhere', 'user', 'list', status=1)
    assert said.startswith('rollcallctl: ')
    assert said.count('\n') == 1 and '\t' not in said


def test_two_hosts_that_are_not_there(server):
    said = server.ctl('--dsn', 'host=/nowhere,/elsewhere', 'user', 'list',
                      status=1)
    assert said.count('\n') == 1
    assert said.index('/nowhere') < said.index('; ') < said.index('/elsewhere')


def test_a_dsn_does_not_lift_the_domains(server):
    server.ctl('--dsn', server.postgres.dsn(server.database), 'user', 'add',
               'q@example.net', status=1, text='secret\n')


def test_a_password_from_a_file(server, tmp_path):
    path = tmp_path / 'password'
    path.write_text('hunter2\n')
    server.ctl('--password-file', str(path), 'user', 'passwd',
               'alice@example.com')
    alice = server.agent('alice', password='hunter2')
    alice.register()


def test_the_audit_knows_the_program(server):
    server.ctl('user', 'disable', 'carol@example.com')
    assert server.psql("SELECT DISTINCT program FROM rollcall.audit WHERE "
                       "key = 'carol@example.com'") == 'rollcallctl'


def test_a_daemon_that_hangs_up_is_no_confirmation(stopped_server):
    """It is there, and did not say that the change is in force."""
    server = stopped_server
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f'{server.folder}/control')
    listener.listen()
    thread = threading.Thread(
        target=lambda: listener.accept()[0].close(), daemon=True)
    thread.start()
    said = server.ctl('user', 'disable', 'alice@example.com', status=1)
    assert 'did not confirm' in said
    listener.close()


def test_an_interrupted_prompt_gives_the_echo_back(server):
    leader, follower = pty.openpty()
    run = subprocess.Popen(
        [f'{server.bin}/rollcallctl', '-c', server.config, 'user', 'passwd',
         'alice@example.com'], stdin=follower, stdout=follower,
        stderr=follower)

    def has_echo():
        return bool(termios.tcgetattr(follower)[3] & termios.ECHO)
    assert b'Password' in os.read(leader, 100)
    wait.until(lambda: not has_echo(), 'the prompt hides what is typed')
    run.send_signal(signal.SIGINT)
    assert run.wait(10) == 1
    assert has_echo()
    os.close(leader)
    os.close(follower)
