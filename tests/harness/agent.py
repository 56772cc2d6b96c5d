# SPDX-License-Identifier: ISC
"""A SIP user agent for tests: Alice publishes, Bob is notified.

What comes in is answered at once (200, or what `answer` was told) and kept
until the test asks for it with `expect`; what was named with `forbid` fails
the test whenever it comes.  Every message is written to the transcript, which
is shown when the test fails."""
import threading
import time

from . import digest, pidf
from .message import (Message, param, split_list, token, uri_of)
from .transport import Transport
from .wait import PATIENCE

T1 = 0.5


class Agent:
    def __init__(self, server, user, password='secret', kind='udp',
                 instance=None, host=None, algorithms=('MD5', 'SHA-256'),
                 has_qop=True, listen_tcp=False):
        self.server, self.user, self.password = server, user, password
        self.domain = server.domain
        self.aor = f'{user}@{self.domain}'
        self.uri = f'sip:{self.aor}'
        self.name = f'{user}/{kind}'
        self.instance, self.algorithms = instance, algorithms
        self.has_qop = has_qop
        self.arrived = threading.Condition()
        self.pending = {}        # branch -> responses
        self.inbox = []          # requests out of any subscription
        self.dialogs = {}        # Call-ID -> Subscription
        self.answers = {'OPTIONS': 200, 'MESSAGE': 200}
        self.answered = {}       # (branch, method) -> what was answered
        self.repeats = 0         # retransmissions that came in
        self.prohibitions = []
        self.troubles = []
        self.is_muted = False
        self.cseq = 0
        self.registration = (token(20), token())
        self.transport = Transport(kind, server.address(kind, host), self,
                                   listen_tcp)
        # As phones do: the Contact stays when the connection is another.
        self.contact_host = self.transport.host
        self.contact_port = self.transport.port

    def close(self):
        self.transport.close()

    @property
    def contact(self):
        kind = self.transport.kind
        extra = '' if kind == 'udp' else f';transport={kind}'
        return f'sip:{self.user}@{self.contact_host}' \
               f':{self.contact_port}{extra}'

    # What comes in; from the reader's thread.

    def receive(self, message, flow):
        message.flow = flow
        self.server.transcript.add(self.name, '<-', message)
        with self.arrived:
            if message.is_response:
                self.pending.setdefault(message.branch, []).append(message)
            elif not self.is_muted:
                self._receive_request(message)
            self.arrived.notify_all()

    def failed(self, error):
        with self.arrived:
            self.troubles.append(f'{self.name}: {error!r}')
            self.arrived.notify_all()

    def closed(self, flow):
        self.server.transcript.note(self.name, 'the server closed the flow')
        with self.arrived:
            self.arrived.notify_all()

    def _receive_request(self, request):
        key = (request.branch, request.method)
        if key in self.answered:
            self.repeats += 1
            response = self.answered[key] or self._respond(request)
            self.answered[key] = response
        else:
            response = self._respond(request)
            self.answered[key] = response
            self._file(request)
        if response is not None:
            self._send(response, request.flow)

    def _respond(self, request):
        rule = self.answers.get(request.method)
        if rule is None and request.method not in self.answers:
            rule = 405
            if request.method == 'NOTIFY':
                rule = 200 if request.call_id in self.dialogs else 481
        if callable(rule):
            rule = rule(request)
        if rule is None:
            return None
        status, headers = rule if isinstance(rule, tuple) else (rule, ())
        return reply(request, status, headers)

    def _file(self, request):
        for method, match, why in self.prohibitions:
            if request.method == method and match(request):
                self.troubles.append(
                    f'{self.name} got what is forbidden: {why}:\n{request}')
        dialog = self.dialogs.get(request.call_id)
        if request.method == 'NOTIFY' and dialog is not None:
            dialog.take(request)
        else:
            self.inbox.append(request)

    # What the test says.

    def answer(self, method, rule):
        """How requests are answered from now on: a status, a pair of it and
        headers, a function of the request that returns either, or None for
        silence."""
        with self.arrived:
            self.answers[method] = rule

    def mute(self, is_muted=True):
        """A muted agent is a phone without power: it reads and says nothing."""
        with self.arrived:
            self.is_muted = is_muted

    def forbid(self, method, match=lambda request: True, why=None):
        """From now on such a request fails the test."""
        with self.arrived:
            self.prohibitions.append((method, match, why or method))

    def check(self):
        """Fails with what the reader has noticed."""
        if self.troubles:
            raise AssertionError('\n'.join(self.troubles))

    def wait(self, check, what, within=PATIENCE):
        """Waits until check() is true; it is called with the lock held, after
        each message that came."""
        deadline = time.monotonic() + within
        with self.arrived:
            while True:
                self.check()
                value = check()
                if value:
                    return value
                rest = deadline - time.monotonic()
                if rest <= 0:
                    raise AssertionError(
                        f'{self.name}: not within {within:g} s: {what}')
                self.arrived.wait(rest)

    def expect(self, method, match=lambda request: True, what=None,
               within=PATIENCE):
        """The first unread request that matches; it is then read."""
        def find():
            for request in self.inbox:
                if request.method == method and match(request):
                    self.inbox.remove(request)
                    return request
            return None
        return self.wait(find, what or f'a {method}', within)

    def settle(self):
        """Returns when what the server had sent this agent before has been
        read: messages on one flow keep their order."""
        self.request('OPTIONS', f'sip:{self.domain}', expect=200, auth=False)
        self.check()

    # Requests.

    def _send(self, message, flow=None):
        self.server.transcript.add(self.name, '->', message)
        try:
            (flow or self.transport.flow).send(message.encode())
        except OSError as error:
            self.server.transcript.note(self.name, f'not sent: {error}')

    def send_raw(self, data):
        """Sends bytes as they are."""
        self.server.transcript.note(self.name, f'-> {data!r}')
        self.transport.flow.send(data)

    def build(self, method, uri, to=None, headers=(), body=b'', call_id=None,
              cseq=None, from_tag=None, to_tag=None):
        self.cseq += 1
        target = f'<{to or uri}>' + (f';tag={to_tag}' if to_tag else '')
        kind = self.transport.kind.upper()
        message = Message(f'{method} {uri} SIP/2.0', [
            ('Via', f'SIP/2.0/{kind} {self.transport.host}'
                    f':{self.transport.port};branch=z9hG4bK{token(16)};rport'),
            ('Max-Forwards', '70'),
            ('From', f'<{self.uri}>;tag={from_tag or token()}'),
            ('To', target),
            ('Call-ID', call_id or token(20)),
            ('CSeq', f'{cseq or self.cseq} {method}'),
            ('User-Agent', 'rollcall-tests')], body)
        for name, value in headers:
            message.headers.append((name, value))
        return message

    def exchange(self, request, within=PATIENCE):
        """Sends a request, again by timer E over UDP, and returns its final
        response."""
        branch = request.branch
        with self.arrived:
            self.pending.pop(branch, None)
        deadline = time.monotonic() + within
        pause = T1

        def final():
            return next((r for r in self.pending.get(branch, [])
                         if r.status >= 200), None)
        while True:
            self._send(request)
            rest = deadline - time.monotonic()
            turn = min(pause, rest) if self.transport.kind == 'udp' else rest
            try:
                response = self.wait(final, 'x', max(turn, 0.01))
                response.request = request
                return response
            except AssertionError:
                self.check()
            if time.monotonic() >= deadline or self.transport.kind != 'udp':
                raise AssertionError(f'{self.name}: no answer within '
                                     f'{within:g} s to: {request.start}')
            pause = min(pause * 2, 4)

    def authorize(self, request, response):
        """The request anew with credentials for the challenge."""
        names = {401: ('WWW-Authenticate', 'Authorization'),
                 407: ('Proxy-Authenticate', 'Proxy-Authorization')}
        challenge, credentials = names[response.status]
        offer = digest.choose(response.all(challenge), self.algorithms)
        again = Message(request.start, request.headers, request.body)
        self.cseq = max(self.cseq, request.cseq) + 1
        again.put('CSeq', f'{self.cseq} {request.method}')
        renew_branch(again)
        again.put(credentials, digest.credentials(
            offer, request.method, request.uri, self.user, self.password,
            has_qop=self.has_qop))
        return again

    def request(self, method, uri, expect=None, auth=True, within=PATIENCE,
                **parts):
        """Sends a request, answers one challenge, returns the final response;
        response.request is what was sent last."""
        request = self.build(method, uri, **parts)
        response = self.exchange(request, within)
        if auth and response.status in (401, 407):
            request = self.authorize(request, response)
            response = self.exchange(request, within)
        if expect is not None:
            assert response.status == expect, \
                f'{self.name}: {method} {uri} got {response.start}, ' \
                f'not {expect}'
        return response

    def repeat(self, request, is_new=False, within=PATIENCE):
        """The same request once more: as a retransmission, or (is_new) with a
        new branch, as a client does that lost the answer in a crash."""
        again = Message(request.start, request.headers, request.body)
        if is_new:
            renew_branch(again)
        return self.exchange(again, within)

    # In words of the domain.

    def register(self, expires=600, expect=200, contact=None, headers=(),
                 params=''):
        if contact is None:
            contact = f'<{self.contact}>{params}'
            if self.instance:
                contact += f';+sip.instance="<{self.instance}>"'
        call_id, tag = self.registration
        return self.request(
            'REGISTER', f'sip:{self.domain}', expect, to=self.uri,
            call_id=call_id, from_tag=tag,
            headers=[('Contact', contact), ('Expires', str(expires)),
                     *headers])

    def unregister(self):
        return self.register(expires=0)

    def contacts(self):
        """The bindings as the registrar lists them."""
        call_id, tag = self.registration
        response = self.request('REGISTER', f'sip:{self.domain}', 200,
                                to=self.uri, call_id=call_id, from_tag=tag)
        return [c for value in response.all('Contact')
                for c in split_list(value)]

    def publish(self, basic='open', expires=600, note=None, tuple_id=None,
                expect=200):
        publication = Publication(self, tuple_id or f't{token(6)}')
        publication.send(basic, expires, note, expect)
        return publication

    def subscribe(self, whom, event='presence', expires=600, headers=(),
                  expect=200, body=b'', content_type=None):
        uri = whom if ':' in whom else f'sip:{whom}@{self.domain}'
        subscription = Subscription(self, uri, event, list(headers))
        subscription.body, subscription.content_type = body, content_type
        subscription.start(expires, expect)
        return subscription

    def message(self, whom, text, content_type='text/plain', expect=None,
                headers=(), within=PATIENCE):
        uri = whom if ':' in whom else f'sip:{whom}@{self.domain}'
        return self.request('MESSAGE', uri, expect, body=text, within=within,
                            headers=[('Content-Type', content_type),
                                     *headers])


