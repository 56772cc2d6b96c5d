# SPDX-License-Identifier: ISC
"""Messages between SIP users and XMPP users through a real XMPP server (RFC
7572, 7247; XEP-0085, 0184, 0203)."""
import email.utils
import re
import time
import zlib

import pytest

from harness import wait
from harness.agent import token
from harness.instant import (COMPOSING_TYPE, CPIM_TYPE, composing, cpim, kept,
                             ledger, notification)

ALICE = 'sip:alice@example.com'
DESK, MOBILE = 'urn:uuid:desk-0001', 'urn:uuid:mobile-0002'
QUICK = {'timeout': '2s', 'locked_timeout': '1s', 'retry': '1s'}
RECEIPTS = '{urn:xmpp:receipts}'
DELAY = '{urn:xmpp:delay}delay'
ASK = '<request xmlns="urn:xmpp:receipts"/>'


def state(name):
    return f'<{name} xmlns="http://jabber.org/protocol/chatstates"/>'


@pytest.fixture
def alice(linked):
    agent = linked.agent('alice')
    agent.register()
    return agent


def here(user):
    """His server knows that he is there."""
    user.sync()
    return user


@pytest.fixture
def xavier(linked, xmpp_user):
    return here(xmpp_user('xavier'))


@pytest.fixture
def yvonne(linked, xmpp_user):
    return here(xmpp_user('yvonne'))


def sip(user):
    return f'sip:{user.jid}'


def gr_of(request):
    """The gr of a From, undone."""
    found = re.search(r';gr=([^>;]*)>', request['From'])
    return found and found[1]


def waiting(server):
    return int(server.psql('SELECT count(*) FROM rollcall.messages '
                           'WHERE body IS NOT NULL'))


# --- From XMPP ---

def test_in(linked, alice, xavier):
    body = 'žluťoučký <b>kůň</b> & \'"]]>\n\tsecond line'
    xavier.say('alice@example.com', body, inner='<thread>thread-0815</thread>'
               '<subject>Of ships &amp; horses</subject>')
    got = alice.expect('MESSAGE')
    assert got.body.decode() == body
    assert got.content_type.lower().replace(' ', '') \
        == 'text/plain;charset=utf-8'
    assert got['From'].startswith(f'<sip:{xavier.jid};gr=desk>;tag=')
    assert got['To'].startswith(f'<{ALICE}>')
    assert got.call_id == 'thread-0815'
    assert got['Subject'] == 'Of ships & horses'
    xavier.say('alice@example.com', 'more', inner='<thread>thread-0815'
               '</thread>')
    again = alice.expect('MESSAGE')
    assert (again.call_id, again.cseq) == (got.call_id, got.cseq + 1)
    xavier.say('alice@example.com', 'of its own')
    assert alice.expect('MESSAGE').call_id != 'thread-0815'
    wait.until(lambda: ledger(linked, got.call_id)
               and {row[1] for row in ledger(linked, got.call_id)}
               == {'delivered'}, 'the ledger knows')
    xavier.forbid('message', after='example.com')


def test_in_language_and_type(alice, xavier):
    xavier.send('<message to="alice@example.com" id="1" xml:lang="cs">'
                '<body>ahoj</body></message>')
    got = alice.expect('MESSAGE')
    assert got['Content-Language'] == 'cs'
    assert got.body == b'ahoj'
    xavier.say('alice@example.com', 'news', 'headline')
    assert alice.expect('MESSAGE').body == b'news'


def test_in_errors(linked, alice, xavier):
    for to in ('nobody@example.com', 'nobody@example.com/desk'):
        id = xavier.say(to, 'hello')
        error = xavier.expect_message(type='error')
        assert (error.id, error.sender) == (id, to)
        assert error.error == 'item-not-found'
    for status, condition in ((603, 'recipient-unavailable'),
                              (415, 'not-acceptable'),
                              (413, 'policy-violation'),
                              (488, 'not-acceptable')):
        alice.answer('MESSAGE', status)
        xavier.say('alice@example.com', f'{status}')
        assert xavier.expect_message(type='error').error == condition
    # Nothing automatic, and no error, is answered by an error.
    xavier.say('nobody@example.com', None, inner=state('composing'))
    xavier.say('nobody@example.com', None,
               inner='<received xmlns="urn:xmpp:receipts" id="1"/>')
    xavier.say('nobody@example.com', 'x', 'error', inner='<error type="cancel">'
               '<gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>')
    xavier.forbid('message', after='example.com')


