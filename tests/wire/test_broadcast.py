# SPDX-License-Identifier: ISC
"""One message to many: RFC 5365, and the address of a group of contacts."""
import pytest

from harness import wait
from harness.instant import CPIM_TYPE, cpim, ledger

BOUNDARY = 'b0undary'
LISTS = 'application/resource-lists+xml'
HISTORY = 'recipient-list-history'


def entry(user, control='to', extra=''):
    uri = user if ':' in user else f'sip:{user}@example.com'
    kind = f' cp:copyControl="{control}"' if control else ''
    return f'<entry uri="{uri}"{kind}{extra}/>'


def resource_lists(*entries):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"'
            ' xmlns:cp="urn:ietf:params:xml:ns:copycontrol"><list>'
            + ''.join(entries) + '</list></resource-lists>')


def body_of(*entries, text='hello', content_type='text/plain', more=''):
    return (f'--{BOUNDARY}\r\nContent-Type: {content_type}\r\n\r\n{text}\r\n'
            f'{more}'
            f'--{BOUNDARY}\r\nContent-Type: {LISTS}\r\n'
            'Content-Disposition: recipient-list\r\n\r\n'
            f'{resource_lists(*entries)}\r\n--{BOUNDARY}--\r\n')


def send(agent, *entries, expect=202, uri='sip:example.com', **parts):
    return agent.message(
        uri, body_of(*entries, **parts),
        f'multipart/mixed;boundary="{BOUNDARY}"', expect,
        headers=[('Require', 'recipient-list-message')])


def text_in(request):
    """The text of a copy, wrapped or not."""
    return b'hello' in request.body


def says(server, *rows):
    """Recipient and status of what was refused, and of what waits or was
    taken."""
    def are_there():
        found = sorted(server.psql(
            "SELECT recipient, coalesce(state, '-'), coalesce(status, 0) "
            'FROM rollcall.message_log').splitlines())
        assert found == sorted(rows), found
        return True
    wait.until(are_there, f'the ledger says {rows}')


def waiting(server):
    return server.psql('SELECT count(*) FROM rollcall.messages '
                       'WHERE body IS NOT NULL')


def test_everybody_gets_one(server, alice, bob, carol):
    bob.register()
    carol.register()
    response = send(alice, entry('bob'), entry('carol', 'cc'))
    assert response.reason == 'Accepted'
    for agent in (bob, carol):
        message = agent.expect('MESSAGE')
        assert text_in(message)
        assert message['From'].startswith('<sip:alice@example.com>')
        assert f'sip:{agent.user}@example.com' in message['To']
        assert agent.user in message.uri
        assert 'recipient-list-message' not in message.get('Require', '')
        agent.forbid('MESSAGE', why='a second copy')
        agent.settle()
    says(server, *(f'{u}@example.com|delivered|200'
                   for u in ('bob', 'carol')))


def test_who_may_be_seen_is(alice, bob, carol):
    """RFC 5364: to and cc are named, bcc is not, anonymous ones are counted."""
    for agent in (alice, bob, carol):
        agent.register()
    send(alice, entry('bob'), entry('carol', 'bcc'),
         entry('alice', 'cc', ' cp:anonymize="true"'))
    for agent in (bob, carol):
        message = agent.expect('MESSAGE')
        assert message.content_type.startswith('multipart/mixed')
        text = message.body.decode()
        assert HISTORY in text
        assert 'sip:bob@example.com' in text
        assert 'sip:carol@example.com' not in text
        assert 'sip:alice@example.com' not in text
        assert 'anonymous.invalid' in text
        assert 'hello' in text


@pytest.mark.parametrize('control', ['bcc', None])
def test_one_part_alone_is_unwrapped(alice, bob, carol, control):
    """Nobody may be named, so no history comes along; bcc is the default."""
    for agent in (bob, carol):
        agent.register()
    send(alice, entry('bob', control), entry('carol', control))
    for agent in (bob, carol):
        message = agent.expect('MESSAGE')
        assert message.content_type == 'text/plain'
        assert message.body == b'hello'


