# SPDX-License-Identifier: ISC
"""SIP messages as a client sees them: parse, build, look up.  RFC 3261
section 7; strict enough to notice what a phone would refuse."""
import re
import secrets

COMPACT = {
    'i': 'Call-ID', 'm': 'Contact', 'e': 'Content-Encoding',
    'l': 'Content-Length', 'c': 'Content-Type', 'f': 'From', 's': 'Subject',
    'k': 'Supported', 't': 'To', 'v': 'Via', 'o': 'Event',
    'u': 'Allow-Events',
}


def token(length=10):
    return secrets.token_hex(length // 2)


class Message:
    """A request (method, uri) or a response (status, reason)."""

    def __init__(self, start, headers=(), body=b''):
        self.start = start
        self.headers = list(headers)
        self.body = body if isinstance(body, bytes) else body.encode()
        self.flow = None  # the connection that it came by
        self.is_compact = False  # it came with short header names
        words = start.split(' ', 2)
        self.is_response = words[0].startswith('SIP/')
        if self.is_response:
            self.status = int(words[1])
            self.reason = words[2] if len(words) > 2 else ''
            self.method = self.get('CSeq', ' ').split()[-1:] or ['']
            self.method = self.method[0]
        else:
            self.method, self.uri = words[0], words[1]

    def get(self, name, default=None):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return default

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise LookupError(f'no {name} in: {self.start}')
        return value

    def __contains__(self, name):
        return self.get(name) is not None

    def put(self, name, value):
        self.headers = [h for h in self.headers
                        if h[0].lower() != name.lower()]
        self.headers.append((name, str(value)))

    @property
    def cseq(self):
        return int(self['CSeq'].split()[0])

    @property
    def call_id(self):
        return self['Call-ID']

    @property
    def branch(self):
        return param(self['Via'].split(',')[0], 'branch')

    @property
    def content_type(self):
        return self.get('Content-Type', '').strip()

    def encode(self):
        lines = [self.start]
        lines += [f'{k}: {v}' for k, v in self.headers
                  if k.lower() != 'content-length']
        lines.append(f'Content-Length: {len(self.body)}')
        return '\r\n'.join(lines).encode() + b'\r\n\r\n' + self.body

    def __str__(self):
        return self.encode().decode('utf-8', 'replace')

    def __repr__(self):
        return f'<{self.start}>'


def parse(data):
    head, _, body = data.partition(b'\r\n\r\n')
    lines = re.sub(r'\r\n[ \t]+', ' ', head.decode()).split('\r\n')
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(':')
        assert colon, f'a header without a colon: {line!r}'
        name = name.strip()
        headers.append((COMPACT.get(name.lower(), name), value.strip()))
    message = Message(lines[0], headers, body)
    message.is_compact = '\r\ni:' in head.decode()
    return message


class StreamParser:
    """Cuts a byte stream into messages by Content-Length."""

    def __init__(self):
        self.buffer = b''

    def feed(self, data):
        self.buffer += data
        while True:
            self.buffer = self.buffer.lstrip(b'\r\n')
            end = self.buffer.find(b'\r\n\r\n')
            if end < 0:
                return
            message = parse(self.buffer[:end + 4])
            length = message.get('Content-Length')
            assert length is not None, \
                f'no Content-Length on a stream (RFC 3261 20.14): {message}'
            size = end + 4 + int(length)
            if len(self.buffer) < size:
                return
            message.body = self.buffer[end + 4:size]
            self.buffer = self.buffer[size:]
            yield message


def param(header, name, default=None):
    """A parameter of a header's first value, quotes taken off."""
    rest = header.split('>', 1)[-1] if '<' in header else header
    found = re.search(rf';\s*{re.escape(name)}\s*(?:=\s*("[^"]*"|[^;,\s]*))?'
                      r'(?=[;,\s]|$)', rest, re.I)
    if not found:
        return default
    return (found.group(1) or '').strip('"')


def uri_of(header):
    """The URI of a From, To, Contact, Route."""
    found = re.search(r'<([^>]*)>', header)
    return found.group(1) if found else header.split(';')[0].strip()


def split_list(value):
    """Splits at commas outside quotes and angle brackets."""
    return [p.strip() for p in
            re.findall(r'(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+', value)]