def test_in_policy(linked, alice, xavier):
    linked.ctl('watchers', 'block', 'alice@example.com', xavier.jid)
    xavier.say('alice@example.com', 'x')
    assert xavier.expect_message(type='error').error == 'forbidden'
    linked.ctl('watchers', 'polite-block', 'alice@example.com', xavier.jid)
    alice.forbid('MESSAGE', why='he is blocked')
    xavier.say('alice@example.com', 'x')
    xavier.forbid('message', after='example.com')
    linked.ctl('settings', 'set', 'im_enabled', 'false')
    xavier.say('bob@example.com', 'x')
    assert xavier.expect_message(type='error').error == 'forbidden'
    alice.message(sip(xavier), 'x', expect=403)
    alice.settle()


@pytest.mark.options(sip={'max_body': '2k'})
def test_in_too_large(alice, xavier):
    xavier.say('alice@example.com', 'x' * 3000)
    assert xavier.expect_message(type='error').error == 'policy-violation'
    xavier.say('alice@example.com', 'x' * 1900)
    assert len(alice.expect('MESSAGE').body) == 1900


def test_in_stored(linked, xavier):
    for i in range(3):
        xavier.say('bob@example.com', f'number {i}')
    xavier.say('bob@example.com', 'news', 'headline')
    xavier.say('bob@example.com', None, inner=state('composing'))
    wait.until(lambda: waiting(linked) == 3, 'three wait')
    linked.restart()
    linked.wait_linked()
    bob = linked.agent('bob')
    bob.register()
    got = [bob.expect('MESSAGE') for _ in range(3)]
    assert [m.body.decode() for m in got] == [f'number {i}' for i in range(3)]
    date = email.utils.parsedate_to_datetime(got[0]['Date'])
    assert abs(date.timestamp() - time.time()) < 60
    assert gr_of(got[0]) == 'desk'
    bob.settle()
    assert not bob.inbox
    xavier.forbid('message', after='example.com')


def test_in_suppressed(linked, xavier):
    linked.ctl('settings', 'set', 'suppress_offline_im', 'true')
    xavier.say('bob@example.com', 'x')
    assert xavier.expect_message(type='error').error \
        == 'recipient-unavailable'
    assert waiting(linked) == 0


@pytest.mark.options(message=QUICK)
def test_in_forked_and_locked(linked, xavier):
    desk = linked.agent('bob', instance=DESK)
    mobile = linked.agent('bob', instance=MOBILE)
    for phone in (desk, mobile):
        phone.register()
    xavier.say('bob@example.com', 'to all')
    for phone in (desk, mobile):
        assert phone.expect('MESSAGE').body == b'to all'
    mobile.message(sip(xavier), 'from the mobile', expect=200)
    reply = xavier.expect_message(body='from the mobile')
    assert reply.sender == f'bob@example.com/{MOBILE}'
    xavier.say('bob@example.com', 'to the mobile')
    assert mobile.expect('MESSAGE').body == b'to the mobile'
    # By its address as well, and to nobody else...
    xavier.say(reply.sender, 'to its address')
    assert mobile.expect('MESSAGE').body == b'to its address'
    desk.settle()
    assert not desk.inbox
    # ...unless it is gone.
    mobile.unregister()
    xavier.say(reply.sender, 'to who is there')
    assert desk.expect('MESSAGE').body == b'to who is there'


