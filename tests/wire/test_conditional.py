# SPDX-License-Identifier: ISC
"""Conditional notification: RFC 5839."""
import pytest

from harness import rlmi
from harness.partial import BOTH, Known
from harness.pidf import WINFO_TYPE


def etag(notify):
    return notify.request['SIP-ETag']


def condition(subscription, value):
    subscription.headers = [('Suppress-If-Match', value)] if value else []


def test_figure_1(alice, bob):
    """A refresh and an end without NOTIFY; a change is told in between."""
    publication = alice.publish('open')
    subscription = bob.subscribe('alice')
    first = subscription.next()
    condition(subscription, etag(first))
    response = subscription.refresh(600, expect=204)
    assert int(response['Expires']) > 500
    assert response['SIP-ETag'] == etag(first)
    bob.settle()
    assert not subscription.unread
    publication.change('closed')
    second = subscription.expect_state('closed')
    assert etag(second) != etag(first)
    publication.change('open')
    third = subscription.expect_state('open')
    subscription.forbid(why='a NOTIFY after an end that wants none')
    condition(subscription, etag(third))
    subscription.send(0, expect=204)
    publication.change('closed')
    bob.settle()
    subscription.refresh(expect=481)


def test_an_old_tag_is_told_the_state(alice, bob):
    publication = alice.publish('open')
    subscription = bob.subscribe('alice')
    old = etag(subscription.next())
    publication.change('closed')
    subscription.expect_state('closed')
    condition(subscription, old)
    subscription.refresh(expect=200)
    subscription.expect_state('closed')


def test_a_fetch_and_a_resumed_subscription_get_no_body(alice, bob):
    """RFC 5839 section 5.4, 5.5: a NOTIFY must come, without a body."""
    publication = alice.publish('open')
    tag = etag(bob.subscribe('alice', expires=0).next())
    for expires in (0, 600):
        notify = bob.subscribe('alice', expires=expires, headers=[
            ('Suppress-If-Match', tag)]).next()
        assert not notify.body and 'Content-Type' not in notify.request
        assert etag(notify) == tag
    publication.change('closed')
    notify = bob.subscribe('alice', expires=0, headers=[
        ('Suppress-If-Match', tag)]).next()
    assert notify.is_state('closed') and etag(notify) != tag


def test_a_star_quenches(server, alice, bob):
    """RFC 5839 section 5.2: nothing but changes of the subscription."""
    publication = alice.publish('open')
    subscription = bob.subscribe('alice')
    subscription.next()
    condition(subscription, '*')
    subscription.refresh(expect=204)
    publication.change('closed')
    publication.change('open', note='quiet')
    bob.settle()
    assert not subscription.unread
    condition(subscription, None)
    subscription.refresh(expect=200)
    subscription.expect_state('open')
    condition(subscription, '*')
    subscription.refresh(expect=204)
    server.ctl('watchers', 'block', 'alice@example.com', 'bob@example.com')
    assert not subscription.expect_ended('rejected').body


def test_a_tag_outlives_a_restart(server, alice, bob):
    """It names what is told, whoever tells it."""
    alice.publish('open')
    subscription = bob.subscribe('alice')
    tag = etag(subscription.next())
    server.kill()
    server.start()
    again = subscription.next()
    assert etag(again) == tag
    condition(subscription, tag)
    subscription.refresh(expect=204)


def test_tags_differ_by_what_is_seen(server, alice, bob):
    """Rights and format are part of the entity (RFC 5839 section 4)."""
    alice.publish('open')
    own = etag(alice.subscribe('alice').next())
    subscription = bob.subscribe('alice', headers=[('Accept', BOTH)])
    partial = subscription.next()
    assert etag(partial) != own
    server.ctl('watchers', 'polite-block', 'alice@example.com',
               'bob@example.com')
    blocked = subscription.next()
    assert etag(blocked) not in (own, etag(partial))
    subscription.headers = [('Accept', BOTH),
                            ('Suppress-If-Match', etag(blocked))]
    subscription.refresh(expect=204)
    subscription.headers = [('Suppress-If-Match', etag(blocked)),
                            ('Accept', 'application/pidf+xml')]
    subscription.refresh(expect=200)
    assert subscription.next().is_state('closed')


