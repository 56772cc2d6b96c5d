# SPDX-License-Identifier: ISC
"""Where is my message: what rollcall.message_log says of it, state by state
(DESIGN section 6), and that the ledger of online messages has no body."""
import time

import pytest

from harness import wait
from harness.instant import COMPOSING_TYPE, composing, ledger

DESK, MOBILE = 'urn:uuid:desk-0001', 'urn:uuid:mobile-0002'


@pytest.fixture
def desk(server):
    agent = server.agent('bob', instance=DESK)
    agent.register()
    return agent


@pytest.fixture
def mobile(server):
    agent = server.agent('bob', instance=MOBILE, kind='tcp')
    agent.register()
    return agent


def row_of(server, response, columns):
    return server.psql(f'SELECT {columns} FROM rollcall.messages WHERE '
                       f"call_id = '{response.request.call_id}'")


def says(server, response, *rows, within=wait.PATIENCE):
    """The ledger has exactly these deliveries of the message."""
    def are_there():
        found = ledger(server, response.request.call_id)
        assert found == sorted(rows), found
        return True
    wait.until(are_there, f'the ledger says {rows}', within)


def test_an_online_message(server, alice, desk, mobile):
    """Within a few seconds, without its body."""
    mobile.answer('MESSAGE', 486)
    response = alice.message('bob', 'hello', expect=200)
    says(server, response, (DESK, 'delivered', '200'),
         (MOBILE, 'failed', '486'), within=5)
    assert row_of(server, response,
                  "sender, recipient, coalesce(body::text, 'none'),"
                  " coalesce(headers, 'none'), content_type") \
        == 'alice@example.com|bob@example.com|none|none|text/plain'
    tag = response.request['From'].split('tag=')[1]
    assert row_of(server, response, 'from_tag, cseq') \
        == f'{tag}|{response.request.cseq}'


def test_its_times(server, alice, desk):
    response = alice.message('bob', 'hello', expect=200)
    says(server, response, (DESK, 'delivered', '200'))
    assert server.psql(
        "SELECT created_at BETWEEN now() - interval '15 s' AND now()"
        " AND at BETWEEN created_at - interval '1 s' AND now()"
        f" FROM rollcall.message_log WHERE call_id = "
        f"'{response.request.call_id}'") == 't'


@pytest.mark.parametrize('status', [415, 488, 603])
def test_one_that_was_refused(server, alice, desk, status):
    desk.answer('MESSAGE', status)
    response = alice.message('bob', 'hello', expect=status)
    says(server, response, (DESK, 'failed', str(status)))


def test_one_that_waits(server, alice):
    response = alice.message('bob', 'hello', expect=202)
    says(server, response, (None, 'queued', None))


def test_one_that_waited(server, alice):
    response = alice.message('bob', 'hello', expect=202)
    desk = server.agent('bob', instance=DESK)
    desk.register()
    desk.expect('MESSAGE')
    says(server, response, (DESK, 'delivered', '200'))
    assert row_of(server, response, 'body IS NULL AND headers IS NULL') == 't'
    time_of = server.psql(
        "SELECT at >= created_at AND at <= now() FROM rollcall.message_log"
        f" WHERE call_id = '{response.request.call_id}'")
    assert time_of == 't'


@pytest.mark.options(message={'timeout': '2s', 'retry': '1s'})
def test_one_that_is_on_its_way(server, alice, desk):
    """Given to a device that is busy: sent, until it takes it."""
    desk.answer('MESSAGE', 480)
    response = alice.message('bob', 'hello', expect=202)
    says(server, response, (DESK, 'sent', '480'))
    desk.answer('MESSAGE', 200)
    says(server, response, (DESK, 'delivered', '200'))


def test_to_a_second_device_of_a_stored_one(server, alice):
    response = alice.message('bob', 'hello', expect=202)
    desk = server.agent('bob', instance=DESK)
    mobile = server.agent('bob', instance=MOBILE, kind='tcp')
    desk.answer('MESSAGE', None)
    desk.register()
    desk.expect('MESSAGE')
    mobile.register()
    mobile.expect('MESSAGE')
    desk.answer('MESSAGE', 200)
    says(server, response, (DESK, 'delivered', '200'),
         (MOBILE, 'delivered', '200'))


def test_nobody_there_and_none_is_stored(server, alice):
    server.psql('UPDATE rollcall.settings SET suppress_offline_im = true')
    server.sync()
    response = alice.message('bob', 'hello', expect=480)
    says(server, response, (None, None, None))


def test_what_is_not_worth_a_row(server, alice, desk):
    """isComposing comes every few seconds."""
    alice.message('bob', composing(), COMPOSING_TYPE, 200)
    response = alice.message('bob', 'hello', expect=200)
    says(server, response, (DESK, 'delivered', '200'))
    assert server.psql('SELECT count(*) FROM rollcall.messages') == '1'


def test_the_ledger_never_delays_an_answer(server, postgres, alice, desk):
    """And what it could not write comes when it can."""
    alice.message('bob', 'before', expect=200)
    postgres.freeze()
    start = time.monotonic()
    response = alice.message('bob', 'hello', expect=200)
    assert time.monotonic() - start < 0.9
    postgres.thaw()
    says(server, response, (DESK, 'delivered', '200'), within=20)


def test_an_administrator_removes_one(server, alice):
    """In force within a second: it is not delivered."""
    first = alice.message('bob', 'one', expect=202)
    alice.message('bob', 'two', expect=202)
    server.psql('DELETE FROM rollcall.messages WHERE call_id = '
                f"'{first.request.call_id}'")
    server.sync()
    bob = server.agent('bob')
    bob.forbid('MESSAGE', lambda r: r.body == b'one', 'what was removed')
    bob.register()
    bob.expect('MESSAGE')
    bob.settle()
    assert ledger(server, first.request.call_id) == []