class Publication:
    """One soft state of RFC 3903."""

    def __init__(self, agent, tuple_id):
        self.agent, self.tuple_id = agent, tuple_id
        self.etag = self.response = None
        self.expires = None

    def send(self, basic=None, expires=600, note=None, expect=200, etag=None):
        headers = [('Event', 'presence'), ('Expires', str(expires))]
        if etag or self.etag:
            headers.append(('SIP-If-Match', etag or self.etag))
        body = b''
        if basic is not None:
            body = pidf.document(self.agent.uri, basic, self.tuple_id, note)
            headers.append(('Content-Type', pidf.PIDF_TYPE))
        self.response = self.agent.request(
            'PUBLISH', self.agent.uri, expect, headers=headers, body=body)
        if self.response.status == 200:
            self.etag = self.response['SIP-ETag']
            self.expires = int(self.response['Expires'])
        return self.response

    def change(self, basic, **parts):
        return self.send(basic, **parts)

    def refresh(self, **parts):
        return self.send(None, **parts)

    def remove(self, **parts):
        return self.send(None, expires=0, **parts)


class Notify:
    """A NOTIFY and what it says."""

    def __init__(self, request):
        self.request = request
        self.state = request['Subscription-State']
        self.phase = self.state.split(';')[0].strip()
        self.reason = param(self.state, 'reason')
        self.body = request.body

    @property
    def presence(self):
        return pidf.Presence(self.body) if self.body else None

    @property
    def watchers(self):
        return pidf.Watchers(self.body) if self.body else None

    def is_state(self, state):
        return (self.request.content_type == pidf.PIDF_TYPE
                and self.presence.state == state)


