# SPDX-License-Identifier: ISC
"""What is malformed or hostile gets 400, or the status that its RFC names, or
silence, and harms nobody."""
import os
import socket

import pytest

from harness.message import token
from harness.mutate import bombard, connect, drain

trusting = pytest.mark.options(sip={
    'trusted_peers': '127.0.0.1', 'rate_per_source': '0',
    'rate_per_user': '0'})


def raw(agent, method='OPTIONS', version='SIP/2.0', via=None, extra='',
        uri='sip:example.com', cseq=None, drop=()):
    """A request as text, to be spoiled; its branch comes with it."""
    branch = f'z9hG4bK{token(12)}'
    host, port = agent.transport.host, agent.transport.port
    lines = [
        ('Via', via or f'SIP/2.0/{agent.transport.kind.upper()} '
                       f'{host}:{port};branch={branch};rport'),
        ('Max-Forwards', '70'), ('From', f'<{agent.uri}>;tag={token()}'),
        ('To', f'<{uri}>'), ('Call-ID', token(20)),
        ('CSeq', cseq or f'1 {method}'), ('Content-Length', '0')]
    head = ''.join(f'{k}: {v}\r\n' for k, v in lines if k not in drop)
    return f'{method} {uri} {version}\r\n{head}{extra}\r\n'.encode(), branch


def answer_to(agent, data, branch):
    agent.send_raw(data)
    return agent.wait(lambda: next(
        iter(agent.pending.get(branch, [])), None), 'an answer')


@pytest.mark.parametrize('spoil,statuses', [
    ({'version': 'SIP/3.0'}, {505, 400}),
    ({'cseq': '1 INVITE'}, {400}),
    ({'cseq': 'x OPTIONS'}, {400}),
    ({'extra': 'Call-ID: second\r\n'}, {400}),
    ({'extra': 'From: <sip:x@example.com>;tag=2\r\n'}, {400}),
    ({'extra': 'CSeq: 2 OPTIONS\r\n'}, {400}),
    ({'uri': 'http://example.com'}, {416}),
    ({'drop': ('From',)}, {400}),
    ({'drop': ('Call-ID',)}, {400}),
    ({'extra': 'Require: teleport\r\n'}, {420, 200}),
], ids=str)
def test_a_malformed_request(server, alice, spoil, statuses):
    data, branch = raw(alice, **spoil)
    assert answer_to(alice, data, branch).status in statuses
    alice.register()


@pytest.mark.parametrize('data', [
    b'\0' * 100, b'\r\n\r\n', b'GET / HTTP/1.0\r\n\r\n', b'\xff' * 2000,
    b'SIP/2.0 200 OK\r\n\r\n', b'OPTIONS', b'REGISTER sip:x SIP/2.0\r\n\r\n',
], ids=lambda d: repr(d[:12]))
def test_garbage_harms_nobody(server, alice, data):
    alice.send_raw(data)
    alice.register()


def refusals(server, call_id):
    return [line for line in server.log_text().splitlines()
            if call_id in line and 'refused' in line]


@pytest.mark.parametrize('uri', [
    'sip:', 'sip:@', 'sip:a@', 'sip:[', 'sip:;x', 'sip:a b@example.com',
    'sip:alice@example.com:x', 'example.com', '*',
    pytest.param('<sip:alice@example.com>', id='RFC 4475 3.1.2.7'),
    pytest.param('sip:alice@example.com; lr', id='RFC 4475 3.1.2.8')])
@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_a_uri_that_cannot_be_read(server, uri, kind):
    """RFC 3261 21.4.1: one 400, one line of the log; the connection lives."""
    alice = server.agent('alice', kind=kind)
    data, branch = raw(alice, uri=uri, drop=('To', 'Call-ID'),
                       extra=f'To: <sip:a@example.com>\r\n'
                             f'Call-ID: {(call_id := token(20))}\r\n')
    response = answer_to(alice, data, branch)
    assert (response.status, response['Call-ID']) == (400, call_id)
    alice.register()
    assert len(alice.pending.get(branch, [])) == 1
    assert len(refusals(server, call_id)) == 1


@pytest.mark.parametrize('line', [
    pytest.param('OPTIONS  {}  SIP/2.0', id='RFC 4475 3.1.2.9'),
    pytest.param('OPTIONS {} SIP/2.0  ', id='RFC 4475 3.1.2.10')])
def test_blanks_around_a_uri_are_forgiven(server, alice, line):
    data, branch = raw(alice)
    _, rest = data.split(b'\r\n', 1)
    first = line.format('sip:example.com').encode()
    assert answer_to(alice, first + b'\r\n' + rest, branch).status == 200