def test_other_parts_stay(alice, bob):
    bob.register()
    send(alice, entry('bob', 'bcc'), more=(
        f'--{BOUNDARY}\r\nContent-Type: text/html\r\n\r\n<b>x</b>\r\n'))
    message = bob.expect('MESSAGE')
    assert message.content_type.startswith('multipart/mixed')
    assert b'<b>x</b>' in message.body and b'hello' in message.body
    assert b'resource-lists' not in message.body


def test_who_is_named_twice_gets_one(server, alice, bob):
    bob.register()
    send(alice, entry('bob'), entry('bob', 'bcc'),
         entry('sip:bob@EXAMPLE.com', 'cc'))
    bob.expect('MESSAGE')
    bob.forbid('MESSAGE', why='the same once more')
    bob.settle()
    says(server, 'bob@example.com|delivered|200')


def test_stored_before_the_202(server, alice, bob, carol):
    send(alice, entry('bob'), entry('carol'))
    server.restart()
    for agent in (bob, carol):
        agent.register()
        assert text_in(agent.expect('MESSAGE'))
    wait.until(lambda: waiting(server) == '0', 'nothing waits')


@pytest.mark.options(sip={'trusted_peers': '127.0.0.1'})
@pytest.mark.parametrize('is_restarted', [False, True])
def test_repeated(server, alice, bob, is_restarted):
    """The same copies: none twice."""
    first = send(alice, entry('bob'))
    if is_restarted:
        server.restart()
    again = alice.repeat(first.request, is_new=True)
    assert again.status == 202
    bob.register()
    bob.expect('MESSAGE')
    bob.forbid('MESSAGE', why='a second copy')
    bob.settle()
    wait.until(lambda: waiting(server) == '0', 'nothing waits')
    assert alice.repeat(first.request, is_new=True).status == 202
    bob.settle()


@pytest.mark.options(message={'max_recipients': '2'})
def test_too_many(server, alice):
    three = [entry(u) for u in ('alice', 'bob', 'carol')]
    send(alice, *three, expect=413)
    assert server.psql('SELECT count(*) FROM rollcall.messages') == '0'
    # one of them twice is one
    send(alice, *three[:2], entry('bob', 'cc'))


@pytest.mark.parametrize('uri', ['not a uri', 'sip:@', 'sip:x y@z'])
def test_a_wrong_entry_is_named(server, alice, uri):
    response = send(alice, entry('bob'), f'<entry uri="{uri}"/>', expect=400)
    assert uri in response.start + response.get('Warning', '')
    assert server.psql('SELECT count(*) FROM rollcall.messages') == '0'


@pytest.mark.parametrize('body, status', [
    ('', 400), ('--b0undary--\r\n', 400), ('rubbish', 400)])
def test_a_wrong_body(alice, body, status):
    alice.message('sip:example.com', body,
                  f'multipart/mixed;boundary={BOUNDARY}', status,
                  headers=[('Require', 'recipient-list-message')])


def test_a_list_without_entries(alice):
    send(alice, expect=400)


def test_consent(server, alice, bob):
    """Users of ours, and contacts of the sender's; 470 (RFC 5360) is what the
    others are in the ledger."""
    bob.register()
    send(alice, entry('bob'), entry('sip:eve@elsewhere.example'),
         entry('zorro'))
    bob.expect('MESSAGE')
    says(server, 'bob@example.com|delivered|200',
         'eve@elsewhere.example|failed|470', 'zorro@example.com|failed|404')


def test_one_who_is_blocked(server, alice, carol):
    server.ctl('watchers', 'block', 'bob@example.com', 'alice@example.com')
    carol.register()
    send(alice, entry('bob'), entry('carol'))
    carol.expect('MESSAGE')
    says(server, 'bob@example.com|failed|403',
         'carol@example.com|delivered|200')


def test_one_who_blocks_politely(server, alice, bob, carol):
    """The sender sees what he would see without it."""
    server.ctl('watchers', 'polite-block', 'bob@example.com',
               'alice@example.com')
    carol.register()
    bob.register()
    bob.forbid('MESSAGE', why='of somebody who is blocked')
    send(alice, entry('bob'), entry('carol'))
    carol.expect('MESSAGE')
    bob.settle()


