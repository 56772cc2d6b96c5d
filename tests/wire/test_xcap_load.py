# SPDX-License-Identifier: ISC
"""1,000 element PUTs a second: what one costs the daemon, which has one thread.
Its CPU time is counted, not what passes, since the machine may be busy."""
import http.client
import os
import threading

import pytest

from harness.digest import credentials, fields
from harness.xcap import ELEMENT_TYPE, LISTS_TYPE, lists

USERS, PUTS, ENTRIES = 20, 50, 30
COST = 0.001 * (10 if 'ASAN_OPTIONS' in os.environ else 1)


class Client:
    """One connection, one challenge."""

    def __init__(self, server, user):
        self.user, self.count = user, 0
        self.connection = http.client.HTTPConnection(
            '127.0.0.1', server.http_port, timeout=30)
        self.index = (f'/xcap-root/resource-lists/users/sip:{user}@'
                      f'{server.domain}/index')
        answer = self._ask('GET', self.index, b'', {})
        self.offer = fields(answer.getheader('WWW-Authenticate'))

    def _ask(self, method, path, body, headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer

    def put(self, path, body, kind):
        self.count += 1
        return self._ask('PUT', path, body.encode(), {
            'Content-Type': kind, 'Authorization': credentials(
                self.offer, 'PUT', path, self.user, 'secret', self.count),
        }).status

    def put_many(self, statuses):
        for i in range(PUTS):
            uri = f'sip:x{i}@example.net'
            statuses.append(self.put(
                f'{self.index}/~~/resource-lists/list%5b1%5d/entry%5b@uri=%22'
                f'{uri}%22%5d', f'<entry uri="{uri}"/>', ELEMENT_TYPE))


def cpu_of(process):
    with open(f'/proc/{process.pid}/stat', encoding='ascii') as file:
        parts = file.read().rpartition(')')[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf('SC_CLK_TCK')


@pytest.mark.options(xcap={'rate_per_source': '0', 'rate_per_user': '0'})
def test_a_thousand_a_second(server):
    users = [f'user{i}' for i in range(USERS)]
    for user in users:
        server.psql('INSERT INTO rollcall.users (aor) VALUES '
                    f"('{user}@example.com'); SELECT rollcall.set_password("
                    f"'{user}@example.com', 'secret')")
    server.sync()
    clients = [Client(server, user) for user in users]
    document = lists(*(f'sip:c{i}@example.net' for i in range(ENTRIES)))
    for client in clients:
        assert client.put(client.index, document, LISTS_TYPE) == 201
    statuses = []
    threads = [threading.Thread(target=client.put_many, args=(statuses,))
               for client in clients]
    before = cpu_of(server.process)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = cpu_of(server.process) - before
    assert statuses == [201] * (USERS * PUTS)
    assert spent / len(statuses) < COST
    assert server.psql('SELECT count(*), min(contact_count) FROM rollcall.users'
                       ' WHERE contact_count > 0') == \
        f'{USERS}|{ENTRIES + PUTS}'
    print(f'{spent / len(statuses) * 1e6:.0f} us of CPU each')
