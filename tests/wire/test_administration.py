# SPDX-License-Identifier: ISC
"""What an administrator does with psql and rollcallctl is in force at once."""
import os
import pwd

import pytest

from harness import wait


def test_a_user_added_by_psql_signs_in(server):
    server.psql("INSERT INTO rollcall.users (aor) VALUES ('dave@example.com')")
    server.psql("SELECT rollcall.set_password('dave@example.com', 'secret')")
    dave = server.agent('dave')
    wait.until(lambda: dave.register(expect=None).status == 200, 'Dave is in')


def test_a_user_added_by_rollcallctl_signs_in_when_it_returns(server):
    server.ctl('user', 'add', 'dave@example.com', text='secret\n')
    server.agent('dave').register()


def test_a_removed_user_is_gone(server, alice, bob):
    bob.register()
    watch = bob.subscribe('alice')
    watch.next()
    server.ctl('user', 'remove', 'alice@example.com')
    watch.expect_ended('noresource')
    bob.message('alice', 'hello', expect=404)


def test_a_disabled_user_is_rejected(server, alice, bob):
    alice.register()
    watch = bob.subscribe('alice')
    watch.next()
    server.psql("UPDATE rollcall.users SET enabled = false "
                "WHERE aor = 'alice@example.com'")
    watch.expect_ended()
    bob.message('alice', 'hello', expect=404)


def test_a_disabled_watcher_sees_nothing_more(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    server.psql("UPDATE rollcall.users SET enabled = false "
                "WHERE aor = 'bob@example.com'")
    watch.expect_ended('rejected')


def test_the_users_are_listed(server):
    text = server.ctl('user', 'list')
    for user in ('alice', 'bob', 'carol'):
        assert f'{user}@example.com' in text


def test_a_password_by_rollcallctl(server):
    server.ctl('user', 'passwd', 'alice@example.com', text='fresh\n')
    server.agent('alice', password='fresh').register()
    server.agent('alice').register(expect=401)


def test_names_differ_by_more_than_case(server):
    server.ctl('user', 'add', 'ALICE@example.com', text='x\n', status=1)


def test_many_users_at_once_by_psql(server):
    """More than a thousand keys are one change: reload the table."""
    server.psql("INSERT INTO rollcall.users (aor) SELECT 'u' || n || "
                "'@example.com' FROM generate_series(1, 3000) AS n")
    server.psql("SELECT rollcall.set_password('u2999@example.com', 'secret')")
    user = server.agent('u2999')
    wait.until(lambda: user.register(expect=None).status == 200, 'it is in')


def test_changes_made_while_it_was_away_are_seen(server, postgres, alice):
    """The daemon reads on from its horizon after a reconnect."""
    alice.register()
    postgres.crash()
    postgres.start()
    server.psql("INSERT INTO rollcall.users (aor) VALUES ('dave@example.com')")
    server.psql("SELECT rollcall.set_password('dave@example.com', 'secret')")
    dave = server.agent('dave')
    wait.until(lambda: dave.register(expect=None).status == 200, 'Dave is in')


@pytest.mark.parametrize('kind', ['of all', 'of one process'])
def test_what_a_crash_of_postgresql_undid_is_read_again(
        server, postgres, bob, kind):
    """Transaction ids that were not on its disk are given out once more, and
    what was committed softly is gone: the daemon takes nothing for known."""
    postgres.hold_log_writer()
    server.psql("BEGIN; UPDATE rollcall.users SET display_name = 'A';"
                "ROLLBACK;" * 50 + "SET synchronous_commit = off;"
                "SELECT rollcall.set_password('bob@example.com', 'fresh')")
    wait.until(lambda: bob.register(expect=None).status == 401, 'it is read')
    if kind == 'of all':
        postgres.crash()
        postgres.start()
    else:
        postgres.crash_within()
    server.psql("INSERT INTO rollcall.users (aor) VALUES ('dave@example.com')")
    server.psql("SELECT rollcall.set_password('dave@example.com', 'secret')")
    dave = server.agent('dave')
    wait.until(lambda: dave.register(expect=None).status == 200, 'Dave is in')
    wait.until(lambda: bob.register(expect=None).status == 200, 'Bob is back')


def test_the_daemon_refuses_another_schema(stopped_server):
    stopped_server.psql("INSERT INTO rollcall.schema_version (version, file) "
                        "VALUES (9999, 'later.sql')")
    stopped_server.may_fail = True
    stopped_server.spawn()
    assert stopped_server.wait_exit() == 1
    assert 'rollcallctl' in stopped_server.log_text() \
        or 'newer' in stopped_server.log_text()


def test_the_daemons_tables_are_read_only(server, alice):
    alice.register()
    text = server.psql('DELETE FROM rollcall.bindings', is_checked=False)
    assert 'read-only' in text
    assert len(alice.contacts()) == 1


def test_a_key_that_only_root_may_read(stopped_server):
    """It serves with it, and says at start what a reload would say."""
    server, is_root = stopped_server, os.geteuid() == 0
    user = pwd.getpwnam('postgres') if is_root else pwd.getpwuid(os.geteuid())
    server.configure({'server': {'user': user.pw_name}})
    os.chmod(f'{server.folder}/key.pem', 0o600)
    os.chown(server.folder, user.pw_uid, user.pw_gid)
    server.spawn()
    os.chmod(f'{server.folder}/notify', 0o777)
    server.wait_ready()
    server.agent('alice', kind='tls').register()
    told = 'Permission denied; a reload will fail: user postgres'
    assert (told in server.log_text()) == is_root


def test_the_allocators_are_tuned(server):
    """By what they read before main; the program keeps its name and flags."""
    process = f'/proc/{server.process.pid}'
    with open(f'{process}/environ', 'rb') as text:
        variables = text.read().split(b'\0')
    assert b'G_SLICE=always-malloc' in variables
    assert b'MIMALLOC_LARGE_OS_PAGES=1' in variables
    with open(f'{process}/comm', encoding='ascii') as text:
        assert text.read() == 'rollcalld\n'
    with open(f'{process}/cmdline', 'rb') as text:
        assert text.read().split(b'\0')[1:3] == [b'-f', b'-c']
