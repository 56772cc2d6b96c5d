# SPDX-License-Identifier: ISC
"""XMPP users, on slixmpp.  One thread has the event loop of all of them; a test
waits for stanzas as for anything else (harness.wait)."""
import asyncio
import threading
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher.base import MatcherBase

from . import wait

CLIENT = '{jabber:client}'
STANZAS = '{urn:ietf:params:xml:ns:xmpp-stanzas}'
MUC = 'http://jabber.org/protocol/muc'
MUC_USER = '{http://jabber.org/protocol/muc#user}'
CHAT_STATES = '{http://jabber.org/protocol/chatstates}'


class Loop:
    """The thread, started with the first user."""

    _one = None

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    @classmethod
    def get(cls):
        if cls._one is None:
            cls._one = Loop()
        return cls._one

    def do(self, function, *args):
        """Runs it there, and gives what it gives."""
        async def run():
            return function(*args)
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


class All(MatcherBase):
    def match(self, xml):
        return True


class Stanza:
    """A message or presence that came, as a test asks about it."""

    def __init__(self, xml):
        self.xml = xml
        self.kind = xml.tag.removeprefix(CLIENT)
        self.type = xml.get('type', '')
        self.id = xml.get('id')
        self.sender, self.to = xml.get('from', ''), xml.get('to', '')
        self.bare, _, self.resource = self.sender.partition('/')

    def text(self, name):
        """Of a child element of the stanza itself; None: there is none."""
        child = self.xml.find(CLIENT + name)
        return None if child is None else child.text or ''

    @property
    def body(self):
        return self.text('body')

    @property
    def show(self):
        return self.text('show') or ''

    @property
    def status(self):
        return self.text('status')

    @property
    def error(self):
        """The condition of an error."""
        error = self.xml.find(f'{CLIENT}error')
        for child in [] if error is None else error:
            if child.tag.startswith(STANZAS) and child.tag != STANZAS + 'text':
                return child.tag.removeprefix(STANZAS)
        return None

    @property
    def chat_state(self):
        for child in self.xml:
            if child.tag.startswith(CHAT_STATES):
                return child.tag.removeprefix(CHAT_STATES)
        return None

    @property
    def codes(self):
        """Status codes of a room."""
        return {int(s.get('code')) for s in self.xml.iter(f'{MUC_USER}status')}

    def find(self, tag):
        return self.xml.find(f'.//{tag}')

    def __str__(self):
        return ET.tostring(self.xml, encoding='unicode')