def test_in_chat_states(alice, xavier):
    for name, word in (('composing', 'active'), ('paused', 'idle'),
                       ('active', 'idle'), ('inactive', 'idle'),
                       ('gone', 'idle')):
        xavier.say('alice@example.com', None, inner=state(name))
        got = alice.expect('MESSAGE')
        assert got.content_type.startswith(COMPOSING_TYPE)
        assert f'<state>{word}</state>' in got.body.decode()
    xavier.say('alice@example.com', 'text', inner=state('active'))
    assert alice.expect('MESSAGE').body == b'text'
    alice.settle()
    assert not alice.inbox


@pytest.mark.parametrize('coding', [None, 'deflate'])
def test_receipt_of_a_phone(alice, xavier, coding):
    """linphone deflates what it tells of a message."""
    id = xavier.say('alice@example.com', 'grüß dich', inner=ASK,
                    id='an id/with "everything"')
    got = alice.expect('MESSAGE')
    assert got.content_type.startswith(CPIM_TYPE)
    text = got.body.decode()
    assert 'imdn.Disposition-Notification: positive-delivery' in text
    assert text.endswith('\r\n\r\ngrüß dich')
    message_id = re.search(r'imdn\.Message-ID: (\S+)', text)[1]
    xavier.forbid('message', after='example.com')
    sender = re.search(r'From: <([^>]*)>', text)[1]
    assert sender == f'{sip(xavier)};gr=desk'
    body = notification(ALICE, sender, message_id,
                        status='delivered', kind='delivery').encode()
    alice.message(sender, zlib.compress(body) if coding else body, CPIM_TYPE,
                  200, headers=[('Content-Encoding', coding)] if coding else [])
    receipt = xavier.expect_message()
    assert receipt.find(f'{RECEIPTS}received').get('id') == id
    assert receipt.body is None and receipt.bare == 'alice@example.com'


def test_receipt_of_a_phone_without_cpim(alice, xavier):
    """It gets the text, and taking it is the receipt."""
    alice.answer('MESSAGE', lambda request: 415 if
                 request.content_type.startswith(CPIM_TYPE) else 200)
    id = xavier.say('alice@example.com', 'hello', inner=ASK)
    assert alice.expect('MESSAGE').content_type.startswith(CPIM_TYPE)
    got = alice.expect('MESSAGE')
    assert (got.body, got.content_type.split(';')[0]) \
        == (b'hello', 'text/plain')
    receipt = xavier.expect_message()
    assert receipt.find(f'{RECEIPTS}received').get('id') == id
    xavier.say('alice@example.com', 'again', inner=ASK)
    assert alice.expect('MESSAGE').body == b'again'


# --- To XMPP ---

def test_out(linked, alice, xavier):
    body = 'žluťoučký <b>kůň</b> & \'"]]>\r\nsecond line'
    answer = alice.message(
        sip(xavier), body, 'text/plain;charset=UTF-8', 200,
        [('Subject', 'Of <ships> & "horses"'), ('Content-Language', 'cs')])
    got = xavier.expect_message()
    assert got.body == body.replace('\r\n', '\n')
    assert got.text('subject') == 'Of <ships> & "horses"'
    assert got.text('thread') == answer.request.call_id
    assert got.bare == 'alice@example.com'
    assert got.type == 'chat'
    assert got.chat_state == 'active'
    assert got.xml.get('{http://www.w3.org/XML/1998/namespace}lang') == 'cs'
    assert got.find(DELAY) is None
    assert got.find(f'{RECEIPTS}request') is None
    wait.until(lambda: ledger(linked, answer.request.call_id)
               == [(f'xmpp:{xavier.jid}', 'delivered', '200')],
               'the ledger knows')


def test_out_chat_states(alice, xavier):
    for word, name in (('active', 'composing'), ('idle', 'active')):
        alice.message(sip(xavier), composing(word), COMPOSING_TYPE, 200)
        got = xavier.expect_message()
        assert (got.chat_state, got.body) == (name, None)


