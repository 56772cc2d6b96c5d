# SPDX-License-Identifier: ISC
"""Peers that have checked the sender already, and the way to others."""
import pytest

from harness.elsewhere import Elsewhere
from harness.message import split_list

trusting = pytest.mark.options(sip={'trusted_peers': '127.0.0.1'})


@trusting
def test_a_trusted_peer_needs_no_digest(server):
    alice = server.agent('alice', password='unknown')
    alice.register()
    watch = server.agent('bob', password='unknown').subscribe('alice')
    watch.expect_state('open')


@trusting
def test_the_asserted_identity_is_the_sender(server):
    proxy, bob = server.agent('proxy'), server.agent('bob')
    bob.register()
    proxy.request('MESSAGE', 'sip:bob@example.com', 200, body='hello',
                  headers=[('Content-Type', 'text/plain'),
                           ('P-Asserted-Identity',
                            '<sip:alice@example.com>')])
    bob.expect('MESSAGE')


@pytest.mark.parametrize('status', [200, 404])
def test_a_message_to_another_domain_is_relayed(server, alice, status):
    elsewhere = Elsewhere(status)
    response = alice.message(f'sip:zoe@127.0.0.1:{elsewhere.port}', 'far away')
    elsewhere.close()
    assert response.status == status
    request = elsewhere.requests[0]
    assert request.body == b'far away'
    vias = [v for value in request.all('Via') for v in split_list(value)]
    assert len(vias) == 2
    assert int(request['Max-Forwards']) < 70
    assert 'Authorization' not in request
    assert 'Proxy-Authorization' not in request


def test_relaying_needs_a_user_of_ours(server):
    stranger = server.agent('mallory')
    stranger.aor, stranger.uri = 'm@else.where', 'sip:m@else.where'
    response = stranger.request('MESSAGE', 'sip:zoe@127.0.0.1:9', auth=False,
                                body='x', headers=[
                                    ('Content-Type', 'text/plain')])
    assert response.status in (403, 407)
