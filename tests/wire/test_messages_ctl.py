# SPDX-License-Identifier: ISC
"""rollcallctl messages and message: where a message is, and writing to many."""
import json
import re

import pytest

from harness import wait

ALICE, BOB, CAROL = (f'{u}@example.com' for u in ('alice', 'bob', 'carol'))


def listed(server, *options):
    return json.loads(server.ctl('--json', 'messages', 'list', *options))


def shown(server, key, *options):
    return json.loads(server.ctl('--json', 'messages', 'show', str(key),
                                 *options))


def waiting(server):
    return server.psql('SELECT recipient FROM rollcall.messages WHERE body IS '
                       'NOT NULL ORDER BY id').splitlines()


def texts(agent, n):
    return [agent.expect('MESSAGE').body.decode() for _ in range(n)]


@pytest.fixture
def stored(server, alice):
    """Two for bob and one for carol, oldest first; their ids."""
    for whom, text in (('bob', 'one'), ('bob', 'two'), ('carol', 'three')):
        alice.message(whom, text, expect=202)
    return [int(row['id']) for row in reversed(listed(server))]


# list

def test_newest_first_with_a_count(server, stored):
    rows = listed(server)
    assert [row['id'] for row in rows] == stored[::-1]
    assert [(r['sender'], r['recipient'], r['waits'], r['states'])
            for r in rows] == [(ALICE, CAROL, True, ['queued']),
                               (ALICE, BOB, True, ['queued']),
                               (ALICE, BOB, True, ['queued'])]
    table = server.ctl('messages', 'list').splitlines()
    assert table[0].split() == ['id', 'arrived', 'from', 'to', 'waits', 'state']
    assert len(table) == 5 and table[-1] == '3 messages'
    assert table[1].split()[0] == str(stored[2])
    assert 'one' not in '\n'.join(table)


def test_a_bound_that_says_when_there_is_more(server, stored):
    said = server.ctl('messages', 'list', '--limit', '2').splitlines()
    assert len(said) == 4
    assert said[-1] == '2 messages, and there are more: see --limit'
    assert server.ctl('messages', 'list', '--limit', '3').endswith(
        '3 messages\n')
    said = server.ctl('--json', 'messages', 'list', '--limit', '1')
    assert 'rollcallctl: there are more: see --limit\n' in said
    for bad in ('0', 'x', '1.5', '99999999999'):
        assert '--limit' in server.ctl('messages', 'list', '--limit', bad,
                                       status=1)


def test_filters_in_any_combination(server, stored, bob):
    bob.register()
    texts(bob, 2)
    wait.until(lambda: waiting(server) == [CAROL], 'they are written')
    alice_to_bob = ['--recipient', 'sip:BOB@example.com', '--sender', ALICE]
    assert [r['id'] for r in listed(server, *alice_to_bob)] == stored[1::-1]
    assert listed(server, '--waiting', *alice_to_bob) == []
    assert [r['id'] for r in listed(server, '--waiting')] == [stored[2]]
    assert [r['id'] for r in listed(server, '--state', 'delivered')] == \
        stored[1::-1]
    assert [r['id'] for r in listed(server, '--state', 'queued')] == \
        [stored[2]]
    assert listed(server, '--state', 'queued', '--recipient', BOB) == []
    assert listed(server, '--sender', BOB) == []
    assert listed(server, '--older-than', '1h') == []
    assert len(listed(server, '--older-than', '1 ms')) == 3
    assert server.ctl('messages', 'list', '--sender', BOB) == '0 messages\n'


@pytest.mark.parametrize('option, bad', [
    ('--state', 'lost'), ('--recipient', 'bob'), ('--sender', '@x'),
    ('--older-than', 'yesterday'), ('--older-than', '30'),
    ('--older-than', '2999-01-01'), ('--older-than', '-1 day'),
    ('--older-than', '0 h'), ('--older-than', '')])
def test_filters_that_say_nothing(stopped_server, option, bad):
    for verb in ('list', 'purge'):
        said = stopped_server.ctl('messages', verb, f'{option}={bad}', status=1)
        assert said.count('\n') == 1 and (bad or 'no time') in said


