# SPDX-License-Identifier: ISC
"""CPIM (RFC 3862) and disposition notifications (RFC 5438): what devices say
to each other passes untouched; the server itself says <stored/> alone, to
whoever asked for it."""
import zlib

import pytest

from harness import wait
from harness.instant import (CPIM_TYPE, IMDN_TYPE, cpim, imdn, kept, ledger,
                             notification)

ALICE, BOB = 'sip:alice@example.com', 'sip:bob@example.com'
STRANGE = (b'From: Alice <sip:alice@example.com>\r\n'
           b'To: <sip:bob@example.com>\r\n'
           b'NS: x <urn:x>\r\nx.Odd;lang=de: \xc3\xa4 \\u00e4\r\n'
           b'\r\nContent-Type: application/octet-stream\r\n'
           b'Content-ID: <1@x>\r\n\r\n' + bytes(range(256)) + b'\r\n\r\n\0')


@pytest.fixture
def alice(server):
    agent = server.agent('alice')
    agent.register()
    return agent


@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_bodies_stay_byte_for_byte(server, alice, kind):
    bodies = [(STRANGE, CPIM_TYPE),
              (cpim(ALICE, BOB, 'hello', 'm1', ['display']), CPIM_TYPE),
              (b'\0\r\n--x\r\n' + bytes(range(256)), 'multipart/mixed;'
               'boundary=x'),
              (b'', 'text/plain'), ('grüß', 'text/plain;charset=UTF-8')]
    bodies = [(b if isinstance(b, bytes) else b.encode(), t)
              for b, t in bodies]
    for body, content_type in bodies:
        alice.message('bob', body, content_type, 202)
    bob = server.agent('bob', kind=kind)
    bob.register()
    for body, content_type in bodies:
        message = bob.expect('MESSAGE')
        assert message.body == body
        if body:
            assert message.content_type == content_type
    bob.settle()
    for body, content_type in bodies:
        alice.message('bob', body, content_type, 200)
        message = bob.expect('MESSAGE')
        assert message.body == body
        assert message.content_type == content_type


def is_stored_notice(request):
    return request.content_type.startswith(CPIM_TYPE) \
        and b'<stored/>' in request.body.replace(b' ', b'')


def ask(alice, wishes, message_id='mid-0815', status=202, sender=ALICE,
        headers=()):
    body = cpim(sender, BOB, 'hello', message_id, wishes, headers=headers)
    return alice.message('bob', body, CPIM_TYPE, status)


def test_stored_is_told_where_it_was_asked_for(server, alice):
    response = ask(alice, ['positive-delivery', 'processing', 'display'])
    notice = alice.expect('MESSAGE', is_stored_notice)
    text = notice.body.decode()
    assert '<message-id>mid-0815</message-id>' in text
    assert 'processing-notification' in text
    assert IMDN_TYPE in text
    assert 'Content-Disposition: notification' in text
    assert 'Disposition-Notification:' not in text
    assert f'<{ALICE}>' in text and f'<{BOB}>' in text
    assert notice['From'].startswith(f'<{BOB}>')
    assert notice.call_id != response.request.call_id
    alice.forbid('MESSAGE', why='a second notice')
    alice.settle()


@pytest.mark.parametrize('wishes', [
    [], ['display'], ['positive-delivery', 'negative-delivery']])
def test_not_where_it_was_not(alice, bob, wishes):
    """Delivery is told by devices alone (RFC 5438 12.2)."""
    alice.forbid('MESSAGE', why='a notice that nobody asked for')
    ask(alice, wishes)
    alice.settle()
    bob.register()
    bob.expect('MESSAGE')
    bob.settle()
    alice.settle()


def test_not_for_one_that_was_not_stored(alice, bob):
    bob.register()
    alice.forbid('MESSAGE', why='it was not stored')
    ask(alice, ['processing'], status=200)
    bob.expect('MESSAGE')
    alice.settle()