def test_parts_go_on_after_a_quiet_refresh(alice, bob):
    note = 'so that a part is smaller than the whole ' * 8
    publication = alice.publish('open', note=note)
    subscription = bob.subscribe('alice', headers=[('Accept', BOTH)])
    notify = subscription.next()
    known = Known().take(notify)
    subscription.headers.append(('Suppress-If-Match', etag(notify)))
    subscription.refresh(expect=204)
    publication.send('closed', note=note)
    known.take(subscription.next())
    assert (known.diffs, known.presence.state) == (1, 'closed')


@pytest.mark.parametrize('event', ['presence.winfo', 'message-summary'])
def test_other_packages(server, alice, bob, event):
    """Nothing of a watcher's that passes with the time is part of the tag."""
    watcher = bob.subscribe('alice')
    watcher.next()
    subscription = alice.subscribe('alice', event=event)
    notify = subscription.next()
    condition(subscription, etag(notify))
    subscription.refresh(expect=204)
    if event == 'presence.winfo':
        version = notify.watchers.version
        watcher.end()
        notify = subscription.next()
        assert notify.request.content_type == WINFO_TYPE
        assert notify.watchers.version == version + 1


def test_two_conditions_are_wrong(bob):
    subscription = bob.subscribe('alice')
    subscription.next()
    subscription.headers = [('Suppress-If-Match', 'a'),
                            ('Suppress-If-Match', 'b')]
    subscription.refresh(expect=400)


# --- Lists (RFC 5839 section 6.5) ---

ALL = 'sip:alice@example.com;pres-list=contacts'


def contact(server, *users):
    for user in users:
        server.psql('INSERT INTO rollcall.contacts (owner, uri, group_name) '
                    f"VALUES ('alice@example.com', 'sip:{user}@example.com', "
                    "'contacts')")
    server.sync()


def test_a_list_that_did_not_change_is_not_told_again(server, alice, bob):
    contact(server, 'bob', 'carol')
    publication = bob.publish('open')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open', carol='closed')
    subscription = watch.subscription
    first = etag(subscription.seen[-1])
    condition(subscription, first)
    response = subscription.refresh(600, expect=204)
    assert response['SIP-ETag'] == first
    assert response['Require'] == 'eventlist'
    alice.settle()
    assert not subscription.unread
    publication.change('closed')
    changed = watch.next()
    assert not changed.is_full, '204 asks for nothing'
    second = etag(subscription.seen[-1])
    assert second != first and watch.shown['bob'] == 'closed'
    subscription.refresh(600, expect=200)
    watch.next()
    assert watch.last.is_full and etag(subscription.seen[-1]) == second
    publication.change('open')
    watch.expect(bob='open')
    back = rlmi.watch(alice, ALL)
    back.expect_all(bob='open', carol='closed')
    assert etag(back.subscription.seen[-1]) == etag(subscription.seen[-1]), \
        'the tag is of the full state, however it was told'


def test_a_list_that_was_left_comes_back_without_its_state(
        server, alice, bob):
    contact(server, 'bob', 'carol')
    publication = bob.publish('open')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open', carol='closed')
    tag = etag(watch.subscription.seen[-1])
    watch.subscription.end()
    again = rlmi.Watch(alice.subscribe(
        ALL, headers=[('Suppress-If-Match', tag)]))
    notify = again.subscription.next()
    assert not notify.body and etag(notify) == tag
    alice.settle()
    assert not again.subscription.unread
    publication.change('closed')
    again.next()
    assert again.last.is_full, 'it had nothing to build on'
    assert again.shown == {'bob': 'closed', 'carol': 'closed'}


def test_an_edited_list_is_another(server, alice):
    contact(server, 'bob')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='closed')
    subscription = watch.subscription
    tag = etag(subscription.seen[-1])
    contact(server, 'carol')
    watch.expect(carol='closed')
    assert etag(subscription.seen[-1]) != tag
    server.psql("DELETE FROM rollcall.contacts WHERE uri LIKE '%carol%'")
    watch.expect(carol='noresource')
    assert etag(subscription.seen[-1]) == tag
    condition(subscription, '"old"')
    subscription.refresh(600, expect=200)
    watch.next()
    assert watch.last.is_full


def test_the_tag_of_a_list_outlives_a_restart(server, alice, bob):
    contact(server, 'bob', 'carol')
    bob.publish('open')
    watch = rlmi.watch(alice, ALL)
    watch.expect_all(bob='open', carol='closed')
    tag = etag(watch.subscription.seen[-1])
    server.restart()
    watch.next()
    assert watch.last.is_full and etag(watch.subscription.seen[-1]) == tag
