# SPDX-License-Identifier: ISC
"""Requests spoiled by chance, the same for the same seed: bytes, words and
lines of legal messages changed, cut, doubled, moved and mixed."""
import random
import socket
import time

PIDF = '''<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf"
 xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@example.com">
<tuple id="t1"><status><basic>open</basic></status>
<contact priority="0.8">sip:alice@192.0.2.4</contact><note>in</note></tuple>
<dm:person id="p1"><r:activities><r:busy/></r:activities></dm:person>
</presence>'''

# {ME} and {SERVER} are ports, {n…} numbers that repeat now and then.
HEAD = '''Via: SIP/2.0/{KIND} 127.0.0.1:{ME};branch=z9hG4bK{n9};rport
Max-Forwards: 70
From: "A" <sip:alice@example.com>;tag=t{n2}
To: <{to}>{tag}
Call-ID: c{n3}
CSeq: {n2} {method}
User-Agent: tests/1.0 (mutant)
'''

# Method, Request-URI, To, tag, further headers, body.
LEGAL = [
    ('REGISTER', 'sip:example.com', 'sip:alice@example.com', '',
     '''Contact: <sip:alice@127.0.0.1:{ME};ob>;reg-id=1;q=0.7;expires=600
 ;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"
Supported: path, gruu, outbound
Path: <sip:127.0.0.1:{ME};lr;ob>
Expires: 600
''', ''),
    ('REGISTER', 'sip:example.com', 'sip:alice@example.com', '',
     'Contact: *\nExpires: 0\n', ''),
    ('REGISTER', 'sip:example.com', 'sip:alice@example.com', '',
     '''Contact: <sip:a@127.0.0.1:{ME}>, "B" <sip:b@127.0.0.1:{ME}
 ;transport=tcp>;expires=0;q=1.0
''', ''),
    ('PUBLISH', 'sip:alice@example.com', 'sip:alice@example.com', '',
     'Event: presence\nContent-Type: application/pidf+xml\nExpires: 120\n',
     PIDF),
    ('PUBLISH', 'sip:alice@example.com', 'sip:alice@example.com', '',
     'Event: presence\nSIP-If-Match: abcdef\nExpires: 0\n', ''),
    ('SUBSCRIBE', 'sip:bob@example.com', 'sip:bob@example.com', '',
     '''Event: presence;id=7
Contact: <sip:alice@127.0.0.1:{ME}>
Accept: application/pidf+xml, application/*;q=0.5
Expires: 60
Record-Route: <sip:127.0.0.1:{ME};lr>
''', ''),
    ('SUBSCRIBE', 'sip:alice@example.com', 'sip:alice@example.com', '',
     '''Event: presence.winfo
Contact: <sip:alice@127.0.0.1:{ME};gr=x>
Expires: 0
''', ''),
    ('SUBSCRIBE', 'sip:127.0.0.1:{SERVER}', 'sip:bob@example.com',
     ';tag=abcdefgh',
     'Event: presence\nContact: <sip:alice@127.0.0.1:{ME}>\n', ''),
    ('MESSAGE', 'sip:alice@example.com;gr=urn:uuid:1', 'sip:alice@example.com',
     '', '''Content-Type: text/plain
P-Asserted-Identity: "C" <sip:carol@example.com>, <tel:+123>
Privacy: id
Subject: one
Date: Sat, 13 Nov 2010 23:29:00 GMT
''', 'hello'),
    ('MESSAGE', 'sip:zoe@127.0.0.1:{ME}', 'sip:zoe@127.0.0.1:{ME}', '',
     '''Content-Type: message/cpim
Route: <sip:127.0.0.1:{SERVER};lr>, <sip:127.0.0.1:{ME};lr>
Organization: none
''', 'From: <im:a>\r\n\r\nContent-Type: text/plain\r\n\r\nx'),
    ('OPTIONS', 'sip:example.com', 'sip:example.com', '',
     '''Require: path
Authorization: Digest username="alice", realm="example.com", nonce="abc",
 uri="sip:x", response="00000000000000000000000000000000", qop=auth,
 nc=00000001, cnonce="x", algorithm=MD5
''', ''),
    ('NOTIFY', 'sip:example.com', 'sip:example.com', ';tag=2',
     'Event: presence\nSubscription-State: active;expires=60\n', ''),
    ('CANCEL', 'sip:alice@example.com', 'sip:alice@example.com', '', '', ''),
]

