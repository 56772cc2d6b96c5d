# SPDX-License-Identifier: ISC
"""Members of lists who are in other domains (RFC 4662 4): watched there in the
user's own name."""
import pytest

from harness import rlmi
from harness.notifier import Notifier

ALICE, BOB = 'alice@example.com', 'bob@example.com'
ALL = 'sip:{};pres-list=contacts'


def contact(server, *uris, owner=ALICE):
    for uri in uris:
        server.psql('INSERT INTO rollcall.contacts (owner, uri, group_name) '
                    f"VALUES ('{owner}', '{uri}', 'contacts')")
    server.sync()


def test_a_member_elsewhere(server, alice, bob):
    there = Notifier(server)
    contact(server, there.address('eve'), f'sip:{BOB}')
    watch = rlmi.watch(alice, ALL.format(ALICE))
    eve = there.expect_subscribe('eve')
    assert eve.watcher == alice.uri and eve.expires == 3600
    assert 'eventlist' not in eve.request.get('Supported', '')
    watch.expect_all(bob='closed', eve=None)
    eve.notify(basic='open')
    watch.expect(eve='open')
    eve.notify('pending')
    watch.expect(eve='pending')
    eve.notify(basic='closed')
    watch.expect(eve='closed')
    eve.notify(basic='open', tag='fork', expect=481)
    watch.subscription.end()
    over = there.expect_subscribe('eve', lambda r: r['Expires'] == '0')
    over.end('timeout')
    over.notify(expect=481)
    assert server.metric('backend_subscriptions') == 0


def test_sharing_off_hides_what_comes_from_outside(server, alice):
    """DESIGN section 4: *unknown* also for presence received from elsewhere;
    not even the time of a NOTIFY tells that it changed."""
    there = Notifier(server)
    contact(server, there.address('eve'))
    watch = rlmi.watch(alice, ALL.format(ALICE))
    eve = there.expect_subscribe('eve')
    eve.notify(basic='open')
    watch.expect(eve='open')
    server.psql('UPDATE rollcall.settings SET share_availability = false')
    watch.expect(eve='unknown')
    before = watch.version
    eve.notify(basic='closed')
    again = rlmi.watch(alice, ALL.format(ALICE))
    again.expect_all(eve='unknown')
    server.psql('UPDATE rollcall.settings SET share_availability = true')
    watch.next()
    assert watch.shown == {'eve': 'closed'}
    assert watch.version == before + 1, 'he was told before'
    again.expect(eve='closed')


@pytest.mark.parametrize('status, shown', [
    (403, 'rejected'), (407, 'rejected'), (404, 'noresource'),
    (480, 'probation')])
def test_a_refusal(server, alice, status, shown):
    there = Notifier(server)
    there.answer_subscribes(status)
    contact(server, there.address('eve'))
    watch = rlmi.watch(alice, ALL.format(ALICE))
    there.expect_subscribe('eve')
    watch.expect(eve=shown)


def test_users_do_not_share(server, alice, bob):
    there = Notifier(server)
    contact(server, there.address('eve'))
    contact(server, there.address('eve'), owner=BOB)
    first, second = (rlmi.watch(alice, ALL.format(ALICE)),
                     rlmi.watch(bob, ALL.format(BOB)))
    mine = there.expect_subscribe('eve', lambda r: ALICE in r['From'])
    his = there.expect_subscribe('eve', lambda r: BOB in r['From'])
    mine.notify(basic='open')
    his.end('rejected')
    first.expect(eve='open')
    second.expect(eve='rejected')


def test_lists_of_one_user_share(server, alice):
    there = Notifier(server)
    contact(server, there.address('eve'))
    first = rlmi.watch(alice, ALL.format(ALICE))
    eve = there.expect_subscribe('eve')
    eve.notify(basic='open')
    first.expect(eve='open')
    there.forbid('SUBSCRIBE', why='a second subscription')
    second = rlmi.watch(alice, ALL.format(ALICE))
    second.expect(eve='open')
    eve.notify(basic='closed')
    first.expect(eve='closed')
    second.expect(eve='closed')


@pytest.mark.options(subscriptions={'backend_per_user': '1'})
def test_a_bound(server, alice):
    there = Notifier(server)
    contact(server, there.address('eve'), there.address('zoe'))
    watch = rlmi.watch(alice, ALL.format(ALICE))
    there.expect('SUBSCRIBE')
    watch.next()
    assert server.metric('backend_waiting') == 1
    assert server.metric('backend_bounded_total') == 1


def test_after_a_restart(server, alice):
    there = Notifier(server)
    contact(server, there.address('eve'))
    watch = rlmi.watch(alice, ALL.format(ALICE))
    before = there.expect_subscribe('eve')
    before.notify(basic='open')
    watch.expect(eve='open')
    server.restart()
    eve = there.expect_subscribe('eve')
    assert eve.request.call_id != before.request.call_id
    before.notify(basic='closed', expect=481)
    eve.notify(basic='closed')
    watch.expect(eve='closed')
