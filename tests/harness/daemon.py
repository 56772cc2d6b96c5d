# SPDX-License-Identifier: ISC
"""The real rollcalld on loopback, with a database and a configuration of its
own."""
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
import tempfile

from . import wait
from .agent import Agent
from .ports import free_port
from .transcript import Transcript

# A test's server is quick to notice what would take minutes in the field.
DEFAULTS = {
    'server': {'log_level': 'info'},
    'database': {'hung_after': '1s'},
    'sip': {'rate_per_source': '0', 'rate_per_user': '0'},
}


def programs():
    """The folder that has rollcalld and rollcallctl."""
    for folder in (os.environ.get('ROLLCALL_BIN'),
                   os.environ.get('top_builddir'), '.', 'build'):
        if folder and os.access(f'{folder}/rollcalld', os.X_OK):
            return os.path.abspath(folder)
    raise LookupError('no rollcalld: set ROLLCALL_BIN to its folder')


class Rollcalld:
    """options: {group: {key: value}}, over the defaults."""

    domain = 'example.com'

    def __init__(self, postgres, database, options=None, bin_folder=None):
        self.postgres, self.database = postgres, database
        self.bin = bin_folder or programs()
        self.folder = tempfile.mkdtemp(prefix='rollcalld-')
        self.port, self.tls_port, self.http_port = (
            free_port(), free_port(), free_port())
        self.config = f'{self.folder}/rollcall.conf'
        self.log = f'{self.folder}/rollcalld.log'
        self.transcript = Transcript()
        self.agents = []
        self.process = None
        self.make_certificate()
        self.configure(options or {})

    def make_certificate(self):
        self.certificate = f'{self.folder}/cert.pem'
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
             '-subj', f'/CN={self.domain}', '-addext',
             f'subjectAltName=DNS:{self.domain},IP:127.0.0.1,IP:::1',
             '-keyout', f'{self.folder}/key.pem', '-out', self.certificate],
            check=True, stderr=subprocess.DEVNULL)

    def configure(self, options):
        """Writes the configuration anew; the daemon reads it at its next
        start or reload."""
        own = {
            'server': {'domains': self.domain,
                       'control_socket': f'{self.folder}/control'},
            'database': {'dsn': self.postgres.dsn(self.database)},
            'sip': {'listen': f'127.0.0.1:{self.port};[::1]:{self.port}',
                    'tls_listen': f'127.0.0.1:{self.tls_port}',
                    'tls_certificate': self.certificate,
                    'tls_key': f'{self.folder}/key.pem'},
            'http': {'listen': f'127.0.0.1:{self.http_port}'},
        }
        groups = {}
        for source in (DEFAULTS, own, options):
            for group, keys in source.items():
                groups.setdefault(group, {}).update(keys)
        with open(self.config, 'w', encoding='utf-8') as file:
            for group, keys in groups.items():
                file.write(f'[{group}]\n')
                file.writelines(f'{k} = {v}\n' for k, v in keys.items())

    def address(self, kind, host=None):
        return (host or '127.0.0.1',
                self.tls_port if kind == 'tls' else self.port)

    # Its process.

    def spawn(self):
        """Starts it and does not wait."""
        path = f'{self.folder}/notify'
        if os.path.exists(path):
            os.unlink(path)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        self.notify.settimeout(0.1)
        environment = dict(os.environ, NOTIFY_SOCKET=path)
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [f'{self.bin}/rollcalld', '-f', '-c', self.config],
                stdout=log, stderr=log, env=environment)
        return self

    def start(self):
        """Starts it, and returns when it says that it is ready."""
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self, within=30):
        def is_ready():
            assert self.process.poll() is None, 'rollcalld ended'
            try:
                return b'READY=1' in self.notify.recv(4096)
            except TimeoutError:
                return False
        try:
            wait.until(is_ready, 'rollcalld is ready', within)
        except AssertionError as error:
            raise AssertionError(f'{error}\n{self.log_text()}') from None
        finally:
            self.notify.close()

    def kill(self):
        """kill -9: nothing is finished, nothing written."""
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self, within=15):
        """SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(within)

    def restart(self):
        self.kill()
        return self.start()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def wait_exit(self, within=15):
        return self.process.wait(within)

    def log_text(self):
        with open(self.log, errors='replace', encoding='utf-8') as file:
            return file.read()

    def wait_log(self, text, within=wait.PATIENCE):
        wait.until(lambda: text in self.log_text(),
                   f'the log says "{text}"', within)

    def close(self):
        for agent in self.agents:
            agent.close()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Who talks to it.

    def agent(self, user, **options):
        """A phone of this user's."""
        agent = Agent(self, user, **options)
        self.agents.append(agent)
        return agent

    def ctl(self, *words, status=0, text=None):
        """Runs rollcallctl; gives what it says."""
        done = subprocess.run(
            [f'{self.bin}/rollcallctl', '-c', self.config, *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            input=text or '', check=False)
        assert done.returncode == status, \
            f'rollcallctl {" ".join(words)}: status {done.returncode}, ' \
            f'not {status}\n{done.stdout}'
        return done.stdout

    def metric(self, name):
        """What /metrics says of rollcall_NAME, labels included."""
        url = f'http://127.0.0.1:{self.http_port}/metrics'
        with urllib.request.urlopen(url, timeout=10) as page:
            for line in page.read().decode().splitlines():
                key, _, value = line.rpartition(' ')
                if key == f'rollcall_{name}':
                    return float(value)
        raise AssertionError(f'no metric {name}')

    def link(self):
        """What `rollcallctl xmpp status` says, {name: value}."""
        done = subprocess.run(
            [f'{self.bin}/rollcallctl', '-c', self.config, 'xmpp', 'status'],
            capture_output=True, text=True, check=False)
        found = dict(line.partition(' ')[::2]
                     for line in done.stdout.splitlines())
        assert (done.returncode == 0) == (found.get('link') == 'up'), done
        return found

    def wait_linked(self, is_up=True, within=20):
        wanted = 'up' if is_up else 'down'
        wait.until(lambda: self.link()['link'] == wanted,
                   f'the XMPP link is {wanted}', within)

    def sync(self):
        """What has been committed until now is in force afterwards."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(f'{self.folder}/control')
            control.sendall(b'sync\n')
            answer = control.recv(1000)
        assert answer == b'ok\n', answer

    def psql(self, sql, **options):
        return self.postgres.psql(self.database, sql, **options)
