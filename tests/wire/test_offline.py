# SPDX-License-Identifier: ISC
"""Messages for those who are not there (DESIGN section 6): stored before the
202, delivered in order when they come, none lost and none twice."""
import time

import pytest

from harness import wait
from harness.agent import renew_branch, reply
from harness.instant import (COMPOSING_TYPE, composing, cpim, kept, ledger)
from harness.message import Message

QUICK = {'timeout': '2s', 'locked_timeout': '1s', 'retry': '1s'}
TRUSTED = pytest.mark.options(sip={'trusted_peers': '127.0.0.1'})
DESK, MOBILE = 'urn:uuid:desk-0001', 'urn:uuid:mobile-0002'


def texts(agent, n):
    return [agent.expect('MESSAGE').body.decode() for _ in range(n)]


def stored(server):
    return server.psql('SELECT recipient, convert_from(body, \'UTF8\') '
                       'FROM rollcall.messages WHERE body IS NOT NULL '
                       'ORDER BY id')


def waiting(server):
    return int(server.psql('SELECT count(*) FROM rollcall.messages '
                           'WHERE body IS NOT NULL'))


def none_waits(server):
    wait.until(lambda: waiting(server) == 0, 'nothing waits any more')


def says(*words):
    return lambda request: request.body.decode() in words


def store(alice, *words):
    return [alice.message('bob', text, expect=202) for text in words]


class Hold:
    """A device that answers a MESSAGE when the test says so."""

    def __init__(self, agent):
        self.agent, self.held = agent, []
        agent.answer('MESSAGE', self)

    def __call__(self, request):
        if not any(r.branch == request.branch for r in self.held):
            self.held.append(request)

    def next(self):
        """The text of the one that is out; there is one alone."""
        request = self.agent.expect('MESSAGE')
        assert [r.branch for r in self.held] == [request.branch]
        return request.body.decode()

    def release(self, status=200):
        request = self.held.pop(0)
        response = reply(request, status)
        with self.agent.arrived:
            self.agent.answered[(request.branch, 'MESSAGE')] = response
        self.agent._send(response, request.flow)


# --- Durable, in order, with what they had ---

def test_stored_and_delivered_in_order(server, alice, bob):
    for i in range(5):
        alice.message('bob', f'number {i}', expect=202)
    assert stored(server).splitlines() == [
        f'bob@example.com|number {i}' for i in range(5)]
    bob.register()
    assert texts(bob, 5) == [f'number {i}' for i in range(5)]
    wait.until(lambda: stored(server) == '', 'all of them are delivered')


def test_the_original_time_and_names(server, alice, bob):
    """RFC 3428 section 8 wants a Date; the same Call-ID, CSeq and From tag
    make a repetition known as one."""
    before = alice.message('bob', 'hello', expect=202)
    time.sleep(1.1)
    bob.register()
    message = bob.expect('MESSAGE')
    assert message['Call-ID'] == before['Call-ID']
    assert message['CSeq'] == before['CSeq']
    assert message['From'] == before['From']
    assert message['Date'].endswith('GMT')
    assert 'Contact' not in message


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
def test_more_than_are_read_at_one_time(server, alice, carol, kind):
    words = [f'number {i}' for i in range(250)]
    senders = (alice, carol)
    for i, text in enumerate(words):
        senders[i % 2].message('bob', text, expect=202)
    bob = server.agent('bob', kind=kind)
    bob.register()
    assert texts(bob, len(words)) == words
    none_waits(server)


@pytest.mark.parametrize('fault', ['kill', 'crash', 'both'])
def test_the_202_means_committed(server, postgres, alice, bob, fault):
    store(alice, 'one', 'two')
    if fault != 'crash':
        server.kill()
    if fault != 'kill':
        postgres.crash()
        postgres.start()
    if fault != 'crash':
        server.start()
    wait.until(lambda: bob.register(expect=None).status == 200,
               'Bob registers')
    assert texts(bob, 2) == ['one', 'two']
    none_waits(server)


