# SPDX-License-Identifier: ISC
"""rollcallctl troubleshoot, and what the server finds of itself."""
import json
import socket
import subprocess

import pytest

from harness import wait
from harness.elsewhere import Elsewhere
from harness.ports import free_port

ALICE, BOB = 'alice@example.com', 'bob@example.com'
# Every service that this server has, with what its users lose.
OWN = ['SIP', 'presence', 'store', 'database lag', 'changes', 'clock',
       'certificates', 'open files', 'dead subscriptions', 'peers']
DATABASE = ['contact limit', 'watcher limit', 'invalid addresses',
            'contacts who are gone', 'duplicate addresses',
            'undelivered messages', 'messages that expire',
            'messages of disabled users', 'disabled users']


def trouble(server, *options, status=0):
    said = server.ctl('--json', *options, 'troubleshoot', status=status)
    return {row['test']: row for row in json.loads(said[said.index('['):])}


def outcomes(server, status=0):
    return {k: v['outcome'] for k, v in trouble(server, status=status).items()}


def finding(server, test):
    """The same, whatever the exit status."""
    done = subprocess.run(
        [f'{server.bin}/rollcallctl', '-c', server.config, '--json',
         'troubleshoot'], stdout=subprocess.PIPE, check=False)
    return next((row['outcome'] for row in json.loads(done.stdout)
                 if row['test'] == test), None)


def certificate(server, days):
    subprocess.run(
        ['openssl', 'x509', '-in', server.certificate, '-signkey',
         f'{server.folder}/key.pem', '-days', str(days), '-out',
         f'{server.folder}/new.pem'], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(['mv', f'{server.folder}/new.pem', server.certificate],
                   check=True)


def test_a_sound_server(stopped_server):
    certificate(stopped_server, 365)
    server = stopped_server.start()
    found = trouble(server)
    assert list(found) == ['configuration', 'database', 'server', *OWN,
                           *DATABASE]
    assert {row['outcome'] for row in found.values()} == {'ok'}
    assert {row['problem'] for row in found.values()} == {None}
    lines = server.ctl('troubleshoot').splitlines()
    assert lines[-1] == '22 tests: 22 ok, 0 warnings, 0 failed'
    assert all(line.endswith('  ok') for line in lines[:22])
    assert server.psql('SELECT string_agg(test, \',\' ORDER BY place) FROM '
                       'rollcall.health') == ','.join(OWN)


# When things are broken.

def test_no_server(stopped_server):
    server = stopped_server
    found = trouble(server, status=1)
    assert found['server']['outcome'] == 'failed'
    assert 'nobody can sign in' in found['server']['problem']
    assert 'SIP' not in found and 'XMPP' not in found
    server.start()
    assert outcomes(server)['SIP'] == 'ok'
    server.kill()
    found = trouble(server, status=1)
    assert found['server']['outcome'] == 'failed'
    assert {found[test]['outcome'] for test in OWN} == {'unknown'}
    assert 'does not run' in found['store']['problem']
    said = server.ctl('troubleshoot', status=1)
    assert '10 not looked at' in said


def test_no_database(server):
    for dsn in ('host=/nowhere', 'postgresql://x@127.0.0.1:1/x'):
        found = trouble(server, '--dsn', dsn, status=1)
        assert found['database']['outcome'] == 'failed'
        assert 'cannot be reached' in found['database']['problem']
        assert found['server']['outcome'] == 'ok'
        assert found['SIP']['outcome'] == 'ok'
        assert 'contact limit' not in found


def test_neither_database_nor_server(stopped_server):
    found = trouble(stopped_server, '--dsn', 'host=/nowhere', status=1)
    assert list(found) == ['configuration', 'database', 'server']
    assert found['server']['outcome'] == 'failed'


def test_a_database_that_hangs(server, postgres):
    postgres.freeze()
    found = trouble(server, status=1)
    assert found['database']['outcome'] == 'failed'
    assert found['server']['outcome'] == 'ok'
    wait.until(lambda: trouble(server, status=1)['store']['outcome']
               == 'failed', 'the server knows it, too', 30)
    assert 'nothing can be stored' in trouble(server, status=1)['store'][
        'problem']
    postgres.thaw()
    wait.until(lambda: finding(server, 'store') == 'ok', 'it is back', 30)


def test_an_older_and_a_newer_schema(server):
    server.psql('DELETE FROM rollcall.schema_version WHERE version = '
                '(SELECT max(version) FROM rollcall.schema_version)')
    found = trouble(server, status=1)
    assert found['database']['outcome'] == 'failed'
    assert found['database']['solution'] == 'Run: rollcallctl db upgrade'
    assert found['contact limit']['outcome'] == 'ok'
    server.psql("INSERT INTO rollcall.schema_version (version, file) VALUES "
                "(99, 'later')")
    found = trouble(server, status=1)
    assert 'newer' in found['database']['solution']


def test_no_schema(stopped_server):
    stopped_server.psql('DROP SCHEMA rollcall CASCADE')
    found = trouble(stopped_server, status=1)
    assert found['database']['solution'] == 'Run: rollcallctl db init'
    assert 'troubleshooter' not in found


def test_a_configuration_that_cannot_be_read(stopped_server):
    server = stopped_server
    with open(server.config, 'a', encoding='utf-8') as file:
        file.write('[nonsense]\n')
    found = trouble(server, status=1)
    assert found['configuration']['outcome'] == 'failed'
    assert 'nonsense' in found['configuration']['problem']
    dsn = server.postgres.dsn(server.database)
    assert trouble(server, '--dsn', dsn, status=1)['database'][
        'outcome'] == 'ok'


def test_a_server_that_hangs(server):
    server.freeze()
    found = trouble(server, status=1)
    assert found['control socket']['outcome'] == 'failed'
    assert 'does not answer' in found['control socket']['problem']
    server.thaw()


def test_findings_that_are_old(server):
    """As of a server that hangs: nobody has looked since."""
    wait.until(lambda: server.psql('SELECT count(*) FROM rollcall.health')
               == '10', 'the findings are written')
    server.psql("SET rollcall.origin = 'daemon'; UPDATE rollcall.health SET "
                "at = now() - interval '3 minutes' WHERE test = 'SIP'")
    assert server.psql(
        'SELECT outcome, problem FROM rollcall.troubleshooter WHERE test = '
        "'SIP'").startswith('failed|not looked at since ')


# What the server finds.

def test_an_expired_certificate(stopped_server):
    server = stopped_server
    certificate(server, -1)
    server.start()
    found = trouble(server, status=1)['certificates']
    assert found['outcome'] == 'failed' and 'expired on' in found['problem']
    certificate(server, 365)
    found = trouble(server, status=1)['certificates']
    assert found['outcome'] == 'failed' and 'reload' in found['solution']
    server.ctl('reload')
    assert outcomes(server)['certificates'] == 'ok'


def test_a_certificate_that_expires_soon(server):
    found = trouble(server)['certificates']
    assert found['outcome'] == 'warning' and 'expires on' in found['problem']


def test_a_certificate_that_cannot_be_read(server):
    with open(server.certificate, 'w', encoding='utf-8') as file:
        file.write('nonsense')
    found = trouble(server, status=1)['certificates']
    assert found['outcome'] == 'failed'
    assert server.certificate in found['problem']


def test_a_dead_subscription(server, alice, bob):
    alice.register()
    watching = bob.subscribe('alice')
    watching.expect_state('open')
    bob.close()
    server.agents.remove(bob)
    alice.publish('closed')
    wait.until(lambda: outcomes(server)['dead subscriptions'] == 'warning',
               'the watcher is missed', 45)
    problem = trouble(server)['dead subscriptions']['problem']
    assert f'{BOB} (watches {ALICE})' in problem
    assert problem.startswith('1 subscription is dead')


def test_a_peer_that_is_down(server, alice):
    nobody = free_port()
    alice.register()
    for _ in range(2):
        alice.message(f'sip:eve@127.0.0.1:{nobody};transport=tcp', 'hello')
    found = trouble(server)['peers']
    assert found['outcome'] == 'warning' and '127.0.0.1' in found['problem']
    elsewhere = Elsewhere(200)
    alice.message(f'sip:eve@127.0.0.1:{elsewhere.port}', 'hello', expect=200)
    assert outcomes(server)['peers'] == 'ok'
    elsewhere.close()


@pytest.mark.options(database={'hung_after': '30s'})
@pytest.mark.watchdog(90)
def test_a_slow_database(server, alice):
    """A lock holds up what the server writes."""
    holder = subprocess.Popen(
        ['psql', '-X', '-q', '-d', server.postgres.dsn(server.database),
         '-c', 'BEGIN', '-c', 'LOCK TABLE rollcall.bindings',
         '-c', 'SELECT pg_sleep(5)', '-c', 'COMMIT'],
        stdout=subprocess.DEVNULL)
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' "
        "AND relation = 'rollcall.bindings'::regclass") == '1', 'it is locked')
    alice.register()  # answered when the lock is gone
    found = trouble(server, status=1)['database lag']
    assert found['outcome'] == 'failed' and 'a commit takes' in found['problem']
    assert holder.wait(30) == 0


