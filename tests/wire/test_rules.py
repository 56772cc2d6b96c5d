# SPDX-License-Identifier: ISC
"""Order and durability: DESIGN section 3, a test for each rule, with the real
daemon and a real PostgreSQL that hangs, crashes and comes back."""
import pytest

from harness import wait
from harness.daemon import Rollcalld
from harness.message import param, token
from harness.pidf import PIDF_TYPE, document

TRUSTED = {'trusted_peers': '127.0.0.0/8', 'rate_per_source': '0',
           'rate_per_user': '0'}


def publish_request(agent, etag, basic, cseq):
    return agent.build(
        'PUBLISH', agent.uri, call_id='one-batch', from_tag='x', cseq=cseq,
        headers=[('Event', 'presence'), ('Expires', '600'),
                 ('SIP-If-Match', etag), ('Content-Type', PIDF_TYPE)],
        body=document(agent.uri, basic).encode())


# Rule 1: memory decides at arrival, in order of arrival.

@pytest.mark.options(sip=TRUSTED)
def test_two_publishes_for_one_etag_in_one_batch(server):
    alice = server.agent('alice', kind='tcp')
    etag = alice.publish('open').etag
    both = [publish_request(alice, etag, 'closed', 101),
            publish_request(alice, etag, 'open', 102)]
    alice.send_raw(b''.join(request.encode() for request in both))

    def final(request):
        return next((r for r in alice.pending.get(request.branch, [])), None)
    first = alice.wait(lambda: final(both[0]), 'the first answer')
    second = alice.wait(lambda: final(both[1]), 'the second answer')
    assert (first.status, second.status) == (200, 412)


# Rule 2: a success answer means committed; no watcher sees more.

def test_an_answered_request_is_in_the_database(server, alice, bob):
    alice.register()
    assert server.psql("SELECT count(*) FROM rollcall.bindings "
                       "WHERE aor = 'alice@example.com'") == '1'
    publication = alice.publish('open')
    assert server.psql("SELECT etag FROM rollcall.publications "
                       "WHERE NOT is_removed") == publication.etag
    watch = bob.subscribe('alice')
    watch.next()
    assert server.psql("SELECT state FROM rollcall.subscriptions WHERE "
                       f"call_id = '{watch.call_id}'") == 'active'


@pytest.mark.options(database={'hung_after': '5s'})
def test_no_watcher_sees_what_is_not_committed(server, alice, bob, postgres):
    watch = bob.subscribe('alice')
    watch.next()
    alice.publish('open')          # so that the credentials' way is known
    watch.expect_state('open')
    postgres.freeze()
    request = alice.build('PUBLISH', alice.uri, headers=[
        ('Event', 'presence'), ('Content-Type', PIDF_TYPE)],
        body=document(alice.uri, 'open', 'later', 'not yet').encode())
    challenge = alice.exchange(request)
    again = alice.authorize(request, challenge)
    alice._send(again)
    bob.settle()
    bob.settle()
    assert not watch.unread, 'seen before it was committed'
    postgres.thaw()
    watch.expect(lambda n: n.presence.notes == ['not yet'], 'the new state')


# Rule 3: soft writes survive a crash of PostgreSQL alone.

def test_postgresql_crashes_and_nothing_answered_is_lost(
        server, alice, bob, postgres):
    watch = bob.subscribe('alice')
    watch.next()
    alice.register()
    publication = alice.publish('open')
    postgres.crash()
    postgres.start()
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.publications "
        f"WHERE etag = '{publication.etag}'") == '1', 'the publication is back')
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.bindings WHERE expires_at > now()")
        == '1', 'the binding is back')
    assert server.psql("SELECT count(*) FROM rollcall.subscriptions WHERE "
                       f"call_id = '{watch.call_id}'") == '1'


# Rule 5: PostgreSQL away or hung.

def all_three(alice, bob):
    """Registers, publishes and subscribes; checks the short Expires."""
    response = alice.register(expires=3600)
    granted = param(response['Contact'], 'expires') or response['Expires']
    assert int(granted) <= 120
    publication = alice.publish('open', expires=3600)
    assert publication.expires <= 120
    watch = bob.subscribe('alice', expires=3600)
    assert int(watch.response['Expires']) <= 120
    watch.expect_state('open')
    return publication, watch


