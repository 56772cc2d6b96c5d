# SPDX-License-Identifier: ISC
"""Rich presence (RFC 4479, 4480, 4481, 4482, 5196) from PUBLISH to NOTIFY: what
the RFCs show as examples arrives whole."""
import os
import xml.etree.ElementTree as ET

import pytest

from harness.pidf import PIDF_TYPE

DOCUMENTS = os.path.join(os.path.dirname(__file__), '..', 'documents')
EXAMPLES = sorted(os.listdir(DOCUMENTS))


def facts(body):
    """Every element, attribute and text of a document, but what its root says
    of itself."""
    found = []

    def collect(element, path):
        here = f'{path}/{element.tag}'
        found.append(here)
        if path:
            found.extend(f'{here}@{k}={v}' for k, v in element.items())
        if not len(element):
            found.append(f'{here}={(element.text or "").strip()}')
        for child in element:
            collect(child, here)
    collect(ET.fromstring(body), '')
    return found


def example(name):
    with open(os.path.join(DOCUMENTS, name), 'rb') as file:
        return file.read()


def publish(agent, body, expect=200, headers=()):
    return agent.request('PUBLISH', agent.uri, expect, body=body, headers=[
        ('Event', 'presence'), ('Expires', '600'),
        ('Content-Type', PIDF_TYPE), *headers])


@pytest.mark.parametrize('name', EXAMPLES)
def test_an_example_arrives_whole(server, alice, bob, name):
    watch = bob.subscribe('alice')
    watch.next()
    body = example(name)
    publish(alice, body)
    notify = watch.expect_state('open')
    missing = set(facts(body)) - set(facts(notify.body))
    assert not missing, '\n'.join(sorted(missing))
    assert notify.presence.entity == 'sip:alice@example.com'


def test_two_devices_lose_nothing_of_each_other(server, bob):
    desk, mobile = server.agent('alice'), server.agent('alice', kind='tcp')
    publish(desk, example('rfc4480.xml'))
    publish(mobile, example('rfc5196.xml'))
    notify = bob.subscribe('alice').expect_state('open')
    here = set(facts(notify.body))
    for name in ('rfc4480.xml', 'rfc5196.xml'):
        assert not set(facts(example(name))) - here


def test_after_a_restart_too(server, alice, bob):
    publish(alice, example('rfc4480.xml'))
    server.restart()
    notify = bob.subscribe('alice').expect_state('open')
    assert not set(facts(example('rfc4480.xml'))) - set(facts(notify.body))


def test_each_device_has_its_time(server, bob):
    text = ('<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:x">'
            '<tuple id="{0}"><status><basic>open</basic></status>'
            '<timestamp>2026-01-0{0}T08:00:00Z</timestamp></tuple></presence>')
    for n, kind in ((1, 'udp'), (2, 'tcp')):
        publish(server.agent('alice', kind=kind),
                text.format(n).replace('id="', 'id="t'))
    body = bob.subscribe('alice').expect_state('open').body.decode()
    for n in (1, 2):
        assert body.index(f'id="t{n}"') < body.index(f'2026-01-0{n}T08')
