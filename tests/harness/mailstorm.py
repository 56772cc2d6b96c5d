# SPDX-License-Identifier: ISC
"""Messages under faults: senders that repeat over UDP until they know, devices
that come, go and note what they are shown, and the account at the end.

What must hold (DESIGN sections 3 and 6): no message that was acknowledged is
lost; none that was answered 503 comes later; none is sent again to a device
whose 2xx is committed, which rollcall.deliveries tells."""
import threading
import time

from . import pq, wait

SENDERS = ('alice', 'carol')
DEVICES = ('urn:uuid:desk-0001', 'urn:uuid:mobile-0002')
FAULTS = ('kill', 'crash', 'terminate', 'stop', 'both', 'freeze', 'none')
TERMINATE = ('SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity '
             'WHERE datname = current_database() '
             'AND pid <> pg_backend_pid()')


class Device:
    """One of Bob's.  Before it answers it looks whether it should have been
    asked at all."""

    def __init__(self, server, instance, kind):
        self.server, self.kind = server, kind
        self.agent = server.agent('bob', instance=instance, kind=kind)
        self.agent.answer('MESSAGE', self.show)
        self.shown = {}     # Call-ID -> times at which it was shown
        self.faults = []

    def show(self, request):
        """From the reader's thread, once per transaction."""
        times = self.shown.setdefault(request.call_id, [])
        times.append(time.monotonic())
        if len(times) > 1 and self.is_committed(request.call_id):
            self.faults.append(
                f'{self.agent.instance} was shown {request.body!r} again '
                f'after its 2xx was committed (Call-ID {request.call_id})')
        return 200

    def is_committed(self, call_id):
        server = self.server
        try:
            return pq.run(
                server.postgres.dsn(server.database),
                'SELECT count(*) FROM rollcall.messages m JOIN '
                'rollcall.deliveries d ON d.message_id = m.id '
                f"WHERE m.call_id = '{call_id}' "
                f"AND d.device = '{self.agent.instance}' "
                "AND d.state IN ('delivered', 'displayed')") != '0'
        except pq.SqlError:
            return False  # PostgreSQL is away: nobody can tell

    def come(self):
        """Registers, however often it takes."""
        agent = self.agent
        agent.mute(False)
        self.is_new = self.kind != 'udp'
        wait.until(self._is_registered, f'{agent.name} registers', 30)

    def _is_registered(self):
        agent = self.agent
        if self.is_new or agent.transport.flow.is_closed:
            agent.transport.connect()
            self.is_new = False
        return agent.request(
            'REGISTER', f'sip:{agent.domain}', to=agent.uri, within=3,
            call_id=agent.registration[0], from_tag=agent.registration[1],
            headers=[('Contact', f'<{agent.contact}>;+sip.instance='
                                 f'"<{agent.instance}>"'),
                     ('Expires', '600')]).status == 200


class Sender:
    """Writes to Bob, and repeats what was not answered."""

    def __init__(self, server, user):
        self.agent = server.agent(user)
        self.acknowledged = {}   # Call-ID -> text
        self.refused = {}        # Call-ID -> time of the 503
        self.unknown = []        # requests without an answer

    def write(self, text):
        request = self.agent.build(
            'MESSAGE', 'sip:bob@example.com', body=text,
            headers=[('Content-Type', 'text/plain')])
        self.send(request, 2)

    def send(self, request, within):
        try:
            response = self.agent.exchange(request, within)
        except AssertionError:
            self.unknown.append(request)
            return
        if response.status in (200, 202):
            self.acknowledged[request.call_id] = request.body
        elif response.status == 503:
            self.refused[request.call_id] = time.monotonic()
        else:
            raise AssertionError(f'{response.start} to {request.body!r}')

    def repeat_unknown(self):
        """The same request, as its transaction does."""
        requests, self.unknown = self.unknown, []
        for request in requests:
            self.send(request, 5)


class Storm:
    def __init__(self, server, postgres, dice):
        self.server, self.postgres, self.dice = server, postgres, dice
        self.senders = [Sender(server, user) for user in SENDERS]
        self.devices = [Device(server, instance, kind) for instance, kind
                        in zip(DEVICES, ('udp', 'tcp'))]
        self.turn = 0
        self.errors = []

    def _write(self, sender, n):
        try:
            for i in range(n):
                sender.write(f'{sender.agent.user} {self.turn}.{i}')
        except Exception as error:  # told by the test's thread
            self.errors.append(error)

    def _come(self, device):
        try:
            device.come()
        except Exception as error:
            self.errors.append(error)

    def strike(self, fault):
        server, postgres = self.server, self.postgres
        if fault in ('kill', 'both'):
            server.kill()
        if fault in ('crash', 'both'):
            postgres.crash()
            postgres.start()
        if fault in ('kill', 'both'):
            server.start()
        if fault == 'terminate':
            server.psql(TERMINATE, is_checked=False)
        elif fault == 'stop':
            assert server.stop() == 0
            server.start()
        elif fault == 'freeze':
            postgres.freeze()
            time.sleep(1.5)
            postgres.thaw()

    def round(self, fault, n=8):
        """Writes and delivers, with a fault in the middle, and draws up the
        account."""
        self.turn += 1
        dice = self.dice
        for device in self.devices:
            how = dice.choice(('there', 'mute', 'away'))
            if how == 'away':
                device.agent.mute()
                if device.kind != 'udp':
                    device.agent.transport.disconnect()
            else:
                device.agent.mute(how == 'mute')
        threads = [threading.Thread(target=self._write, args=(s, n))
                   for s in self.senders]
        come = [threading.Thread(target=self._come, args=(d,))
                for d in self.devices if dice.random() < 0.5]
        for thread in threads:
            thread.start()
        time.sleep(dice.uniform(0, 0.3))
        for thread in come:
            thread.start()
        time.sleep(dice.uniform(0, 0.1))
        self.strike(fault)
        for thread in threads + come:
            thread.join()
        assert not self.errors, self.errors
        self.settle(fault)

    def settle(self, fault):
        for device in self.devices:
            device.come()
        for sender in self.senders:
            for _ in range(10):
                sender.repeat_unknown()
            assert not sender.unknown, 'no answer though all is well'
        what = f'turn {self.turn} ({fault}): '
        wait.until(lambda: self.server.psql(
            'SELECT count(*) FROM rollcall.messages WHERE body IS NOT NULL',
            is_checked=False) == '0', what + 'nothing waits any more', 60)
        wait.until(lambda: not self.lost(), what + 'all were shown', 10)
        self.check()
        self.forget()

    def lost(self):
        """Acknowledged, and shown to nobody."""
        return [text for s in self.senders
                for call_id, text in s.acknowledged.items()
                if not any(call_id in d.shown for d in self.devices)]

    def check(self):
        faults = [f for d in self.devices for f in d.faults]
        for sender in self.senders:
            for call_id, when in sender.refused.items():
                faults += [
                    f'{call_id} was shown {max(d.shown[call_id]) - when:.1f} '
                    's after it was refused' for d in self.devices
                    if call_id in d.shown and call_id
                    not in sender.acknowledged
                    and min(d.shown[call_id]) > when]
        assert not faults, '\n'.join(faults)

    def forget(self):
        """What is settled is not kept: memory is for long runs."""
        for sender in self.senders:
            sender.acknowledged.clear()
            sender.refused.clear()
            sender.agent.pending.clear()
        for device in self.devices:
            device.agent.inbox.clear()
            device.agent.pending.clear()
