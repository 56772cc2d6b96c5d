# SPDX-License-Identifier: ISC
"""Presence across the XMPP border (RFC 8048): SIP users and XMPP users watch
each other through a real Prosody, each with the client that they have."""
import pytest

from harness import rlmi, rules, wait

ALICE, BOB = 'alice@example.com', 'bob@example.com'
ROSTER = '<query xmlns="jabber:iq:roster"/>'
ITEM = '{jabber:iq:roster}item'
BUSY, AWAY = b'<rpid:busy/>', b'<rpid:away/>'


def setting(server, **values):
    for name, value in values.items():
        server.psql(f'UPDATE rollcall.settings SET {name} = {value}')
    server.sync()


def decide(server, watcher, decision):
    server.psql(
        'INSERT INTO rollcall.watchers (presentity, watcher, decision) VALUES '
        f"('{ALICE}', '{watcher}', '{decision}') ON CONFLICT (presentity,"
        ' watcher) DO UPDATE SET decision = excluded.decision')
    server.sync()


def devices(user, bare=ALICE):
    """{resource: (show, status, priority)} of who is available, as user's
    client has been told."""
    seen = {}
    for stanza in list(user.seen):
        if stanza.kind != 'presence' or stanza.bare != bare:
            continue
        if stanza.type == '':
            seen[stanza.resource] = (stanza.show, stanza.status,
                                     stanza.text('priority'))
        elif stanza.type == 'unavailable' and stanza.resource:
            seen.pop(stanza.resource, None)
        elif stanza.type == 'unavailable':
            seen.clear()
    return seen


def expect_devices(user, bare=ALICE, **shown):
    """Each by its show."""
    def is_so():
        now = {name: value[0] for name, value in devices(user, bare).items()}
        assert now == shown, f'they are {now}'
        return True
    wait.until(is_so, f'{user.full} sees {bare} as {shown}')


def expect_nothing(user, mark):
    """Of alice's since so many stanzas had been seen."""
    user.sync()
    came = [s for s in user.seen[mark:]
            if s.kind == 'presence' and s.bare == ALICE]
    assert not came, '; '.join(map(str, came))


def roster(user, bare):
    """The subscription as his own server has it, None without item."""
    answer = user.ask(user.jid, ROSTER)
    for item in answer.xml.iter(ITEM):
        if item.get('jid') == bare:
            return item.get('subscription') + (
                '+asked' if item.get('ask') else '')
    return None


def expect_roster(user, bare, subscription):
    def is_so():
        now = roster(user, bare)
        assert now == subscription, f'it is {now}'
        return True
    wait.until(is_so, f'{user.full} has {bare} as {subscription}')


def interested(user):
    """With its roster read a client hears what becomes of its requests."""
    roster(user, ALICE)
    return user


@pytest.fixture
def xavier(linked, xmpp_user):
    return interested(xmpp_user('xavier'))


@pytest.fixture
def yvonne(linked, xmpp_user):
    return interested(xmpp_user('yvonne'))


def uri(user):
    return f'sip:{user.jid}'


def grant(user, watcher=ALICE):
    """user lets him watch when he is asked."""
    user.expect_presence(sender=watcher, type='subscribe')
    user.subscribed(watcher)


def watched(alice, user):
    """alice watches user, who lets her."""
    watch = alice.subscribe(uri(user))
    grant(user)
    watch.expect_state('open')
    return watch


def leave(server, user):
    """He unsubscribes; what he had is over, and what he was told of that (RFC 8048
    5.2.3, F21) has reached his server: it would refuse what he asks next."""
    user.unsubscribe(ALICE)
    wait.until(lambda: server.psql(
        'SELECT count(*) FROM rollcall.subscriptions '
        f"WHERE watcher = '{user.jid}' AND state <> 'terminated'") == '0',
        f'{user.jid} has left')
    user.sync('example.com')


def watching(user):
    """user watches alice, and may."""
    user.subscribe(ALICE)
    user.expect_presence(sender=ALICE, type='subscribed')


def expect_body(watch, part):
    return watch.expect(lambda n: part in bytes(n.body), f'{part} in it')


# XMPP users who watch.

