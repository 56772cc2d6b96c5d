# SPDX-License-Identifier: ISC
"""A strict subscriber to lists (RFC 4662): takes NOTIFYs apart with Python's
own MIME parser and keeps the table of RFC 4662 5.6, and complains about
everything that the RFC does not allow."""
import email
import email.policy
import xml.etree.ElementTree as ET

from . import pidf

RLMI_TYPE = 'application/rlmi+xml'
RLMI = '{urn:ietf:params:xml:ns:rlmi}'
STATES = ('active', 'pending', 'terminated')


class Resource:
    """A row of the table; state None: no instance."""

    def __init__(self, element, parts):
        self.uri = element.attrib['uri']
        self.names = [n.text for n in element.findall(RLMI + 'name')]
        instances = element.findall(RLMI + 'instance')
        assert len(instances) <= 1, 'nothing forks here'
        self.state = self.reason = self.body = None
        for instance in instances:
            self._take(instance, parts)

    def _take(self, instance, parts):
        assert instance.attrib['id']
        self.state = instance.attrib['state']
        assert self.state in STATES
        self.reason = instance.get('reason')
        assert (self.reason is not None) == (self.state == 'terminated')
        cid = instance.get('cid')
        assert (cid is not None) == (self.state == 'active'), \
            f'{self.state} with cid {cid}'
        if cid is not None:
            kind, self.body = parts.pop(cid)
            assert kind == pidf.PIDF_TYPE

    @property
    def name(self):
        return self.names[0] if self.names else None

    @property
    def presence(self):
        return pidf.Presence(self.body) if self.body else None

    @property
    def shown(self):
        """"open", "closed", "unknown", "pending", "rejected", None..."""
        if self.state == 'active':
            return self.presence.state
        return self.reason if self.state == 'terminated' else self.state

    def __repr__(self):
        return f'{self.uri}: {self.shown}'


class Rlmi:
    """One NOTIFY."""

    def __init__(self, notify):
        request = notify.request
        assert request['Require'] == 'eventlist'
        head = f"Content-Type: {request['Content-Type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + request.body,
                                           policy=email.policy.HTTP)
        assert not message.defects, message.defects
        assert message.get_content_type() == 'multipart/related'
        assert message.get_param('type') == RLMI_TYPE
        parts = {}
        for part in message.get_payload():
            assert not part.defects, part.defects
            cid = part['Content-ID']
            assert cid[0] == '<' and cid[-1] == '>' and '@' in cid
            assert cid[1:-1] not in parts
            parts[cid[1:-1]] = (part.get_content_type(),
                                part.get_payload(decode=True))
        start = message.get_param('start')[1:-1]
        assert start == next(iter(parts)), 'the root comes first'
        kind, body = parts.pop(start)
        assert kind == RLMI_TYPE
        self._read(ET.fromstring(body), parts)
        assert not parts, f'nobody refers to {list(parts)}'

    def _read(self, root, parts):
        assert root.tag == RLMI + 'list'
        self.uri = root.attrib['uri']
        self.version = int(root.attrib['version'])
        self.is_full = {'true': True, 'false': False}[
            root.attrib['fullState']]
        self.names = [n.text for n in root.findall(RLMI + 'name')]
        rows = [Resource(e, parts) for e in root.findall(RLMI + 'resource')]
        self.rows = {row.uri: row for row in rows}
        assert len(self.rows) == len(rows), 'a resource is named twice'


class Watch:
    """A subscription to a list and its table."""

    def __init__(self, subscription):
        self.subscription = subscription
        self.rows, self.version, self.last = {}, None, None
        assert subscription.response['Require'] == 'eventlist'

    def take(self, notify):
        rlmi = Rlmi(notify)
        if self.version is None:
            assert rlmi.is_full, 'the first one has full state'
        elif not rlmi.is_full:
            assert rlmi.version == self.version + 1, \
                f'version {rlmi.version} after {self.version}'
        else:
            assert rlmi.version > self.version
        if rlmi.is_full:
            self.rows = {}
        self.rows.update(rlmi.rows)
        self.version, self.last = rlmi.version, rlmi
        return rlmi

    def next(self, what='a NOTIFY with a list'):
        return self.take(self.subscription.next(what))

    @property
    def shown(self):
        """{'alice': 'open', ...}"""
        return {uri.partition(':')[2].partition('@')[0]: row.shown
                for uri, row in self.rows.items()}

    def expect(self, **shown):
        """Reads on until the table says that of these."""
        while any(self.shown.get(user) != state
                  for user, state in shown.items()):
            self.next(f'{shown}; it is {self.shown}')
        return self

    def expect_all(self, **shown):
        while self.shown != shown:
            self.next(f'{shown} and no others; it is {self.shown}')
        return self

    def row(self, user):
        return next(row for uri, row in self.rows.items()
                    if uri.partition(':')[2].startswith(user + '@'))


def watch(agent, whom, **options):
    """A subscription to a list, by its address."""
    return Watch(agent.subscribe(whom, **options))