class Subscription:
    """A watcher's end of the dialog, RFC 6665."""

    def __init__(self, agent, uri, event, headers):
        self.agent, self.uri, self.event = agent, uri, event
        self.headers = headers
        self.call_id, self.tag = token(20), token()
        self.remote_tag = self.target = self.response = None
        self.routes = []
        self.body, self.content_type = b'', None    # of the next SUBSCRIBEs
        self.seen, self.unread = [], []
        self.last_cseq = 0

    def take(self, request):
        """From the reader's thread: checks what holds for every NOTIFY."""
        notify = Notify(request)
        if param(request['To'], 'tag') != self.tag:
            self.agent.troubles.append(f'not of this dialog:\n{request}')
        if request.cseq <= self.last_cseq:
            self.agent.troubles.append(
                f'CSeq {request.cseq} after {self.last_cseq}:\n{request}')
        self.last_cseq = request.cseq
        self.remote_tag = self.remote_tag or param(request['From'], 'tag')
        self.target = uri_of(request['Contact'])
        self.seen.append(notify)
        self.unread.append(notify)

    def start(self, expires, expect=200):
        self.agent.dialogs[self.call_id] = self
        return self.send(expires, expect)

    def send(self, expires, expect=200):
        parts = [('Event', self.event), ('Expires', str(expires)),
                 ('Contact', f'<{self.agent.contact}>'),
                 ('Supported', 'eventlist')]
        parts += [('Route', route) for route in self.routes]
        if self.content_type:
            parts.append(('Content-Type', self.content_type))
        self.response = self.agent.request(
            'SUBSCRIBE', self.target or self.uri, expect, to=self.uri,
            call_id=self.call_id, from_tag=self.tag, to_tag=self.remote_tag,
            headers=parts + self.headers, body=self.body)
        if self.response.status // 100 == 2:
            self.remote_tag = param(self.response['To'], 'tag')
            self.target = uri_of(self.response['Contact'])
            self.routes = [r for value in
                           reversed(self.response.all('Record-Route'))
                           for r in reversed(split_list(value))]
        return self.response

    def refresh(self, expires=600, expect=200):
        return self.send(expires, expect)

    def end(self):
        self.send(0)
        return self.expect_ended()

    def next(self, what='a NOTIFY', within=PATIENCE):
        """The next unread NOTIFY, whatever it says."""
        return self.agent.wait(
            lambda: self.unread.pop(0) if self.unread else None, what, within)

    def expect(self, match, what, within=PATIENCE):
        """Reads on to the first NOTIFY that matches; those before it are read
        too (a server may coalesce, so a test cannot count on them)."""
        def find():
            while self.unread:
                notify = self.unread.pop(0)
                if match(notify):
                    return notify
            return None
        try:
            return self.agent.wait(find, what, within)
        except AssertionError as error:
            last = f'; the last NOTIFY:\n{self.seen[-1].request}' \
                if self.seen else '; no NOTIFY came'
            raise AssertionError(f'{error}{last}') from None

    def expect_state(self, state, within=PATIENCE):
        return self.expect(lambda n: n.is_state(state),
                           f'{self.uri} shown as {state}', within)

    def expect_ended(self, reason=None, within=PATIENCE):
        return self.expect(
            lambda n: n.phase == 'terminated'
            and (reason is None or n.reason == reason),
            f'the subscription to {self.uri} ended'
            + (f' ({reason})' if reason else ''), within)

    def forbid(self, match=lambda notify: True, why='a NOTIFY'):
        """From now on such a NOTIFY in this dialog fails the test."""
        self.agent.forbid(
            'NOTIFY', lambda r: r.call_id == self.call_id
            and match(Notify(r)), why)


def renew_branch(message):
    name, via = message.headers[0]
    assert name == 'Via'
    old = param(via, 'branch')
    message.headers[0] = ('Via', via.replace(old, f'z9hG4bK{token(16)}'))


def reply(request, status, headers=(), body=b''):
    to = request['To']
    if param(to, 'tag') is None:
        to += f';tag={token()}'
    response = Message(
        f'SIP/2.0 {status} Test', [('Via', v) for v in request.all('Via')]
        + [('From', request['From']), ('To', to),
           ('Call-ID', request.call_id), ('CSeq', request['CSeq'])]
        + list(headers), body)
    return response
