# SPDX-License-Identifier: ISC
"""Who may watch, and what is seen: each step of DESIGN section 4's order, with
rules of RFC 5025 and decisions, while people watch."""
import json

import pytest

from harness import rules, wait
from harness.rules import ALL, SERVICES, one, rule, ruleset

ALICE, BOB, CAROL = (f'{user}@example.com' for user in
                     ('alice', 'bob', 'carol'))
EVE = 'eve@example.net'


def setting(server, **values):
    for name, value in values.items():
        server.psql(f'UPDATE rollcall.settings SET {name} = {value}')
    server.sync()


def decide(server, watcher, decision, presentity=ALICE):
    server.psql(
        'INSERT INTO rollcall.watchers (presentity, watcher, decision) VALUES '
        f"('{presentity}', '{watcher}', '{decision}') ON CONFLICT (presentity,"
        ' watcher) DO UPDATE SET decision = excluded.decision')
    server.sync()


def row(server, watcher, presentity=ALICE):
    return server.psql('SELECT decision FROM rollcall.watchers WHERE '
                       f"presentity = '{presentity}' AND watcher = '{watcher}'")


def expect_phase(watch, phase):
    return watch.expect(lambda n: n.phase == phase, f'it is {phase}')


def eve_watches(server, expect=200):
    """By a trusted peer, which says that she is eve@example.net."""
    peer = server.agent('peer')
    return peer.subscribe('alice', expect=expect, headers=[
        ('P-Asserted-Identity', f'<sip:{EVE}>')])


trusting = pytest.mark.options(sip={'trusted_peers': '127.0.0.1'})


# 1 oneself.

def test_oneself_always(server, alice):
    decide(server, ALICE, 'block')
    setting(server, share_availability='false', allow_without_approval='false')
    rules.put(server, ruleset(rule('a', 'block')))
    server.sync()
    alice.publish('open')
    alice.subscribe('alice').expect_state('open')


# 2 decisions that block; the list of who is blocked.

def test_a_block_is_refused_and_ends_what_lives(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    decide(server, BOB, 'block')
    watch.expect_ended('rejected')
    bob.subscribe('alice', expect=403)
    alice.register()
    bob.message('alice', 'hello', expect=403)


def test_a_polite_block_looks_offline(server, alice, bob):
    alice.register()
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    decide(server, BOB, 'polite_block')
    watch.expect_state('closed')
    watch.forbid(lambda n: n.is_state('open'), 'what is true')
    alice.publish('open', note='again')
    bob.settle()
    alice.forbid('MESSAGE')
    bob.message('alice', 'hello', expect=202)


@trusting
def test_a_domain_row_and_the_exact_address_before_it(server):
    watch = eve_watches(server)
    watch.expect_state('closed')
    decide(server, '@example.net', 'block')
    watch.expect_ended('rejected')
    decide(server, EVE, 'allow')
    eve_watches(server).expect_state('closed')


def test_the_blocked_list_stands_above_rules_and_decisions(server, alice, bob):
    watch = bob.subscribe('alice')
    watch.next()
    decide(server, BOB, 'allow')
    rules.put(server, ruleset(rule('a', 'allow', one(BOB), ALL)))
    rules.put(server, rules.blocked(f'sip:{BOB}'), 'resource-lists')
    watch.expect_ended('rejected')
    bob.subscribe('alice', expect=403)
    alice.register()
    bob.message('alice', 'hello', expect=403)


# 3 a decision that allows.

def test_a_decision_stands_above_rules(server, alice, bob):
    alice.publish('open')
    decide(server, BOB, 'allow')
    rules.put(server, ruleset(rule('a', 'block')))
    server.sync()
    bob.subscribe('alice').expect_state('open')


# 4 the contact rule.

def test_the_contact_rule_stands_above_rules(server, bob, carol):
    rules.put(server, ruleset(rule('a', 'allow', '', ALL)))
    setting(server, adhoc_enabled='false')
    server.psql('INSERT INTO rollcall.contacts (owner, uri) VALUES '
                f"('{BOB}', 'sip:{ALICE}')")
    server.sync()
    bob.subscribe('alice').expect_state('closed')
    carol.subscribe('alice', expect=403)


# 5 rules.

def test_approval_by_rules_end_to_end(server, alice, bob):
    """Pending; the owner is told, and writes a rule; active with state at
    once, and the request is gone."""
    setting(server, allow_without_approval='false')
    alice.publish('open')
    winfo = alice.subscribe('alice', event='presence.winfo')
    winfo.next()
    watch = bob.subscribe('alice')
    assert not expect_phase(watch, 'pending').request.body
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{BOB}', ' ')[0]
                 == 'pending', 'Bob waits')
    wait.until(lambda: row(server, BOB) == 'pending', 'his request is there')
    rules.put(server, ruleset(rule('a', 'allow', one(BOB), ALL)))
    assert expect_phase(watch, 'active').is_state('open')
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{BOB}', ' ')[0]
                 == 'active', 'Bob watches')
    wait.until(lambda: row(server, BOB) == '', 'his request is gone')


def test_rules_become_stricter_and_end_it(server, alice, bob):
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    rules.put(server, ruleset(rule('a', 'polite-block', one(BOB))))
    watch.expect_state('closed')
    rules.put(server, ruleset(rule('a', 'confirm', one(BOB))))
    expect_phase(watch, 'pending')
    wait.until(lambda: row(server, BOB) == 'pending', 'his request is there')
    rules.put(server, ruleset(rule('a', 'block', one(BOB))))
    watch.expect_ended('rejected')
    wait.until(lambda: row(server, BOB) == '', 'his request is gone')
    bob.subscribe('alice', expect=403)