@pytest.mark.options(xmpp={'thread': 'none', 'message_type': 'normal'})
def test_without_threads(alice, xavier):
    alice.message(sip(xavier), 'x', expect=200)
    got = xavier.expect_message(body='x')
    assert got.text('thread') is None
    assert got.type in ('', 'normal')
    xavier.say('alice@example.com', 'x', inner='<thread>one</thread>')
    assert alice.expect('MESSAGE').call_id != 'one'


MULTIPART = ('--b\r\nContent-Type: text/html\r\n\r\n<p>plain</p>\r\n'
             '--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n')


@pytest.mark.parametrize('body, content_type, text', [
    ('grüß'.encode('latin-1'), 'text/plain;charset=iso-8859-1', 'grüß'),
    ('grüß'.encode('utf-16'), 'text/plain;charset=utf-16', 'grüß'),
    (MULTIPART, 'multipart/alternative;boundary=b', 'plain'),
    (cpim(ALICE, 'sip:x@xmpp.example.com', 'inside'), CPIM_TYPE, 'inside')])
def test_out_types(alice, xavier, body, content_type, text):
    alice.message(sip(xavier), body, content_type, 200)
    assert xavier.expect_message().body == text


@pytest.mark.parametrize('body, content_type, status', [
    ('<p>x</p>', 'text/html', 415),
    (b'\x89PNG', 'image/png', 415),
    ('x', 'text/plain;charset=klingon', 415),
    (b'gr\xfc\xdf', 'text/plain', 400),
    (b'nul \0', 'text/plain', 400),
    ('bell \a', 'text/plain', 400),
    ('escape \x1b[2J', 'text/plain', 400),
    ('no character \ufffe', 'text/plain', 400),
    (b'surrogate \xed\xa0\x80', 'text/plain', 400),
    ('no headers', CPIM_TYPE, 400)])
def test_out_refused(linked, alice, xavier, body, content_type, status):
    answer = alice.message(sip(xavier), body, content_type, status)
    assert 'Warning' in answer
    assert status != 415 or 'text/plain' in answer['Accept']
    assert waiting(linked) == 0
    xavier.forbid('message', after='example.com')


def test_out_sips(alice, xavier):
    """RFC 7247 8: nobody beyond can keep its promise."""
    alice.message(f'sips:{xavier.jid}', 'x', expect=416)
    xavier.forbid('message', after='example.com')


def test_out_nobody(linked, alice, prosody):
    """Prosody says service-unavailable for who has no account."""
    answer = alice.message('sip:nobody@xmpp.example.com', 'x', expect=403)
    assert waiting(linked) == 0
    wait.until(lambda: ledger(linked, answer.request.call_id)
               == [('xmpp:nobody@xmpp.example.com', 'failed', '403')],
               'the ledger knows')


def test_out_foreigner(linked, xavier):
    """Prosody would end the stream of a component that speaks for others."""
    stranger = linked.agent('alice')
    stranger.domain, stranger.uri = 'elsewhere.example', \
        'sip:alice@elsewhere.example'
    answer = stranger.message(sip(xavier), 'x')
    assert answer.status in (401, 403, 404, 407)
    xavier.forbid('message', after='example.com')
    assert linked.link()['link'] == 'up'


def test_receipt_of_xmpp(linked, alice, xavier):
    body = cpim(ALICE, sip(xavier), 'hello', 'mid-0815',
                ['positive-delivery', 'negative-delivery'])
    alice.message(sip(xavier), body, CPIM_TYPE, 200)
    got = xavier.expect_message(body='hello')
    assert got.find(f'{RECEIPTS}request') is not None
    linked.restart()
    linked.wait_linked()
    alice.register()
    xavier.say(got.sender, None, inner='<received xmlns="urn:xmpp:receipts"'
               f' id="{got.id}"/>')
    report = alice.expect('MESSAGE')
    text = report.body.decode()
    assert report.content_type.startswith(CPIM_TYPE)
    assert '<message-id>mid-0815</message-id>' in text
    assert '<delivery-notification><status><delivered/>' in text
    assert f'<recipient-uri>{sip(xavier)}</recipient-uri>' in text