def test_options_of_others(stopped_server):
    for words in (['messages', 'show', '1', '--waiting'],
                  ['messages', 'list', '--text'],
                  ['messages', 'purge', '--limit', '3', '--all'],
                  ['message', '--dsn', 'x', '--all', 'hello'],
                  ['user', 'list', '--from', ALICE],
                  ['user', 'list', '--state', 'sent']):
        assert 'takes no --' in stopped_server.ctl(*words, status=2)


# show

def test_by_each_key(server, alice):
    body = ('From: <im:alice@example.com>\r\nTo: <im:bob@example.com>\r\n'
            'NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: abc123\r\n'
            '\r\nContent-Type: text/plain\r\n\r\nsecret')
    response = alice.message('bob', body, 'message/cpim', 202)
    found = listed(server)[0]
    call_id = response.request['Call-ID']
    assert (found['call_id'], found['imdn_id']) == (call_id, 'abc123')
    for key in (found['id'], call_id, 'abc123'):
        row, = shown(server, key)
        assert row['id'] == found['id'] and 'text' not in row
        assert (row['sender'], row['recipient']) == (ALICE, BOB)
        assert (row['bytes'], row['waits']) == (len(body), True)
        assert [(d['device'], d['state'], d['status'])
                for d in row['devices']] == [(None, 'queued', None)]
        said = server.ctl('messages', 'show', str(key))
        assert 'secret' not in said and re.search(r'waits +until 2', said)
        assert re.search(r'message_id +abc123\n', said)
    row, = shown(server, call_id, '--text')
    assert row['text'] == body and 'From: ' in row['headers']
    assert '\n  secret\n' in server.ctl('messages', 'show', call_id, '--text')
    said = server.ctl('messages', 'show', 'nothing', status=1)
    assert said.startswith('rollcallctl: there is no message with this id, ')


def test_a_line_per_device(server, alice):
    desk, mobile = (server.agent('bob', instance=f'urn:uuid:{i * 8}-0000-1000-'
                                 '8000-000000000000') for i in '12')
    desk.answer('MESSAGE', 486)
    desk.register()
    mobile.register()
    response = alice.message('bob', 'hello', expect=200)
    call_id = response.request['Call-ID']
    wait.until(lambda: server.psql('SELECT count(*) FROM rollcall.deliveries')
               == '2', 'the ledger is written')
    row, = shown(server, call_id, '--text')
    assert {(d['device'], d['state'], d['status'])
            for d in row['devices']} == {(desk.instance, 'failed', 486),
                                         (mobile.instance, 'delivered', 200)}
    assert (row['waits'], row['text'], row['bytes']) == (False, None, None)
    assert listed(server)[0]['states'] == ['delivered', 'failed']
    said = server.ctl('messages', 'show', call_id, '--text').splitlines()
    assert 'What was written is not kept.' in said
    assert sum(line.startswith('urn:uuid:') for line in said) == 2


def test_several_of_one_call_id(server):
    sent = json.loads(server.ctl('--json', 'message', '--from', ALICE, '--to',
                                 BOB, CAROL, 'both'))
    rows = shown(server, sent['call_id'], '--text')
    assert [(r['recipient'], r['text']) for r in rows] == [
        (BOB, 'both'), (CAROL, 'both')]
    said = server.ctl('messages', 'show', sent['call_id'])
    assert said.endswith('\n2 messages\n') and 'both' not in said


def test_a_text_cannot_move_the_cursor(server, alice):
    alice.message('bob', b'a\x1b[2Jb\r\nJ\xc3\xbcrgen\xff\n', expect=202)
    said = server.ctl('messages', 'show', str(listed(server)[0]['id']),
                      '--text')
    assert said.endswith('\n  a?[2Jb\n  Jürgen?\n')


# retry