def test_headers_that_were_there_come_along(alice, bob):
    alice.message('bob', 'hello', expect=202, headers=[
        ('Subject', 'Greetings'), ('Priority', 'urgent'),
        ('X-Custom', 'an own one'), ('Content-Language', 'en')])
    bob.register()
    message = bob.expect('MESSAGE')
    assert message['Subject'] == 'Greetings'
    assert message['Priority'] == 'urgent'
    assert message['X-Custom'] == 'an own one'
    assert message['Content-Language'] == 'en'
    for name in ('Proxy-Authorization', 'Authorization', 'Record-Route'):
        assert name not in message


# --- Who is entitled ---

def test_every_device_that_came_before_the_first_2xx(server, alice):
    desk = server.agent('bob', instance=DESK)
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    store(alice, 'one', 'two', 'three')
    hold = Hold(desk)
    desk.register()
    assert hold.next() == 'one'
    mobile.register()
    assert texts(mobile, 3) == ['one', 'two', 'three']
    none_waits(server)
    desk.answer('MESSAGE', 200)
    hold.release()
    assert texts(desk, 2) == ['two', 'three']


def test_a_device_that_registers_later_gets_nothing(server, alice, bob):
    store(alice, 'one', 'two')
    bob.register()
    assert texts(bob, 2) == ['one', 'two']
    none_waits(server)
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    mobile.forbid('MESSAGE', why='what another device had before')
    mobile.register()
    mobile.settle()
    alice.unregister()


def test_a_device_that_was_taken_live_is_owed_to_nobody(server, alice):
    desk = server.agent('bob', instance=DESK)
    desk.register()
    alice.message('bob', 'live', expect=200)
    desk.expect('MESSAGE')
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    mobile.forbid('MESSAGE', why='what was taken')
    mobile.register()
    mobile.settle()


# --- In line ---

def send_and_wait_later(agent, text):
    """Sends without waiting for the answer."""
    request = agent.build('MESSAGE', 'sip:bob@example.com', body=text,
                          headers=[('Content-Type', 'text/plain')])
    request = agent.authorize(request, agent.exchange(request))
    agent._send(request)
    return request


def test_a_live_one_comes_behind_the_stored_ones(server, alice, bob):
    store(alice, 'one', 'two')
    hold = Hold(bob)
    bob.register()
    assert hold.next() == 'one'
    live = send_and_wait_later(alice, 'live')
    bob.settle()
    assert len(hold.held) == 1
    for text in ('two', 'live'):
        hold.release()
        assert hold.next() == text
    hold.release()
    assert alice.exchange(live).status == 200


def test_one_outstanding_per_device(server, alice):
    desk = server.agent('bob', instance=DESK)
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    holds = [Hold(desk), Hold(mobile)]
    words = ['one', 'two', 'three']
    store(alice, *words)
    desk.register()
    mobile.register()
    for text in words:
        for hold in holds:
            assert hold.next() == text
        for hold in holds:
            hold.agent.settle()
            assert len(hold.held) == 1
            hold.release()
    none_waits(server)


@TRUSTED
def test_live_ones_come_behind_many(server, alice, carol):
    words = [f'stored {i}' for i in range(250)]
    live = [f'live {i}' for i in range(20)]
    store(alice, *words)
    bob = server.agent('bob', instance=DESK, kind='tcp')
    bob.register()
    for text in live:
        assert carol.message('bob', text).status in (200, 202)
    assert texts(bob, len(words + live)) == words + live
    none_waits(server)


@TRUSTED
def test_registering_again_and_again_meanwhile(server, alice):
    words = [f'number {i}' for i in range(250)]
    store(alice, *words)
    bob = server.agent('bob', instance=DESK, kind='tcp')
    for _ in range(20):
        bob.register()
    assert texts(bob, len(words)) == words
    bob.forbid('MESSAGE', why='a second time')
    none_waits(server)
    bob.register()
    bob.settle()


# --- A device that dies ---

def dies_after(k):
    count = {'n': 0}

    def rule(request):
        count['n'] += 1
        return 200 if count['n'] <= k else None
    return rule


