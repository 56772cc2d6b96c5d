# SPDX-License-Identifier: ISC
"""Changes of documents by event xcap-diff (RFC 5875): documents are written with
curl and psql, a phone hears of it."""
import xml.etree.ElementTree as ET

import pytest

from harness.message import param
from harness.xcap import LISTS_TYPE, RULES_TYPE, Xcap, lists

DIFF = '{urn:ietf:params:xml:ns:xcap-diff}'
DIFF_TYPE = 'application/xcap-diff+xml'
HOME = 'resource-lists/users/sip:alice@example.com/'
INDEX = HOME + 'index'
RULES = 'pres-rules/users/sip:alice@example.com/index'
RULESET = '<ruleset xmlns="urn:ietf:params:xml:ns:common-policy"/>'


def list_of(*uris):
    entries = ''.join(f'<entry uri="{uri}"/>' for uri in uris)
    return ('<?xml version="1.0" encoding="UTF-8"?>'
            '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">'
            f'<list>{entries}</list></resource-lists>')


def watch(agent, *uris, event='xcap-diff', **options):
    """A subscription to these, relative to the root; without: to all."""
    kind = LISTS_TYPE if uris else None
    body = list_of(*uris).encode() if uris else b''
    return agent.subscribe(agent.user, event, body=body, content_type=kind,
                           **options)


class Diff:
    """What a NOTIFY says: documents {sel: (previous ETag, new ETag)} and nodes
    {sel: text of the element, value of the attribute, or None}."""

    def __init__(self, notify):
        assert notify.request.content_type == DIFF_TYPE
        root = ET.fromstring(notify.body)
        assert root.tag == DIFF + 'xcap-diff'
        self.root = root.get('xcap-root')
        self.documents = {d.get('sel'): (d.get('previous-etag'),
                                         d.get('new-etag'))
                          for d in root.iter(DIFF + 'document')}
        self.nodes = {}
        for kind in ('element', 'attribute'):
            for node in root.iter(DIFF + kind):
                exists = node.get('exists') in (None, 'true', '1')
                value = node.text if kind == 'attribute' else \
                    ''.join(ET.tostring(child, encoding='unicode')
                            for child in node)
                self.nodes[node.get('sel')] = value if exists else None


def etag(answer):
    return answer.etag.strip('"')


def told(subscription, documents=None, nodes=None):
    """The next NOTIFY says just this."""
    diff = Diff(subscription.next())
    if documents is not None:
        assert diff.documents == documents
    if nodes is not None:
        assert diff.nodes == nodes
    return diff


def test_documents_written_by_another_client(server, alice):
    xcap = Xcap(server, 'alice')
    subscription = watch(alice, 'pres-rules/', HOME + 'other')
    diff = told(subscription, {})
    assert diff.root == xcap.root
    path = xcap.path('pres-rules')
    first = etag(xcap.put(path, RULESET, RULES_TYPE))
    told(subscription, {RULES: (None, first)})
    second = etag(xcap.put(path, RULESET.replace('/>', '></ruleset>'),
                           RULES_TYPE, 200))
    told(subscription, {RULES: (first, second)})
    xcap.delete(path)
    told(subscription, {RULES: (second, None)})
    other = etag(xcap.put(xcap.path('resource-lists', 'other'),
                          lists('sip:x@example.net'), LISTS_TYPE))
    told(subscription, {HOME + 'other': (None, other)})
    subscription.forbid()
    xcap.put(xcap.path('resource-lists', 'third'), lists(), LISTS_TYPE)
    Xcap(server, 'bob').put('pres-rules/users/sip:bob@example.com/index',
                            RULESET, RULES_TYPE)
    server.sync()
    alice.settle()


def test_contacts_changed_in_psql(server, alice):
    """As by XCAP, the table is the same thing; the ETag is what a GET has."""
    xcap = Xcap(server, 'alice')
    xcap.put(xcap.path('resource-lists'), lists('sip:bob@example.com'),
             LISTS_TYPE, status=xcap_status(xcap))
    names = INDEX + '/~~/resource-lists/list/@name'
    subscription = watch(alice, INDEX, names)
    before = etag(xcap.get(xcap.path('resource-lists')))
    told(subscription, {INDEX: (None, before)}, {names: 'friends'})
    server.psql("SELECT rollcall.add_contacts('alice@example.com', "
                "'{sip:carol@example.com}')")
    diff = Diff(subscription.next())
    after = etag(xcap.get(xcap.path('resource-lists')))
    assert diff.documents == {INDEX: (before, after)} and before != after
    server.psql("DELETE FROM rollcall.contacts "
                "WHERE owner = 'alice@example.com'")
    diff = Diff(subscription.next())
    last = etag(xcap.get(xcap.path('resource-lists')))
    assert diff.documents == {INDEX: (after, last)}


def xcap_status(xcap):
    """What a PUT of the document will answer."""
    answer = xcap.ask('GET', xcap.path('resource-lists'))
    return 200 if answer.status == 200 else 201