@pytest.mark.parametrize('status', [603, 415])
def test_a_refused_one_is_tried_again(server, alice, bob, status):
    alice.message('bob', 'again', expect=202)
    ident = str(listed(server)[0]['id'])
    bob.answer('MESSAGE', status)
    bob.register()
    bob.expect('MESSAGE')
    wait.until(lambda: listed(server, '--state', 'failed'), 'it is refused')
    row, = shown(server, ident)
    assert (row['waits'], row['devices'][0]['status']) == (True, status)
    bob.answer('MESSAGE', 200)
    bob.settle()
    bob.register()
    bob.settle()
    assert waiting(server) == [BOB]
    assert server.ctl('messages', 'retry', ident) == \
        f'retried     {ident}\n1 message retried\n'
    assert texts(bob, 1) == ['again']
    wait.until(lambda: waiting(server) == [], 'it is delivered')
    assert server.ctl('messages', 'retry', ident, '1', status=1) == \
        f'not_waiting {ident}\nnot_there   1\n0 messages retried\n'


def test_all_of_a_recipient_are_tried_again(server, alice, bob):
    for i in range(12):
        alice.message('bob', f'number {i}', expect=202)
    bob.answer('MESSAGE', 603)
    bob.register()
    texts(bob, 12)
    wait.until(lambda: len(listed(server, '--state', 'failed')) == 12,
               'they are refused')
    bob.answer('MESSAGE', 200)
    said = server.ctl('messages', 'retry', '--recipient', BOB).splitlines()
    assert len(said) == 13 and said[-1] == '12 messages retried'
    assert texts(bob, 12) == [f'number {i}' for i in range(12)]
    wait.until(lambda: waiting(server) == [], 'they are delivered')
    bob.settle()
    assert server.ctl('messages', 'retry', '--recipient', BOB) == \
        '0 messages retried\n'


def test_one_device_refused_the_other_is_silent(server, alice):
    """The message is in memory for the one; the other gets it again, too."""
    desk, mobile = (server.agent('bob', instance=f'urn:uuid:{i}')
                    for i in '12')
    alice.message('bob', 'hello', expect=202)
    desk.answer('MESSAGE', 603)
    mobile.answer('MESSAGE', 486)
    for phone in (mobile, desk):
        phone.register()
        phone.expect('MESSAGE')
    wait.until(lambda: listed(server, '--state', 'failed'), 'it is refused')
    for phone in (mobile, desk):
        phone.settle()
        phone.answer('MESSAGE', 200)
    server.ctl('messages', 'retry', '--sender', ALICE)
    for phone in (mobile, desk):
        phone.expect('MESSAGE')
    wait.until(lambda: waiting(server) == [], 'it is delivered')


# purge

def test_by_id(server, stored, bob):
    said = server.ctl('messages', 'purge', str(stored[0]), '5', status=1)
    assert said == f'purged      {stored[0]}\nnot_there   5\n' \
        '1 message purged\n'
    bob.register()
    assert texts(bob, 1) == ['two']
    bob.settle()
    assert json.loads(server.ctl('--json', 'messages', 'purge',
                                 str(stored[2]))) == [
        {'id': stored[2], 'result': 'purged'}]
    assert waiting(server) == []


def test_it_is_in_force_on_return(server, alice, bob):
    """Nothing that was purged is delivered, whatever is in memory."""
    bob.answer('MESSAGE', 486)
    bob.register()
    alice.message('bob', 'gone', expect=202)
    bob.expect('MESSAGE')
    server.ctl('messages', 'purge', '--recipient', BOB)
    bob.forbid('MESSAGE')
    bob.register()
    bob.settle()


def test_by_what_is_chosen(server, stored):
    assert server.ctl('messages', 'purge', '--recipient', BOB) == \
        '2 messages purged, 2 of them waiting for delivery\n'
    assert waiting(server) == [CAROL]
    assert json.loads(server.ctl(
        '--json', 'messages', 'purge', '--sender', ALICE, '--waiting')) == {
        'purged': 1, 'waiting': 1}
    assert server.ctl('messages', 'purge', '--waiting') == \
        '0 messages purged, 0 of them waiting for delivery\n'


def test_by_age(server, stored):
    assert server.ctl('messages', 'purge', '--older-than', '1d').startswith('0 ')
    assert server.ctl('messages', 'purge', '--older-than', '1 ms').startswith(
        '3 ')
    assert listed(server) == []


