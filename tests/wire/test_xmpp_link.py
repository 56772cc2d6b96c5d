# SPDX-License-Identifier: ISC
"""The link to the XMPP server (XEP-0114): it comes up, it is kept up, and what
comes over it is answered or does no harm."""
import hashlib
import json
import signal
import subprocess

import pytest

from harness import wait
from harness.xmpp_server import HEAD, FakeServer

INFO = '<query xmlns="http://jabber.org/protocol/disco#info"/>'
DISCO = '{http://jabber.org/protocol/disco#info}'


def test_comes_up(linked, prosody):
    link = linked.link()
    assert link['component'] == 'example.com'
    assert link['server'] == f'127.0.0.1:{prosody.component_port}'
    assert link['domains'] == 'xmpp.example.com'
    assert link['rooms'] == 'rooms.xmpp.example.com'
    assert linked.metric('xmpp_up') == 1
    as_json = json.loads(linked.ctl('--json', 'xmpp', 'status'))
    assert as_json['link'] == 'up'
    assert 'xmpp up' in linked.ctl('status')


def test_not_configured(server):
    assert server.ctl('xmpp', 'status', status=1) == 'link none\n'
    assert 'xmpp none' in server.ctl('status')
    assert 'XMPP' not in server.ctl('troubleshoot')


def test_says_what_it_is(xavier):
    info = xavier.ask('example.com', INFO)
    identity = info.find(f'{DISCO}identity')
    assert identity.get('category') == 'gateway'
    assert {f.get('var') for f in info.xml.iter(f'{DISCO}feature')} >= {
        'urn:xmpp:ping', 'jid\\20escaping', 'http://jabber.org/protocol/disco#info'}
    for account in ('alice@example.com', 'nobody@example.com'):
        info = xavier.ask(account, INFO)
        assert info.find(f'{DISCO}identity').get('category') == 'account'


def test_pings(xavier):
    for to in ('example.com', 'alice@example.com'):
        assert xavier.sync(to).type == 'result'
    answer = xavier.ask('alice@example.com', '<vCard xmlns="vcard-temp"/>')
    assert (answer.type, answer.error) == ('error', 'service-unavailable')
    version = xavier.ask('example.com', '<query xmlns="jabber:iq:version"/>')
    assert version.find('{jabber:iq:version}name').text == 'Rollcall'


@pytest.mark.options(xmpp={'secret': 'wrong'})
def test_wrong_secret(unlinked):
    unlinked.start()
    wait.until(lambda: 'secret' in unlinked.link().get('error', ''),
               'the link says what is wrong')
    unlinked.ctl('xmpp', 'status', status=1)
    unlinked.wait_log('does not accept the secret')
    # one line, however often it is tried
    wait.until(lambda: unlinked.metric('xmpp_attempts_total') >= 3, 'it is tried again', 30)
    assert unlinked.log_text().count('does not accept the secret') == 1


def test_server_by_name(unlinked, prosody):
    unlinked.configure({'xmpp': prosody.options(
        server=f'localhost:{prosody.component_port}')})
    unlinked.start()
    unlinked.wait_linked()


def test_no_such_name(unlinked, prosody):
    unlinked.configure({'xmpp': prosody.options(server='name.invalid:5347')})
    unlinked.start()
    wait.until(lambda: 'no address' in unlinked.link().get('error', ''),
               'the link says what is wrong', 30)
    assert unlinked.ctl('status')  # nobody waits for it


@pytest.mark.options(xmpp={'secret': '', 'secret_file': '/nonexistent/secret'})
def test_no_secret_file(unlinked):
    unlinked.may_fail = True
    unlinked.spawn()
    assert unlinked.wait_exit() == 1
    assert 'xmpp.secret_file' in unlinked.log_text()


def test_secret_file(unlinked, prosody, tmp_path):
    path = tmp_path / 'secret'
    path.write_text(prosody.secret + '\n')
    unlinked.configure({'xmpp': prosody.options(secret='', secret_file=path)})
    unlinked.start()
    unlinked.wait_linked()


def test_prosody_restarts(linked, prosody, xmpp_user):
    prosody.restart()
    linked.wait_linked()
    wait.until(lambda: linked.metric('xmpp_reconnects_total') == 1,
               'the link was made again')
    assert xmpp_user('xavier').sync('example.com').type == 'result'


def test_prosody_is_away(unlinked, prosody):
    prosody.kill()
    unlinked.start()
    wait.until(lambda: 'refused' in unlinked.link().get('error', ''),
               'the link says why it is down')
    assert unlinked.link()['link'] == 'down'
    prosody.start()
    unlinked.wait_linked()