def expect_written(server, publication, watch):
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.bindings WHERE aor = "
        "'alice@example.com' AND expires_at < now() + interval '121 s'")
        == '1', 'the binding is written')
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.publications "
        f"WHERE etag = '{publication.etag}'") == '1',
        'the publication is written')
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.subscriptions "
        f"WHERE call_id = '{watch.call_id}'") == '1',
        'the subscription is written')


def read_policy(alice, bob):
    """What both decided has been read: bob may watch alice."""
    bob.subscribe('alice', expires=0).expect_ended()


def test_postgresql_hangs(server, alice, bob, postgres):
    read_policy(alice, bob)
    postgres.freeze()
    publication, watch = all_three(alice, bob)
    publication.change('closed')
    watch.expect_state('closed')
    postgres.thaw()
    expect_written(server, publication, watch)
    assert publication.refresh(expires=3600).status == 200
    assert publication.expires == 3600


def test_postgresql_is_gone(server, alice, bob, postgres):
    bob.register()
    read_policy(alice, bob)
    postgres.crash()
    server.wait_log('PostgreSQL')
    publication, watch = all_three(alice, bob)
    alice.message('bob', 'still here', expect=200)
    bob.expect('MESSAGE')
    postgres.start()
    expect_written(server, publication, watch)


def test_postgresql_is_not_there_at_start(stopped_server, postgres):
    postgres.crash()
    stopped_server.spawn()
    stopped_server.wait_log('PostgreSQL')
    assert stopped_server.process.poll() is None
    postgres.start()
    stopped_server.wait_ready()
    stopped_server.agent('alice').register()


# Rule 6: a request repeated after a crash.

def crash(server):
    server.kill()
    server.start()


def test_a_repeated_register_is_answered_alike(server, alice):
    response = alice.register()
    crash(server)
    again = alice.repeat(response.request, is_new=True)
    assert again.status == 200
    assert len(alice.contacts()) == 1


def test_a_repeated_publish_is_answered_alike(server, alice):
    publication = alice.publish('open')
    crash(server)
    again = alice.repeat(publication.response.request, is_new=True)
    assert (again.status, again['SIP-ETag']) == (200, publication.etag)
    assert server.psql("SELECT count(*) FROM rollcall.publications") == '1'


def test_a_repeated_removal_is_answered_alike(server, alice):
    publication = alice.publish('open')
    response = publication.remove()
    crash(server)
    assert alice.repeat(response.request, is_new=True).status == 200


def test_a_repeated_subscribe_is_answered_alike(server, bob):
    watch = bob.subscribe('alice')
    watch.next()
    tag = watch.remote_tag
    crash(server)
    again = bob.repeat(watch.response.request, is_new=True)
    assert again.status == 200
    assert param(again['To'], 'tag') == tag
    assert server.psql("SELECT count(*) FROM rollcall.subscriptions") == '1'


def test_a_repeated_unsubscribe_is_answered_alike(server, bob):
    watch = bob.subscribe('alice')
    watch.next()
    watch.end()
    crash(server)
    assert bob.repeat(watch.response.request, is_new=True).status == 200


# Rule 8: after a restart the old dialogs go on.