def test_xmpp_watches_sip(xavier, alice):
    first = alice.publish('open', tuple_id='desk', note='hello')
    watching(xavier)
    expect_devices(xavier, desk='')
    assert devices(xavier)['desk'][1] == 'hello'
    expect_roster(xavier, ALICE, 'to')
    first.change('closed', note='gone')
    expect_devices(xavier)
    first.change('open')
    expect_devices(xavier, desk='')
    xavier.unsubscribe(ALICE)
    expect_roster(xavier, ALICE, 'none')
    expect_devices(xavier)
    mark = len(xavier.seen)
    first.change('open', note='again')
    alice.settle()
    expect_nothing(xavier, mark)


def test_rich_presence(xavier, server, alice):
    alice.register()
    watching(xavier)
    for activity, show in (('busy', 'dnd'), ('away', 'away'),
                           ('on-the-phone', 'dnd'), ('vacation', 'xa')):
        publish(alice, f'<rpid:activities><rpid:{activity}/></rpid:activities>')
        expect_devices(xavier, desk=show)


def publish(alice, person, contact='<contact priority="0.5">sip:{}</contact>'):
    body = (
        '<presence xmlns="urn:ietf:params:xml:ns:pidf"'
        ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
        ' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid"'
        f' entity="{alice.uri}"><tuple id="desk"><status><basic>open</basic>'
        f'</status>{contact.format(ALICE)}</tuple>'
        f'<dm:person id="p">{person}</dm:person></presence>')
    alice.request('PUBLISH', alice.uri, 200, body=body, headers=[
        ('Event', 'presence'), ('Expires', '600'),
        ('Content-Type', 'application/pidf+xml')])


def test_several_devices(xavier, server, alice):
    phone = server.agent('alice', instance='urn:uuid:0000')
    alice.register()
    phone.register()
    first = alice.publish('open', tuple_id='desk')
    second = phone.publish('open', tuple_id='phone')
    watching(xavier)
    expect_devices(xavier, desk='', phone='')
    second.remove()
    expect_devices(xavier, desk='')
    first.change('closed')
    second.change('closed', expect=412)
    expect_devices(xavier)


def test_approval_by_table(xavier, server, alice):
    setting(server, allow_without_approval='false')
    alice.publish('open', tuple_id='desk')
    winfo = alice.subscribe('alice', event='presence.winfo')
    xavier.subscribe(ALICE)
    winfo.expect(lambda n: n.watchers.watchers.get(uri(xavier), ('',))[0]
                 == 'pending', 'he waits')
    expect_roster(xavier, ALICE, 'none+asked')
    xavier.forbid('presence', sender_in=ALICE)
    decide(server, xavier.jid, 'allow')
    expect_roster(xavier, ALICE, 'to')
    expect_devices(xavier, desk='')
    winfo.expect(lambda n: n.watchers.watchers.get(uri(xavier), ('',))[0]
                 == 'active', 'he watches')
    decide(server, xavier.jid, 'block')
    expect_roster(xavier, ALICE, 'none')
    expect_devices(xavier)


def test_approval_by_ctl(xavier, server, alice):
    setting(server, allow_without_approval='false')
    alice.publish('open', tuple_id='desk')
    xavier.subscribe(ALICE)
    wait.until(lambda: xavier.jid in server.ctl('watchers', 'list', ALICE),
               'the request is listed')
    server.ctl('watchers', 'allow', ALICE, xavier.jid)
    expect_devices(xavier, desk='')
    assert 'active' in server.ctl('why', xavier.jid, ALICE)


def test_approval_by_xcap(xavier, server, alice):
    setting(server, allow_without_approval='false')
    alice.register()
    publish(alice, '<rpid:activities><rpid:busy/></rpid:activities>')
    xavier.subscribe(ALICE)
    wait.until(lambda: xavier.jid in server.ctl('watchers', 'list', ALICE),
               'the request is listed')
    who = rules.one(xavier.jid)
    rules.put(server, rules.ruleset(
        rules.rule('a', 'allow', who, rules.SERVICES)))
    expect_devices(xavier, desk='')
    expect_roster(xavier, ALICE, 'to')
    rules.put(server, rules.ruleset(rules.rule('a', 'allow', who, rules.ALL)))
    expect_devices(xavier, desk='dnd')
    rules.put(server, rules.ruleset(rules.rule('a', 'confirm', who)))
    expect_devices(xavier)
    expect_roster(xavier, ALICE, 'to')
    rules.put(server, rules.ruleset(rules.rule('a', 'block', who)))
    expect_roster(xavier, ALICE, 'none')