def test_never_for_an_imdn(server, alice):
    """RFC 5438 7.2.1: an IMDN never causes another, whatever it asks for."""
    alice.forbid('MESSAGE', why='an IMDN about an IMDN')
    body = cpim(ALICE, BOB, imdn('0815'), 'mid-1', ['processing'],
                content_type=IMDN_TYPE,
                headers=['Content-Disposition: notification'])
    response = alice.message('bob', body, CPIM_TYPE, 202)
    assert kept(server, response.request.call_id)
    alice.message('bob', imdn('0816'), IMDN_TYPE, 202)
    alice.settle()


@pytest.mark.parametrize('sender, headers', [
    ('sip:carol@example.com', ()),
    ('sip:mallory@elsewhere.example', ()),
    ('im:anonymous@anonymous.invalid', ()),
    (ALICE, ['imdn.IMDN-Record-Route: <sip:carol@example.com>'])])
def test_never_to_another_than_the_sender(alice, carol, sender, headers):
    """The body says who is to be told; only the one who wrote it is."""
    carol.register()
    carol.forbid('MESSAGE', why='what another one asked for')
    alice.forbid('MESSAGE', why='told to another address')
    ask(alice, ['processing'], sender=sender, headers=headers)
    alice.settle()
    carol.settle()


def test_for_a_sender_who_is_away(server):
    """The notice is a message like others: it waits."""
    alice = server.agent('alice')
    ask(alice, ['processing'])
    wait.until(lambda: server.psql(
        'SELECT count(*) FROM rollcall.messages WHERE body IS NOT NULL')
        == '2', 'the notice waits')
    alice.register()
    alice.expect('MESSAGE', is_stored_notice)


def displayed(server, call_id):
    return [row for row in ledger(server, call_id) if row[1] == 'displayed']


@pytest.mark.parametrize('how', ['cpim', 'bare', 'deflated'])
@pytest.mark.parametrize('is_stored', [False, True])
def test_displayed_is_in_the_ledger(server, alice, how, is_stored):
    bob = server.agent('bob', instance='urn:uuid:desk-0001')
    if not is_stored:
        bob.register()
    response = ask(alice, ['display'], status=202 if is_stored else 200)
    bob.register()
    bob.expect('MESSAGE')
    call_id = response.request.call_id
    wait.until(lambda: ('urn:uuid:desk-0001', 'delivered', '200')
               in ledger(server, call_id), 'it is delivered')
    if how == 'cpim':
        body, kind = notification(BOB, ALICE, 'mid-0815'), CPIM_TYPE
    else:
        body, kind = imdn('mid-0815'), IMDN_TYPE
    body, headers = body.encode(), []
    if how == 'deflated':
        body, headers = zlib.compress(body), [('Content-Encoding', 'deflate')]
    bob.message('alice', body, kind, 200, headers=headers)
    assert alice.expect('MESSAGE').body == body
    wait.until(lambda: displayed(server, call_id)
               == [('urn:uuid:desk-0001', 'displayed', '200')],
               'the ledger says so')


def test_whoever_did_not_get_it_displays_nothing(server, alice, bob, carol):
    bob.register()
    response = ask(alice, ['display'], status=200)
    bob.expect('MESSAGE')
    call_id = response.request.call_id
    wait.until(lambda: ledger(server, call_id), 'the ledger has it')
    carol.message('alice', imdn('mid-0815'), IMDN_TYPE, 200)
    alice.expect('MESSAGE')
    # the next one of his in the ledger: that before it is written too
    last = carol.message('alice', 'hello', expect=200)
    wait.until(lambda: ledger(server, last.request.call_id), 'written')
    assert displayed(server, call_id) == []


def test_found_by_its_message_id(server, alice):
    response = ask(alice, [], 'mid-4711')
    assert server.psql("SELECT call_id FROM rollcall.message_log "
                       "WHERE imdn_id = 'mid-4711'") \
        == response.request.call_id