def test_everything_only_when_asked_for(server, stored):
    for verb in ('purge', 'retry'):
        said = server.ctl('messages', verb, status=2)
        assert 'which messages?' in said and '--all' in said
        server.ctl('messages', verb, '--all', '--recipient', BOB, status=2)
        server.ctl('messages', verb, '1', '--waiting', status=2)
        assert 'no id' in server.ctl('messages', verb, '1x', status=1)
    assert len(waiting(server)) == 3
    assert server.ctl('messages', 'purge', '--all').startswith('3 messages')
    assert server.psql('SELECT count(*) FROM rollcall.messages') == '0'


def test_without_the_server(server, stored):
    server.stop()
    assert server.ctl('messages', 'retry', '--all').endswith(
        '3 messages retried\n')
    assert len(listed(server)) == 3
    server.ctl('messages', 'purge', '--all')
    assert listed(server) == []


# message

def test_to_some(server, bob, carol):
    bob.register()
    carol.register()
    said = server.ctl('message', '--from', ALICE, '--to', BOB,
                      'sip:carol@example.com', 'nobody@example.com',
                      'Grüße, "Bob"\n  € 100 %')
    assert re.match(r'stored for delivery  2\nrefused              1\n'
                    r'not stored           0\nCall-ID              (\S+)\n'
                    r'Follow it with: rollcallctl messages show \'\1\'\n$',
                    said)
    for phone in (bob, carol):
        message = phone.expect('MESSAGE')
        assert message.body.decode() == 'Grüße, "Bob"\n  € 100 %'
        assert message.content_type.startswith('text/plain')
        assert f'<sip:{ALICE}>' in message['From']
    assert 'Grüße' not in server.log_text()
    wait.until(lambda: [row['states'] for row in listed(
        server, '--recipient', 'nobody@example.com')] == [['failed']],
        'the ledger is written')


def test_several_ways_to_name_them(server, bob, carol):
    bob.register()
    carol.register()
    server.ctl('message', '--to', BOB, '--to', CAROL, '--from', ALICE, 'hello')
    assert texts(bob, 1) == texts(carol, 1) == ['hello']


def test_from_standard_input(server, bob):
    bob.register()
    server.ctl('message', '--from', ALICE, '--to', BOB, '-',
               text='one\ntwo\n\nthree\n')
    assert texts(bob, 1) == ['one\ntwo\n\nthree']


def test_a_long_text(server):
    bob = server.agent('bob', kind='tcp')
    bob.register()
    text = '€' * 5461
    server.ctl('message', '--from', ALICE, '--to', BOB, '-', text=text)
    assert texts(bob, 1) == [text]
    said = server.ctl('message', '--from', ALICE, '--to', BOB, '-',
                      text=text + 'xx', status=1)
    assert said == 'rollcallctl: the text has 16385 bytes, at most 16384 are ' \
        'sent\n'


def test_to_a_group(server, bob, carol):
    bob.register()
    carol.register()
    server.ctl('contacts', 'add', ALICE, '--group', 'old friends',
               f'sip:{BOB}')
    server.ctl('contacts', 'add', ALICE, f'sip:{CAROL}')
    carol.forbid('MESSAGE')
    server.ctl('message', '--from', 'root@example.com', '--group', ALICE,
               'old friends', 'hello')
    assert 'root@example.com' in bob.expect('MESSAGE')['From']
    carol.settle()
    said = server.ctl('message', '--from', ALICE, '--group', ALICE, 'foes',
                      'hello', status=1)
    assert said == 'rollcallctl: No such group of contacts\n'
    assert 'no user' in server.ctl('message', '--from', ALICE, '--group',
                                   'zorro@example.com', 'x', 'hello', status=1)


def test_to_all(server, bob):
    bob.register()
    server.ctl('user', 'disable', CAROL)
    sent = json.loads(server.ctl('--json', 'message', '--from', ALICE, '--all',
                                 'news'))
    assert (sent['stored'], sent['refused'], sent['not_stored']) == (2, 0, 0)
    assert texts(bob, 1) == ['news']
    wait.until(lambda: waiting(server) == [ALICE], 'alice is not there')


def test_nobody_gets_it(server):
    said = server.ctl('message', '--from', ALICE, '--to', 'zorro@example.com',
                      'hello', status=1)
    assert 'refused              1\n' in said
    assert 'rollcallctl: nobody gets it' in said