@pytest.mark.options(sip={'max_connections': '1'})
def test_connections_that_are_refused(server):
    one = server.agent('alice', kind='tcp')
    one.register()
    two = socket.create_connection(server.address('tcp'))
    two.settimeout(10)
    try:
        assert two.recv(1) == b''
    except ConnectionError:
        pass
    two.close()
    found = trouble(server, status=1)['SIP']
    assert found['outcome'] == 'failed' and 'cannot sign in' in found['problem']


# What the database shows.

def test_users_at_their_limits(server, bob, carol):
    server.ctl('settings', 'set', 'max_contacts', '2')
    server.ctl('settings', 'set', 'max_watchers', '2')
    server.ctl('contacts', 'add', ALICE, 'sip:a@b.org', 'sip:b@b.org')
    for phone in (bob, carol):
        phone.subscribe('alice').next()
    found = trouble(server, status=1)
    for test in ('contact limit', 'watcher limit'):
        assert found[test]['outcome'] == 'failed'
        assert ALICE in found[test]['problem']
        assert 'settings.max_' in found[test]['solution']


def test_a_narrow_terminal(stopped_server):
    done = subprocess.run(
        ['script', '-qec', 'stty cols 60; '
         f'{stopped_server.bin}/rollcallctl -c {stopped_server.config} '
         'troubleshoot', '/dev/null'], stdout=subprocess.PIPE, text=True,
        check=False, stdin=subprocess.DEVNULL)
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and any('    -> Start' in x for x in lines)
    assert max(map(len, lines)) <= 60