def test_prosody_hangs(linked, prosody):
    """A connection that is dead without saying so."""
    prosody.freeze()
    linked.wait_linked(False)
    assert 'does not answer' in linked.link()['error']
    prosody.thaw()
    linked.wait_linked()


def test_troubleshooter(linked, prosody):
    assert 'XMPP' in linked.ctl('troubleshoot', status=any_status(linked))
    prosody.kill()
    linked.wait_linked(False)
    rows = troubles(linked)
    assert rows['XMPP']['outcome'] == 'warning'
    assert 'text conferences' in rows['XMPP']['problem']
    prosody.start()
    linked.wait_linked()
    assert troubles(linked)['XMPP']['outcome'] == 'ok'


def any_status(server):
    """0 or 1: another test of the table may fail on this machine."""
    rows = json.loads(run_json(server)[1])
    return int(any(row['outcome'] == 'failed' for row in rows))


def run_json(server):
    done = subprocess.run(
        [f'{server.bin}/rollcallctl', '-c', server.config, '--json',
         'troubleshoot'], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def troubles(server):
    return {row['test']: row for row in json.loads(run_json(server)[1])}


# --- a server of our own, which may do what no server does ---

@pytest.fixture
def fake(stopped_server):
    server = FakeServer()
    stopped_server.configure({'xmpp': {
        'server': f'127.0.0.1:{server.port}', 'secret': 's',
        'domains': 'xmpp.example.com', 'rooms': 'rooms.xmpp.example.com',
        'keepalive': '1s', 'timeout': '2s', 'reconnect': '1s',
        'max_stanza': '10k', 'max_queue': '64k'}})
    stopped_server.start()
    server.rollcall = stopped_server
    yield server
    server.close()


def test_handshake(fake):
    stream = fake.stream(0).open()
    proof = hashlib.sha1(b's1' + b's').hexdigest()  # XEP-0114 3
    assert f'<handshake>{proof}</handshake>' in stream.got
    fake.rollcall.wait_linked()


HOSTILE = {
    'DOCTYPE': ('<!DOCTYPE x [<!ENTITY a "b">]>', 'restricted-xml'),
    'comment': ('<!-- x -->', 'restricted-xml'),
    'instruction': ('<?x y?>', 'restricted-xml'),
    'entity': ('<message><body>&x;</body></message>', 'restricted-xml'),
    'malformed': ('<message></iq>', 'not-well-formed'),
    'prefix': ('<p:message/>', 'bad-namespace-prefix'),
    'nul': ('<message>\0</message>', 'not-well-formed'),
    'bytes': (b'<message>\xff</message>', 'unsupported-encoding'),
    'text': ('hello', 'bad-format'),
}

# what any user of the server can have it send
OVER = {
    'large': '<message><body>' + 'x' * 20000 + '</body></message>',
    'deep': '<message>' + '<a>' * 50 + '</a>' * 50 + '</message>',
    'attributes': '<message ' + ''.join(f"a{i}='' " for i in range(100)) + '/>',
    'name': "<message><a xmlns='a b'/></message>",
}


@pytest.mark.parametrize('name', OVER)
def test_over(fake, name):
    """It is dropped, and the stream goes on."""
    stream = fake.stream(0).open()
    stream.send(OVER[name])
    stream.send("<iq from='x@xmpp.example.com' to='example.com' type='get'"
                " id='end'><ping xmlns='urn:xmpp:ping'/></iq>")
    stream.wait('id="end" type="result"')
    assert len(fake.streams) == 1


@pytest.mark.parametrize('name', HOSTILE)
def test_hostile(fake, name):
    """It ends the stream with the right error, and begins a new one."""
    text, condition = HOSTILE[name]
    stream = fake.stream(0).open()
    fake.rollcall.wait_linked()
    stream.send(text)
    stream.wait(f'<stream:error><{condition} ')
    stream.wait('</stream:stream>')
    stream.wait_over()
    fake.stream(1).open()
    fake.rollcall.wait_linked()


BAD_STANZAS = [
    "<message from='x y@xmpp.example.com' to='alice@example.com' id='b1'>"
    "<body>x</body></message>",
    "<message from='x@xmpp.example.com' to='alice&#13;&#10;X: y@example.com'"
    " id='b2'><body>x</body></message>",
    "<message to='alice@example.com' id='b3'><body>x</body></message>",
    "<message from='x@xmpp.example.com' to='alice@elsewhere.example' id='b4'>"
    "<body>x</body></message>",
    "<message from='x@evil.example' to='alice@example.com' id='b5'>"
    "<body>x</body></message>",
    "<presence from='x@xmpp.example.com' to='alice@example.com' type='odd'"
    " id='b6'/>",
    "<iq from='x@xmpp.example.com' to='example.com' type='get' id='b7'/>",
    "<odd xmlns='u:v'/>",
    "<iq from='x@xmpp.example.com' to='example.com' type='result' id='b8'/>",
]


def test_bad_stanzas(fake):
    """They are refused, or dropped, and the stream goes on."""
    stream = fake.stream(0).open()
    for stanza in BAD_STANZAS:
        stream.send(stanza)
    stream.send("<iq from='x@xmpp.example.com' to='example.com' type='get'"
                " id='end'><ping xmlns='urn:xmpp:ping'/></iq>")
    stream.wait('id="end" type="result"')
    for id, condition in (('b1', 'jid-malformed'), ('b5', 'not-allowed'),
                          ('b6', 'bad-request'), ('b7', 'bad-request')):
        after = stream.got.partition(f'id="{id}" type="error"')[2]
        assert condition in after.split('</error>')[0], stream.got
    for id in ('b3', 'b4', 'b8'):
        assert f'"{id}"' not in stream.got
    assert len(fake.streams) == 1


def test_bad_nicks(fake):
    """A room passes on nicks that are none to us: an error would have it throw
    our users out."""
    stream = fake.stream(0).open()
    nick = 'rome@rooms.xmpp.example.com/x\u0600'
    for stanza in (f"<message from='{nick}' to='alice@example.com/rollcall'"
                   " type='groupchat' id='n1'><body>x</body></message>",
                   f"<message from='{nick}' to='alice@example.com/rollcall'"
                   " type='chat' id='n2'><body>x</body></message>",
                   f"<presence from='{nick}' to='alice@example.com/rollcall'"
                   " id='n3'/>",
                   f"<iq from='{nick}' to='alice@example.com/rollcall'"
                   " type='get' id='n4'><ping xmlns='urn:xmpp:ping'/></iq>"):
        stream.send(stanza)
    stream.wait('id="n4" type="error"')
    for id in ('n1', 'n2', 'n3'):
        assert f'"{id}"' not in stream.got


@pytest.mark.parametrize('condition', ['conflict', 'host-unknown',
                                       'system-shutdown'])
def test_stream_error(fake, condition):
    stream = fake.stream(0).open()
    fake.rollcall.wait_linked()
    stream.send(f"<stream:error><{condition} xmlns="
                "'urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                '</stream:stream>')
    stream.wait_over()
    fake.rollcall.wait_log(condition)
    fake.stream(1).open()
    fake.rollcall.wait_linked()


def test_no_handshake(fake):
    """A server that says nothing, or talks before it has checked us."""
    fake.stream(0).wait('<stream:stream')
    fake.stream(0).wait_over()
    stream = fake.stream(1)
    stream.wait('<stream:stream')
    stream.send(HEAD + "<message from='x@xmpp.example.com'"
                " to='alice@example.com'><body>x</body></message>")
    stream.wait('policy-violation')
    assert fake.rollcall.link()['link'] == 'down'


def test_no_echo(fake):
    """A server that does not send us what we send to ourselves is asked by its
    own name."""
    fake.echoes = False
    fake.stream(0).open().wait('urn:xmpp:ping')
    fake.stream(0).wait_over()
    stream = fake.stream(1).open()
    stream.wait('to="xmpp.example.com"')
    id = stream.got.split('to="xmpp.example.com" id="')[1].split('"')[0]
    stream.send(f"<iq from='xmpp.example.com' to='example.com' id='{id}'"
                " type='result'/>")
    wait.until(lambda: stream.got.count('urn:xmpp:ping') > 1,
               'it was content, and asks again')


def test_queue_is_bounded(fake):
    """A server that takes nothing does not make us keep all."""
    fake.reads = False
    stream = fake.stream(0).open()
    fake.rollcall.wait_linked()
    ping = ("<iq from='x@xmpp.example.com' to='example.com' type='get' id='{}'>"
            f"{INFO}</iq>").format('y' * 1000)
    stream.sock.settimeout(5)
    for _ in range(20):
        stream.send(ping * 200)
    queued = int(fake.rollcall.link().get('queued_bytes', 0))
    assert queued < 70000
    # nobody answers its pings: the link is given up
    fake.rollcall.wait_linked(False, 30)


def test_goodbye(fake):
    stream = fake.stream(0).open()
    fake.rollcall.wait_linked()
    assert fake.rollcall.stop() == 0
    stream.wait('</stream:stream>')


def test_reload(linked, prosody):
    linked.configure({'xmpp': prosody.options(keepalive='5s', secret='other')})
    linked.process.send_signal(signal.SIGHUP)
    linked.wait_log('xmpp.secret has changed, which takes a restart')
    assert linked.link()['link'] == 'up'
