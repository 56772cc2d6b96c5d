# SPDX-License-Identifier: ISC
"""Fixtures of all tests that run the real daemon: `server` is a fresh one with
the users alice, bob and carol; `postgres` is the cluster that all share."""
import faulthandler
import itertools
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
sys.dont_write_bytecode = True

from harness.daemon import Rollcalld  # noqa: E402
from harness.postgres import TEMPLATE, Postgres  # noqa: E402
from harness.prosody import Prosody  # noqa: E402

WATCHDOG = 60  # seconds; @pytest.mark.watchdog(N) for another bound
USERS = ('alice', 'bob', 'carol')
numbers = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line('markers', 'watchdog(seconds): bound of this test')
    config.addinivalue_line('markers', 'options(**groups): configuration')


@pytest.fixture(autouse=True)
def watchdog(request):
    """No test hangs: at its bound it fails, and says where it stood."""
    mark = request.node.get_closest_marker('watchdog')
    seconds = mark.args[0] if mark else WATCHDOG

    def bark(number, frame):
        faulthandler.dump_traceback(all_threads=True)
        raise AssertionError(f'the watchdog barked after {seconds} s')
    before = signal.signal(signal.SIGALRM, bark)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope='session')
def cluster():
    cluster = Postgres()
    yield cluster
    cluster.close()


@pytest.fixture(scope='session')
def template(cluster):
    """The database that all others are copies of: schema and users, made as
    an administrator makes them."""
    cluster.create(TEMPLATE)
    maker = Rollcalld(cluster, TEMPLATE)
    maker.ctl('db', 'init')
    for user in USERS:
        maker.ctl('user', 'add', f'{user}@example.com', text='secret\n')
    # as contrib/quickstart does: no test needs contacts to watch somebody
    cluster.psql(TEMPLATE, 'UPDATE rollcall.settings '
                           'SET adhoc_enabled = true, adhoc_ttl = NULL')
    maker.close()
    return TEMPLATE


@pytest.fixture
def postgres(cluster):
    """The shared cluster; a test may freeze and crash it."""
    yield cluster
    cluster.ensure_running()


@pytest.fixture
def stopped_server(request, postgres, template):
    """A server that is set up and not yet started."""
    mark = request.node.get_closest_marker('options')
    database = f'test{next(numbers)}'
    postgres.create(database, template)
    server = Rollcalld(postgres, database, mark.kwargs if mark else None)
    request.node.rollcalld = server
    yield server
    leftovers = [t for a in server.agents for t in a.troubles]
    is_dead = server.process is not None \
        and server.process.poll() not in (None, 0, -signal.SIGKILL)
    status = server.process.poll() if server.process else None
    request.node.final_log = server.log_text() if server.process else ''
    server.close()
    postgres.ensure_running()
    postgres.drop(database)
    assert not leftovers, '\n'.join(leftovers)
    if is_dead and not getattr(server, 'may_fail', False):
        raise AssertionError(f'rollcalld ended with status {status}\n'
                             + request.node.final_log)


@pytest.fixture
def server(request, stopped_server):
    if 'linked' in request.fixturenames:
        return request.getfixturevalue('linked')
    return stopped_server.start()


@pytest.fixture(scope='session')
def xmpp_machine():
    prosody = Prosody()
    yield prosody
    prosody.close()


@pytest.fixture
def prosody(xmpp_machine):
    """The XMPP server that all share; a test may stop and freeze it.  Name it
    before `linked`."""
    yield xmpp_machine
    xmpp_machine.ensure_running()


@pytest.fixture
def unlinked(stopped_server, prosody, request):
    """A server with [xmpp] that is not started yet; more options of [xmpp] by
    @pytest.mark.options(xmpp={...})."""
    mark = request.node.get_closest_marker('options')
    groups = dict(mark.kwargs) if mark else {}
    groups['xmpp'] = prosody.options(**groups.get('xmpp', {}))
    stopped_server.configure(groups)
    return stopped_server


@pytest.fixture
def linked(unlinked):
    """A server that is linked to Prosody."""
    unlinked.start()
    unlinked.wait_linked()
    return unlinked


@pytest.fixture
def xmpp_user(prosody):
    """Makes XMPP users: xmpp_user('xavier') has an account of his own and is
    signed in; further words as of XmppUser.connect.  More clients of his:
    xmpp_user(other.jid, resource='phone')."""
    from harness.xmpp import XmppUser
    users = []

    def make(name, resource='desk', **options):
        jid = name if '@' in name else prosody.add_user(name)
        user = XmppUser(prosody, jid, resource)
        users.append(user)
        return user.connect(**options)
    yield make
    for user in users:
        user.close()


@pytest.fixture
def xavier(linked, xmpp_user):
    return xmpp_user('xavier')


@pytest.fixture
def yvonne(linked, xmpp_user):
    return xmpp_user('yvonne')


@pytest.fixture
def alice(server):
    return server.agent('alice')


@pytest.fixture
def bob(server):
    return server.agent('bob')


@pytest.fixture
def carol(server):
    return server.agent('carol')


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What went over the wire and what the server logged belong to a
    failure."""
    outcome = yield
    report = outcome.get_result()
    server = getattr(item, 'rollcalld', None)
    if not report.failed or server is None or call.when == 'setup':
        return
    report.sections.append(('SIP transcript', str(server.transcript)))
    try:
        text = server.log_text()
    except OSError:
        text = getattr(item, 'final_log', '')
    report.sections.append(('rollcalld log', text[-20000:]))