def test_old_dialogs_go_on_over_udp(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    publication = alice.publish('open')
    before = watch.expect_state('open')
    crash(server)
    after = watch.expect_state('open')   # at once, in full
    assert after.request.cseq > before.request.cseq
    publication.change('closed')
    watch.expect_state('closed')
    watch.refresh(600)
    watch.expect_state('closed')
    watch.end()


@pytest.mark.parametrize('kind', ['tcp', 'tls'])
def test_old_dialogs_go_on_over_the_new_flow(server, alice, kind):
    bob = server.agent('bob', kind=kind)
    contact = f'<{bob.contact}>'
    bob.register(contact=contact)
    watch = bob.subscribe('alice')
    watch.next()
    crash(server)
    alice.publish('open')
    bob.transport.connect()
    bob.register(contact=contact)
    watch.expect_state('open')


def test_winfo_versions_never_go_back(server, alice, bob):
    winfo = alice.subscribe('alice', event='presence.winfo')
    bob.subscribe('alice').next()
    last = winfo.expect(lambda n: 'sip:bob@example.com' in n.watchers.watchers,
                        'Bob watches').watchers.version
    crash(server)
    after = winfo.next().watchers
    assert after.is_full and after.version > last


def test_kill_under_load_loses_nothing_answered(server):
    """A trusted peer's burst on one connection, cut by kill -9: what was
    answered is there after the restart."""
    server.kill()
    server.configure({'sip': TRUSTED})
    server.psql("INSERT INTO rollcall.users (aor) SELECT 'load' || i || "
                "'@example.com' FROM generate_series(1, 400) AS i")
    server.start()
    peer = server.agent('load0', kind='tcp')
    numbers, burst = {}, b''
    for i in range(1, 401):
        aor = f'sip:load{i}@example.com'
        request = peer.build('REGISTER', 'sip:example.com', to=aor,
                             headers=[('Contact', f'<sip:load{i}@127.0.0.1>')])
        request.put('From', f'<{aor}>;tag={token()}')
        numbers[request.branch] = i
        burst += request.encode()
    peer.send_raw(burst)

    def answered():
        return {i for branch, i in numbers.items()
                if any(r.status == 200 for r in peer.pending.get(branch, []))}
    peer.wait(lambda: len(answered()) >= 50, 'fifty answers')
    server.kill()
    server.start()
    rows = server.psql(
        "SELECT substring(aor from '[0-9]+') FROM rollcall.bindings "
        "WHERE aor LIKE 'load%'").split()
    assert {str(i) for i in answered()} <= set(rows)


# The advisory lock.

def test_a_second_daemon_is_refused(server, postgres, alice):
    second = Rollcalld(postgres, server.database)
    try:
        second.spawn()
        assert second.wait_exit() == 1
        assert 'another' in second.log_text()
    finally:
        second.close()
    alice.register()


# From psql to the server.

def test_a_new_password_is_in_force(server, alice):
    alice.register()
    server.psql("SELECT rollcall.set_password('alice@example.com', 'other')")
    wait.until(lambda: alice.request(
        'REGISTER', 'sip:example.com', to=alice.uri).status == 401,
        'the old password is refused', 2)
    alice.password = 'other'
    alice.register()


def test_a_disabled_user_is_out(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    alice.register()
    watch.expect_state('open')
    server.psql("UPDATE rollcall.users SET enabled = false "
                "WHERE aor = 'alice@example.com'")
    watch.expect_ended('rejected', within=2)
    bob.message('alice', 'hello', expect=404)
    alice.register(expect=401)
    wait.until(lambda: server.psql(
        "SELECT count(*) FROM rollcall.bindings WHERE expires_at > now()")
        == '0', 'her binding is gone')


def test_a_removed_user_is_no_resource(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    server.psql("DELETE FROM rollcall.users WHERE aor = 'alice@example.com'")
    watch.expect_ended('noresource', within=2)


def test_a_user_added_in_psql_can_sign_in(server):
    server.psql("INSERT INTO rollcall.users (aor) VALUES ('dave@example.com');"
                "SELECT rollcall.set_password('dave@example.com', 'secret')")
    dave = server.agent('dave')
    wait.until(lambda: dave.request(
        'REGISTER', 'sip:example.com', to=dave.uri).status == 200,
        'Dave signs in', 2)


def test_many_users_at_once(server):
    server.psql("INSERT INTO rollcall.users (aor) SELECT 'u' || i || "
                "'@example.com' FROM generate_series(1, 5000) AS i;"
                "SELECT rollcall.set_password('u4711@example.com', 'secret')")
    user = server.agent('u4711')
    wait.until(lambda: user.request(
        'REGISTER', 'sip:example.com', to=user.uri).status == 200,
        'one of them signs in', 3)


def test_its_own_writes_are_no_changes(server, alice, bob):
    before = server.psql('SELECT count(*) FROM rollcall.changes')
    alice.register()
    alice.publish('open')
    bob.subscribe('alice').next()
    assert server.psql('SELECT count(*) FROM rollcall.changes') == before


def test_the_daemons_tables_are_read_only(server, alice):
    alice.register()
    said = server.psql('DELETE FROM rollcall.bindings', is_checked=False)
    assert 'read-only' in said


# SIGTERM ends no dialog.

def test_sigterm_ends_no_dialog(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    watch.forbid(lambda n: n.phase == 'terminated', 'an ended dialog')
    assert server.stop() == 0
    server.start()
    alice.publish('open')
    watch.expect_state('open')
