# SPDX-License-Identifier: ISC
"""A private PostgreSQL: a cluster in a folder of its own, on a Unix socket
only, run as `postgres` when the tests run as root."""
import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from . import pq, wait

TEMPLATE = 'rollcall_template'


# A session that has run such a thing is not used again.
ENDS_SESSION = re.compile(
    r'(^|;)\s*(SET|BEGIN|LOCK|LISTEN|PREPARE|CREATE TEMP)\b|set_config')
SHM = '/dev/shm'
SHM_MIN = 4 << 30  # bytes that must be free there


def roomy_folder():
    """In memory when there is room: databases come and go all the time."""
    try:
        free = os.statvfs(SHM)
    except OSError:
        return '/var/tmp'
    is_roomy = free.f_bavail * free.f_frsize >= SHM_MIN
    return SHM if is_roomy and os.access(SHM, os.W_OK) else '/var/tmp'


class Postgres:
    def __init__(self, base=None):
        base = base or roomy_folder()
        self.folder = tempfile.mkdtemp(prefix='rollcall-test-', dir=base)
        self.data = f'{self.folder}/data'
        self.process = None
        self.sessions = {}  # by database and thread
        self.as_user = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam('postgres')
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.as_user = {'user': owner.pw_uid, 'group': owner.pw_gid,
                            'extra_groups': []}
        self.bin = sorted(glob.glob('/usr/lib/postgresql/*/bin'))[-1]
        self.log = f'{self.folder}/log'
        self.run('initdb', '-D', self.data, '-U', 'rollcall', '-A', 'trust',
                 '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync')
        self.start()

    def run(self, program, *args):
        done = subprocess.run(
            [f'{self.bin}/{program}', *args], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=self.folder, text=True,
            **self.as_user)
        assert done.returncode == 0, f'{program}: {done.stdout}'
        return done.stdout

    def start(self):
        """A cluster that survives the end of its processes; against the end
        of the machine it is not protected (fsync), which makes it quick."""
        settings = {
            'listen_addresses': '', 'unix_socket_directories': self.folder,
            'fsync': 'off', 'full_page_writes': 'off', 'max_wal_size': '2GB',
            'shared_buffers': '64MB', 'max_connections': '100',
            'log_min_messages': 'warning'}
        command = [f'{self.bin}/postgres', '-D', self.data]
        for name, value in settings.items():
            command += ['-c', f'{name}={value}']
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True, **self.as_user)
        wait.until(self.is_ready, 'PostgreSQL takes connections', 30)

    def is_ready(self):
        assert self.process.poll() is None, open(self.log).read()[-2000:]
        return subprocess.run(
            [f'{self.bin}/pg_isready', '-q', '-h', self.folder],
            check=False).returncode == 0

    def _processes(self):
        """The server and its backends, which are sessions of their own."""
        found = [self.process.pid]
        for path in glob.glob('/proc/[0-9]*/stat'):
            try:
                with open(path) as stat:
                    words = stat.read().rsplit(')', 1)[1].split()
            except OSError:
                continue
            if int(words[1]) == self.process.pid:
                found.append(int(path.split('/')[2]))
        return found

    def _signal_all(self, number):
        for pid in self._processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self):
        """Hangs: connections stay, nothing is answered."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self):
        self._signal_all(signal.SIGCONT)

    def hold_log_writer(self):
        """What is committed softly reaches the disk at the next durable
        commit only."""
        os.kill(self._log_writer(), signal.SIGSTOP)

    def _log_writer(self):
        return int(self.psql('postgres', "SELECT pid FROM pg_stat_activity "
                             "WHERE backend_type = 'walwriter'"))

    def _recoveries(self):
        with open(self.log, encoding='utf-8') as log:
            return log.read().count('all server processes terminated')

    def crash_within(self):
        """One process ends; the others with it, and all begin again."""
        before = self._recoveries()
        os.kill(self._log_writer(), signal.SIGKILL)
        wait.until(lambda: self._recoveries() > before, 'PostgreSQL recovers')
        wait.until(self.is_ready, 'PostgreSQL takes connections', 30)

    def crash(self):
        """Ends at once, without a checkpoint; what was not yet written to
        its log is lost."""
        self._signal_all(signal.SIGQUIT)
        self._signal_all(signal.SIGCONT)
        self.process.wait(30)

    def ensure_running(self):
        self._signal_all(signal.SIGCONT)
        if self.process.poll() is not None:
            self.start()

    def close(self):
        for key in list(self.sessions):
            self.sessions.pop(key).close()
        self._signal_all(signal.SIGCONT)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database):
        return f'postgresql://rollcall@/{database}?host={self.folder}'

    def psql(self, database, sql, is_checked=True):
        """Runs SQL as an administrator does; gives the rows, columns
        separated by |."""
        try:
            return self._run(database, sql).strip()
        except pq.SqlError as error:
            assert not is_checked, f'psql: {sql}\n{error}'
            return str(error).strip()

    def _run(self, database, sql):
        """In this thread's session with the database.  One that was lost since
        its last use (the server crashed, somebody terminated it) has run
        nothing, so another one may."""
        key = database, threading.get_ident()
        session = self.sessions.pop(key, None)
        if session:
            try:
                session.run('SELECT 1')
            except pq.SqlError:
                session.close()
                session = None
        session = session or pq.Session(self.dsn(database))
        try:
            return session.run(sql)
        finally:
            # what a statement set is not for the next one
            if ENDS_SESSION.search(sql) or not session.is_alive():
                session.close()
            else:
                self.sessions[key] = session

    def _close_sessions(self, database):
        for key in list(self.sessions):
            if key[0] == database:
                self.sessions.pop(key).close()

    def create(self, database, template=None):
        """A database; a copy of the template has schema and users already."""
        self._close_sessions(template)
        # files are copied without a log: nothing here needs to survive a crash
        # of the machine
        extra = f' TEMPLATE {template} STRATEGY FILE_COPY' if template else ''
        self.psql('postgres', f'CREATE DATABASE {database}{extra}')

    def drop(self, database):
        self._close_sessions(database)
        self.psql('postgres',
                  f'DROP DATABASE IF EXISTS {database} WITH (FORCE)')
