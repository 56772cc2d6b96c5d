# SPDX-License-Identifier: ISC
"""How many may watch, and how long one who is no contact (DESIGN section 4:
the watcher limit, ad hoc subscriptions, pending requests)."""
import pytest

from harness import wait


def setting(server, **values):
    for name, value in values.items():
        server.psql(f'UPDATE rollcall.settings SET {name} = {value}')
    server.sync()


def granted(watch):
    return int(watch.response['Expires'])


def refused(phone, whom, text):
    watch = phone.subscribe(whom, expect=403)
    assert text in (watch.response['Warning'] or '')


def rejected(phone, whom):
    phone.subscribe(whom, expect=403)


# Watchers: distinct addresses, oneself apart.

def test_one_watcher_too_many(server, alice, bob, carol):
    setting(server, max_watchers=1)
    alice.subscribe('alice').next()
    first = bob.subscribe('alice')
    first.next()
    refused(carol, 'alice', 'as many watchers as are allowed')
    # who watches already is never refused, nor his other devices
    assert granted(server.agent('bob').subscribe('alice')) > 0
    first.refresh()
    alice.subscribe('alice').next()


def test_a_place_that_is_free_again(server, alice, bob, carol):
    setting(server, max_watchers=1)
    watch = bob.subscribe('alice')
    watch.next()
    refused(carol, 'alice', 'as many watchers')
    watch.end()
    watch = carol.subscribe('alice')
    watch.next()
    refused(bob, 'alice', 'as many watchers')
    setting(server, max_watchers='NULL')
    bob.subscribe('alice').next()


def test_fewer_watchers_end_nobody(server, bob, carol):
    watches = [phone.subscribe('alice') for phone in (bob, carol)]
    for watch in watches:
        watch.next()
        watch.forbid(lambda n: n.phase == 'terminated', 'an end')
    setting(server, max_watchers=1)
    for watch in watches:
        watch.refresh()
        assert watch.next().phase == 'active'


def test_pending_watchers_are_counted(server, bob, carol):
    setting(server, max_watchers=1, allow_without_approval='false')
    assert bob.subscribe('alice').next().phase == 'pending'
    refused(carol, 'alice', 'as many watchers')


@pytest.mark.options(subscriptions={'max_pending': '1'})
def test_requests_have_a_bound_of_their_own(server, bob, carol):
    setting(server, allow_without_approval='false')
    assert bob.subscribe('alice').next().phase == 'pending'
    refused(carol, 'alice', 'wait for the user')
    assert bob.subscribe('alice').next().phase == 'pending'


# Ad hoc: who watches somebody that is not among his contacts.

def test_ad_hoc_is_off(server, alice, bob):
    bob.subscribe('alice').next()
    other = server.agent('bob').subscribe('carol')
    other.next()
    server.ctl('contacts', 'add', 'bob@example.com', 'sip:carol@example.com')
    other.forbid(lambda n: n.phase == 'terminated', 'an end')
    ended = [w for w in bob.dialogs.values()][0]
    setting(server, adhoc_enabled='false')
    ended.expect_ended('rejected')
    refused(bob, 'alice', 'not among')
    bob.subscribe('carol').next()
    alice.subscribe('alice').next()


def test_so_many_ad_hoc_and_no_more(server, bob):
    setting(server, adhoc_max=1)
    first = bob.subscribe('alice')
    first.next()
    refused(bob, 'carol', 'as many ad hoc')
    first.refresh()
    server.ctl('contacts', 'add', 'bob@example.com', 'sip:alice@example.com')
    bob.subscribe('carol').next()


def test_an_ad_hoc_subscription_ends(server, bob):
    setting(server, adhoc_ttl=4)
    watch = bob.subscribe('alice', expires=600)
    assert granted(watch) <= 4
    watch.next()
    wait.until(lambda: granted_again(watch) < 4, 'the rest of the time')
    watch.expect_ended('timeout')
    bob.subscribe('alice').next()        # a new dialog, a new time


def granted_again(watch):
    watch.refresh(600)
    return granted(watch)


def test_a_contact_has_no_end(server, bob):
    setting(server, adhoc_ttl=100)
    watch = bob.subscribe('alice', expires=600)
    assert granted(watch) <= 100
    server.ctl('contacts', 'add', 'bob@example.com', 'sip:alice@example.com')
    watch.refresh(600)
    assert granted(watch) == 600


def test_the_time_of_an_ad_hoc_one_outlives_the_server(server, bob):
    setting(server, adhoc_ttl=100)
    watch = bob.subscribe('alice', expires=600)
    watch.next()
    wait.until(lambda: granted_again(watch) < 100, 'a second is over')
    server.restart()
    assert granted_again(watch) < 100


def test_a_shorter_time_is_for_those_who_watch_too(server, bob):
    watch = bob.subscribe('alice', expires=600)
    assert granted(watch) == 600
    setting(server, adhoc_ttl=2)
    watch.expect_ended('timeout')