@pytest.mark.parametrize('spoil,status', [
    ({'drop': ('From',)}, 400), ({'drop': ('CSeq',)}, 400),
    ({'extra': 'From: <sip:x@example.com>;tag=2\r\n'}, 400),
    ({'extra': 'Contact: <sip:\r\n'}, 400), ({'cseq': '1 INVITE'}, 400),
    ({'version': 'SIP/3.0'}, 505)], ids=str)
def test_a_refusal_is_logged_once(server, alice, spoil, status):
    drop = spoil.pop('drop', ()) + ('Call-ID',)
    extra = spoil.pop('extra', '') + f'Call-ID: {(call_id := token(20))}\r\n'
    data, branch = raw(alice, drop=drop, extra=extra, **spoil)
    assert answer_to(alice, data, branch).status == status
    lines = refusals(server, call_id)
    assert len(lines) == 1 and str(status) in lines[0]


def test_garbage_is_counted_and_logged(server, alice):
    for _ in range(3):
        alice.send_raw(b'hello\r\n\r\n')
    server.wait_log('messages that are no SIP', 60)
    assert server.metric('garbage_total') >= 3


def test_every_cut_of_a_request_harms_nobody(server, alice):
    data, _ = raw(alice, 'REGISTER')
    for end in range(1, len(data), 3):
        alice.send_raw(data[:end])
    alice.register()


@pytest.mark.parametrize('method,status', [
    ('FROB', 501), ('options', 501), ('RE%47IST%45R', 501),
    ('INVITE', 405), ('BYE', 405), ('REFER', 405), ('UPDATE', 405)])
def test_a_method_that_is_not_served(alice, method, status):
    """RFC 3261 21.4.6, 21.5.2: unknown, or known and not done here."""
    response = alice.request(method, 'sip:bob@example.com', status, auth=False)
    assert 'SUBSCRIBE' in response['Allow']


def test_a_large_body_is_refused(server, alice):
    bob = server.agent('bob', kind='tcp')
    response = bob.message('alice', 'x' * 200_000)
    assert response.status == 413
    alice.register()


def test_a_doctype_is_refused(alice):
    body = ('<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]>'
            '<presence xmlns="urn:ietf:params:xml:ns:pidf" '
            'entity="sip:alice@example.com"/>')
    alice.request('PUBLISH', alice.uri, 400, body=body, headers=[
        ('Event', 'presence'), ('Content-Type', 'application/pidf+xml')])


@pytest.mark.parametrize('kind', ['tcp', 'tls'])
def test_a_half_message_and_a_cut_connection(server, alice, kind):
    for data in (b'', b'REGISTER sip:example.com SIP/2.0\r\nVia:',
                 b'\x16\x03\x01\x00\x05hello'):
        with socket.create_connection(server.address(kind), 5) as peer:
            peer.sendall(data)
    alice.register()


def test_slow_bytes_on_a_stream_are_one_message(server):
    bob = server.agent('bob', kind='tcp')
    request = bob.build('OPTIONS', 'sip:example.com')
    data = request.encode()
    for start in range(0, len(data), 40):
        bob.transport.flow.send(data[start:start + 40])
    bob.wait(lambda: bob.pending.get(request.branch), 'an answer')


def test_two_messages_in_one_segment(server):
    bob = server.agent('bob', kind='tcp')
    first = bob.build('OPTIONS', 'sip:example.com')
    second = bob.build('OPTIONS', 'sip:example.com')
    bob.send_raw(first.encode() + second.encode())
    for request in (first, second):
        bob.wait(lambda b=request.branch: bob.pending.get(b), 'an answer')


def test_a_name_in_via_does_not_stop_the_server(server, alice):
    """A response address that has to be resolved blocks nobody."""
    data, _ = raw(alice, via='SIP/2.0/UDP no.such.host.invalid:5060;maddr='
                             'slow.invalid;branch=z9hG4bKx')
    alice.send_raw(data)
    alice.register()


def test_a_challenge_is_not_remembered(server):
    """libpurple repeats with the same branch and CSeq, now with
    credentials."""
    alice = server.agent('alice')
    request = alice.build('PUBLISH', alice.uri, headers=[
        ('Event', 'presence'), ('Content-Type', 'application/pidf+xml')],
        body='<presence xmlns="urn:ietf:params:xml:ns:pidf" '
             'entity="sip:alice@example.com"/>')
    challenged = alice.exchange(request)
    again = alice.authorize(request, challenged)
    again.put('CSeq', request['CSeq'])
    again.headers = [(n, request['Via'] if n == 'Via' else v)
                     for n, v in again.headers]
    assert alice.exchange(again).status == 200


