# SPDX-License-Identifier: ISC
"""What a subscriber to a text conference knows (RFC 4575 4.4, 4.6): documents
put together, versions checked."""
import xml.etree.ElementTree as ET
from urllib.parse import unquote

TYPE = 'application/conference-info+xml'
NS = '{urn:ietf:params:xml:ns:conference-info}'
RPID = '{urn:ietf:params:xml:ns:pidf:rpid}'


class User:
    def __init__(self, element):
        self.entity = element.get('entity')
        self.nick = element.findtext(f'{NS}display-text')
        self.role = element.findtext(f'{NS}roles/{NS}entry')
        self.status = element.findtext(f'{NS}endpoint/{NS}status')
        activities = element.find(f'{RPID}activities')
        self.activity = None if activities is None or not len(activities) \
            else activities[0].tag.removeprefix(RPID)


class Conference:
    """The view of one subscription: conference.read() puts what came into it."""

    def __init__(self, subscription):
        self.subscription = subscription
        self.version = None
        self.users, self.subject, self.is_active = {}, None, None
        self.documents = []  # "full", "partial"
        self.is_ended = False

    def _users(self, root, is_full):
        container = root.find(f'{NS}users')
        if is_full:
            self.users = {}
        for element in [] if container is None else container:
            entity = element.get('entity')
            if element.get('state') == 'deleted':
                assert entity in self.users, f'{entity} was not there'
                del self.users[entity]
            else:
                self.users[entity] = User(element)

    def _document(self, body):
        root = ET.fromstring(body)
        assert root.tag == f'{NS}conference-info'
        is_full = root.get('state') == 'full'
        version = int(root.get('version'))
        if self.version is None:
            assert is_full, 'the first document is not full'
        elif not is_full:
            assert version == self.version + 1, \
                f'partial version {version} after {self.version}'
        assert self.version is None or version > self.version
        self.version = version
        self.documents.append(root.get('state'))
        description = root.find(f'{NS}conference-description')
        if is_full:
            self.subject = None
        if description is not None:
            subject = description.find(f'{NS}subject')
            if subject is not None:
                self.subject = subject.text or None
        self.is_active = root.findtext(
            f'{NS}conference-state/{NS}active') == 'true'
        self._users(root, is_full)
        count = root.findtext(f'{NS}conference-state/{NS}user-count')
        assert count is None or int(count) == len(self.users)

    def read(self):
        while self.subscription.unread:
            notify = self.subscription.unread.pop(0)
            self.is_ended = self.is_ended or notify.phase == 'terminated'
            if notify.body:
                assert notify.request.content_type == TYPE
                self._document(notify.body)
        return self

    @property
    def nicks(self):
        return {unquote(entity.partition(';gr=')[2]) for entity in self.users}

    def user(self, nick):
        for entity, user in self.users.items():
            if unquote(entity.partition(';gr=')[2]) == nick:
                return user
        return None

    def expect(self, check, what, **options):
        """Waits until check(self) is true of what is known."""
        agent = self.subscription.agent
        try:
            agent.wait(lambda: check(self.read()), what, **options)
        except AssertionError as error:
            raise AssertionError(
                f'{error}; known: {sorted(self.nicks)}, subject '
                f'{self.subject!r}, active {self.is_active}') from None
        return self

    def expect_nicks(self, *nicks, **options):
        return self.expect(lambda c: c.is_active and c.nicks == set(nicks),
                           f'in the room are {nicks}', **options)