def test_all_are_refused(server, alice):
    send(alice, entry('zorro'), entry('sip:eve@elsewhere.example'),
         expect=403)
    assert waiting(server) == '0'


def test_messages_are_off(server, alice):
    server.psql('UPDATE rollcall.settings SET im_enabled = false')
    server.sync()
    send(alice, entry('bob'), expect=403)


def test_postgresql_is_away(server, postgres, alice, bob):
    alice.message('carol', 'known', expect=202)
    postgres.freeze()
    response = send(alice, entry('bob'), expect=503)
    assert 'Retry-After' in response
    postgres.thaw()
    wait.until(lambda: send(alice, entry('carol'), expect=None).status == 202,
               'they are stored again', 20)
    bob.forbid('MESSAGE', why='what was answered 503')
    bob.register()
    bob.settle()


def test_one_whose_store_is_full(server, alice):
    server.psql('UPDATE rollcall.settings SET offline_max_per_user = 1')
    server.sync()
    alice.message('bob', 'first', expect=202)
    send(alice, entry('bob'), entry('carol'))
    assert waiting(server) == '2'


def test_nothing_is_told_about_one_to_many(server, alice):
    """Never an automatic answer to a list."""
    alice.register()
    alice.forbid('MESSAGE', why='an automatic answer')
    body = cpim('sip:alice@example.com', 'sip:bob@example.com', 'hello',
                'mid-1', ['processing'])
    send(alice, entry('bob', 'bcc'), text=body, content_type=CPIM_TYPE)
    wait.until(lambda: waiting(server) == '1', 'it waits')
    alice.settle()


def test_it_locks_nothing(server, alice):
    """And it goes to every device."""
    desk = server.agent('bob', instance='urn:uuid:desk-0001')
    mobile = server.agent('bob', instance='urn:uuid:mobile-0002', kind='tcp')
    for agent in (alice, desk, mobile):
        agent.register()
    send(mobile, entry('alice'))
    alice.expect('MESSAGE')
    alice.message('bob', 'to both', expect=200)
    for agent in (desk, mobile):
        agent.expect('MESSAGE')
    mobile.message('alice', 'a reply', expect=200)
    send(alice, entry('bob'))
    for agent in (desk, mobile):
        agent.expect('MESSAGE', text_in)


# --- A group's address ---

GROUP = 'sip:alice@example.com;pres-list=contacts'


@pytest.fixture
def contacts(server):
    server.psql(
        'INSERT INTO rollcall.contacts (owner, uri, group_name) VALUES '
        "('alice@example.com', 'sip:bob@example.com', 'friends'),"
        "('alice@example.com', 'sip:carol@example.com', 'contacts')")
    server.sync()


def test_to_all_contacts(server, alice, bob, carol, contacts):
    bob.register()
    carol.register()
    alice.message(GROUP, 'hello', expect=202)
    for agent in (bob, carol):
        message = agent.expect('MESSAGE')
        assert message.body == b'hello'
        assert message.content_type == 'text/plain'
        assert 'pres-list' not in message.uri + message['To']


def test_to_one_group(server, alice, bob, carol, contacts):
    bob.register()
    carol.register()
    carol.forbid('MESSAGE', why='she is in another group')
    alice.message('sip:alice@example.com;pres-list=friends', 'hello',
                  expect=202)
    bob.expect('MESSAGE')
    carol.settle()
    alice.message('sip:alice@example.com;pres-list=nobody', 'hello',
                  expect=404)


def test_by_its_owner_alone(server, alice, bob, carol, contacts):
    carol.register()
    carol.forbid('MESSAGE', why='a list that is not his')
    bob.message(GROUP, 'hello', expect=403)
    carol.settle()


@pytest.mark.options(message={'max_recipients': '1'})
def test_a_group_with_too_many(alice, contacts):
    assert alice.message(GROUP, 'hello').status in (403, 413)