@pytest.mark.parametrize('words, why', [
    (['--from', 'alice@example.net', '--to', BOB, 'x'], 'not in a domain'),
    (['--from', 'alice', '--to', BOB, 'x'], 'alice'),
    (['--from', ALICE, '--to', BOB, ''], 'the text is empty'),
    (['--from', ALICE, '--to', BOB, ' \n '], 'the text is empty'),
    (['--from', ALICE, '--to', BOB, b'a\xff'], 'not valid UTF-8'),
    (['--from', ALICE, '--to', BOB, 'hello', 'world'],
     '"hello" is nobody to write to'),
    (['--from', ALICE, '--to', 'tel:+4930123', 'x'], 'nobody to write to'),
    (['--from', ALICE, '--to', 'sip:example.com', 'x'], 'nobody to write to'),
    (['--from', ALICE, '--to', *[f'sip:{"x" * 200}{i}@example.com'
                                 for i in range(400)], 'x'],
     'too many recipients')])
def test_what_cannot_be_sent(server, words, why):
    said = server.ctl('message', *words, status=1)
    assert why in said and said.count('\n') == 1
    assert listed(server) == []


@pytest.mark.parametrize('words', [
    ['--to', BOB, 'x'], ['--from', ALICE, 'x'], ['--from', ALICE],
    ['--from', ALICE, '--all', '--to', BOB, 'x'],
    ['--from', ALICE, '--all', 'two', 'words'],
    ['--from', ALICE, '--group', ALICE, 'friends'],
    ['--from', ALICE, '--all', '--recipient', BOB, 'x']])
def test_a_command_line_that_is_wrong(stopped_server, words):
    assert stopped_server.ctl('message', *words, status=2).startswith(
        'rollcallctl: ')


def test_no_server_and_no_messages(server):
    hello = ['message', '--from', ALICE, '--all', 'hello']
    server.ctl('settings', 'set', 'im_enabled', 'off')
    assert 'messages are off' in server.ctl(*hello, status=1)
    server.stop()
    assert 'rollcalld does not run' in server.ctl(*hello, status=1)


# What other commands say of messages.

def test_user_show_and_status_count_them(server, stored):
    assert re.search(r'stored_messages +2\n', server.ctl('user', 'show', BOB))
    said = json.loads(server.ctl('--json', 'status'))
    assert said['messages_waiting'] == 3


def trouble(server, test):
    return server.psql('SELECT outcome, problem FROM rollcall.troubleshooter '
                       f"WHERE test = '{test}'")


def test_messages_of_a_disabled_user(server, stored):
    assert trouble(server, 'messages of disabled users') == 'ok|'
    server.ctl('user', 'disable', BOB)
    assert trouble(server, 'messages of disabled users') == (
        'warning|2 messages wait for disabled users, who cannot fetch them: '
        + BOB)


def test_messages_that_expire(server, stored):
    """A few are nobody's business, a hundred are."""
    server.psql("SET rollcall.origin = 'daemon'; UPDATE rollcall.messages SET "
                "created_at = now() - interval '5 days', "
                "expires_at = now() + interval '1 hour'")
    assert trouble(server, 'messages that expire') == 'ok|'
    server.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.messages "
                "(id, call_id, from_tag, cseq, sender, recipient, body, "
                "created_at, expires_at) SELECT n, n, 't', 1, 'a@b.org', "
                f"'{BOB}', 'x', now() - interval '5 days', now() + "
                "interval '1 hour' FROM generate_series(1, 97) AS n")
    assert trouble(server, 'messages that expire').startswith(
        'warning|100 messages expire within a day')
    server.psql("SET rollcall.origin = 'daemon'; UPDATE rollcall.messages SET "
                "created_at = now()")  # their time is short anyway
    assert trouble(server, 'messages that expire') == 'ok|'


def test_users_at_the_bound(server, stored):
    server.ctl('settings', 'set', 'offline_max_per_user', '2')
    assert trouble(server, 'undelivered messages').startswith(
        f'failed|{BOB}: as many stored messages as are allowed (2)')
