# SPDX-License-Identifier: ISC
"""Registrations as phones make them: RFC 3261 section 10."""
import pytest

from harness import wait
from harness.message import param


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
def test_a_phone_registers_and_is_listed(server, kind):
    alice = server.agent('alice', kind=kind)
    response = alice.register(expires=600)
    assert alice.transport.host in response['Contact']
    assert int(param(response['Contact'], 'expires')) == 600
    assert server.psql('SELECT aor FROM rollcall.bindings') == alice.aor


def test_a_phone_on_ipv6_registers(server):
    alice = server.agent('alice', host='::1')
    assert '[::1]' in alice.register()['Contact']


def test_two_devices_are_listed(server):
    desk, mobile = server.agent('alice'), server.agent('alice', kind='tcp')
    desk.register()
    mobile.register()
    assert len(desk.contacts()) == 2


def test_a_wrong_password_is_refused(server):
    mallory = server.agent('alice', password='guess')
    mallory.register(expect=401)
    assert server.psql('SELECT count(*) FROM rollcall.bindings') == '0'


def test_an_unknown_user_looks_like_a_wrong_password(server):
    wrong = server.agent('alice', password='guess').register(expect=401)
    unknown = server.agent('nobody').register(expect=401)
    assert [n for n, _ in wrong.headers] == [n for n, _ in unknown.headers]


def test_nobody_registers_somebody_else(server):
    mallory = server.agent('bob')
    mallory.uri = 'sip:alice@example.com'
    mallory.register(expect=403)


def test_unregistering_removes_the_binding(alice):
    alice.register()
    alice.unregister()
    assert alice.contacts() == []


def test_a_star_removes_all_bindings(server, alice):
    alice.register()
    server.agent('alice', kind='tcp').register()
    alice.register(contact='*', expires=0)
    assert alice.contacts() == []


def test_a_star_with_a_time_is_refused(alice):
    alice.register(contact='*', expires=60, expect=400)


def test_too_short_is_refused_with_the_bound(alice):
    response = alice.register(expires=5, expect=423)
    assert int(response['Min-Expires']) == 60


def test_a_gruu_is_given_to_an_instance(server):
    alice = server.agent('alice', instance='urn:uuid:0e5a0c1e-0001')
    response = alice.register(headers=[('Supported', 'gruu')])
    gruu = param(response['Contact'], 'pub-gruu')
    assert gruu.startswith('sip:alice@example.com;gr')


@pytest.mark.options(auth={'algorithms': 'sha256;md5'})
def test_sha256_alone_is_enough(server):
    server.agent('alice', algorithms=('SHA-256',)).register()
    server.agent('bob', algorithms=('MD5',)).register()


def test_a_client_without_qop_registers(server):
    server.agent('alice', has_qop=False).register()


def test_bindings_are_back_after_kill_9(server, alice):
    alice.register()
    server.restart()
    assert len(alice.contacts()) == 1


def test_a_disabled_user_is_signed_out(server, alice):
    alice.register()
    server.psql("UPDATE rollcall.users SET enabled = false "
                "WHERE aor = 'alice@example.com'")
    wait.until(lambda: server.psql(
        'SELECT count(*) FROM rollcall.bindings') == '0', 'no binding')
    alice.request('REGISTER', 'sip:example.com', to=alice.uri, expect=401)


def test_a_new_password_is_in_force(server, alice):
    alice.register()
    server.psql("SELECT rollcall.set_password('alice@example.com', 'fresh')")
    fresh = server.agent('alice', password='fresh')
    wait.until(lambda: fresh.register(expect=None).status == 200,
               'the new password is taken')
    alice.register(expect=401)
