# SPDX-License-Identifier: ISC
"""The plain flows as sipp sends them, several calls at once."""
import os
import subprocess

import pytest

from harness.ports import free_port

FOLDER = os.path.dirname(__file__)
CALLS = 40
TRANSPORTS = {'udp': 'u1', 'tcp': 't1'}


def run(server, tmp_path, scenario, kind):
    """Fails with sipp's screen when a single call fails."""
    users = tmp_path / 'users.csv'
    users.write_text('SEQUENTIAL\n' + ''.join(
        f'{user};[authentication username={user} password=secret]\n'
        for user in ('alice', 'bob', 'carol')))
    host, port = server.address(kind)
    done = subprocess.run(
        ['sipp', f'{host}:{port}', '-sf', f'{FOLDER}/{scenario}.xml',
         '-inf', str(users), '-key', 'domain', server.domain,
         '-t', TRANSPORTS[kind], '-i', '127.0.0.1', '-p', str(free_port()),
         '-m', str(CALLS), '-r', '100', '-l', '20', '-nostdin',
         '-timeout', '30', '-timeout_error', '-trace_err',
         '-error_file', str(tmp_path / 'errors')],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=tmp_path, env=dict(os.environ, TERM='dumb'), check=False)
    errors = tmp_path / 'errors'
    trouble = errors.read_text()[:6000] if errors.exists() else ''
    assert done.returncode == 0, f'{trouble}\n{done.stdout[-3000:]}'


both = pytest.mark.parametrize('kind', ['udp', 'tcp'])


@both
@pytest.mark.parametrize('scenario', ['register', 'publish', 'subscribe'])
def test_scenario(server, tmp_path, scenario, kind):
    run(server, tmp_path, scenario, kind)
    assert server.psql('SELECT count(*) FROM rollcall.subscriptions '
                       "WHERE state <> 'terminated'") == '0'


@both
def test_messages_to_bob(server, tmp_path, kind, bob):
    bob.register()
    run(server, tmp_path, 'message', kind)
    for _ in range(CALLS):
        bob.expect('MESSAGE')
