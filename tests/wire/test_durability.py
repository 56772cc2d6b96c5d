# SPDX-License-Identifier: ISC
"""What was answered stays: ARCHITECTURE.md, "Order and durability".  The
server is killed, PostgreSQL is frozen and crashed, in the middle of work."""
import signal

import pytest

from harness import wait
from harness.message import param


def test_two_publishes_for_one_etag_in_one_batch(server, postgres, alice):
    """Rule 1: the second gets 412, though nothing is committed yet."""
    publication = alice.publish('open')
    etag = publication.etag
    requests = []
    for basic in ('open', 'closed'):
        probe = alice.build('PUBLISH', alice.uri, headers=[
            ('Event', 'presence'), ('Expires', '600'), ('SIP-If-Match', etag)])
        requests.append(alice.authorize(probe, alice.exchange(probe)))
    postgres.freeze()
    for request in requests:
        alice._send(request)
    postgres.thaw()
    statuses = [alice.exchange(request).status for request in requests]
    assert sorted(statuses) == [200, 412]


def test_a_success_answer_means_committed(server, alice):
    """Rule 2: what was answered is in the table after kill -9."""
    alice.register()
    publication = alice.publish('open')
    server.kill()
    assert server.psql('SELECT count(*) FROM rollcall.bindings') == '1'
    assert server.psql('SELECT etag FROM rollcall.publications') \
        .strip('"') in publication.etag
    server.start()
    publication.refresh(expect=200)


def test_old_dialogs_go_on_after_kill_9(server, alice, bob):
    """Rule 8: the watcher is told in his old dialog, and his CSeq grows."""
    publication = alice.publish('open')
    watch = bob.subscribe('alice')
    before = watch.expect_state('open').request.cseq
    server.restart()
    again = watch.expect_state('open')
    assert again.request.cseq > before
    publication.change('closed')
    watch.expect_state('closed')
    watch.refresh()
    watch.expect_state('closed')
    watch.end()


def test_a_watcher_on_tcp_is_told_when_he_is_back(server, alice):
    bob = server.agent('bob', kind='tcp')
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    server.restart()
    bob.transport.connect()
    bob.register()
    watch.expect_state('open')


def test_many_restarts_never_repeat_a_cseq_or_version(server, alice, bob):
    winfo = alice.subscribe('alice', event='presence.winfo')
    watch = bob.subscribe('alice')
    versions = [winfo.next().watchers.version]
    watch.next()
    for _ in range(3):
        server.restart()
        full = winfo.expect(lambda n: n.watchers.is_full, 'full state')
        assert full.watchers.version > max(versions)
        versions.append(full.watchers.version)
        watch.next()


def test_a_request_repeated_after_a_crash(server, alice):
    """Rule 6: same Call-ID, From tag and CSeq: the first answer again."""
    first = alice.publish('open').response
    server.restart()
    again = alice.repeat(first.request, is_new=True)
    assert again.status == 200
    assert again['SIP-ETag'] == first['SIP-ETag']
    assert server.psql('SELECT count(*) FROM rollcall.publications') == '1'


def test_a_registration_repeated_after_a_crash(server, alice):
    first = alice.register()
    server.restart()
    assert alice.repeat(first.request, is_new=True).status == 200
    assert len(alice.contacts()) == 1


def test_a_subscription_repeated_after_a_crash(server, bob):
    watch = bob.subscribe('alice')
    watch.next()
    tag = param(watch.response['To'], 'tag')
    server.restart()
    again = bob.repeat(watch.response.request, is_new=True)
    assert again.status == 200
    assert param(again['To'], 'tag') == tag
    assert server.psql('SELECT count(*) FROM rollcall.subscriptions') == '1'


def test_postgresql_hangs(server, postgres, alice, bob):
    """Rule 5: answered from memory, briefly, and written later."""
    watch = bob.subscribe('alice')
    watch.next()
    alice.register()
    postgres.freeze()
    publication = alice.publish('open', expires=600)
    assert publication.expires <= 120
    watch.expect_state('open')
    assert int(param(alice.register(expires=600)['Contact'], 'expires')) <= 120
    bob.register()
    alice.message('bob', 'online messages go on', expect=200)
    bob.expect('MESSAGE')
    postgres.thaw()
    wait.until(lambda: server.psql(
        'SELECT count(*) FROM rollcall.publications') == '1',
        'the publication is written')
    server.restart()
    bob.subscribe('alice').expect_state('open')