def test_a_replayed_request_is_challenged(server, alice):
    first = alice.publish('open').response.request
    first.put('Call-ID', token(20))
    assert alice.repeat(first, is_new=True).status == 401


@pytest.mark.parametrize('name,values', [
    ('Organization', ('a', 'b')), ('Subject', ('a', 'b', 'c')),
    ('Date', ('Sat, 13 Nov 2010 23:29:00 GMT',) * 2), ('Date', ('soon',)),
    ('Content-Disposition', ('render',) * 2), ('MIME-Version', ('1.0', '1')),
    ('Session-Expires', ('x', 'y')), ('Reply-To', ('<sip:a@b>', '<sip:c@d>'))])
def test_what_a_proxy_need_not_understand(alice, bob, name, values):
    """RFC 3261 16.3: what is wrong in a header that nobody here heeds stops no
    message, and the server even less."""
    bob.register()
    alice.message('bob', 'hello', expect=200,
                  headers=[(name, value) for value in values])
    assert len(bob.expect('MESSAGE').all(name)) <= 1


@pytest.mark.parametrize('name', ['Server', 'Date', 'Subject', 'X-Y'])
def test_a_response_with_a_header_twice(alice, bob, name):
    bob.register()
    bob.answer('MESSAGE', (200, [(name, 'a'), (name, 'b')]))
    alice.message('bob', 'hello', expect=200)
    alice.register()


def resident(server):
    with open(f'/proc/{server.process.pid}/statm', encoding='utf-8') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


@trusting
@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_mutants_harm_nobody(server, alice, kind):
    for seed in range(5):
        bombard(server, kind, seed, 300)
        alice.request('OPTIONS', 'sip:example.com', 200, auth=False)
        assert server.process.poll() is None
    carol = server.agent('carol')
    carol.register()
    carol.subscribe('bob').next()
    assert server.stop(30) == 0
    assert 'runtime error' not in server.log_text()


@pytest.mark.options(sip={'rate_per_source': '0'})
def test_a_flood_of_strangers_takes_no_memory(server, alice):
    """Challenges leave nothing behind; a user among them is served."""
    sock = connect(server, 'udp')
    requests = [raw(alice, 'REGISTER', extra='Contact: <sip:x@192.0.2.1>\r\n')
                [0] for _ in range(500)]
    for turn in range(8):
        for data in requests:
            sock.send(data)
        drain(sock)
        alice.request('OPTIONS', 'sip:example.com', 200, auth=False)
        if turn == 1:
            before = resident(server)
    alice.register()
    assert resident(server) < before + (16 << 20)
    sock.close()


def test_slow_clients_wait_alone(server, alice):
    """Three hundred that have begun a request and go on a byte at a time."""
    socks = [connect(server, 'tcp') for _ in range(300)]
    for data in (b'REGISTER sip:exa', b'm', b'p', b'le.com SIP/2.0\r\nVia: '):
        for sock in socks:
            sock.send(data)
        alice.register()
    for sock in socks:
        sock.close()


@pytest.mark.parametrize('part', [b'X: ' + b'y' * 997 + b'\r\n',
                                  b'X' * 1000, b'a,' * 500],
                         ids=['fields', 'word', 'list'])
def test_a_head_without_end(server, alice, part):
    """The connection is closed, or read no more, long before it hurts."""
    before = resident(server)
    sock = socket.create_connection(server.address('tcp'), 5)
    sock.settimeout(1)
    try:
        sock.sendall(b'OPTIONS sip:example.com SIP/2.0\r\nX: ')
        for _ in range(8000):
            sock.sendall(part)
    except (TimeoutError, ConnectionError):
        pass
    alice.register()
    assert resident(server) < before + (32 << 20)
    sock.close()


def test_responses_that_nobody_asked_for(server, alice):
    for kind in ('udp', 'tcp'):
        sock = connect(server, kind)
        for status in (100, 183, 200, 302, 401, 481, 503, 699):
            sock.send((
                f'SIP/2.0 {status} X\r\nVia: SIP/2.0/{kind.upper()} '
                f'127.0.0.1:{server.port};branch=z9hG4bK{token()}\r\n'
                'From: <sip:a@example.com>;tag=1\r\nCSeq: 1 NOTIFY\r\n'
                f'To: <sip:b@example.com>;tag=2\r\nCall-ID: {token()}\r\n'
                'Content-Length: 0\r\n\r\n').encode())
        sock.setblocking(True)
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            assert sock.recv(1000) == b''
        sock.close()
    alice.register()