def test_a_request_of_who_is_gone_is_decided(server, alice, bob):
    setting(server, allow_without_approval='false')
    watch = bob.subscribe('alice')
    expect_phase(watch, 'pending')
    watch.end()
    winfo = alice.subscribe('alice', event='presence.winfo')
    winfo.expect(lambda n: n.watchers.watchers.get(f'sip:{BOB}', ' ')[0]
                 == 'waiting', 'Bob waits')
    rules.put(server, ruleset(rule('a', 'allow', one(BOB))))
    winfo.expect(lambda n: f'sip:{BOB}' not in n.watchers.watchers,
                 'nobody waits')
    wait.until(lambda: row(server, BOB) == '', 'his request is gone')


def test_the_greatest_of_both_places_counts(server, alice, bob, carol):
    alice.publish('open')
    rules.put(server, ruleset(rule('a', 'polite-block', one(BOB))))
    rules.put(server, ruleset(rule('b', 'allow', one(BOB), ALL),
                              rule('c', 'block', one(CAROL))),
              'org.openmobilealliance.pres-rules')
    server.sync()
    bob.subscribe('alice').expect_state('open')
    carol.subscribe('alice', expect=403)


def test_what_rules_provide_is_seen_and_nothing_else(server, alice, bob,
                                                     carol):
    rules.put(server, ruleset(
        rule('a', 'allow', one(BOB, CAROL), SERVICES),
        rule('b', 'allow', one(CAROL),
             '<pr:provide-note>true</pr:provide-note>')))
    server.sync()
    publication = alice.publish('open', note='at lunch')
    his, hers = bob.subscribe('alice'), carol.subscribe('alice')
    assert his.expect_state('open').presence.notes == []
    assert hers.expect_state('open').presence.notes == ['at lunch']
    his.forbid(lambda n: n.is_state('open'), 'a change that he does not see')
    publication.send('open', note='back again')
    hers.expect(lambda n: n.presence.notes == ['back again'], 'the new note')
    bob.settle()


def test_a_rule_is_about_presence_alone(server, alice, bob):
    alice.register()
    rules.put(server, ruleset(rule('a', 'block')))
    server.sync()
    bob.subscribe('alice', expect=403)
    bob.message('alice', 'hello', expect=200)


# 6 approval.

def test_no_rule_matches(server, bob, carol):
    rules.put(server, ruleset(rule('a', 'allow', one(BOB), ALL)))
    setting(server, allow_without_approval='false')
    expect_phase(bob.subscribe('alice'), 'active')
    watch = carol.subscribe('alice')
    expect_phase(watch, 'pending')
    server.psql('UPDATE rollcall.users SET allow_without_approval = true '
                f"WHERE aor = '{ALICE}'")
    expect_phase(watch, 'active')
    wait.until(lambda: row(server, CAROL) == '', 'her request is gone')


# 7 sharing.

def test_sharing_off_and_on_again(server, alice, bob, carol):
    alice.publish('open')
    watch, own = bob.subscribe('alice'), alice.subscribe('alice')
    watch.expect_state('open')
    own.expect_state('open')
    own.forbid(lambda n: n.is_state('unknown'), 'her own state as unknown')
    setting(server, share_availability='false')
    watch.expect_state('unknown')
    fetch = carol.subscribe('alice', expires=0).expect_ended()
    assert fetch.presence.state == 'unknown'
    publication = alice.publish('closed', tuple_id='other')
    own.expect(lambda n: len(n.presence.tuples) == 2, 'her other device')
    assert publication.etag
    setting(server, share_availability='true')
    watch.expect(lambda n: n.is_state('open') and len(n.presence.tuples) == 2,
                 'the true state')


def test_sharing_of_ones_own(server, alice, bob):
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    server.psql('UPDATE rollcall.users SET share_availability = false '
                f"WHERE aor = '{ALICE}'")
    watch.expect_state('unknown')
    setting(server, share_availability='false')
    server.psql('UPDATE rollcall.users SET share_availability = true '
                f"WHERE aor = '{ALICE}'")
    watch.expect_state('open')


# Why.

def test_why(server, alice, bob):
    rules.put(server, ruleset(rule('friends', 'allow', one(BOB), SERVICES)))
    server.sync()
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    bob.settle()
    said = server.ctl('why', BOB, f'sip:{ALICE}')
    assert '"friends" (pres-rules): allow' in said
    assert "Result          allowed: the user's rules say so" in said
    assert 'the last was answered 200' in said
    report = json.loads(server.ctl('--json', 'why', BOB, ALICE))
    assert report['result']['decision'] == 'allow'
    assert [r['id'] for r in report['rules_matching']] == ['friends']
    live = report['subscriptions'][0]
    assert (live['state'], live['last_status'], live['is_suspended']) == (
        'active', 200, False)
    said = server.ctl('why', EVE, ALICE)
    assert 'does not concern other domains' in said and 'none now' in said


def test_why_not(server):
    long = 'x' * 300
    assert 'no user zorro' in server.ctl('why', 'zorro@example.com', ALICE,
                                         status=1)
    assert 'no user zorro' in server.ctl('why', BOB, 'zorro@example.com',
                                         status=1)
    assert 'another domain' in server.ctl('why', BOB, EVE, status=1)
    assert 'no address' in server.ctl('why', 'nonsense', ALICE, status=1)
    assert 'spaces' in server.ctl('why', 'a b@example.com', ALICE, status=1)
    assert 'Result' in server.ctl('why', f'{long}@example.net', ALICE)
    server.ctl('why', BOB, status=2)
