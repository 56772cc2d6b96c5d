# SPDX-License-Identifier: ISC
"""Rates of NOTIFYs: RFC 6446."""
import time

import pytest

from harness.message import param
from harness.partial import BOTH, Known

SLOW = 'presence;max-rate=0.5'  # one in two seconds


def test_max_rate_holds_back_and_loses_nothing(alice, bob):
    """RFC 6446 section 5.2."""
    publication = alice.publish('open')
    subscription = bob.subscribe('alice', event=SLOW)
    first = subscription.next()
    start = time.monotonic()
    assert param(first.state, 'max-rate') == '0.5'
    assert 'max-rate' not in first.request['Event']
    for number in range(5):
        publication.change('open', note=f'{number}')
    publication.change('closed')
    assert subscription.next().is_state('closed'), 'the newest, at once'
    assert 1.7 < time.monotonic() - start < 4
    publication.change('open')
    subscription.forbid(lambda n: n.is_state('open'), 'too early')
    bob.settle()
    bob.prohibitions.clear()
    subscription.expect_state('open')


def test_what_a_subscribe_asks_for_does_not_wait(server, alice, bob):
    """RFC 6446 section 5.2: a SUBSCRIBE, an approval, the end."""
    server.ctl('settings', 'set', 'allow_without_approval', 'false')
    subscription = bob.subscribe('alice', event='presence;max-rate=0.01')
    assert subscription.next().phase == 'pending'
    server.ctl('watchers', 'allow', 'alice@example.com', 'bob@example.com')
    assert subscription.next(within=3).phase == 'active'
    alice.publish('open')
    subscription.refresh()
    subscription.expect_state('open', within=3)
    subscription.end()


def test_a_refresh_without_it_removes_it(alice, bob):
    publication = alice.publish('open')
    subscription = bob.subscribe('alice', event='presence;max-rate=0.01')
    subscription.next()
    publication.change('closed')
    subscription.event = 'presence'
    subscription.refresh()
    assert param(subscription.expect_state('closed').state,
                 'max-rate') is None
    publication.change('open')
    subscription.expect_state('open', within=3)


def test_a_pause_lasts_no_longer_than_the_subscription(bob):
    """RFC 6446 section 5.3."""
    notify = bob.subscribe('alice', event='presence;max-rate=0.0001',
                           expires=100).next()
    assert param(notify.state, 'max-rate') == '0.01'


@pytest.mark.options(subscriptions={'min_rate_interval': '1s'})
def test_min_rate_repeats_the_state(alice, bob):
    """RFC 6446 section 6.2."""
    alice.publish('open')
    subscription = bob.subscribe('alice', event='presence;min-rate=5')
    assert param(subscription.next().state, 'min-rate') == '1'
    start = time.monotonic()
    for _ in range(3):
        assert subscription.next().is_state('open')
    assert 2.5 < time.monotonic() - start < 6


@pytest.mark.options(subscriptions={'min_rate_interval': '1s'})
def test_min_rate_in_parts_and_with_a_condition(alice, bob):
    """Nothing changed: an empty part (RFC 5263); or nothing (RFC 5839)."""
    alice.publish('open')
    subscription = bob.subscribe('alice', event='presence;min-rate=1',
                                 headers=[('Accept', BOTH)])
    known = Known()
    known.take(subscription.next())
    last = subscription.next()
    known.take(last)
    assert (known.fulls, known.diffs) == (1, 1)
    subscription.headers.append(('Suppress-If-Match',
                                 last.request['SIP-ETag']))
    while subscription.refresh(expect=None).status == 200:
        pass    # a NOTIFY was in flight
    assert subscription.response.status == 204
    subscription.unread.clear()
    time.sleep(2.5)    # two intervals: what does not come cannot be waited for
    assert not subscription.unread


def test_adaptive_min_rate_is_reflected(bob):
    notify = bob.subscribe(
        'alice', event='presence;adaptive-min-rate=0.1;max-rate=0.05').next()
    assert param(notify.state, 'adaptive-min-rate') == '0.05'


def test_the_answer_to_a_notify_changes_it(alice, bob):
    """RFC 6446 section 9.3."""
    publication = alice.publish('open')
    bob.answer('NOTIFY', (200, [('Event', 'presence;max-rate=2')]))
    subscription = bob.subscribe('alice', event='presence;max-rate=0.01')
    subscription.next()
    publication.change('closed')
    assert param(subscription.expect_state('closed', within=4).state,
                 'max-rate') == '2'


def test_it_outlives_a_restart(server, alice, bob):
    publication = alice.publish('open')
    subscription = bob.subscribe('alice', event='presence;id=7;max-rate=0.5')
    subscription.next()
    server.kill()
    server.start()
    again = subscription.next()
    assert param(again.state, 'max-rate') == '0.5'
    assert again.request['Event'] == 'presence;id=7'
    start = time.monotonic()
    publication.change('closed')
    subscription.expect_state('closed')
    assert time.monotonic() - start > 1


@pytest.mark.parametrize('value', ['0', 'x', '100', '-1', '1e3'])
def test_what_is_no_rate_is_passed_over(bob, value):
    notify = bob.subscribe('alice', event=f'presence;max-rate={value}').next()
    assert param(notify.state, 'max-rate') is None
