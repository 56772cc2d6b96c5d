# SPDX-License-Identifier: ISC
"""Two phones out of the box: they sign in, see each other, and write to each
other."""
import pytest

from harness import wait
from harness.clients import Baresip, Linphone

PAIRS = [(Baresip, Baresip), (Linphone, Linphone), (Baresip, Linphone)]
both = pytest.mark.parametrize('kind', ['udp', 'tcp'])
pairs = pytest.mark.parametrize('first,second', PAIRS, ids=[
    f'{a.__name__}-{b.__name__}' for a, b in PAIRS])
clients = pytest.mark.parametrize('client', [Baresip, Linphone])


@both
@clients
def test_it_registers_and_publishes(server, client, kind):
    client(server, 'alice', kind).registered()
    assert server.psql('SELECT aor FROM rollcall.bindings') \
        == 'alice@example.com'
    wait.until(lambda: server.psql(
        'SELECT DISTINCT aor FROM rollcall.publications')
        == 'alice@example.com', 'Alice has published')


@both
@pairs
def test_they_see_each_other(server, first, second, kind):
    alice = first(server, 'alice', kind, watches=['bob'])
    alice.registered()
    bob = second(server, 'bob', kind, watches=['alice'])
    bob.registered()
    alice.sees_state('bob', 'open')
    bob.sees_state('alice', 'open')


@both
@pairs
def test_they_write_to_each_other(server, first, second, kind):
    alice = first(server, 'alice', kind, watches=['bob'])
    bob = second(server, 'bob', kind, watches=['alice'])
    alice.registered()
    bob.registered()
    alice.message('bob', 'hello from alice')
    bob.sees_message('alice', 'hello from alice')
    bob.message('alice', 'hello from bob')
    alice.sees_message('bob', 'hello from bob')