@pytest.mark.parametrize('kind', ['udp', 'tcp'])
@pytest.mark.parametrize('k', [0, 1, 4])
def test_a_device_dies_in_the_middle(server, alice, kind, k):
    """It comes back elsewhere, with the same instance: what it had answered
    does not come again, all the rest does, in order."""
    words = [f'number {i}' for i in range(5)]
    store(alice, *words)
    first = server.agent('bob', instance=DESK, kind=kind)
    first.answer('MESSAGE', dies_after(k))
    first.register()
    assert texts(first, k + 1) == words[:k + 1]
    wait.until(lambda: waiting(server) == 5 - k, 'the first are taken')
    first.mute()
    if kind == 'tcp':
        first.transport.disconnect()
    again = server.agent('bob', instance=DESK, kind=kind)
    again.forbid('MESSAGE', says(*words[:k]), 'what it had taken')
    again.register()
    assert texts(again, 5 - k) == words[k:]
    none_waits(server)


def test_a_device_that_is_restarted_without_a_word(server, alice):
    """Its old connection is never closed: a phone without power."""
    words = ['one', 'two', 'three']
    store(alice, *words)
    bob = server.agent('bob', instance=DESK, kind='tcp')
    bob.answer('MESSAGE', None)
    bob.register()
    before = bob.expect('MESSAGE')
    bob.transport.connect()
    bob.answer('MESSAGE', 200)
    bob.register()
    again = bob.expect('MESSAGE')
    for name in ('Call-ID', 'CSeq', 'From', 'Date'):
        assert again[name] == before[name]
    assert again.body == before.body == b'one'
    assert texts(bob, 2) == words[1:]
    none_waits(server)


@pytest.mark.options(message={'retry': '1s'})
@pytest.mark.parametrize('status', [408, 480, 486, 500, 503])
def test_not_now(server, alice, bob, status):
    """It is tried again, under the same names (RFC 3428 section 8)."""
    body = cpim('sip:alice@example.com', 'sip:bob@example.com', 'hello',
                'mid-0815')
    alice.message('bob', body, 'message/cpim', 202)
    bob.answer('MESSAGE', status)
    bob.register()
    before = bob.expect('MESSAGE')
    assert waiting(server) == 1
    bob.answer('MESSAGE', 200)
    again = bob.expect('MESSAGE')
    for name in ('Call-ID', 'CSeq', 'From'):
        assert again[name] == before[name]
    assert again.body == before.body == body.encode()
    none_waits(server)


def test_a_stored_one_that_a_device_refuses_waits_for_others(server, alice):
    response, _ = store(alice, 'one', 'two')
    desk = server.agent('bob', instance=DESK)
    desk.answer('MESSAGE',
                lambda r: 415 if r.body == b'one' else 200)
    desk.register()
    assert texts(desk, 2) == ['one', 'two']
    wait.until(lambda: stored(server) == 'bob@example.com|one',
               'the first one waits')
    wait.until(lambda: (DESK, 'failed', '415') in ledger(
        server, response.request.call_id), 'the ledger says so')
    desk.forbid('MESSAGE', says('one'), 'what it will never take')
    server.restart()
    desk.register()
    desk.settle()
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    mobile.register()
    assert texts(mobile, 1) == ['one']
    none_waits(server)


# --- Devices that do not answer, or say no ---

@pytest.mark.options(message=QUICK)
def test_nobody_answers_in_time(server, alice):
    desk = server.agent('bob', instance=DESK)
    desk.register()
    desk.mute()
    start = time.monotonic()
    response = alice.message('bob', 'hello', expect=202)
    assert 1.8 < time.monotonic() - start < 4
    assert kept(server, response.request.call_id)
    desk.mute(False)
    desk.register()
    desk.expect('MESSAGE', says('hello'))
    none_waits(server)
    desk.forbid('MESSAGE', says('hello'), 'what it has taken')
    desk.register()
    desk.settle()


@pytest.mark.parametrize('status', [415, 488, 600, 603, 606])
def test_the_best_answer_and_not_stored(server, alice, status):
    desk = server.agent('bob', instance=DESK)
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    desk.answer('MESSAGE', status)
    mobile.answer('MESSAGE', 480)
    desk.register()
    mobile.register()
    alice.message('bob', 'hello', expect=status)
    assert waiting(server) == 0


