# SPDX-License-Identifier: ISC
"""Messages for those who are not there (DESIGN section 6): stored, and
delivered in order when they come."""
import time


def texts(agent, n):
    return [agent.expect('MESSAGE').body.decode() for _ in range(n)]


def stored(server):
    return server.psql('SELECT recipient, convert_from(body, \'UTF8\') '
                       'FROM rollcall.messages WHERE body IS NOT NULL '
                       'ORDER BY id')


def test_stored_and_delivered_in_order(server, alice, bob):
    for i in range(5):
        alice.message('bob', f'number {i}', expect=202)
    assert stored(server).splitlines() == [
        f'bob@example.com|number {i}' for i in range(5)]
    bob.register()
    assert texts(bob, 5) == [f'number {i}' for i in range(5)]
    bob.settle()
    assert stored(server) == ''


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