def test_partial_documents(xavier, alice):
    """What an XMPP user shows is told in parts to who wants that (RFC 5263)."""
    watch = alice.subscribe(uri(xavier), headers=[
        ('Accept', 'application/pidf-diff+xml, application/pidf+xml;q=0.5')])
    grant(xavier)
    watch.expect(lambda n: b'pidf-full' in bytes(n.body)
                 and b'>open<' in bytes(n.body), 'the whole')
    xavier.presence(show='dnd')
    watch.expect(lambda n: b'pidf-diff' in bytes(n.body)
                 and b'busy' in bytes(n.body), 'a part')


def test_refused(xavier, server, alice):
    decide(server, '@xmpp.example.com', 'block')
    xavier.subscribe(ALICE)
    xavier.expect_presence(sender=ALICE, type='unsubscribed')
    expect_roster(xavier, ALICE, 'none')
    xavier.subscribe('nobody@example.com')
    xavier.expect_presence(sender='nobody@example.com', type='unsubscribed')


def test_polite_block(xavier, server, alice):
    decide(server, xavier.jid, 'polite_block')
    publication = alice.publish('open', tuple_id='desk')
    watching(xavier)
    xavier.expect_presence(sender=ALICE, type='unavailable')
    publication.change('open', note='secret')
    alice.settle()
    xavier.forbid('presence', sender_in=ALICE)


def test_sharing(xavier, server, alice):
    publication = alice.publish('open', tuple_id='desk')
    watching(xavier)
    expect_devices(xavier, desk='')
    setting(server, share_availability='false')
    expect_devices(xavier)
    expect_roster(xavier, ALICE, 'to')
    mark = len(xavier.seen)
    publication.change('open', note='secret')
    alice.settle()
    expect_nothing(xavier, mark)
    setting(server, share_availability='true')
    expect_devices(xavier, desk='')


def test_too_many_watchers(xavier, yvonne, server, alice):
    setting(server, max_watchers='1')
    watching(xavier)
    yvonne.subscribe(ALICE)
    yvonne.expect_presence(sender=ALICE, type='unsubscribed')
    leave(server, xavier)
    expect_roster(xavier, ALICE, 'none')
    watching(yvonne)


def test_one_more_client(xavier, alice, xmpp_user):
    """His server probes for each client that signs in."""
    alice.publish('open', tuple_id='desk')
    watching(xavier)
    expect_devices(xavier, desk='')
    mark = len(xavier.seen)
    other = xmpp_user(xavier.jid, resource='phone')
    expect_devices(other, desk='')
    expect_nothing(xavier, mark)


def test_user_removed(xavier, server, alice):
    alice.publish('open', tuple_id='desk')
    watching(xavier)
    expect_devices(xavier, desk='')
    server.ctl('user', 'remove', ALICE)
    expect_roster(xavier, ALICE, 'none')
    expect_devices(xavier)


# SIP users who watch.

def test_sip_watches_xmpp(xavier, alice):
    watch = alice.subscribe(uri(xavier))
    watch.expect(lambda n: n.phase == 'pending', 'it is pending')
    grant(xavier)
    watch.expect_state('open')
    expect_roster(xavier, ALICE, 'from')
    xavier.presence(show='dnd', status='hush', priority=5)
    notify = expect_body(watch, BUSY)
    assert notify.presence.notes == ['hush']
    assert b'priority="0.039"' in bytes(notify.body)
    assert f';gr={xavier.resource}<'.encode() in bytes(notify.body)
    xavier.presence(show='away')
    expect_body(watch, AWAY)
    xavier.disconnect()
    watch.expect_state('closed')


def test_several_resources(xavier, alice, xmpp_user):
    watch = watched(alice, xavier)
    phone = xmpp_user(xavier.jid, resource='phone')
    phone.presence(show='away')
    watch.expect(lambda n: len(n.presence.tuples) == 2
                 and b'>away</show>' in bytes(n.body), 'two resources')
    phone.disconnect()
    watch.expect(lambda n: len(n.presence.tuples) == 1, 'one is left')
    xavier.disconnect()
    watch.expect_state('closed')