def test_everybody_is_busy(server, alice, bob):
    bob.answer('MESSAGE', 486)
    bob.register()
    alice.message('bob', 'hello', expect=202)
    bob.answer('MESSAGE', 200)
    bob.register()
    assert bob.expect('MESSAGE', what='the first try')
    bob.expect('MESSAGE', says('hello'), 'the second one')
    none_waits(server)


def test_what_is_worth_nothing_later(server, alice, bob):
    """isComposing, and what expires at once."""
    alice.message('bob', composing(), COMPOSING_TYPE, 480)
    alice.message('bob', 'now', expect=480, headers=[('Expires', '0')])
    assert waiting(server) == 0


# --- Bounds ---

def settings(server, text):
    server.psql(f'UPDATE rollcall.settings SET {text}')
    server.sync()


def test_the_store_of_a_user_is_full(server, alice, bob):
    settings(server, 'offline_max_per_user = 2')
    store(alice, 'one', 'two')
    response = alice.message('bob', 'three', expect=480)
    assert response.get('Warning')
    alice.message('carol', 'another user', expect=202)
    bob.forbid('MESSAGE', says('three'), 'what was refused')
    bob.register()
    assert texts(bob, 2) == ['one', 'two']
    bob.unregister()
    none_waits_for_bob = 'SELECT count(*) FROM rollcall.messages ' \
        "WHERE body IS NOT NULL AND recipient = 'bob@example.com'"
    wait.until(lambda: server.psql(none_waits_for_bob) == '0', 'there is room')
    alice.message('bob', 'four', expect=202)


def test_the_bound_holds_over_a_restart(server, alice):
    settings(server, 'offline_max_per_user = 2')
    store(alice, 'one', 'two')
    server.restart()
    alice.message('bob', 'three', expect=480)


def expired(server, response):
    return ledger(server, response.request.call_id) == [('', 'expired', None)]


@pytest.mark.parametrize('is_restarted', [False, True])
def test_it_expires(server, alice, bob, is_restarted):
    response = alice.message('bob', 'short', expect=202,
                             headers=[('Expires', '1')])
    alice.message('bob', 'long', expect=202)
    if is_restarted:
        server.restart()
    wait.until(lambda: server.psql(
        'SELECT count(*) FROM rollcall.messages '
        'WHERE expires_at > now() AND body IS NOT NULL') == '1', 'it is over')
    bob.forbid('MESSAGE', says('short'), 'what has expired')
    bob.register()
    bob.expect('MESSAGE', says('long'))
    bob.settle()
    wait.until(lambda: expired(server, response), 'the ledger says so')
    none_waits(server)


@pytest.mark.watchdog(120)
def test_it_expires_though_nobody_comes(server, alice):
    response = alice.message('bob', 'short', expect=202,
                             headers=[('Expires', '1')])
    wait.until(lambda: expired(server, response), 'the ledger says so', 75)
    assert waiting(server) == 0


def test_the_setting_bounds_expires(server, alice):
    settings(server, 'offline_ttl = 100')
    for value, most in (('50', 50), ('5000', 100)):
        alice.message('bob', 'x', expect=202, headers=[('Expires', value)])
        rest = server.psql('SELECT extract(epoch FROM expires_at - now()) '
                           'FROM rollcall.messages ORDER BY id DESC LIMIT 1')
        assert most - 10 < float(rest) <= most


@pytest.mark.options(message=QUICK)
def test_offline_messages_are_suppressed(server, alice, bob):
    settings(server, 'suppress_offline_im = true')
    alice.message('bob', 'nobody', expect=480)
    bob.register()
    alice.message('bob', 'live', expect=200)
    bob.expect('MESSAGE', says('live'))
    bob.mute()
    alice.message('bob', 'silent', expect=480)
    assert waiting(server) == 0


# --- Whether they may ---

def test_im_off_and_on_again(server, alice, bob):
    store(alice, 'one', 'two')
    settings(server, 'im_enabled = false')
    alice.message('bob', 'three', expect=403)
    bob.forbid('MESSAGE', says('three'), 'what was refused')
    hold = Hold(bob)
    bob.register()
    bob.settle()
    assert hold.held == []
    bob.answer('MESSAGE', 200)
    settings(server, 'im_enabled = true')
    assert texts(bob, 2) == ['one', 'two']
    none_waits(server)