def test_postgresql_crashes_and_comes_back(server, postgres, alice, bob):
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    postgres.crash()
    publication = alice.publish('closed', tuple_id='second')
    assert publication.expires <= 120
    carol = server.agent('carol')
    late = carol.subscribe('alice')
    # whom carol may watch cannot be read: she waits, and sees nothing
    assert (notify := late.next()).phase == 'pending' and not notify.body
    assert int(late.response['Expires']) <= 120
    postgres.start()
    late.expect_state('open')
    wait.until(lambda: server.psql(
        'SELECT count(*) FROM rollcall.publications') == '2'
        and server.psql('SELECT count(*) FROM rollcall.subscriptions') == '2',
        'what was promised is written')
    server.restart()
    publication.refresh(expect=200)
    late.expect_state('open')


def test_soft_writes_survive_a_crash_of_postgresql(server, postgres, alice,
                                                   bob):
    """Rule 3: what was committed softly just before is written again."""
    alice.register()
    publication = alice.publish('open')
    bob.subscribe('alice').expect_state('open')
    postgres.crash()
    postgres.start()
    wait.until(lambda: server.psql(
        'SELECT (SELECT count(*) FROM rollcall.bindings)'
        '+ (SELECT count(*) FROM rollcall.publications)'
        '+ (SELECT count(*) FROM rollcall.subscriptions)') == '3',
        'all three are there')
    server.restart()
    publication.refresh(expect=200)


def test_starting_before_postgresql(stopped_server, postgres):
    """No crash, a clear message, and service as soon as it is there."""
    postgres.crash()
    stopped_server.spawn()
    stopped_server.wait_log('PostgreSQL')
    postgres.start()
    stopped_server.wait_ready()
    stopped_server.agent('alice').register()


def test_a_second_daemon_on_the_database_ends(server, alice):
    from harness.daemon import Rollcalld
    second = Rollcalld(server.postgres, server.database)
    try:
        second.spawn()
        assert second.wait_exit() == 1
        assert 'another' in second.log_text() or 'second' in second.log_text()
    finally:
        second.close()
    alice.register()


def test_sigterm_ends_no_dialog(server, alice, bob):
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    watch.forbid(lambda n: n.phase == 'terminated', 'the end of the dialog')
    assert server.stop() == 0
    server.start()
    watch.expect_state('open')


def test_sighup_reads_the_configuration(server, alice):
    assert int(param(alice.register(expires=7200)['Contact'],
                     'expires')) == 7200
    server.configure({'registrar': {'max_expires': '600'}})
    server.reload()
    wait.until(lambda: int(param(alice.register(expires=7200)['Contact'],
                                 'expires')) == 600, 'the new bound is taken')


def test_a_wrong_reload_keeps_the_old(server, alice):
    server.configure({'registrar': {'max_expires': 'soon'}})
    server.reload()
    server.wait_log('max_expires')
    alice.register()


@pytest.mark.parametrize('line', ['max_expires = soon', 'frobnicate = 1'])
def test_a_wrong_configuration_is_named(stopped_server, line):
    with open(stopped_server.config, 'a', encoding='utf-8') as file:
        file.write(f'[registrar]\n{line}\n')
    stopped_server.may_fail = True
    stopped_server.spawn()
    assert stopped_server.wait_exit() == 2
    number = len(open(stopped_server.config).read().splitlines())
    assert f'rollcall.conf:{number}' in stopped_server.log_text()


def test_killed_again_and_again_under_load(server, alice, bob):
    """What was answered 200 is there, however often it is killed."""
    publications = []
    for turn in range(4):
        for number in range(3):
            publications.append(
                alice.publish('open', tuple_id=f't{turn}x{number}'))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        server.start()
    for publication in publications:
        publication.refresh(expect=200)
