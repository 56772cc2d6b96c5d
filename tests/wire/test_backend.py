# SPDX-License-Identifier: ISC
"""Subscriptions of the server in other domains: what of it does not take a
list."""
import pytest

from harness.message import token
from harness.notifier import Notifier

STATE = ('Subscription-State', 'active;expires=600')
EVENT = ('Event', 'presence')


def notify(agent, headers, body=b'', expect=481):
    """A NOTIFY to the server itself, in no dialog of its."""
    host, port = agent.server.address('udp')
    return agent.request(
        'NOTIFY', f'sip:{host}:{port}', expect, auth=False,
        to='sip:alice@example.com', to_tag=token(), headers=headers, body=body)


def test_a_notify_of_nobody_is_refused(server):
    stranger = server.agent('stranger')
    notify(stranger, [EVENT, STATE])
    notify(stranger, [EVENT])
    notify(stranger, [EVENT, STATE, ('Content-Encoding', 'br')], b'x', 415)
    notify(stranger, [EVENT, STATE, ('Require', 'eventlist')], expect=420)
    notify(stranger, [EVENT, STATE, STATE], expect=400)
    notify(stranger, [EVENT, STATE, ('Record-Route', '<sip:192.0.2.1>')],
           expect=400)
    assert server.metric('backend_notifies_total{result="refused"}') == 2
    assert server.metric('backend_notifies_total{result="ok"}') == 0


@pytest.mark.options(sip={'max_body': '4k'})
def test_a_large_notify_is_refused(server):
    notify(server.agent('stranger'), [EVENT, STATE], b'x' * 5000, 413)


def test_there_are_none_without_lists(server, alice):
    response = alice.request('OPTIONS', 'sip:example.com', 200, auth=False)
    assert 'NOTIFY' in response['Allow']
    assert server.metric('backend_subscriptions') == 0
    assert 'backend_subscriptions' in server.ctl('status')


def test_a_subscription_of_a_phone_is_relayed(server, alice):
    """The phone's own dialog: the server only routes (RFC 3261 16)."""
    notifier = Notifier(server)
    watch = alice.subscribe(notifier.address('eve'))
    there = notifier.expect_subscribe('eve')
    assert there.watcher == alice.uri and there.target == alice.contact
    assert server.metric('backend_subscriptions') == 0
    assert watch.response['Expires'] == '600'