def test_im_off_at_the_start(server, alice, bob):
    store(alice, 'one')
    settings(server, 'im_enabled = false')
    server.restart()
    bob.register()
    bob.settle()
    assert waiting(server) == 1
    settings(server, 'im_enabled = true')
    assert texts(bob, 1) == ['one']


@pytest.mark.parametrize('how, status', [('block', 403),
                                         ('polite-block', 202)])
def test_nothing_is_stored_for_a_blocked_sender(server, alice, bob, how,
                                                status):
    server.ctl('watchers', how, 'bob@example.com', 'alice@example.com')
    alice.message('bob', 'hello', expect=status)
    assert waiting(server) == 0
    bob.forbid('MESSAGE', why='of somebody who is blocked')
    bob.register()
    bob.settle()
    alice.message('bob', 'hello again', expect=status)
    bob.settle()
    assert server.psql('SELECT count(*) FROM rollcall.messages '
                       'WHERE body IS NOT NULL') == '0'


def test_a_user_is_removed(server, alice, carol):
    store(alice, 'one', 'two')
    alice.message('carol', 'stays', expect=202)
    server.ctl('user', 'remove', 'bob@example.com')
    assert stored(server) == 'carol@example.com|stays'
    alice.message('bob', 'hello', expect=404)
    server.ctl('user', 'add', 'bob@example.com', text='secret\n')
    bob = server.agent('bob')
    bob.forbid('MESSAGE', why='of the one before')
    bob.register()
    bob.settle()
    bob.prohibitions.clear()
    alice.message('bob', 'new', expect=200)
    bob.expect('MESSAGE', says('new'))


def test_a_user_is_removed_in_the_middle(server, alice, bob):
    store(alice, 'one', 'two', 'three')
    hold = Hold(bob)
    bob.register()
    assert hold.next() == 'one'
    server.ctl('user', 'remove', 'bob@example.com')
    bob.forbid('MESSAGE', says('two', 'three'), 'of a user who is gone')
    hold.release()
    alice.message('bob', 'hello', expect=404)
    none_waits(server)


# --- PostgreSQL is away ---

@pytest.mark.parametrize('fault', ['freeze', 'crash'])
def test_postgresql_is_away(server, postgres, alice, carol, bob, fault):
    """What must be stored is refused, and never comes later; what need not
    goes on."""
    carol.register()
    alice.message('carol', 'before', expect=200)
    carol.expect('MESSAGE')
    getattr(postgres, fault)()
    response = alice.message('bob', 'refused', expect=503)
    assert int(response['Retry-After']) > 0
    alice.message('carol', 'online', expect=200)
    carol.expect('MESSAGE', says('online'))
    if fault == 'freeze':
        postgres.thaw()
    else:
        postgres.start()

    def is_back():
        return alice.message('bob', 'later').status == 202
    wait.until(is_back, 'messages are stored again', 20)
    bob.forbid('MESSAGE', says('refused'), 'what was answered 503')
    bob.register()
    bob.expect('MESSAGE', says('later'))
    bob.settle()
    none_waits(server)


@TRUSTED
def test_refused_and_sent_again(server, postgres, alice, bob):
    """The sender of a 503 tries again: that one is delivered, once."""
    postgres.freeze()
    response = alice.message('bob', 'hello', expect=503)
    postgres.thaw()
    wait.until(lambda: alice.repeat(response.request, True).status == 202,
               'it is stored', 20)
    bob.register()
    bob.expect('MESSAGE', says('hello'))
    bob.forbid('MESSAGE', says('hello'), 'a second time')
    none_waits(server)
    bob.register()
    bob.settle()


def test_sessions_end_in_the_middle(server, alice, bob):
    """pg_terminate_backend: what was acknowledged is there, once."""
    taken = []
    for i in range(12):
        if i % 4 == 2:
            server.psql('SELECT count(pg_terminate_backend(pid)) FROM '
                        'pg_stat_activity WHERE pid <> pg_backend_pid() '
                        'AND datname = current_database()')
        if alice.message('bob', f'number {i}').status == 202:
            taken.append(f'number {i}')
    assert taken
    wait.until(lambda: bob.register(expect=None).status == 200, 'registered')
    assert texts(bob, len(taken)) == taken
    none_waits(server)


