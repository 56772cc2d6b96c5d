# SPDX-License-Identifier: ISC
"""The presence server of another domain, as a back-end subscription meets it
(RFC 6665's notifier): it answers SUBSCRIBEs as it is told and sends NOTIFYs
when the test says so."""
from . import pidf
from .agent import Agent, reply
from .message import param, split_list, token, uri_of


class Notifier(Agent):
    """Everybody at sip:ANYBODY@HOST:PORT (`address`)."""

    def __init__(self, server):
        super().__init__(server, 'elsewhere')
        server.agents.append(self)
        self.aor = f'elsewhere@{self.contact_host}:{self.contact_port}'
        self.uri = f'sip:{self.aor}'
        self.status, self.headers, self.expires = 200, (), 600
        self.tags = {}           # Call-ID -> our tag
        self.answer('SUBSCRIBE', self._subscribed)

    def address(self, user):
        return f'sip:{user}@{self.contact_host}:{self.contact_port}'

    def answer_subscribes(self, status, headers=(), expires=600):
        """How SUBSCRIBEs are answered from now on."""
        with self.arrived:
            self.status, self.headers = status, headers
            self.expires = expires

    def _subscribed(self, request):
        headers = list(self.headers)
        if self.status // 100 == 2:
            asked = int(request['Expires'])
            headers += [('Expires', str(min(asked, self.expires))),
                        ('Contact', f'<{self.contact}>')]
        return self.status, headers

    def _respond(self, request):
        if request.method == 'SUBSCRIBE' and not param(request['To'], 'tag'):
            tag = self.tags.setdefault(request.call_id, token())
            status, headers = self._subscribed(request)
            answer = reply(request, status, headers)
            answer.put('To', f'{request["To"]};tag={tag}')
            return answer
        return super()._respond(request)

    def expect_subscribe(self, user, match=lambda request: True, **options):
        """The next SUBSCRIBE to user's address; in a dialog it comes to the
        Contact and has that address in To."""
        request = self.expect(
            'SUBSCRIBE', lambda r: uri_of(r['To']) == self.address(user)
            and match(r), f'a SUBSCRIBE to {user}', **options)
        return Watched(self, request)


class Watched:
    """A subscription at this notifier."""

    def __init__(self, notifier, request):
        self.notifier, self.request = notifier, request
        self.expires = int(request['Expires'])
        self.watcher = uri_of(request['From'])
        self.target = uri_of(request['Contact'])
        self.routes = [r for value in request.all('Record-Route')
                       for r in split_list(value)]
        self.tag = param(request['To'], 'tag') \
            or notifier.tags[request.call_id]

    def notify(self, state='active', basic=None, reason=None, retry_after=None,
               expires=600, body=None, content_type=pidf.PIDF_TYPE,
               headers=(), tag=None, expect=200):
        """basic: open or closed, for a document about the target."""
        request = self.request
        if basic is not None:
            body = pidf.document(uri_of(request['To']), basic)
        said = state + (f';expires={expires}' if state != 'terminated' else '')
        said += f';reason={reason}' if reason else ''
        said += f';retry-after={retry_after}' if retry_after else ''
        parts = [('Event', request['Event']), ('Subscription-State', said),
                 ('Contact', f'<{self.notifier.contact}>')]
        parts += [('Route', route) for route in self.routes]
        parts += [('Content-Type', content_type)] if body else []
        message = self.notifier.build(
            'NOTIFY', self.target, to=self.watcher,
            headers=parts + list(headers), body=body or b'',
            call_id=request.call_id, from_tag=tag or self.tag,
            to_tag=param(request['From'], 'tag'))
        message.put('From', f'<{uri_of(request["To"])}>;tag={tag or self.tag}')
        response = self.notifier.exchange(message)
        assert response.status == expect, \
            f'{expect} expected, got:\n{response}\nfor:\n{message}'
        return response

    def end(self, reason=None, **parts):
        return self.notify('terminated', reason=reason, **parts)
