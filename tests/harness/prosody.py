# SPDX-License-Identifier: ISC
"""A private Prosody on loopback: the XMPP domain, its text conferences, and a
place for Rollcall's component; run as another user when the tests run as
root."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from . import wait
from .ports import free_port

DOMAIN = 'xmpp.example.com'
ROOMS = 'rooms.xmpp.example.com'
COMPONENT = 'example.com'
SECRET = 'component-secret'

CONFIG = '''
data_path = "{folder}/data"
pidfile = "{folder}/pid"
certificates = "{folder}"
log = {{ debug = "{folder}/log" }}
modules_enabled = {{
  "roster"; "saslauth"; "disco"; "ping"; "private"; "blocklist"; "carbons";
  "offline"; "pep"; "vcard4"; "vcard_legacy";
}}
modules_disabled = {{ "s2s"; "tls"; "posix" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client_port} }}
component_ports = {{ {component_port} }}
component_interfaces = {{ "127.0.0.1" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
VirtualHost "{domain}"
Component "{rooms}" "muc"
  restrict_room_creation = false
  muc_room_default_public = true
{more}
Component "{component}"
  component_secret = "{secret}"
'''


class Prosody:
    """Made once for all tests of a process; each test makes its own accounts
    and rooms in it (add_user, room)."""

    domain, rooms, component, secret = DOMAIN, ROOMS, COMPONENT, SECRET

    def __init__(self, more=''):
        self.folder = tempfile.mkdtemp(prefix='rollcall-prosody-',
                                       dir='/var/tmp')
        self.client_port, self.component_port = free_port(), free_port()
        self.more = more
        self.count = 0
        self.process = None
        self.as_user = {}
        os.makedirs(self._accounts())
        with open(f'{self.folder}/prosody.cfg.lua', 'w') as file:
            file.write(CONFIG.format(
                folder=self.folder, client_port=self.client_port,
                component_port=self.component_port, domain=DOMAIN,
                rooms=ROOMS, component=COMPONENT, secret=SECRET, more=more))
        if os.geteuid() == 0:
            try:
                owner = pwd.getpwnam('prosody')
            except KeyError:
                owner = pwd.getpwnam('nobody')
            self.as_user = {'user': owner.pw_uid, 'group': owner.pw_gid,
                            'extra_groups': []}
            self.owner = owner.pw_uid, owner.pw_gid
            subprocess.run(['chown', '-R', f'{self.owner[0]}:{self.owner[1]}',
                            self.folder], check=True)
        self.start()

    def _accounts(self):
        host = DOMAIN.replace('.', '%2e')
        return f'{self.folder}/data/{host}/accounts'

    def start(self):
        with open(f'{self.folder}/start.log', 'ab') as log:
            self.process = subprocess.Popen(
                ['prosody', '--config', f'{self.folder}/prosody.cfg.lua',
                 '-F'],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.folder, env=dict(os.environ, HOME=self.folder),
                start_new_session=True, **self.as_user)
        wait.until(self.answers, 'Prosody takes connections', 30)

    def answers(self):
        assert self.process.poll() is None, \
            open(f'{self.folder}/start.log').read()[-2000:]
        for port in (self.client_port, self.component_port):
            socket.create_connection(('127.0.0.1', port), 5).close()
        return True

    def stop(self):
        self.thaw()
        self.process.terminate()
        self.process.wait(15)

    def kill(self):
        """Ends at once, and says goodbye to nobody."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        """Hangs: connections stay, nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def ensure_running(self):
        self.thaw()
        if self.process.poll() is not None:
            self.start()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        with open(f'{self.folder}/log', errors='replace') as file:
            return file.read()

    def add_user(self, name, password='secret'):
        """An account; gives its bare JID.  The name gets a number, so that no
        test sees what another has left."""
        self.count += 1
        user = f'{name}{self.count}'
        path = f'{self._accounts()}/{user}.dat'
        with open(path, 'w') as file:
            file.write(f'return {{ ["password"] = "{password}"; }};\n')
        if self.as_user:
            os.chown(path, *self.owner)
        return f'{user}@{DOMAIN}'

    def room(self, name='room'):
        """The JID of a room that nobody has used."""
        self.count += 1
        return f'{name}{self.count}@{ROOMS}'

    def options(self, **more):
        """Of [xmpp] in rollcall.conf."""
        return dict({'server': f'127.0.0.1:{self.component_port}',
                     'secret': SECRET, 'domains': DOMAIN, 'rooms': ROOMS,
                     'keepalive': '1s', 'timeout': '2s', 'reconnect': '1s'},
                    **more)