def test_xmpp_refuses(xavier, alice):
    watch = alice.subscribe(uri(xavier))
    xavier.expect_presence(sender=ALICE, type='subscribe')
    xavier.unsubscribed(ALICE)
    watch.expect_ended('rejected')
    alice.subscribe(uri(xavier), expect=403)
    alice.settle()
    xavier.forbid('presence', sender=ALICE, type='subscribe')


def test_xmpp_takes_it_back(xavier, alice):
    watch = watched(alice, xavier)
    xavier.unsubscribed(ALICE)
    watch.expect_ended('rejected')
    expect_roster(xavier, ALICE, 'none')


def test_no_such_xmpp_user(xavier, alice):
    """Prosody tells nobody who is missing; it is like one who says no."""
    watch = alice.subscribe('sip:nobody@xmpp.example.com')
    watch.expect(lambda n: n.phase in ('pending', 'terminated'), 'an answer')


def test_fetch(xavier, alice):
    watch = watched(alice, xavier)
    fetch = alice.subscribe(uri(xavier), expires=0)
    fetch.expect(lambda n: n.is_state('open') and n.phase == 'terminated',
                 'how he is')
    watch.end()


def test_other_events(xavier, alice):
    alice.subscribe(uri(xavier), event='dialog', expect=489)


def test_contact_rule(xavier, server, alice):
    setting(server, adhoc_enabled='false')
    alice.subscribe(uri(xavier), expect=403)
    server.ctl('contacts', 'add', ALICE, uri(xavier))
    watch = watched(alice, xavier)
    server.ctl('contacts', 'remove', ALICE, uri(xavier))
    watch.expect_ended()
    xavier.expect_presence(sender=ALICE, type='unsubscribe')
    wait.until(lambda: roster(xavier, ALICE) in (None, 'none'),
               'he is watched no more')


def test_contact_removed_ad_hoc_on(xavier, server, alice):
    server.ctl('contacts', 'add', ALICE, uri(xavier))
    watch = watched(alice, xavier)
    server.ctl('contacts', 'remove', ALICE, uri(xavier))
    watch.expect_ended()
    xavier.expect_presence(sender=ALICE, type='unsubscribe')


def test_sharing_off_hides_xmpp_users(xavier, server, alice):
    watch = watched(alice, xavier)
    setting(server, share_availability='false')
    watch.expect_state('unknown')
    watch.forbid(lambda n: not n.is_state('unknown'))
    xavier.presence(show='dnd')
    xavier.sync()
    alice.subscribe(uri(xavier)).expect_state('unknown')
    watch.agent.prohibitions.clear()
    setting(server, share_availability='true')
    expect_body(watch, BUSY)


def test_list_members(xavier, yvonne, server, alice, xmpp_user):
    for user in (xavier, yvonne):
        server.ctl('contacts', 'add', ALICE, uri(user))
    server.ctl('contacts', 'add', ALICE, f'sip:{BOB}')
    watch = rlmi.watch(alice, f'sip:{ALICE};pres-list=contacts')
    grant(xavier)
    watch.expect(**{xavier.user: 'open', yvonne.user: 'pending'})
    yvonne.expect_presence(sender=ALICE, type='subscribe')
    yvonne.unsubscribed(ALICE)
    watch.expect(**{yvonne.user: 'rejected'})
    setting(server, share_availability='false')
    watch.expect(**{xavier.user: 'unknown'})
    xavier.presence(show='dnd')
    setting(server, share_availability='true')
    watch.expect(**{xavier.user: 'open'})
    xavier.disconnect()
    watch.expect(**{xavier.user: 'closed'})
    server.ctl('contacts', 'remove', ALICE, uri(xavier))
    again = interested(xmpp_user(xavier.jid))
    wait.until(lambda: roster(again, ALICE) in (None, 'none'),
               'he is watched no more')


# Both.

def test_both(xavier, server, alice):
    publication = alice.publish('open', tuple_id='desk')
    watch = watched(alice, xavier)
    watching(xavier)
    expect_roster(xavier, ALICE, 'both')
    expect_devices(xavier, desk='')
    leave(server, xavier)
    expect_roster(xavier, ALICE, 'from')
    xavier.presence(show='away')
    expect_body(watch, AWAY)
    watching(xavier)
    expect_roster(xavier, ALICE, 'both')
    xavier.unsubscribed(ALICE)
    watch.expect_ended('rejected')
    expect_roster(xavier, ALICE, 'to')
    publication.change('closed')
    expect_devices(xavier)


