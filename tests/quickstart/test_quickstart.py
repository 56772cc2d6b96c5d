# SPDX-License-Identifier: ISC
"""contrib/quickstart as a newcomer runs it, with the programs that were
built."""
import base64
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import types

import pytest

from harness import wait
from harness.agent import Agent
from harness.daemon import programs
from harness.ports import free_port
from harness.transcript import Transcript

SCRIPT = os.path.join(os.path.dirname(__file__), '../../contrib/quickstart')
NAMES = ('DSN SIP TLS HTTP XCAP XMPP CONF PID BIN').split()
pytestmark = pytest.mark.watchdog(120)


class Quickstart:
    """One folder, and the script run on it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='quickstart-', dir='/var/tmp')
        os.chmod(self.folder, 0o755)
        self.dir = f'{self.folder}/run'
        self.ports = {name: str(free_port()) for name in
                      ('--port', '--tls-port', '--http-port', '--xmpp-port')}

    def command(self, *more, **ports):
        chosen = dict(self.ports)
        chosen.update({f'--{k.replace("_", "-")}': str(v)
                       for k, v in ports.items()})
        words = [w for pair in chosen.items() for w in pair]
        return [SCRIPT, '--dir', self.dir, '--no-build', *words, *more]

    @property
    def environment(self):
        return dict(os.environ, ROLLCALL_BIN=programs())

    def run(self, *more, status=0, **ports):
        with tempfile.TemporaryFile('w+', encoding='utf-8') as out:
            done = subprocess.run(
                self.command(*more, **ports), stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=self.environment, check=False)
            out.seek(0)
            text = out.read()
        assert done.returncode == status, text
        return text

    def env(self):
        with open(f'{self.dir}/env', encoding='utf-8') as file:
            pairs = re.findall(r"^(\w+)='(.*)'$", file.read(), re.M)
        return dict(pairs)

    def pid(self, name):
        with open(f'{self.dir}/{name}', encoding='utf-8') as file:
            return int(file.read().split()[0])

    def pids(self):
        return [self.pid(n) for n in
                ('rollcalld.pid', 'postgres/pid', 'prosody/prosody.pid')]

    def agent(self, user, kind='udp'):
        env = self.env()

        def address(kind, host=None):
            name = 'ROLLCALL_TLS' if kind == 'tls' else 'ROLLCALL_SIP'
            host, port = env[name].rsplit(':', 1)
            return host.strip('[]'), int(port)
        return Agent(types.SimpleNamespace(
            domain='example.com', address=address, transcript=Transcript()),
            user, kind=kind)

    def psql(self, sql):
        return subprocess.run(
            ['psql', '-X', '-A', '-t', self.env()['ROLLCALL_DSN'], '-c', sql],
            check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def close(self):
        if os.path.isdir(self.dir):
            self.run('--stop')
        shutil.rmtree(self.folder)


class Phone:
    """A program at a terminal of its own."""

    def __init__(self, command, home):
        self.terminal, inside = pty.openpty()
        self.text = ''
        self.process = subprocess.Popen(
            shlex.split(command), stdin=inside, stdout=inside, stderr=inside,
            env=dict(os.environ, HOME=str(home)), start_new_session=True)
        os.close(inside)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        try:
            while more := os.read(self.terminal, 65536):
                self.text += more.decode(errors='replace')
        except OSError:  # it has ended
            pass

    def type(self, line):
        os.write(self.terminal, line.encode() + b'\n')

    def sees(self, pattern):
        try:
            wait.until(lambda: re.search(pattern, self.text), pattern, 30)
        except AssertionError as error:
            raise AssertionError(f'{error} in {self.text}') from None

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        os.close(self.terminal)


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


@pytest.fixture(scope='module')
def started():
    quickstart = Quickstart()
    quickstart.hints = quickstart.run('--detach')
    yield quickstart
    quickstart.close()


@pytest.fixture
def empty():
    quickstart = Quickstart()
    yield quickstart
    quickstart.close()


def test_env_has_all_names(started):
    env = started.env()
    for name in NAMES:
        assert env[f'ROLLCALL_{name}'], name
    assert is_alive(int(env['ROLLCALL_PID']))
    assert os.access(env['ROLLCALL_BIN'] + '/rollcallctl', os.X_OK)
    done = subprocess.run(['sh', '-c', f'. {started.dir}/env && '
                           'echo "$ROLLCALL_SIP"'], check=True,
                          stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == f'127.0.0.1:{started.ports["--port"]}'


def test_it_tells_what_to_try(started):
    for word in ('alice', 'psql', 'linphonec', 'baresip', 'curl'):
        assert word in started.hints


def command(hints, user):
    return re.search(rf'^  {user}: (.*)$', hints, re.M)[1]


@pytest.fixture
def phone(started, tmp_path):
    """Starts that of a user."""
    phones = []

    def start(user):
        phones.append(Phone(command(started.hints, user), tmp_path))
        return phones[-1]
    yield start
    for one in phones:
        one.close()


def test_two_phones_see_each_other(started, phone):
    bob = phone('bob')
    wait.until(lambda: started.psql(
        'SELECT presentity FROM rollcall.subscriptions') == 'alice@example.com',
               'bob watches alice', 30)
    alice = phone('alice')
    alice.sees('bob.* is Online')
    bob.sees('alice@example.com> changed status .*Online')
    alice.type(re.search(r'^    (chat .*)$', started.hints, re.M)[1])
    bob.sees('alice@example.com: "hello"')
    alice.type('quit')
    bob.sees('alice@example.com> changed status .*Online.* to .*Offline')


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
@pytest.mark.parametrize('user', ['alice', 'bob', 'carol'])
def test_the_users_sign_in(started, user, kind):
    agent = started.agent(user, kind)
    agent.register()
    agent.unregister()
    agent.close()


def test_its_settings(started):
    assert started.psql('SELECT adhoc_enabled, adhoc_ttl IS NULL '
                        'FROM rollcall.settings') == 't|t'


def test_the_readme_tries_xcap(started, tmp_path):
    """Word for word; curl fails where the server says no."""
    with open(os.path.join(os.path.dirname(SCRIPT), '../README.md'),
              encoding='utf-8') as file:
        section = file.read().partition('## Contact lists and rules: XCAP')[2]
    lines = re.findall(r'^(?:    .*)?$', section.partition('###')[0], re.M)
    script = '\n'.join([f'. {started.dir}/env', *lines, 'x "$rules"'])
    (tmp_path / '.curlrc').write_text('fail\nsilent\nshow-error\n')
    done = subprocess.run(
        ['sh', '-ec', script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, CURL_HOME=str(tmp_path)), text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert '<entry uri="sip:bob@example.com"/></list>' in done.stdout
    assert '<one id="sip:bob@example.com"/>' in done.stdout
    assert started.psql("SELECT uri, group_name FROM rollcall.contacts") == \
        'sip:bob@example.com|friends'


def test_the_certificate_names_domain_and_address(started):
    text = subprocess.run(
        ['openssl', 'x509', '-in', f'{started.dir}/tls/cert.pem', '-noout',
         '-text'], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert 'DNS:example.com' in text and 'IP Address:127.0.0.1' in text
    assert os.stat(f'{started.dir}/tls/key.pem').st_mode & 0o77 == 0


def test_the_xmpp_secret_is_kept(started):
    assert os.stat(f'{started.dir}/xmpp-secret').st_mode & 0o777 == 0o600


@pytest.mark.parametrize('user', ['xavier', 'yvonne'])
def test_the_xmpp_users_sign_in(started, user):
    host, port = started.env()['ROLLCALL_XMPP'].split(':')
    plain = base64.b64encode(f'\0{user}\0secret'.encode()).decode()
    with socket.create_connection((host, int(port)), 10) as peer:
        peer.sendall(b"<stream:stream to='xmpp.example.com' version='1.0' "
                     b"xmlns='jabber:client' "
                     b"xmlns:stream='http://etherx.jabber.org/streams'>")
        text = b''
        while b'</stream:features>' not in text:
            text += peer.recv(4096)
        assert b'PLAIN' in text
        peer.sendall(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                     f"mechanism='PLAIN'>{plain}</auth>".encode())
        assert b'<success' in peer.recv(4096)


def test_it_is_linked_to_prosody(started):
    def status():
        return subprocess.run(
            [f"{started.env()['ROLLCALL_BIN']}/rollcallctl", '-c',
             started.env()['ROLLCALL_CONF'], 'xmpp', 'status'],
            stdout=subprocess.PIPE, text=True, check=False)
    wait.until(lambda: status().returncode == 0, 'the link is up')
    assert 'domains xmpp.example.com\n' in status().stdout


def test_a_second_start_changes_nothing(started):
    before = started.pids()
    started.run('--detach')
    assert started.pids() == before


def test_after_kill_9_just_the_daemon_comes_back(started):
    before = started.pids()
    alice = started.agent('alice')
    alice.register()
    os.kill(before[0], signal.SIGKILL)
    wait.until(lambda: not is_alive(before[0]), 'the daemon is gone')
    started.run('--detach')
    after = started.pids()
    assert after[0] != before[0] and after[1:] == before[1:]
    assert int(started.env()['ROLLCALL_PID']) == after[0]
    assert len(alice.contacts()) == 1
    alice.close()


def test_instances_run_side_by_side(started, empty):
    empty.run('--detach', '--no-xmpp')
    for quickstart in (started, empty):
        agent = quickstart.agent('alice')
        agent.register()
        agent.close()
    assert empty.psql('SELECT count(*) FROM rollcall.bindings') == '1'


def test_stop_and_start_keep_the_data(empty):
    empty.run('--detach', '--no-xmpp')
    first = [empty.pid('rollcalld.pid'), empty.pid('postgres/pid')]
    empty.psql("UPDATE rollcall.settings SET max_contacts = 7")
    assert 'Stopped' in empty.run('--stop')
    assert not any(is_alive(pid) for pid in first)
    assert 'Nothing runs' in empty.run('--stop')
    empty.run('--detach', '--no-xmpp')
    assert empty.psql('SELECT max_contacts FROM rollcall.settings') == '7'


def test_ctrl_c_stops_all(empty):
    """On a terminal; what a script starts in the background ignores it."""
    with open(f'{empty.folder}/out', 'w+', encoding='utf-8') as out:
        process = subprocess.Popen(
            empty.command(), stdout=out, stderr=subprocess.STDOUT,
            env=empty.environment, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        wait.until(lambda: 'Ctrl-C' in open(out.name).read(), 'it runs', 60)
        pids = empty.pids()
        assert all(is_alive(pid) for pid in pids)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize('name,kind', [
    ('port', socket.SOCK_DGRAM), ('port', socket.SOCK_STREAM),
    ('tls_port', socket.SOCK_STREAM), ('http_port', socket.SOCK_STREAM),
    ('xmpp_port', socket.SOCK_STREAM)])
def test_a_taken_port_is_named(empty, name, kind):
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(('127.0.0.1', 0))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        port = holder.getsockname()[1]
        text = empty.run('--detach', status=1, **{name: port})
    assert str(port) in text and f'--{name.replace("_", "-")}' in text
    assert len(text.strip().splitlines()) == 1
    assert not os.path.exists(empty.dir)


@pytest.mark.parametrize('words', [
    ['--port', '0'], ['--port', 'sip'], ['--listen', 'localhost'],
    ['--listen', '203.0.113.9'], ['--trust', 'everybody'], ['--frobnicate'],
    ['--dir']])
def test_a_wrong_option_is_named(empty, words):
    text = empty.run('--detach', *words, status=1)
    assert len(text.strip().splitlines()) == 1 and words[0] in text
    assert not os.path.exists(empty.dir)


def test_a_folder_out_of_reach_is_named(empty):
    """As root it is PostgreSQL's user who cannot get there."""
    os.chmod(empty.folder, 0o500)
    text = empty.run('--detach', status=1)
    os.chmod(empty.folder, 0o755)
    assert '--dir' in text
    assert ('PostgreSQL' in text) == (os.geteuid() == 0)
    assert not os.path.exists(empty.dir)


def test_a_daemon_that_does_not_start_leaves_nothing(empty):
    """A folder of programs whose rollcalld ends at once."""
    broken = f'{empty.folder}/bin'
    os.mkdir(broken)
    os.symlink(f'{programs()}/rollcallctl', f'{broken}/rollcallctl')
    with open(f'{broken}/rollcalld', 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\necho it is broken >&2\nexit 1\n')
    os.chmod(f'{broken}/rollcalld', 0o755)
    before = os.environ.get('ROLLCALL_BIN')
    os.environ['ROLLCALL_BIN'] = broken
    try:
        text = empty.run('--detach', status=1)
    finally:
        os.environ.pop('ROLLCALL_BIN')
        if before:
            os.environ['ROLLCALL_BIN'] = before
    assert 'it is broken' in text
    running = subprocess.run(['pgrep', '-f', empty.dir], check=False,
                             stdout=subprocess.PIPE, text=True).stdout
    assert not running