class XmppUser:
    """Somebody with a client.  Nothing is done by itself: a test answers
    subscriptions."""

    def __init__(self, prosody, jid, resource='desk', password='secret'):
        self.prosody, self.jid, self.resource = prosody, jid, resource
        self.full = f'{jid}/{resource}'
        self.user, self.domain = jid.split('@')
        self.password = password
        self.seen = []      # every Stanza, in order
        self.taken = set()  # indexes of those that a test has had
        self.is_online = False
        self.client = None
        self.ids = 0

    # The session.

    def _make(self):
        client = slixmpp.ClientXMPP(self.full, self.password)
        client.auto_authorize = None
        client.auto_subscribe = False
        client.auto_reconnect = False
        client['feature_mechanisms'].unencrypted_plain = True
        client['feature_mechanisms'].unencrypted_scram = True
        client.add_event_handler('session_start', self._started)
        client.add_event_handler('disconnected', self._ended)
        client.register_handler(Callback('all', All(None), self._came))
        client.connect(('127.0.0.1', self.prosody.client_port),
                       force_starttls=False, disable_starttls=True)
        return client

    def _started(self, event):
        self.is_online = True

    def _ended(self, event):
        self.is_online = False

    def _came(self, stanza):
        xml = getattr(stanza, 'xml', None)
        if xml is not None and xml.tag in (f'{CLIENT}message',
                                           f'{CLIENT}presence',
                                           f'{CLIENT}iq'):
            self.seen.append(Stanza(xml))

    def connect(self, presence=True):
        """Signs in; presence: and says that he is there."""
        self.client = Loop.get().do(self._make)
        wait.until(lambda: self.is_online, f'{self.full} is signed in', 20)
        if presence:
            self.presence()
        return self

    def disconnect(self):
        if self.client is not None and self.is_online:
            Loop.get().do(self.client.disconnect)
            wait.until(lambda: not self.is_online, f'{self.full} is gone')

    def _drop(self):
        self.client.abort()
        filters = getattr(self.client, '_run_out_filters', None)
        if filters is not None:
            filters.cancel()  # slixmpp leaves it behind

    def close(self):
        if self.client is not None:
            Loop.get().do(self._drop)

    # What he sends.

    def send(self, xml):
        """Bytes of a stanza, as they are."""
        Loop.get().do(self.client.send_raw, xml)

    def new_id(self):
        self.ids += 1
        return f'{self.resource}-{self.ids}'

    def say(self, to, body, kind='chat', inner='', id=None):
        """A message; gives its id.  inner: more elements in it."""
        id = id or self.new_id()
        text = '' if body is None else f'<body>{escape(body)}</body>'
        self.send(f'<message to={quoteattr(to)} id={quoteattr(id)}'
                  f' type="{kind}">{text}{inner}</message>')
        return id

    def presence(self, to=None, kind=None, show=None, status=None,
                 priority=None, inner=''):
        attributes = ''.join(f' {k}={quoteattr(v)}' for k, v in
                             (('to', to), ('type', kind)) if v)
        elements = ''.join(f'<{k}>{escape(str(v))}</{k}>' for k, v in
                           (('show', show), ('status', status),
                            ('priority', priority)) if v is not None)
        self.send(f'<presence{attributes}>{elements}{inner}</presence>')

    def subscribe(self, to):
        self.presence(to, 'subscribe')

    def subscribed(self, to):
        self.presence(to, 'subscribed')

    def unsubscribe(self, to):
        self.presence(to, 'unsubscribe')

    def unsubscribed(self, to):
        self.presence(to, 'unsubscribed')

    def join(self, room, nick, inner=''):
        """Enters a room, and waits until he is in."""
        self.presence(f'{room}/{nick}', inner=f'<x xmlns="{MUC}">{inner}</x>')
        return self.expect('presence', f'he is in {room}', sender_in=room,
                           check=lambda s: 110 in s.codes)

    def leave(self, room, nick):
        self.presence(f'{room}/{nick}', 'unavailable')

    def ask(self, to, payload, kind='get'):
        """A query; gives the answer, a result or an error."""
        id = self.new_id()
        self.send(f'<iq to={quoteattr(to)} id="{id}" type="{kind}">{payload}'
                  '</iq>')
        return self.expect('iq', f'{to} answers',
                           check=lambda s: s.id == id)

    def unlock(self, room):
        """Makes a new room of his usable."""
        return self.ask(
            room, f'<query xmlns="{MUC}#owner"><x xmlns="jabber:x:data"'
            ' type="submit"/></query>', 'set')

    # What he gets.

    def _find(self, kind, sender, sender_in, type, body, check):
        for i, stanza in enumerate(list(self.seen)):
            if i not in self.taken and stanza.kind == kind \
                    and (sender is None or sender in (stanza.sender,
                                                      stanza.bare)) \
                    and (sender_in is None or stanza.bare == sender_in) \
                    and (type is None or stanza.type == type) \
                    and (body is None or stanza.body == body) \
                    and (check is None or check(stanza)):
                return i, stanza
        return None

    def expect(self, kind, what=None, sender=None, sender_in=None, type=None,
               body=None, check=None, within=wait.PATIENCE):
        """The first such stanza that no expect had before: kind is message,
        presence or iq; sender: its JID, full or bare; type '' is none."""
        wanted = (kind, sender, sender_in, type, body, check)
        what = what or ' '.join(str(w) for w in wanted[:5] if w is not None)
        try:
            found = wait.until(lambda: self._find(*wanted),
                               f'{self.full} gets: {what}', within)
        except AssertionError as error:
            came = '\n'.join(f'  {s}' for s in self.seen[-20:])
            raise AssertionError(f'{error}; what came:\n{came}') from None
        self.taken.add(found[0])
        return found[1]

    def expect_message(self, **options):
        return self.expect('message', **options)

    def expect_presence(self, **options):
        return self.expect('presence', **options)

    def forbid(self, kind, after=None, **options):
        """No such stanza has come that no expect had.  What would have brought
        it must be over: he pings his server (or what after names) first."""
        self.sync(after)
        wanted = {k: options.get(k) for k in ('sender', 'sender_in', 'type',
                                              'body', 'check')}
        found = self._find(kind, *wanted.values())
        assert found is None, f'{self.full} got: {found[1]}'

    def sync(self, at=None):
        """What was on its way to him before this is here afterwards."""
        return self.ask(at or self.domain, '<ping xmlns="urn:xmpp:ping"/>')