def test_error_after_it_was_taken(linked, alice, xavier):
    body = cpim(ALICE, sip(xavier), 'hello', 'mid-0815', ['negative-delivery'])
    answer = alice.message(sip(xavier), body, CPIM_TYPE, 200)
    got = xavier.expect_message(body='hello')
    xavier.send(f'<message to="{got.sender}" id="{got.id}" type="error"><error'
                ' type="cancel"><item-not-found'
                ' xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>'
                '</message>')
    report = alice.expect('MESSAGE').body.decode()
    assert '<message-id>mid-0815</message-id>' in report
    assert '<delivery-notification><status><failed/>' in report
    wait.until(lambda: ledger(linked, answer.request.call_id)
               == [(f'xmpp:{xavier.jid}', 'failed', '604')],
               'the ledger knows')


def test_out_by_resource(linked, alice, xavier, xmpp_user):
    """Where he replied from is where the conversation goes on."""
    phone = here(xmpp_user(xavier.jid, resource='phone'))
    everybody = (xavier, phone)

    def only(user, text):
        alice.message(sip(xavier), text, expect=200)
        assert user.expect_message(body=text).to == user.full
        for other in everybody:
            if other is not user:
                other.forbid('message', body=text)

    alice.message(sip(xavier), 'to all', expect=200)
    for user in everybody:
        assert user.expect_message(body='to all').to == xavier.jid
    phone.say('alice@example.com', 'from the phone')
    assert gr_of(alice.expect('MESSAGE')) == 'phone'
    only(phone, 'to the phone')
    xavier.say('alice@example.com', 'from the desk')
    alice.expect('MESSAGE')
    only(xavier, 'to the desk')
    alice.message(f'{sip(xavier)};gr=phone', 'by name', expect=200)
    phone.expect_message(body='by name')
    # He is gone: to who is there.
    xavier.disconnect()
    alice.message(sip(xavier), 'to who is there', expect=200)
    phone.expect_message(body='to who is there')


def test_broadcast(linked, alice, xavier, yvonne):
    linked.ctl('message', '--from', 'bob@example.com', '--to', sip(xavier),
               '--to', ALICE, '--to', sip(yvonne), 'fire drill')
    for user in (xavier, yvonne):
        got = user.expect_message()
        assert got.body.strip() == 'fire drill'
        assert got.bare == 'bob@example.com'
    assert alice.expect('MESSAGE').body.strip() == b'fire drill'


def test_list(linked, alice, xavier, yvonne):
    """RFC 5365: a copy for whom is among the contacts."""
    linked.ctl('contacts', 'add', 'alice@example.com', sip(xavier))
    body = ('--b\r\nContent-Type: text/plain\r\n\r\nto many\r\n'
            '--b\r\nContent-Type: application/resource-lists+xml\r\n'
            'Content-Disposition: recipient-list\r\n\r\n<resource-lists'
            ' xmlns="urn:ietf:params:xml:ns:resource-lists"><list>'
            f'<entry uri="{sip(xavier)}"/><entry uri="{sip(yvonne)}"/>'
            '</list></resource-lists>\r\n--b--\r\n')
    alice.request('MESSAGE', 'sip:example.com', 202, body=body,
                  headers=[('Content-Type', 'multipart/mixed;boundary=b'),
                           ('Require', 'recipient-list-message')])
    assert xavier.expect_message().body == 'to many'
    yvonne.forbid('message', after='example.com')


# --- Smuggling ---

