# SPDX-License-Identifier: ISC
"""Real clients of Debian's, driven without a person: each runs with a
configuration folder of its own and says what it sees on its output.  No sound
device is opened."""
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from . import wait
from .ports import free_port

ESCAPES = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')


class Client:
    """A child process whose output is collected line by line."""

    def __init__(self, server, user, kind='udp'):
        self.server, self.user, self.kind = server, user, kind
        self.folder = tempfile.mkdtemp(prefix=f'client-{user}-')
        self.output = ''
        self.lock = threading.Lock()
        self.process = None
        server.agents.append(self)
        self.troubles = []
        self.write_configuration()
        self.start()

    @property
    def proxy(self):
        host, port = self.server.address(self.kind)
        return f'sip:{host}:{port};transport={self.kind}'

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def spawn(self, *command):
        environment = dict(os.environ, HOME=self.folder, LC_ALL='C.UTF-8',
                           XDG_RUNTIME_DIR=self.folder)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=self.folder, env=environment,
            start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return
            text = ESCAPES.sub('', data.decode('utf-8', 'replace'))
            with self.lock:
                self.output += text.replace('\r', '\n')

    def last(self, pattern):
        """The last match in what the client has said, or None."""
        found = None
        with self.lock:
            for found in re.finditer(pattern, self.output):
                pass
        return found

    def sees(self, pattern, what=None, within=20):
        """Waits until the client has said something that matches."""
        self.wait(lambda: self.last(pattern), what or pattern, within)

    def wait(self, check, what, within=20):
        try:
            return wait.until(check, f'{self.user} sees: {what}', within)
        except AssertionError as error:
            raise AssertionError(
                f'{error}; it said:\n{self.output[-6000:]}') from None

    def sees_state(self, who, state):
        """The client shows this user as open or closed."""
        self.wait(lambda: self.state_of(who) == state, f'{who} is {state}')

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.reader.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)


class Baresip(Client):
    """baresip, driven over its control port (JSON in netstrings)."""

    def __init__(self, server, user, kind='udp', watches=()):
        self.watches = watches
        self.control_port = free_port()
        self.control = None
        self.tokens = itertools.count(1)
        super().__init__(server, user, kind)

    def write_configuration(self):
        domain = self.server.domain
        modules = '\n'.join(f'{how}\t{name}.so' for how, name in (
            ('module', 'stdio'), ('module', 'g711'), ('module_tmp', 'uuid'),
            ('module_tmp', 'account'), ('module_app', 'contact'),
            ('module_app', 'menu'), ('module_app', 'presence'),
            ('module_app', 'ctrl_tcp')))
        self.write('config', f'''\
poll_method\tepoll
sip_listen\t127.0.0.1:{free_port()}
net_interface\t127.0.0.1
audio_player\tnone
audio_source\tnone
audio_alert\tnone
ctrl_tcp_listen\t127.0.0.1:{self.control_port}
module_path\t/usr/lib/baresip/modules
{modules}
''')
        self.write('accounts',
                   f'<sip:{self.user}@{domain};transport={self.kind}>'
                   f';auth_user={self.user};auth_pass=secret'
                   f';outbound="{self.proxy}";regint=600;pubint=600'
                   ';answermode=manual\n')
        self.write('contacts', ''.join(
            f'"{who}" <sip:{who}@{domain}>;presence=p2p\n'
            for who in self.watches) or f'"self" <sip:{self.user}@{domain}>\n')

    def start(self):
        self.spawn('baresip', '-f', self.folder, '-v')
        self.control = self.wait(
            lambda: socket.create_connection(
                ('127.0.0.1', self.control_port), 1),
            'that baresip takes commands')

    def command(self, name, params=''):
        """Runs a command, gives what it prints."""
        token = f't{next(self.tokens)}'
        text = json.dumps({'command': name, 'params': params, 'token': token})
        self.control.sendall(f'{len(text)}:{text},'.encode())
        while True:
            answer = self._read_control()
            if answer.get('token') == token:
                return ESCAPES.sub('', answer.get('data', ''))

    def _read_control(self):
        """One netstring: an answer, or an event."""
        length = b''
        while not length.endswith(b':'):
            byte = self.control.recv(1)
            assert byte, 'baresip closed its control port'
            length += byte
        rest, data = int(length[:-1]) + 1, b''
        while len(data) < rest:
            data += self.control.recv(rest - len(data))
        return json.loads(data[:-1])

    def registered(self):
        self.sees(r'200 [^\n]*\[\d+ binding', 'registered')
        self.command('presence_online')

    def state_of(self, who):
        found = re.search(rf'(\w+) {who} <', self.command('contacts'))
        return {'Online': 'open', 'Offline': 'closed'}.get(
            found.group(1) if found else None)

    def message(self, who, text):
        """Goes to the current contact, which is the first."""
        assert who == self.watches[0]
        self.command('message', text)

    def sees_message(self, who, text):
        self.sees(rf'{who}@[^\n]*{re.escape(text)}', f'{text} of {who}')

    def close(self):
        if self.control:
            self.control.close()
        super().close()


class Linphone(Client):
    """linphonec, driven by lines on its standard input."""

    def __init__(self, server, user, kind='udp', watches=()):
        self.watches = watches
        super().__init__(server, user, kind)

    def write_configuration(self):
        domain = self.server.domain
        ports = {'udp': -1, 'tcp': -1, 'tls': -1, self.kind: free_port()}
        os.makedirs(self.path('.local/share/linphone'))
        friends = ''.join(f'''
[friend_{number}]
url="{who}" <sip:{who}@{domain}>
pol=accept
subscribe=1
''' for number, who in enumerate(self.watches))
        self.write('linphonerc', f'''\
[sip]
default_proxy=0
sip_port={ports['udp']}
sip_tcp_port={ports['tcp']}
sip_tls_port={ports['tls']}
contact="{self.user}" <sip:{self.user}@{domain}>
use_ipv6=0
bind_address=127.0.0.1
verify_server_certs=0
verify_server_cn=0

[net]
mtu=1300

[sound]
playback_dev_id=ANULL: NULL device
capture_dev_id=ANULL: NULL device
ringer_dev_id=ANULL: NULL device

[auth_info_0]
username={self.user}
passwd=secret
realm={domain}
domain={domain}

[proxy_0]
reg_proxy=<{self.proxy}>
reg_route=<{self.proxy};lr>
reg_identity="{self.user}" <sip:{self.user}@{domain}>
reg_expires=600
reg_sendregister=1
publish=1
publish_expires=600
{friends}''')

    def start(self):
        self.spawn('linphonec', '-c', self.path('linphonerc'),
                   '-d', '0')
        self.sees('linphonec>', 'a prompt')

    def command(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def registered(self):
        def ask():
            self.command('status register')
            return self.last('registered, identity')
        self.wait(ask, 'registered')

    def state_of(self, who):
        found = self.last(rf'Friend [^\n]*{who}@[^\n]* is (\w+)')
        return {'Online': 'open', 'Offline': 'closed'}.get(
            found.group(1) if found else None)

    def message(self, who, text):
        self.command(f'chat sip:{who}@{self.server.domain} "{text}"')

    def sees_message(self, who, text):
        self.sees(rf'Message received from [^\n]*{who}@[^\n]*'
                  rf'{re.escape(text)}', f'{text} of {who}')
