# SPDX-License-Identifier: ISC
"""Event notification and publication by the clause: what RFC 6665 and RFC 3903
say of requests that are unusual, wrong or come from somebody else."""
import pytest

from harness.agent import renew_branch
from harness.message import Message, param, split_list, uri_of
from harness.pidf import PIDF_TYPE, document

trusting = pytest.mark.options(sip={'trusted_peers': '127.0.0.1'})


def with_ids_of(other, agent, whom):
    """The agent's initial SUBSCRIBE to whom with the ids of another's."""
    return agent.build(
        'SUBSCRIBE', f'sip:{whom}@example.com', call_id=other.call_id,
        from_tag=other.tag, cseq=other.response.request.cseq,
        headers=[('Event', other.event), ('Contact', f'<{agent.contact}>')])


@trusting
def test_nobody_takes_over_a_subscription_by_its_ids(server, alice, bob):
    """RFC 3261 8.1.1.4: ids are the client's choice and prove nothing."""
    carol = server.agent('carol')
    watch = bob.subscribe('alice')
    watch.next()
    carol.answer('NOTIFY', 200)
    response = carol.exchange(with_ids_of(watch, carol, 'alice'))
    assert response.status == 200
    assert param(response['To'], 'tag') != watch.remote_tag
    carol.expect('NOTIFY')
    alice.publish('open')
    watch.expect_state('open')


@pytest.mark.options(sip={'trusted_peers': '127.0.0.1'},
                     database={'hung_after': '10s'})
def test_a_repetition_waits_for_the_commit(server, bob, postgres):
    """DESIGN section 3 rule 2: 200 means committed, whoever asks again."""
    bob.answer('NOTIFY', 200)
    bob.subscribe('alice').next()
    postgres.freeze()
    first = bob.build('SUBSCRIBE', 'sip:alice@example.com', headers=[
        ('Event', 'presence'), ('Contact', f'<{bob.contact}>')])
    again = Message(first.start, first.headers)
    renew_branch(again)
    for request in (first, again):
        bob._send(request)
    bob.settle()
    assert not bob.pending.get(again.branch), 'answered before the commit'
    postgres.thaw()

    def answers():
        return [bob.pending.get(r.branch, [None])[0] for r in (first, again)]
    bob.wait(lambda: all(answers()), 'both answers')
    assert {r.status for r in answers()} == {200}
    assert len({param(r['To'], 'tag') for r in answers()}) == 1


@trusting
def test_ids_used_again_for_another_presentity(server, bob):
    server.agent('carol').publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('closed')
    other = server.agent('bob')
    other.answer('NOTIFY', 200)
    again = other.exchange(with_ids_of(watch, other, 'carol'))
    assert param(again['To'], 'tag') != watch.remote_tag
    assert b'carol@' in other.expect('NOTIFY').body


@pytest.mark.parametrize('event', ['presence;id=2', 'presence',
                                   'presence.winfo;id=1'])
def test_a_dialog_is_not_shared(bob, event):
    """RFC 6665 4.5.2: another id or package is another subscription."""
    watch = bob.subscribe('alice', event='presence;id=1')
    assert 'presence' in watch.response['Allow-Events']    # 4.4.4
    watch.next()
    watch.event = event
    response = watch.refresh(expect=403)
    assert 'sharing' in response['Warning']
    watch.event = 'Presence;a=b;id=1'
    watch.refresh()
    watch.next()


ROUTES = ('Record-Route', '<sip:192.0.2.9;lr;a=b>, <sip:192.0.2.8;lr>')


def test_record_route_is_for_dialogs(alice, bob):
    """RFC 3261 12.1.1, and RFC 3903 6: never in the answer to a PUBLISH."""
    watch = bob.subscribe('alice', headers=[ROUTES], expect=None)
    routes = [route for value in watch.response.all('Record-Route')
              for route in split_list(value)]
    assert routes == split_list(ROUTES[1])
    response = alice.request('PUBLISH', alice.uri, 200, headers=[
        ROUTES, ('Event', 'presence'), ('Content-Type', PIDF_TYPE)],
        body=document(alice.uri, 'open'))
    assert 'Record-Route' not in response
    assert 'Record-Route' not in alice.repeat(response.request)