def test_elements_and_attributes(server, alice):
    xcap = Xcap(server, 'alice')
    xcap.put(xcap.path('resource-lists'), lists('sip:bob@example.com'),
             LISTS_TYPE, status=xcap_status(xcap))
    node = xcap.entry('sip:carol@example.com')
    subscription = watch(alice, node.replace('"', '&quot;'))
    told(subscription, {}, {})
    xcap.add('sip:carol@example.com')
    diff = told(subscription, {})
    assert list(diff.nodes) == [node]
    assert 'uri="sip:carol@example.com"' in diff.nodes[node]
    xcap.delete(node)
    told(subscription, {}, {node: None})


def test_a_document_that_is_shortened(server, alice):
    """DESIGN section 4: the answer has the ETag of what was sent, the rest is a
    change of the server's that the phone hears of."""
    server.psql('UPDATE rollcall.settings SET max_contacts = 2')
    server.sync()
    xcap = Xcap(server, 'alice')
    subscription = watch(alice, INDEX)
    subscription.next()
    answer = xcap.put(
        xcap.path('resource-lists'),
        lists(*[f'sip:{n}@example.net' for n in range(3)]), LISTS_TYPE,
        status=xcap_status(xcap))
    now = etag(xcap.get(xcap.path('resource-lists')))
    assert now != etag(answer)
    subscription.expect(
        lambda n: Diff(n).documents.get(INDEX, (None, None))[1] == now,
        'the shortened document')


def test_a_new_list_in_a_refresh(server, alice):
    """RFC 5875 4.4 and 4.7; the mode asked for is not repeated."""
    xcap = Xcap(server, 'alice')
    rules = etag(xcap.put(xcap.path('pres-rules'), RULESET, RULES_TYPE))
    subscription = watch(alice, INDEX,
                         event='xcap-diff;diff-processing=aggregate;id=3')
    event = subscription.next().request['Event']
    assert 'diff-processing' not in event and param(event, 'id') == '3'
    assert 'xcap-diff' in subscription.response['Allow-Events']
    subscription.body = list_of(RULES).encode()
    subscription.refresh()
    told(subscription, {RULES: (None, rules)})
    subscription.body, subscription.content_type = b'', None
    subscription.refresh()
    told(subscription, {RULES: (None, rules)})
    subscription.end()


def test_a_fetch_of_everything(server, alice):
    xcap = Xcap(server, 'alice')
    rules = etag(xcap.put(xcap.path('pres-rules'), RULESET, RULES_TYPE))
    caps = etag(xcap.get('xcap-caps/global/index'))
    notify = watch(alice, expires=0).next()
    assert notify.phase == 'terminated'
    documents = Diff(notify).documents
    assert documents[RULES] == (None, rules)
    assert documents['xcap-caps/global/index'] == (None, caps)


@pytest.mark.parametrize('kind', ['udp', 'tcp'])
def test_after_a_crash(server, kind):
    """The first NOTIFY in the old dialog is the full state of its list."""
    alice = server.agent('alice', kind=kind)
    alice.register()
    xcap = Xcap(server, 'alice')
    first = etag(xcap.put(xcap.path('pres-rules'), RULESET, RULES_TYPE))
    subscription = watch(alice, RULES)
    told(subscription, {RULES: (None, first)})
    server.kill()
    server.start()
    if kind == 'tcp':
        alice.transport.connect()
        alice.register()
    told(subscription, {RULES: (None, first)})
    second = etag(xcap.put(xcap.path('pres-rules'),
                           RULESET.replace('/>', ' ></ruleset>'), RULES_TYPE,
                           200))
    told(subscription, {RULES: (first, second)})


def test_changed_while_the_server_was_down(server, alice):
    xcap = Xcap(server, 'alice')
    xcap.put(xcap.path('resource-lists'), lists('sip:bob@example.com'),
             LISTS_TYPE, status=xcap_status(xcap))
    subscription = watch(alice, INDEX)
    (before,) = told(subscription).documents.values()
    server.kill()
    server.psql("SELECT rollcall.add_contacts('alice@example.com', "
                "'{sip:carol@example.com}')")
    server.start()
    now = etag(xcap.get(xcap.path('resource-lists')))
    assert now != before[1]
    told(subscription, {INDEX: (None, now)})


@pytest.mark.options(database={'hung_after': '1s'})
def test_postgres_away(server, alice, postgres):
    """The dialog is made without what nobody can read, and told when it can
    be read again."""
    xcap = Xcap(server, 'alice')
    rules = etag(xcap.put(xcap.path('pres-rules'), RULESET, RULES_TYPE))
    postgres.freeze()
    subscription = watch(alice, RULES)
    assert not subscription.next().body
    postgres.thaw()
    told(subscription, {RULES: (None, rules)})


def test_refusals(server, alice, bob):
    response = bob.subscribe('alice', 'xcap-diff', expect=403).response
    assert response.status == 403
    refused = alice.subscribe('alice', 'xcap-diff', expect=415, body=b'<f/>',
                              content_type='application/simple-filter+xml')
    assert refused.response['Accept'] == LISTS_TYPE
    alice.subscribe('alice', 'xcap-diff', expect=415, body=b'<f/>',
                    content_type=LISTS_TYPE,
                    headers=[('Content-Encoding', 'br')])
    alice.subscribe('alice', 'xcap-diff', expect=400, body=b'<f/>',
                    content_type=LISTS_TYPE)
    watch(alice, *[f'a/{n}' for n in range(101)], expect=400)
    watch(alice, INDEX, headers=[('Accept', 'application/pidf+xml')],
          expect=406)
