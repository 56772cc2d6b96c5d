# SPDX-License-Identifier: ISC
"""Event notification and publication by the clause: what RFC 6665 and RFC 3903
say of requests that are unusual, wrong or come from somebody else."""
import pytest

from harness.message import param

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
