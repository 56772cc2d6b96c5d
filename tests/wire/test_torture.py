# SPDX-License-Identifier: ISC
"""What RFC 4475 and RFC 5118 torture parsers with, in messages of our own:
each gets the answer that its section names, one line of the log when it is
refused, and harms nobody.

A row is a request line, header lines and a body; what a request needs besides
is added unless it has it.  400 is REFUSED, None is silence."""
import re
import socket

import pytest

from harness.message import token

AT = 'example.com'
REFUSED = {400}
SIP = f'OPTIONS sip:{AT} SIP/2.0'
LONG = 'long' * 60

ROWS = [
    ('4475 3.1.1.1 folds, blanks, compact and odd case', {405},
     f'INVITE sip:bob@{AT};unknownparam SIP/2.0',
     ['TO :\n sip:bob@example.com ;   tag    = 1918181833n',
      'from   : "Quoted \\\\\\"" <sip:alice@example.com>\n  ;\n  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068', 'cseq: 0009\n  INVITE',
      'Via  : SIP  /   2.0\n /{kind}\n    192.0.2.2;branch=390skdjuw;rport',
      's :', 'NewFangledHeader:   newfangled value\n continued',
      'UnknownHeaderWithUnusualValue: ;;,,;;,;',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n'
      '  branch  =   z9hG4bK9ikj8  ,\n SIP  /    2.0   / UDP  192.168.255.111'
      '   ; branch=\n z9hG4bK30239',
      'm:"Quoted string \\"\\"" <sip:alice@example.com> ; newparam =\n'
      '      newvalue ;\n  secondparam ; q = 0.33']),
    ('4475 3.1.1.2 odd but legal words', {200}, SIP.replace(
        'sip:', "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has"
        '=1,weird!*pas$wo~d_too.(doesn\'t-it)@'),
     ["From: token1~` token2'+_ token3*%!.- <sip:m@example.com>;fromParam''~+*"
      "_!.-%=\"\u0440\u0430\u0431\u043e\u0442\";tag=_token~1'+`*%!-.",
      "extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb"]),
    ('4475 3.1.1.3 escapes in a user', {200},
     f'OPTIONS sip:sips%3Auser%40example.com@{AT} SIP/2.0', []),
    ('4475 3.1.1.4 an escaped NUL', {401},
     f'REGISTER sip:{AT} SIP/2.0',
     ['To: <sip:null-%00-null@example.com>',
      'From: <sip:null-%00-null@example.com>;tag=1',
      'Contact: <sip:%00@host5.example.com>']),
    ('4475 3.1.1.5 a method is not unescaped', {501},
     f'RE%47IST%45R sip:bob@{AT} SIP/2.0', []),
    ('4475 3.1.1.6 no blank before <', {200}, SIP,
     ['From: caller<sip:alice@example.com>;tag=323']),
    ('4475 3.1.1.7 everything long', {200}, SIP,
     [f'From: "{LONG}"<sip:a@example.com;{LONG}>;tag={LONG};{LONG}={LONG}',
      f'Call-ID: {token(20)}.{LONG[:200]}', f'Unknown-{LONG}: {LONG * 9}',
      f'Contact: <sip:{LONG}@{LONG[:60]}.example.com>']),
    ('4475 3.1.1.9 semicolons in a user', {200},
     f'OPTIONS sip:user;par=u%40example.net@{AT} SIP/2.0', []),
    ('4475 3.1.1.10 transports nobody knows below', {200}, SIP,
     ['Via: {via}', 'Via: SIP/2.0/SCTP b;branch=z9hG4bK2',
      'Via: SIP/2.0/UNKNOWN c;branch=z9hG4bK3']),
    ('4475 3.1.2.1 separators too many', REFUSED, SIP,
     ['Contact: "Joe" <sip:joe@example.org>;;;;']),
    ('4475 3.1.2.3 a negative Content-Length', REFUSED, SIP,
     ['Content-Length: -999']),
    ('4475 3.1.2.4 numbers too large', REFUSED, SIP,
     ['CSeq: 36893488147419103232 OPTIONS']),
    ('4475 3.1.2.6 a quoted string without end', REFUSED, SIP,
     ['To: "Mr. J. User <sip:bob@example.com>']),
    ('4475 3.1.2.7 <> around the URI', REFUSED,
     f'OPTIONS <sip:bob@{AT}> SIP/2.0', []),
    ('4475 3.1.2.8 a blank in the URI', REFUSED,
     f'OPTIONS sip:bob@{AT}; lr SIP/2.0', []),
    ('4475 3.1.2.9 blanks around the URI', {200},
     f'OPTIONS  sip:bob@{AT}  SIP/2.0', []),
    ('4475 3.1.2.10 blanks at the end', {200}, SIP + '  ', []),
    ('4475 3.1.2.11 headers in the URI', {200, 400},
     f'OPTIONS sip:bob@{AT}?Route=%3Csip:example.com%3E SIP/2.0', []),
    ('4475 3.1.2.12 a date of another zone', {200}, SIP,
     ['Date: Fri, 01 Jan 2010 16:00:00 EST']),
    ('4475 3.1.2.13 a Contact with headers and no <>', {400, 401},
     f'REGISTER sip:{AT} SIP/2.0',
     ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E']),
    ('4475 3.1.2.14 blanks inside <>', {200, 400}, SIP,
     ['To: "Watson, Thomas" < sip:t.watson@example.org >']),
    ('4475 3.1.2.15 a comma in a name without quotes', REFUSED, SIP,
     ['From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43']),
    ('4475 3.1.2.16 a version to come', {505},
     f'OPTIONS sip:{AT} SIP/7.0', []),
    ('4475 3.1.2.17 another method in CSeq', REFUSED, SIP,
     ['CSeq: 8 INVITE']),
    ('4475 3.1.2.18 another method in CSeq, unknown', {400, 501},
     f'NEWMETHOD sip:{AT} SIP/2.0', ['CSeq: 8 INVITE']),
    ('4475 3.2.1 a cookie and no branch', {400, 200}, SIP,
     ['Via: SIP/2.0/{kind} 192.0.2.1;branch=z9hG4bK;rport']),
    ('4475 3.3.1 headers missing', REFUSED, SIP,
     ['-Call-ID', '-From', '-To']),
    ('4475 3.3.2 an unknown scheme', {416},
     'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0', []),
    ('4475 3.3.3 a known scheme, not of SIP', {416},
     'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0', []),
    ('4475 3.3.4 unknown schemes in From and To', {400, 404},
     f'REGISTER sip:{AT} SIP/2.0',
     ['To: isbn:2983792873', 'From: <http://www.example.com>;tag=3']),
    ('4475 3.3.5 extensions nobody knows', {420}, SIP,
     ['Require: nothingSupportsThis', 'Require: nothingSupportsThisEither',
      'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis']),
    ('4475 3.3.7 a kind of credentials nobody knows', {401},
     f'REGISTER sip:{AT} SIP/2.0',
     ['Authorization: NoOneKnowsThisScheme opaque-data=here']),
    ('4475 3.3.8 twice what is single', REFUSED, SIP,
     ['CSeq: 5 OPTIONS', 'Call-ID: a@1', 'Call-ID: b@1', 'CSeq: 59 OPTIONS',
      'From: <sip:c@example.com>;tag=1', 'From: <sip:d@example.com>;tag=2']),
    ('4475 3.3.9 two Content-Lengths', REFUSED, SIP,
     ['Content-Length: 13', 'Content-Length: 5']),
    ('4475 3.3.11 Max-Forwards 0', {200, 483}, SIP, ['Max-Forwards: 0']),
    ('4475 3.3.11 Max-Forwards 0 and a way to go', {407, 483},
     'OPTIONS sip:bob@elsewhere.invalid SIP/2.0', ['Max-Forwards: 0']),
    ('4475 3.3.12 a parameter of Contact', {401}, f'REGISTER sip:{AT} SIP/2.0',
     ['Contact: sip:+19725552222@gw1.example.net;unknownparam']),
    ('4475 3.3.14 a Route in a Contact', {401}, f'REGISTER sip:{AT} SIP/2.0',
     ['Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>']),
    ('4475 3.4 as of RFC 2543', {405}, f'INVITE sip:bob@{AT} SIP/2.0',
     ['Via: SIP/2.0/{kind} 192.0.2.1;rport']),
    ('5118 4.1 an address', {401, 407},
     'REGISTER sip:[2001:db8::10] SIP/2.0',
     ['Contact: "Caller" <sip:caller@[2001:db8::1]>']),
    ('5118 4.2 an address without brackets', REFUSED,
     'REGISTER sip:2001:db8::10 SIP/2.0', []),
    ('5118 4.3 a port inside the brackets', {401, 407},
     'REGISTER sip:[2001:db8::10:5070] SIP/2.0', []),
    ('5118 4.4 a port', {401, 407},
     'REGISTER sip:[2001:db8::10]:5070 SIP/2.0', []),
    ('5118 4.5 received with brackets', {200}, SIP,
     ['Via: SIP/2.0/{kind} [2001:db8::9:1];received=[2001:db8::9:255];'
      'branch=z9hG4bKas3-111;rport']),
    ('5118 4.5 received without', {200}, SIP,
     ['Via: SIP/2.0/{kind} [2001:db8::9:1];received=2001:db8::9:255;'
      'branch=z9hG4bKas3-112;rport']),
    ('5118 4.9 IPv4 in IPv6', {401, 407},
     'REGISTER sip:user@[::ffff:192.0.2.10] SIP/2.0', []),
    ('5118 4.10 three colons', REFUSED,
     f'OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0', []),
]

# Responses to nobody's request, and what is no message at all.
SILENT = [
    ('4475 3.1.1.12 a reason phrase', 'SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e'),
    ('4475 3.1.1.13 no reason phrase', 'SIP/2.0 100 '),
    ('4475 3.1.2.5 a large number', 'SIP/2.0 503 Service Unavailable'),
    ('4475 3.1.2.19 a status too large', 'SIP/2.0 4294967301 better not'),
    ('4475 3.3.10 to a broadcast address', 'SIP/2.0 200 OK'),
    ('a status too small', 'SIP/2.0 -1 OK'), ('no status', 'SIP/2.0'),
    ('an ACK', f'ACK sip:{AT} SIP/2.0'),
]


def message(line, lines, kind, call_id, body=''):
    """With the headers that a request needs and the row does not name."""
    via = f'SIP/2.0/{kind} 192.0.2.9;branch=z9hG4bK{token(12)};rport'
    lines = [x.format(via=via, kind=kind) for x in lines]
    names = {re.match(r'-?([\w-]+)', x).group(1).lower() for x in lines}
    needed = [('Via', via), ('Max-Forwards', '70'),
              ('From', '<sip:alice@example.com>;tag=1'),
              ('To', '<sip:bob@example.com>'), ('Call-ID', call_id),
              ('CSeq', f'1 {line.split()[0]}'), ('Content-Length', len(body))]
    short = {'v': 'via', 'm': 'contact'}
    names |= {short.get(n, n) for n in names}
    head = [f'{n}: {v}' for n, v in needed if n.lower() not in names]
    head += [x for x in lines if not x.startswith('-')]
    text = '\n'.join([line] + head) + '\n\n'
    return text.replace('\n', '\r\n').encode() + body.encode()


class Peer:
    """A socket of its own for each row, so that none spoils the next."""

    def __init__(self, server, kind, patience=10):
        self.kind = kind
        self.sock = socket.socket(socket.AF_INET, {
            'UDP': socket.SOCK_DGRAM, 'TCP': socket.SOCK_STREAM}[kind])
        self.sock.connect(server.address(kind.lower()))
        self.sock.settimeout(patience)

    def statuses(self, data):
        """Of what answers data, up to the answer to an OPTIONS behind it, the
        end of the connection or of patience (a stream that has lost its
        beginning is read no more)."""
        last = token(20)
        self.sock.sendall(data)
        self.sock.sendall(message(SIP, [], self.kind, last))
        got = b''
        while last.encode() not in got:
            try:
                part = self.sock.recv(65536)
            except (ConnectionError, TimeoutError):
                break
            if not part:
                break
            got += part
        self.sock.close()
        found = []
        for answer in re.split(rb'(?=^SIP/2\.0 )', got, flags=re.M):
            if answer and last.encode() not in answer:
                found.append(int(answer.split()[1]))
        return found


@pytest.mark.parametrize('kind', ['UDP', 'TCP'])
def test_requests(server, alice, kind):
    wrong = []
    for name, allowed, line, lines in ROWS:
        call_id = token(20)
        data = message(line, lines, kind, call_id)
        found = Peer(server, kind).statuses(data)
        if len(found) != 1 or found[0] not in allowed:
            wrong.append(f'{name}: {found}, not {allowed}')
        told = [x for x in server.log_text().splitlines()
                if call_id in x and 'refused' in x]
        if len(told) > 1 or (found and found[0] in (400, 416, 505)
                             and call_id.encode() in data and not told):
            wrong.append(f'{name}: {len(told)} lines of the log')
    assert not wrong, '\n'.join(wrong)
    alice.register()


@pytest.mark.parametrize('kind', ['UDP', 'TCP'])
def test_silence(server, alice, kind):
    wrong = []
    for name, line in SILENT:
        data = message(line, ['CSeq: 1 OPTIONS'] if 'ACK' not in line else [],
                       kind, token(20))
        found = Peer(server, kind, 0.5).statuses(data)
        if found:
            wrong.append(f'{name}: {found}')
    assert not wrong, '\n'.join(wrong)
    alice.register()


def test_bytes_behind_a_datagram(server):
    """RFC 4475 3.1.1.8: what follows the body is no second request."""
    first = message(f'REGISTER sip:{AT} SIP/2.0', [], 'UDP', token(20))
    second = message(f'INVITE sip:bob@{AT} SIP/2.0', [], 'UDP', token(20))
    assert Peer(server, 'UDP').statuses(first + second) == [401]


def test_a_body_cut_short(server):
    """RFC 4475 3.1.2.2."""
    data = message(SIP, ['Content-Length: 9999'], 'UDP', token(20))
    assert Peer(server, 'UDP').statuses(data) == [400]


def test_a_body_of_many_parts(alice, bob):
    """RFC 4475 3.1.1.11: relayed byte by byte."""
    bob.register()
    body = (b'--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n'
            b'--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n'
            b'\r\n' + bytes(range(256)) + b'\r\n--7a9cbec02ceef655--')
    alice.message('bob', body, 'multipart/mixed;boundary=7a9cbec02ceef655',
                  200)
    assert bob.expect('MESSAGE').body == body