# --- Restarts ---

@TRUSTED
def test_a_request_repeated_after_a_restart(server, alice, bob):
    """Rule 6 of section 3: the answer of before, and no second copy."""
    first, = store(alice, 'hello')
    server.restart()
    assert alice.repeat(first.request, is_new=True).status == 202
    assert waiting(server) == 1
    bob.register()
    bob.expect('MESSAGE')
    bob.forbid('MESSAGE', why='a second time')
    none_waits(server)
    assert alice.repeat(first.request, is_new=True).status == 202
    server.restart()
    assert alice.repeat(first.request, is_new=True).status == 202
    bob.register()
    bob.settle()


@TRUSTED
def test_a_request_repeated_during_the_start(server, postgres, alice):
    """Whether it is stored already is not known yet: it is not refused, and
    answered when it is known."""
    first, = store(alice, 'hello')
    again = Message(first.request.start, first.request.headers,
                    first.request.body)
    renew_branch(again)
    server.kill()
    postgres.crash()
    server.spawn()
    server.wait_log('trying again')
    alice._send(again)
    alice.request('OPTIONS', 'sip:example.com', 200)
    assert again.branch not in alice.pending
    postgres.start()
    server.wait_ready()
    assert alice.exchange(again).status == 202
    assert waiting(server) == 1


@TRUSTED
def test_what_was_refused_is_not_answered_202_later(server, alice, bob):
    """A repetition of what nobody ever took or stored is a new message."""
    settings(server, 'suppress_offline_im = true')
    refused = alice.message('bob', 'hello', expect=480)
    wait.until(lambda: ledger(server, refused.request.call_id),
               'the ledger has it')
    server.restart()
    assert alice.repeat(refused.request, is_new=True).status == 480
    bob.answer('MESSAGE', 415)
    bob.register()
    other = alice.message('bob', 'strange', expect=415)
    wait.until(lambda: ledger(server, other.request.call_id),
               'the ledger has it')
    server.restart()
    assert alice.repeat(other.request, is_new=True).status == 415


@TRUSTED
def test_an_online_one_repeated_after_a_restart(server, alice, bob):
    """Its ledger row is there: it is not shown again."""
    bob.register()
    first = alice.message('bob', 'hello', expect=200)
    bob.expect('MESSAGE')
    wait.until(lambda: any(row[1] == 'delivered' for row in ledger(
        server, first.request.call_id)), 'the ledger has it')
    server.restart()
    bob.forbid('MESSAGE', why='a second time')
    assert alice.repeat(first.request, is_new=True).status in (200, 202)
    bob.settle()


def test_killed_between_two_of_them(server, alice):
    """What a device took stays taken, the rest comes after the restart."""
    words = ['one', 'two', 'three']
    store(alice, *words)
    bob = server.agent('bob', instance=DESK)
    hold = Hold(bob)
    bob.register()
    assert hold.next() == 'one'
    hold.release()
    assert hold.next() == 'two'
    wait.until(lambda: waiting(server) == 2, 'the first one is taken')
    server.kill()
    bob.inbox.clear()
    bob.answer('MESSAGE', 200)
    bob.forbid('MESSAGE', says('one'), 'what it had taken')
    server.start()
    bob.register()
    assert texts(bob, 2) == ['two', 'three']
    none_waits(server)


def test_sigterm_with_messages_on_their_way(server, alice):
    """What is under way is stored, answered, and delivered after the start."""
    bob = server.agent('bob', instance=DESK)
    bob.answer('MESSAGE', None)
    bob.register()
    request = send_and_wait_later(alice, 'on its way')
    bob.expect('MESSAGE', says('on its way'))
    assert server.stop() == 0
    final = alice.wait(lambda: [
        r for r in alice.pending.get(request.branch, []) if r.status >= 200],
        'an answer')
    assert final[0].status == 202
    bob.answer('MESSAGE', 200)
    server.start()
    bob.register()
    bob.expect('MESSAGE', says('on its way'))
    none_waits(server)