def test_after_a_crash(xavier, server, alice):
    publication = alice.publish('open', tuple_id='desk')
    watch = watched(alice, xavier)
    watching(xavier)
    expect_devices(xavier, desk='')
    server.restart()
    server.wait_linked()
    watch.expect_state('open')
    watch.forbid(lambda n: n.phase != 'active', 'no end, no approval')
    publication.change('closed')
    expect_devices(xavier)
    xavier.presence(show='dnd')
    expect_body(watch, BUSY)
    expect_roster(xavier, ALICE, 'both')
    xavier.forbid('presence', sender=ALICE, type='subscribe')


def test_offline_after_a_crash(xavier, server, alice):
    watch = watched(alice, xavier)
    xavier.presence(kind='unavailable', to=None, status='until tomorrow')
    watch.expect(lambda n: n.is_state('closed')
                 and n.presence.notes == ['until tomorrow'], 'his last word')
    server.restart()
    server.wait_linked()
    watch.expect_state('closed')


def test_asked_before_a_crash(xavier, server, alice):
    setting(server, allow_without_approval='false')
    alice.publish('open', tuple_id='desk')
    watch = alice.subscribe(uri(xavier))
    xavier.expect_presence(sender=ALICE, type='subscribe')
    xavier.subscribe(ALICE)
    wait.until(lambda: xavier.jid in server.ctl('watchers', 'list', ALICE),
               'the request is listed')
    server.restart()
    server.wait_linked()
    xavier.subscribed(ALICE)
    watch.expect_state('open')
    server.ctl('watchers', 'allow', ALICE, xavier.jid)
    expect_devices(xavier, desk='')


@pytest.mark.watchdog(120)
def test_link_down(prosody, xavier, server, alice, xmpp_user):
    publication = alice.publish('open', tuple_id='desk')
    watch = watched(alice, xavier)
    watching(xavier)
    expect_devices(xavier, desk='')
    prosody.stop()
    server.wait_linked(False)
    watch.expect_state('unknown')
    publication.change('closed')
    publication.change('open', note='later')
    prosody.start()
    server.wait_linked(within=60)
    again = xmpp_user(xavier.jid)
    expect_devices(again, desk='')
    assert devices(again)['desk'][1] == 'later'
    watch.expect_state('open')
    again.presence(show='dnd')
    expect_body(watch, BUSY)
    expect_roster(again, ALICE, 'both')


def test_list_while_the_link_is_down(prosody, xavier, server, alice):
    server.ctl('contacts', 'add', ALICE, uri(xavier))
    watch = rlmi.watch(alice, f'sip:{ALICE};pres-list=contacts')
    grant(xavier)
    watch.expect(**{xavier.user: 'open'})
    prosody.freeze()
    server.wait_linked(False)
    watch.expect(**{xavier.user: 'unknown'})
    prosody.thaw()
    server.wait_linked(within=30)
    watch.expect(**{xavier.user: 'open'})
    server.restart()
    server.wait_linked()
    watch.expect(**{xavier.user: 'open'})


def test_link_hangs(prosody, xavier, server, alice):
    watch = watched(alice, xavier)
    prosody.freeze()
    server.wait_linked(False)
    watch.expect_state('unknown')
    prosody.thaw()
    server.wait_linked(within=30)
    watch.expect_state('open')


def test_odd_presence(xavier, server, alice):
    watch = watched(alice, xavier)
    for odd in ('<presence><show>sulking</show></presence>',
                '<presence><priority>many</priority></presence>',
                '<presence><priority>99999</priority></presence>',
                f'<presence to="{ALICE}" type="nonsense"/>',
                f'<presence to="{ALICE}/a&amp;b" type="subscribe"/>',
                '<presence to="example.com" type="subscribe"/>',
                '<presence to="example.com" type="probe"/>',
                f'<presence to="{ALICE}"><status>directed</status></presence>'):
        xavier.send(odd)
    xavier.presence(show='away')
    expect_body(watch, AWAY)
    assert 'ready' in server.ctl('status')
