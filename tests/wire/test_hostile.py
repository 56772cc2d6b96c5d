# SPDX-License-Identifier: ISC
"""What is malformed or hostile gets 400, or the status that its RFC names, or
silence, and harms nobody."""
import socket

import pytest

from harness.message import token


def raw(agent, method='OPTIONS', version='SIP/2.0', via=None, extra='',
        uri='sip:example.com', cseq=None, drop=()):
    """A request as text, to be spoiled; its branch comes with it."""
    branch = f'z9hG4bK{token(12)}'
    host, port = agent.transport.host, agent.transport.port
    lines = [
        ('Via', via or f'SIP/2.0/UDP {host}:{port};branch={branch};rport'),
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


@pytest.mark.parametrize('uri', ['sip:', 'sip:@', 'sip:a@', 'sip:[', 'sip:;x'])
def test_a_request_for_no_host_harms_nobody(server, alice, uri):
    """What has no request line that can be read gets 400 or nothing."""
    data, branch = raw(alice, uri=uri)
    alice.send_raw(data)
    alice.register()
    assert all(r.status == 400 for r in alice.pending.get(branch, []))


def test_every_cut_of_a_request_harms_nobody(server, alice):
    data, _ = raw(alice, 'REGISTER')
    for end in range(1, len(data), 3):
        alice.send_raw(data[:end])
    alice.register()


def test_an_unknown_method(server, alice):
    response = alice.request('FROB', 'sip:bob@example.com', auth=False)
    assert response.status in (405, 501)
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