def test_in_smuggling(linked, xmpp_user, alice):
    evil = xmpp_user('xavier', resource='a>;tag=1"\'é b')
    inner = ('<subject>x&#13;&#10;Via: SIP/2.0/UDP evil&#10;&#10;y</subject>'
             '<thread>t&#13;&#10;Evil: yes</thread>')
    evil.say('alice@example.com', 'MESSAGE sip:x SIP/2.0\r\n\r\n.\r\n',
             inner=inner)
    got = alice.expect('MESSAGE')
    assert got['Subject'].split() == ['x', 'Via:', 'SIP/2.0/UDP', 'evil', 'y']
    assert 'Evil' not in got
    assert not any('evil' in v for v in got.all('Via'))
    assert not re.search(r'\s', got.call_id)
    assert got['From'].count('<') == got['From'].count('>') == 1
    assert got['From'].count('"') == 0
    assert b'MESSAGE sip:x SIP/2.0' in got.body
    # The reply finds the way back.
    alice.message(re.search('<(.*)>', got['From'])[1], 'reply', expect=200)
    assert evil.expect_message(body='reply').to == evil.full


def test_out_smuggling(linked, alice, xavier):
    for headers in ([('Subject', 'a</subject><body>evil</body>')],
                    [('Call-ID', 'x</thread><body>evil</body>')]):
        alice.message(sip(xavier), '</body><evil/>&amp;', expect=200,
                      headers=[h for h in headers if h[0] != 'Call-ID'])
        got = xavier.expect_message()
        assert got.body == '</body><evil/>&amp;'
        assert got.find('{jabber:client}evil') is None
    request = alice.build('MESSAGE', sip(xavier), call_id=
                          f'{token(8)}<body>&\'"</thread>', body='x',
                          headers=[('Content-Type', 'text/plain')])
    answer = alice.exchange(request)
    if answer.status == 407:
        answer = alice.exchange(alice.authorize(request, answer))
    assert answer.status == 200
    assert xavier.expect_message().text('thread') == request.call_id
    alice.message(sip(xavier), 'x', expect=400,
                  headers=[('Subject', 'bell \a')])
    xavier.forbid('message', after='example.com')
    assert linked.link()['link'] == 'up'


# --- The link goes down and comes up ---

def kept_for(server, user):
    return int(server.psql('SELECT count(*) FROM rollcall.messages WHERE body'
                           f" IS NOT NULL AND recipient = '{user.jid}'"))


def texts(user, n):
    return [user.expect_message(type='chat',
                                check=lambda s: s.body is not None)
            for _ in range(n)]


@pytest.mark.watchdog(120)
def test_stored_while_down(linked, prosody, alice, xmpp_user):
    xavier = xmpp_user('xavier')
    xavier.disconnect()
    prosody.kill()
    linked.wait_linked(False)
    call_ids = [alice.message(sip(xavier), f'number {i}', expect=202)
                .request.call_id for i in range(5)]
    alice.message(sip(xavier), composing(), COMPOSING_TYPE, 480)
    assert kept_for(linked, xavier) == 5
    assert kept(linked, call_ids[0])
    # SIP goes on, and a restart loses nothing.
    bob = linked.agent('bob')
    bob.register()
    alice.message('bob', 'meanwhile', expect=200)
    linked.restart()
    sent = time.time()
    prosody.start()
    xavier = xmpp_user(xavier.jid, resource='new')
    got = texts(xavier, 5)
    assert [m.body for m in got] == [f'number {i}' for i in range(5)]
    stamps = [m.find(DELAY).get('stamp') for m in got]
    assert stamps == sorted(stamps)
    assert stamps[0] <= time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(sent))
    wait.until(lambda: kept_for(linked, xavier) == 0, 'none waits')
    linked.wait_linked()
    alice.register()
    alice.message(sip(xavier), 'live again', expect=200)
    assert texts(xavier, 1)[0].find(DELAY) is None


@pytest.mark.watchdog(120)
def test_suppressed_while_down(linked, prosody, alice, xmpp_user):
    xavier = xmpp_user('xavier')
    linked.ctl('settings', 'set', 'suppress_offline_im', 'true')
    prosody.kill()
    linked.wait_linked(False)
    alice.message(sip(xavier), 'x', expect=480)
    assert waiting(linked) == 0


