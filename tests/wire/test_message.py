# SPDX-License-Identifier: ISC
"""Messages to those who are there: RFC 3428."""
import pytest

from harness import wait


@pytest.mark.parametrize('kind', ['udp', 'tcp', 'tls'])
def test_bob_gets_what_alice_writes(server, kind):
    alice, bob = (server.agent(u, kind=kind) for u in ('alice', 'bob'))
    bob.register()
    alice.message('bob', 'Hello, Bob: ä ≠ €', expect=200)
    message = bob.expect('MESSAGE')
    assert message.body.decode() == 'Hello, Bob: ä ≠ €'
    assert message.content_type == 'text/plain'
    assert 'sip:alice@example.com' in message['From']


def test_every_device_gets_it_and_one_answer_goes_back(server, alice):
    desk, mobile = server.agent('bob'), server.agent('bob', kind='tcp')
    desk.register()
    mobile.register()
    alice.message('bob', 'both of you', expect=200)
    desk.expect('MESSAGE')
    mobile.expect('MESSAGE')


def test_one_device_that_takes_it_is_enough(server, alice):
    desk, mobile = server.agent('bob'), server.agent('bob', kind='tcp')
    desk.answer('MESSAGE', 486)
    desk.register()
    mobile.register()
    alice.message('bob', 'hello', expect=200)
    mobile.expect('MESSAGE')


@pytest.mark.parametrize('status', [415, 488, 606])
def test_the_only_answer_goes_back(alice, bob, status):
    bob.answer('MESSAGE', status)
    bob.register()
    assert alice.message('bob', 'hello').status == status


def test_bytes_pass_as_they_are(alice, bob):
    bob.register()
    body = bytes(range(256))
    alice.message('bob', body, 'application/octet-stream', 200,
                  headers=[('Content-Encoding', 'deflate')])
    message = bob.expect('MESSAGE')
    assert message.body == body
    assert message['Content-Encoding'] == 'deflate'


def test_nobody_there_and_none_is_stored(server, alice):
    server.psql('UPDATE rollcall.settings SET suppress_offline_im = true')
    wait.until(lambda: alice.message('bob', 'hello').status == 480,
               'messages are not stored')


def test_nobody_of_that_name(alice):
    alice.message('zorro', 'hello', expect=404)


def test_nobody_writes_in_another_name(server, bob):
    mallory = server.agent('carol')
    mallory.uri = 'sip:alice@example.com'
    bob.register()
    bob.forbid('MESSAGE', why='a forged message')
    mallory.message('bob', 'I am Alice', expect=403)
    bob.settle()


def test_a_gruu_reaches_that_device_alone(server, alice):
    """RFC 5627 section 5.1."""
    desk = server.agent('bob', instance='urn:uuid:desk-0001')
    mobile = server.agent('bob', instance='urn:uuid:mobile-0002')
    desk.register()
    mobile.register()
    desk.forbid('MESSAGE', why='a message for the other instance')
    alice.message('sip:bob@example.com;gr=urn:uuid:mobile-0002', 'you', 'text/'
                  'plain', expect=200)
    mobile.expect('MESSAGE')
    desk.settle()
    mobile.unregister()
    alice.message('sip:bob@example.com;gr=urn:uuid:mobile-0002', 'gone',
                  expect=480)
    alice.message('sip:bob@example.com;gr=urn:uuid:never-0003', 'who',
                  expect=404)


def test_a_retransmission_is_not_a_second_message(alice, bob):
    bob.register()
    first = alice.message('bob', 'once', expect=200)
    bob.expect('MESSAGE')
    bob.forbid('MESSAGE', why='the same message twice')
    assert alice.repeat(first.request).status == 200
    bob.settle()


def test_a_device_that_is_busy_speaks_for_itself_alone(alice, bob):
    """RFC 3261 16.7 step 6: a 503 sent on would tell the sender to keep away
    from this server."""
    bob.register()
    bob.answer('MESSAGE', (503, [('Retry-After', '3600')]))
    response = alice.message('bob', 'hello', expect=202)
    assert 'Retry-After' not in response


@pytest.mark.parametrize('listens, via', [(True, 'TCP'), (False, 'UDP')])
def test_a_large_message_goes_by_tcp_where_that_is_possible(server, alice,
                                                            listens, via):
    """RFC 3428 section 8, RFC 3261 18.1.1."""
    bob = server.agent('bob', listen_tcp=listens)
    bob.register()
    text = 'long ' * 600
    for size, how in ((500, 'UDP'), (3000, via), (3000, via)):
        alice.message('bob', text[:size], expect=200)
        message = bob.expect('MESSAGE')
        assert message.body.decode() == text[:size]
        assert message['Via'].startswith(f'SIP/2.0/{how} ')


def test_a_message_names_no_contact(alice, bob):
    """RFC 3428 section 7."""
    bob.register()
    bob.answer('MESSAGE', (200, [('Contact', bob.contact),
                                 ('Record-Route', '<sip:192.0.2.1;lr>')]))
    response = alice.request('MESSAGE', 'sip:bob@example.com', 200, headers=[
        ('Record-Route', '<sip:192.0.2.7;lr>')])
    assert 'Contact' not in response
    assert 'Record-Route' not in response
    assert 'Record-Route' not in bob.expect('MESSAGE')
    assert ';tag=' in response['To']
    assert ';tag=' in alice.message('zorro', 'hello', expect=404)['To']


def test_in_a_dialog(server, alice, bob):
    """It goes where its Request-URI says; none of our dialogs has a MESSAGE."""
    bob.register()
    alice.request('MESSAGE', 'sip:bob@example.com', 200, to_tag='theirs')
    assert ';tag=theirs' in bob.expect('MESSAGE')['To']
    for uri in ('sip:example.com', 'sip:bob@example.com;pres-list=contacts'):
        alice.request('MESSAGE', uri, 481, to_tag='theirs')


def test_nobody_in_particular(alice):
    alice.message('sip:example.com', 'hello', expect=404)


def test_what_a_message_may_require(alice, bob):
    """Require is for who gets it, Proxy-Require for us (RFC 3261 16.3); at a
    list's address we are who gets it (RFC 5365)."""
    bob.register()
    alice.message('bob', 'hello', expect=200, headers=[('Require', 'one')])
    assert bob.expect('MESSAGE')['Require'] == 'one'
    for uri, headers, wrong in (
            ('bob', [('Proxy-Require', 'one')], 'one'),
            ('sip:bob@example.com;pres-list=contacts',
             [('Require', 'one, gruu')], 'one'),
            ('sip:example.com',
             [('Require', 'one, recipient-list-message')], 'one')):
        response = alice.message(uri, 'hello', expect=420, headers=headers)
        assert response['Unsupported'] == wrong