@pytest.mark.parametrize('tag', ['a, b', 'a,b', 'a;b', '"a"', '', '*,*'])
def test_if_match_is_one_entity_tag(alice, tag):
    """RFC 3903 6 step 3."""
    publication = alice.publish('open')
    publication.send('closed', etag=tag or ' ', expect=400)
    publication.refresh()


@pytest.mark.parametrize('content_type, body', [
    ('text/plain', 'x'), (PIDF_TYPE, 'x'), (None, 'x')])
def test_a_stale_entity_tag_comes_before_the_body(alice, content_type, body):
    """RFC 3903 6: step 3 before step 5."""
    headers = [('Event', 'presence')]
    if content_type:
        headers.append(('Content-Type', content_type))
    status = 400 if content_type == PIDF_TYPE else 415
    alice.request('PUBLISH', alice.uri, status, headers=headers, body=body)
    headers.append(('SIP-If-Match', 'stale'))
    alice.request('PUBLISH', alice.uri, 412, headers=headers, body=body)


def test_pres_uris_name_the_users(server, alice, bob):
    """RFC 3856 5: in From and To; they come back in the NOTIFY."""
    request = bob.build('SUBSCRIBE', alice.uri, to='pres:alice@example.com',
                        headers=[('Event', 'presence'),
                                 ('Contact', f'<{bob.contact}>')])
    request.put('From', '<pres:bob@example.com>;tag=pres')
    bob.answer('NOTIFY', 200)
    challenge = bob.exchange(request)
    assert bob.exchange(bob.authorize(request, challenge)).status == 200
    notify = bob.expect('NOTIFY')
    assert uri_of(notify['From']) == 'pres:alice@example.com'
    assert uri_of(notify['To']) == 'pres:bob@example.com'


@pytest.mark.parametrize('headers, status', [
    ([('Content-Type', 'application/x-wish+xml')], 415),
    ([('Content-Type', 'application/x-wish+xml'),
      ('Content-Disposition', 'session;handling=optional')], 200),
    ([], 200)])
def test_a_body_that_is_not_understood_is_refused(bob, headers, status):
    """RFC 3261 8.2.3."""
    bob.answer('NOTIFY', 200)
    response = bob.request(
        'SUBSCRIBE', 'sip:alice@example.com', status, body='<filter/>',
        headers=[('Event', 'presence'), ('Contact', f'<{bob.contact}>'),
                 *headers])
    assert ('Accept' in response) == (status == 415)


def publishes(agent):
    agent.publish('open')


def writes(agent):
    agent.message('carol', 'hello')


@pytest.mark.parametrize('does', [publishes, writes])
def test_any_request_of_a_device_resumes_its_dialogs(alice, bob, does):
    """DESIGN section 5; the next try without one is a minute away."""
    watch = bob.subscribe('alice')
    watch.next()
    bob.answer('NOTIFY', 408)     # as a proxy says of a phone that is away
    alice.publish('open')
    watch.expect_state('open')
    bob.settle()
    bob.answer('NOTIFY', 200)
    does(bob)
    watch.expect_state('open')


def two_devices_behind_one_proxy(agent, headers):
    """Both register and publish over the proxy's one socket."""
    for contact in ('sip:desk@192.0.2.7', 'sip:mobile@192.0.2.8'):
        agent.request('REGISTER', f'sip:{agent.domain}', 200, to=agent.uri,
                      headers=[('Contact', f'<{contact}>'), *headers])
    for basic in ('open', 'closed'):
        agent.request('PUBLISH', agent.uri, 200, headers=[
            ('Event', 'presence'), ('Content-Type', PIDF_TYPE), *headers],
            body=document(agent.uri, basic, f't{basic}'))


@pytest.mark.parametrize('vias', [
    pytest.param([], marks=trusting),
    [('Via', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKdevice')]])
def test_devices_behind_one_proxy_are_several(alice, bob, vias):
    two_devices_behind_one_proxy(alice, vias)
    notify = bob.subscribe('alice').next()
    assert notify.presence.basics == ['open', 'closed']