@pytest.mark.watchdog(120)
def test_bounds_of_the_store(linked, prosody, alice, xmpp_user):
    xavier = xmpp_user('xavier')
    linked.ctl('settings', 'set', 'offline_max_per_user', '2')
    prosody.kill()
    linked.wait_linked(False)
    for _ in range(2):
        alice.message(sip(xavier), 'x', expect=202)
    assert 'Warning' in alice.message(sip(xavier), 'x', expect=480)


def in_flow(alice, user, n, turn):
    """Writes n messages, one after the other; turn(i) before each.  The texts
    that were accepted."""
    accepted = []
    for i in range(n):
        turn(i)
        answer = alice.message(sip(user), f'number {i}', within=30)
        assert answer.status in (200, 202), answer.start
        accepted.append(f'number {i}')
    return accepted


def arrived(user):
    """Without what came twice: a message that the server may have had when the
    link broke is sent again, under the same id."""
    seen = {}
    for stanza in list(user.seen):
        if stanza.kind == 'message' and stanza.body is not None:
            seen.setdefault(stanza.id, stanza.body)
    return list(seen.values())


@pytest.mark.watchdog(180)
@pytest.mark.options(message=QUICK)
def test_prosody_killed_in_mid_flow(linked, prosody, alice, xmpp_user):
    xavier = xmpp_user('xavier')

    def turn(i):
        if i == 5:
            prosody.kill()
        if i == 15:
            prosody.start()
    accepted = in_flow(alice, xavier, 25, turn)
    linked.wait_linked()
    again = xmpp_user(xavier.jid, resource='new')
    wait.until(lambda: set(arrived(xavier) + arrived(again)) == set(accepted),
               'all of them arrive', 60)
    wait.until(lambda: kept_for(linked, xavier) == 0, 'none waits')


@pytest.mark.watchdog(180)
@pytest.mark.options(message=QUICK)
def test_prosody_hangs_in_mid_flow(linked, prosody, alice, xavier):
    """Half open: nothing is answered, and no connection ends."""
    bob = linked.agent('bob')
    bob.register()

    def turn(i):
        if i == 5:
            prosody.freeze()
        if i == 12:
            prosody.thaw()
        if 5 < i < 12:
            alice.message('bob', 'SIP goes on', expect=200, within=2)
    accepted = in_flow(alice, xavier, 16, turn)
    linked.wait_linked()
    wait.until(lambda: set(arrived(xavier)) == set(accepted),
               'all of them arrive', 60)
    wait.until(lambda: kept_for(linked, xavier) == 0, 'none waits')


@pytest.mark.watchdog(180)
@pytest.mark.options(message=QUICK)
def test_killed_in_mid_flow(linked, prosody, alice, xmpp_user):
    """kill -9 of the server, while the XMPP side is away and after."""
    xavier = xmpp_user('xavier')
    prosody.freeze()

    def turn(i):
        if i in (3, 6):
            linked.restart()
            alice.register()
        if i == 8:
            prosody.thaw()
    accepted = in_flow(alice, xavier, 12, turn)
    linked.wait_linked()
    wait.until(lambda: set(arrived(xavier)) >= set(accepted),
               'all of them arrive', 60)
    wait.until(lambda: kept_for(linked, xavier) == 0, 'none waits')


@pytest.mark.parametrize('fault', ['freeze', 'crash'])
def test_postgresql_is_away(linked, postgres, prosody, alice, xavier, fault):
    """Who is there goes on writing; what would have to be stored is refused."""
    alice.message(sip(xavier), 'first', expect=200)
    xavier.expect_message(body='first')
    getattr(postgres, fault)()
    alice.message(sip(xavier), 'online', expect=200)
    xavier.expect_message(body='online')
    xavier.say('alice@example.com', 'online')
    assert alice.expect('MESSAGE').body == b'online'
    xavier.say('bob@example.com', 'to be stored')
    assert xavier.expect_message(type='error', within=20).error \
        == 'internal-server-error'
    prosody.kill()
    linked.wait_linked(False)
    alice.message(sip(xavier), 'to be stored', expect=503, within=20)
    postgres.ensure_running()
    prosody.start()
    linked.wait_linked()
    assert waiting(linked) == 0