WORDS = [
    '"', '<', '>', '<<sip:>>', ';', ';;', ',', ',,', ':', '@', '@@', '%00',
    '%', '%zz', '\0', '\x7f', '\xff', '\xc3\x28', '\r', '\n', '\r\n',
    '\r\n\r\n', '\r\n ', '\t', ' ', '[', ']', '[::1]', '[::', 'sip:', 'sips:',
    'tel:', 'pres:', '*', '=', '=""', ';lr', ';maddr=192.0.2.4', ';received=',
    '?a=b', '0', '-1', '4294967295', '4294967296', '9' * 20, '2147483648',
    '65536', 'a' * 300, 'x' * 3000, '(', '\\', '\\"', 'Via: ', 'Contact: ',
    'Route: <sip:127.0.0.1:{SERVER};lr>\r\n', 'Record-Route: <sip:a;lr>\r\n',
    'Path: <sip:127.0.0.1:{SERVER};lr>\r\n', 'Content-Encoding: gzip\r\n',
    '<!DOCTYPE a [<!ENTITY b "c">]>', '&lt;', '&#0;', '&#x41;', ']]>',
    '<a xmlns="">', '</presence>', 'Event: presence.winfo\r\n',
    'Expires: 0\r\n', 'q=', 'gr', 'ob', 'Digest ', 'MD5', 'INVITE',
    'REGISTER', 'SIP/2.0', 'SIP/7.0', 'z9hG4bK']


class Mutator:
    def __init__(self, seed, kind, me, server):
        self.dice = random.Random(seed)
        self.kind = kind.upper()
        self.ports = {'ME': me, 'SERVER': server}

    def _fill(self, text):
        values = dict(self.ports, KIND=self.kind)
        for digits in (2, 3, 9):
            values[f'n{digits}'] = self.dice.randrange(1, 10 ** digits)
        for name, value in values.items():
            text = text.replace(f'{{{name}}}', str(value))
        return text

    def legal(self):
        """A request as text, ports and numbers not yet filled in."""
        method, uri, to, tag, extra, body = self.dice.choice(LEGAL)
        head = HEAD.replace('{to}', to).replace('{tag}', tag).replace(
            '{method}', method)
        return (f'{method} {uri} SIP/2.0\n{head}{extra}'
                f'Content-Length: {len(body)}\n\n'.replace('\n', '\r\n')
                + body)

    def _line(self, text):
        lines, dice = text.split('\r\n'), self.dice
        at = dice.randrange(len(lines))
        deed = dice.randrange(4)
        if deed == 0:
            other = dice.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif deed == 1:
            lines.insert(at, dice.choice(self.legal().split('\r\n')))
        elif deed == 2:
            lines.insert(at, lines[at])
        else:
            del lines[at]
        return '\r\n'.join(lines)

    def _once(self, text):
        dice = self.dice
        at = dice.randrange(len(text))
        end = min(len(text), at + dice.choice((1, 2, 5, 20, 200)))
        deed = dice.randrange(9)
        if deed == 0:
            return text[:at] + chr(dice.randrange(256)) + text[at + 1:]
        if deed == 1:
            return text[:at] + text[end:]
        if deed == 2:
            return text[:at] + dice.choice(WORDS) + text[at:]
        if deed == 3:
            return text[:at] + dice.choice(WORDS) + text[end:]
        if deed == 4:
            return text[:at]
        if deed == 5:
            times = dice.choice((2, 3, 50))
            return text[:at] + text[at:end] * times + text[end:]
        return self._line(text)

    def next(self):
        """The next request, or what is left of it, as bytes."""
        text = self.legal()
        for _ in range(self.dice.choice((0, 1, 1, 1, 1, 2, 3, 6))):
            if text:
                text = self._once(text)
        return self._fill(text).encode('latin-1', 'replace')[:60000]


def drain(sock):
    """Reads what has come; False: the connection is over."""
    try:
        while data := sock.recv(65536):
            assert data
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def connect(server, kind):
    """A socket that waits for nothing."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == 'udp'
                         else socket.SOCK_STREAM)
    sock.connect(server.address(kind))
    sock.setblocking(False)
    return sock


def bombard(server, kind, seed, n):
    """n spoiled requests; what does not fit is lost."""
    sock = connect(server, kind)
    mutants = Mutator(seed, kind, sock.getsockname()[1], server.port)
    for i in range(n):
        try:
            sock.send(mutants.next())
        except OSError:
            time.sleep(0.001)
        is_open = drain(sock) if kind == 'tcp' or i % 20 == 0 else True
        if not is_open or i % 200 == 199:
            sock.close()
            sock = connect(server, kind)
    sock.close()
