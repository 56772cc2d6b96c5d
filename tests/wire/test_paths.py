# SPDX-License-Identifier: ISC
"""By which way a request reaches a device: NAT, flows, Path (RFC 3327)."""
import pytest

from harness import wait
from harness.elsewhere import Elsewhere
from harness.message import param, uri_of

FAR = '198.51.100.7'  # TEST-NET-2: nobody is there


def hide(agent):
    """A device behind NAT: its Contact is of no use to the server."""
    agent.contact_host, agent.contact_port = FAR, 5060
    return agent


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
def test_a_message_reaches_a_device_behind_nat(server, alice, kind):
    bob = hide(server.agent('bob', kind=kind))
    bob.register()
    alice.message('bob', 'through the NAT', expect=200)
    assert FAR in bob.expect('MESSAGE').uri


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
def test_a_notify_reaches_a_device_behind_nat(server, alice, kind):
    bob = hide(server.agent('bob', kind=kind))
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    alice.publish('open')
    assert FAR in watch.expect_state('open').request.uri


def test_after_a_restart_too(server, alice):
    bob = hide(server.agent('bob'))
    watch = bob.subscribe('alice')
    watch.next()
    bob.register()
    server.restart()
    watch.expect_state('closed')
    alice.message('bob', 'still there', expect=200)
    bob.expect('MESSAGE')


def test_a_closed_flow_is_not_used(server, alice):
    bob = hide(server.agent('bob', kind='tcp'))
    bob.register()
    bob.transport.disconnect()
    assert alice.message('bob', 'hello', within=15).status == 202


def test_a_notify_to_a_gruu_goes_by_its_path(server):
    """RFC 5627 6.1: as any request to that instance."""
    edge = Elsewhere(200)
    path = f'<sip:edge@127.0.0.1:{edge.port};lr>'
    bob = server.agent('bob', instance='urn:uuid:b0b')
    response = bob.register(headers=[
        ('Path', path), ('Supported', 'path'), ('Supported', 'gruu')])
    gruu = param(response['Contact'], 'pub-gruu')
    bob.request('SUBSCRIBE', 'sip:alice@example.com', 200, headers=[
        ('Event', 'presence'), ('Contact', f'<{gruu}>')])
    notify = wait.until(lambda: edge.requests and edge.requests[0],
                        'the NOTIFY at the edge')
    edge.close()
    assert notify.method == 'NOTIFY' and notify.uri == bob.contact
    assert uri_of(notify['Route']) == uri_of(path)


def test_a_path_is_kept_and_used(server, alice, bob):
    edge = Elsewhere(200)
    path = f'<sip:edge@127.0.0.1:{edge.port};lr>'
    response = bob.register(headers=[('Path', path), ('Supported', 'path')])
    assert uri_of(response['Path']) == uri_of(path)
    alice.message('bob', 'by the edge', expect=200)
    edge.close()
    request = edge.requests[0]
    assert uri_of(request['Route']) == uri_of(path)
    assert request.uri == bob.contact


def test_ipv6_all_the_way(server):
    alice, bob = (server.agent(u, host='::1') for u in ('alice', 'bob'))
    bob.register()
    alice.message('bob', 'six', expect=200)
    bob.expect('MESSAGE')
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    alice.publish('open')
    watch.expect_state('open')


def test_between_ipv4_and_ipv6(server):
    alice, bob = server.agent('alice'), server.agent('bob', host='::1')
    bob.register()
    alice.message('bob', 'from four to six', expect=200)
    bob.expect('MESSAGE')


def test_between_udp_and_tls(server):
    alice, bob = server.agent('alice'), server.agent('bob', kind='tls')
    bob.register()
    alice.message('bob', 'from plain to secret', expect=200)
    bob.expect('MESSAGE')
