# SPDX-License-Identifier: ISC
"""An XCAP client: curl, which authenticates by digest itself."""
import http.client
import os
import subprocess
import tempfile
import urllib.parse
import xml.etree.ElementTree as ET

from .digest import credentials, fields

ERROR = '{urn:ietf:params:xml:ns:xcap-error}'
LISTS_NS = 'urn:ietf:params:xml:ns:resource-lists'
LISTS_TYPE = 'application/resource-lists+xml'
RLS_TYPE = 'application/rls-services+xml'
RULES_TYPE = 'application/auth-policy+xml'
SETTINGS_TYPE = 'application/vnd.rollcall.settings+xml'
ELEMENT_TYPE = 'application/xcap-el+xml'
ATTRIBUTE_TYPE = 'application/xcap-att+xml'


class Answer:
    def __init__(self, head, body):
        """head: all that curl has received, challenges first."""
        blocks = [b for b in head.replace('\r\n', '\n').split('\n\n') if b]
        self.statuses = [int(b.split(None, 2)[1]) for b in blocks]
        self.status = self.statuses[-1] if blocks else 0
        self.headers = {}
        for line in (blocks[-1] if blocks else '').split('\n')[1:]:
            name, _, value = line.partition(':')
            self.headers.setdefault(name.lower(), []).append(value.strip())
        self.body = body

    def header(self, name):
        return ', '.join(self.headers.get(name.lower(), [])) or None

    @property
    def etag(self):
        return self.header('ETag')

    @property
    def text(self):
        return self.body.decode()

    @property
    def error(self):
        """The element that says why (RFC 4825 section 11)."""
        assert self.header('Content-Type') == 'application/xcap-error+xml'
        root = ET.fromstring(self.body)
        assert root.tag == ERROR + 'xcap-error' and len(root) == 1
        return root[0]

    @property
    def reason(self):
        return self.error.tag.removeprefix(ERROR)

    def entries(self):
        """The URIs of a resource-lists document or of a part of it."""
        return [e.get('uri') for e in
                ET.fromstring(self.body).iter(f'{{{LISTS_NS}}}entry')]


class Xcap:
    """What one user asks."""

    def __init__(self, server, user, password='secret'):
        self.server, self.user, self.password = server, user, password
        self.root = f'http://127.0.0.1:{server.http_port}/xcap-root/'
        self.options = ['--digest', '-u', f'{user}:{password}']

    def path(self, usage, document='index', node=None):
        """The path of a document of one's own, or of what is in it; node is
        escaped here."""
        path = f'{usage}/users/sip:{self.user}@example.com/{document}'
        if node is not None:
            path += '/~~/' + urllib.parse.quote(node, safe="/@=*:,;()'!$&+~")
        return path

    def ask(self, method, path, body=None, kind=None, headers=(), options=()):
        """kind: Content-Type."""
        command = ['curl', '-s', '-S', '-g', '--path-as-is', '--max-time', '30',
                   *self.options, *options]
        command += ['-I'] if method == 'HEAD' else ['-X', method]
        for name, value in headers:
            command += ['-H', f'{name}: {value}']
        command += ['-H', f'Content-Type: {kind}' if kind
                    else 'Content-Type:']
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            command += ['--data-binary', '@-']
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [*command, '-D', f'{folder}/head', '-o', f'{folder}/body',
                 self.root + path], input=body if body is not None else b'',
                stderr=subprocess.PIPE, check=False)
            assert done.returncode == 0, \
                f'{method} {path}: {done.stderr.decode()}'
            with open(f'{folder}/head', encoding='latin-1') as file:
                head = file.read()
            data = b''
            if method != 'HEAD' and os.path.exists(f'{folder}/body'):
                with open(f'{folder}/body', 'rb') as file:
                    data = file.read()
        return Answer(head, data)

    def begin(self, method, path):
        """Sends a request and does not wait: getresponse() of what is given
        back does.  It has arrived before whatever is asked after it."""
        http_to = http.client.HTTPConnection(
            '127.0.0.1', self.server.http_port, timeout=30)
        uri = f'/xcap-root/{path}'
        http_to.request(method, uri)
        challenged = http_to.getresponse()
        challenged.read()
        http_to.request(method, uri, headers={'Authorization': credentials(
            fields(challenged.headers['WWW-Authenticate']), method, uri,
            self.user, self.password)})
        return http_to

    def expect(self, status, method, path, *args, **names):
        answer = self.ask(method, path, *args, **names)
        assert answer.status == status, \
            f'{method} {path}: {answer.status}, not {status}\n{answer.body}'
        return answer

    def get(self, path, status=200, **names):
        return self.expect(status, 'GET', path, **names)

    def put(self, path, body, kind, status=201, **names):
        return self.expect(status, 'PUT', path, body, kind, **names)

    def delete(self, path, status=200, **names):
        return self.expect(status, 'DELETE', path, **names)

    # Contact lists.

    def entry(self, uri, name='friends'):
        return self.path('resource-lists', node=(
            f'resource-lists/list[@name="{name}"]/entry[@uri="{uri}"]'))

    def add(self, uri, status=201, name='friends'):
        return self.put(self.entry(uri, name), f'<entry uri="{uri}"/>',
                        ELEMENT_TYPE, status)


def lists(*uris, name='friends', extra=''):
    """A document with one list."""
    entries = ''.join(f'<entry uri="{u}"/>' for u in uris)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<resource-lists xmlns="{LISTS_NS}">'
            f'<list name="{name}">{entries}{extra}</list></resource-lists>')
