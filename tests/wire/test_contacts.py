# SPDX-License-Identifier: ISC
"""Contacts and their limits as psql sees them (DESIGN sections 3 and 4)."""
import subprocess

import pytest

from harness import wait

ALICE, BOB = 'alice@example.com', 'bob@example.com'


@pytest.fixture
def db(stopped_server):
    """A database with the users alice, bob and carol; no daemon."""
    return stopped_server


def limit(db, value):
    db.psql(f'UPDATE rollcall.settings SET max_contacts = {value}')


def fill(db, owner, n, start=1):
    db.psql(f"INSERT INTO rollcall.contacts (owner, uri) SELECT '{owner}', "
            f"'sip:x' || n || '@example.net' FROM generate_series({start}, "
            f"{start + n - 1}) AS n")


def add(db, owner, *uris):
    """What add_contacts says of each."""
    texts = ', '.join("'" + uri.replace("'", "''") + "'" for uri in uris)
    return db.psql(f"SELECT result FROM rollcall.add_contacts('{owner}', "
                   f"ARRAY[{texts}]::text[])").splitlines()


def insert(db, owner, *uris):
    """A plain INSERT; the SQLSTATE and what it says when it is refused."""
    rows = ', '.join(f"('{owner}', '{uri}')" for uri in uris)
    return db.psql(
        'DO $d$ BEGIN INSERT INTO rollcall.contacts (owner, uri) VALUES '
        f"{rows}; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION '% %', SQLSTATE,"
        ' SQLERRM; END $d$', is_checked=False)


def contacts(db, owner):
    return db.psql('SELECT uri FROM rollcall.contacts WHERE owner = '
                   f"'{owner}' ORDER BY position, uri").splitlines()


def count(db, owner):
    """The counter, which is as many as there are."""
    counted, there = db.psql(
        'SELECT contact_count, (SELECT count(*) FROM rollcall.contacts c '
        f"WHERE c.owner = u.aor) FROM rollcall.users u WHERE aor = '{owner}'"
    ).split('|')
    assert counted == there
    return int(counted)


def changes(db, table):
    return db.psql('SELECT coalesce(key, \'*\') FROM rollcall.changes WHERE '
                   f"table_name = '{table}' ORDER BY id").splitlines()


# The limit.

def test_of_six_at_195_five_are_added(db):
    fill(db, ALICE, 195)
    uris = [f'sip:y{n}@example.net' for n in range(6)]
    assert add(db, ALICE, *uris) == ['added'] * 5 + ['limit']
    assert count(db, ALICE) == 200
    assert uris[5] not in contacts(db, ALICE)


def test_an_insert_that_passes_the_limit_adds_nothing(db):
    fill(db, ALICE, 195)
    said = insert(db, ALICE, *[f'sip:y{n}@example.net' for n in range(6)])
    assert 'RC001' in said and 'sip:y5@example.net' in said
    assert count(db, ALICE) == 195


def test_an_insert_up_to_the_limit(db):
    fill(db, ALICE, 195)
    assert insert(db, ALICE,
                  *[f'sip:y{n}@example.net' for n in range(5)]) == ''
    assert count(db, ALICE) == 200


def test_who_is_full_adds_nobody_and_is_added_by_nobody(db):
    limit(db, 3)
    fill(db, ALICE, 3)
    assert add(db, ALICE, f'sip:{BOB}') == ['limit']
    assert add(db, BOB, f'sip:{ALICE}') == ['target_full']
    assert add(db, BOB, f'PRES:{ALICE.upper()}') == ['target_full']
    said = insert(db, BOB, 'sip:carol@example.com', f'sip:{ALICE}')
    assert 'RC002' in said and ALICE in said
    assert count(db, BOB) == 0


def test_a_full_target_takes_no_place(db):
    limit(db, 2)
    fill(db, ALICE, 2)
    assert add(db, BOB, f'sip:{ALICE}', 'sip:a@example.net',
               'sip:b@example.net') == ['target_full', 'added', 'added']


def test_oneself_may_be_the_last_contact(db):
    limit(db, 2)
    fill(db, ALICE, 1)
    assert add(db, ALICE, f'sip:{ALICE}') == ['added']


def test_a_lowered_limit_removes_nothing(db):
    fill(db, ALICE, 20)
    limit(db, 10)
    assert count(db, ALICE) == 20
    assert add(db, ALICE, 'sip:y@example.net') == ['limit']
    assert add(db, BOB, f'sip:{ALICE}') == ['target_full']
    db.psql(f"UPDATE rollcall.contacts SET display_name = 'X' "
            f"WHERE owner = '{ALICE}'")
    db.psql("DELETE FROM rollcall.contacts WHERE uri LIKE 'sip:x1_@%'")
    assert add(db, ALICE, 'sip:y@example.net') == ['limit']
    limit(db, 200)
    assert add(db, ALICE, 'sip:y@example.net') == ['added']


def test_no_limit(db):
    limit(db, 'NULL')
    fill(db, ALICE, 1500)
    assert add(db, ALICE, f'sip:{BOB}') == ['added']
    assert add(db, BOB, f'sip:{ALICE}') == ['added']


def test_none_allowed(db):
    limit(db, 0)
    assert add(db, ALICE, 'sip:a@example.net') == ['limit']


def test_ten_sessions_at_once_never_pass_the_limit(db):
    """Each adds 40 of its own, one by one and all at once in turn."""
    limit(db, 100)
    one = ("INSERT INTO rollcall.contacts (owner, uri) VALUES ('{owner}', "
           "'sip:s{n}.{i}@example.net');")
    many = ("SELECT result FROM rollcall.add_contacts('{owner}', ARRAY["
            "'sip:m{n}.{i}@example.net', 'sip:shared{i}@example.net']);")
    runs = []
    for n in range(10):
        script = ''.join((one if (i + n) % 2 else many).format(
            owner=ALICE, n=n, i=i) for i in range(40))
        runs.append(subprocess.Popen(
            ['psql', '-X', '-q', '-A', '-t', '-d',
             db.postgres.dsn(db.database)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        runs[-1].stdin.write(script)
        runs[-1].stdin.close()
    said = ''.join(run.stdout.read() for run in runs)
    assert [run.wait(30) for run in runs] == [0] * 10
    assert count(db, ALICE) == 100
    assert 'limit' in said.split() and 'one too many' in said
    assert 'deadlock' not in said


def test_two_who_fill_each_other_do_not_lock_each_other(db):
    runs = [subprocess.Popen(
        ['psql', '-X', '-q', '-d', db.postgres.dsn(db.database), '-c', sql],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for first, second in ((ALICE, BOB), (BOB, ALICE)) for sql in (
            'INSERT INTO rollcall.contacts (owner, uri) SELECT o, '
            f"'sip:{first[:3]}' || n || '@example.net' "
            f"FROM unnest(ARRAY['{first}', '{second}']) AS o, "
            'generate_series(1, 90) AS n',)]
    assert [run.communicate(timeout=30)[0] for run in runs] == ['', '']
    assert count(db, ALICE) == count(db, BOB) == 180


# An import.

def test_an_import_lifts_the_limits(db):
    limit(db, 1)
    fill(db, BOB, 1)
    db.psql("SET rollcall.bypass_limits = on; SELECT rollcall.add_contacts("
            f"'{ALICE}', ARRAY['sip:{BOB}', 'sip:a@example.net']); INSERT "
            f"INTO rollcall.contacts (owner, uri) VALUES ('{ALICE}', "
            "'sip:b@example.net')")
    assert count(db, ALICE) == 3
    assert add(db, ALICE, 'sip:c@example.net') == ['limit']


def test_only_an_administrator_lifts_the_limits(db):
    limit(db, 1)
    role = f'clerk_{db.database}'
    db.psql(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA rollcall TO "
            f"{role}; GRANT SELECT, INSERT ON rollcall.contacts TO {role}")
    said = subprocess.run(
        ['psql', '-X', '-q', '-d', db.postgres.dsn(db.database).replace(
            'rollcall@', f'{role}@'), '-c',
         "SET rollcall.bypass_limits = on; INSERT INTO rollcall.contacts "
         f"(owner, uri) VALUES ('{ALICE}', 'sip:a@example.net')"],
        capture_output=True, text=True, check=False).stderr
    db.psql(f'DROP OWNED BY {role}; DROP ROLE {role}')
    assert 'may not lift the limits' in said
    assert count(db, ALICE) == 0


# Addresses.

NO_ADDRESSES = [
    '', 'bob', BOB, 'sip:example.com', 'sip:@example.com', 'sip:bob@',
    'sip:b b@example.com', 'sip:bob@exa mple.com', 'sip:bob@-x.com',
    'sip:bob@x..com', 'sip:bob@300.1.1.1', 'sip:bob@example.com:70000',
    'sip:bob@example.com:', 'sip:bob:pw@example.com', 'sip:b%4@example.com',
    'sip:b%C3@example.com', 'sip:b%00@example.com', 'sip:<bob@example.com>',
    'sip:bob@example.com?x=y', 'sip:bob@example.com\n', 'http://example.com/',
    'tel:', 'tel:+', 'tel:123', 'tel:+12a', 'im:bob', 'xmpp:bob@x.org/desk',
    'pres:bob@x.org;a=b', 'sip:' + 'x' * 320 + '@example.net',
    'mailto:bob@example.com', 'sip:a@b@example.com', 'sip:bob@example.com;']
SAME = [
    ('sip:Bob@example.net', 'SIP:bob@Example.NET'),
    ('sip:%62ob@example.net', 'sip:bob@example.net.'),
    ('sip:j%C3%BCrgen@example.net', 'sip:jürgen@example.net'),
    ('sip:bob@x.org;lr;transport=tcp', 'sip:bob@x.org;Transport=TCP;lr'),
    ('tel:+49-30-123', 'tel:+49(30)1.2.3'),
    ('tel:12A;phone-context=x.org', 'tel:1-2a;phone-context=X.org'),
    ('xmpp:romeo@montague.net', 'XMPP:Romeo@montague.net'),
    ('im:a@b.org', 'im:A@B.org'), ('sip:a@[::1]', 'sip:A@[::1]')]
DIFFERENT = [
    ('sip:bob@example.net', 'sips:bob@example.net'),
    ('sip:bob@example.net', 'sip:bob@example.net:5060'),
    ('tel:+4930123', 'tel:+4930124')]
TEXTS = [
    "'; DROP TABLE rollcall.users; --", '$$;', '\\', "O'Brien", '%s%n',
    '"quoted"', 'two\nlines', 'Jürgen 日本', '{a,b}', 'NULL']
NO_WATCHERS = [
    '', 'bob', '@', 'sip:bob@x.org', 'bob@x.org:5060', 'b b@x.org',
    'bob@x.org;lr', '@x y', '@@x.org', 'bob@', "x@x.org'' OR ''1"]


def test_what_is_no_address(db):
    assert add(db, ALICE, *NO_ADDRESSES, 'sip:x@example.net') == \
        ['invalid'] * len(NO_ADDRESSES) + ['added']
    for uri in NO_ADDRESSES:
        assert 'RC004' in insert(db, BOB, 'sip:x@example.net', uri), uri
    assert count(db, BOB) == 0


def test_one_address_in_two_spellings(db):
    for one, other in SAME:
        db.psql('DELETE FROM rollcall.contacts')
        assert add(db, ALICE, one, other) == ['added', 'exists'], one
        assert add(db, ALICE, other) == ['exists'], one
        assert '23505' in insert(db, ALICE, other), one
        assert contacts(db, ALICE) == [one]


def test_two_addresses(db):
    for one, other in DIFFERENT:
        db.psql('DELETE FROM rollcall.contacts')
        assert add(db, ALICE, one, other) == ['added', 'added'], one


def test_who_is_not_there(db):
    assert add(db, ALICE, 'sip:zorro@example.com', 'xmpp:zorro@example.com',
               'sip:zorro@example.net', 'tel:+49123') == [
        'no_such_user', 'no_such_user', 'added', 'added']
    said = insert(db, ALICE, 'sip:bob@example.com', 'sip:zorro@example.com')
    assert 'RC003' in said and 'zorro' in said
    assert 'RC003' in insert(db, 'zorro@example.com', 'sip:bob@example.com')
    assert db.psql("SELECT rollcall.add_contacts('zorro@example.com', '{}')",
                   is_checked=False).find('no such user') > 0


def test_the_owner_in_any_case(db):
    assert add(db, 'ALICE@Example.com', f'sip:{BOB}') == ['added']
    assert contacts(db, ALICE) == [f'sip:{BOB}']


def test_sql_in_a_field_is_data(db):
    for text in TEXTS:
        quoted = "'" + text.replace("'", "''") + "'"
        db.psql('DELETE FROM rollcall.contacts')
        db.psql(f"SELECT rollcall.add_contacts('{ALICE}', "
                f"ARRAY['sip:a@b.org'], ARRAY[{quoted}], ARRAY[{quoted}])")
        for column in ('display_name', 'group_name'):
            assert text == db.psql(f'SELECT {column} FROM rollcall.contacts')
        assert add(db, ALICE, text) == ['invalid']
    assert db.psql('SELECT count(*) FROM rollcall.users') == '3'


def test_control_characters_are_no_name(db):
    said = db.psql("INSERT INTO rollcall.contacts (owner, uri, display_name) "
                   f"VALUES ('{ALICE}', 'sip:a@b.org', E'a\\x01')",
                   is_checked=False)
    assert 'control' in said


# Counters, and what the server hears.

def test_counter_and_revision_follow_everything(db):
    def revision():
        return int(db.psql('SELECT contacts_revision FROM rollcall.users '
                           f"WHERE aor = '{ALICE}'"))
    seen = [revision()]

    def step(sql, n):
        db.psql(sql)
        assert count(db, ALICE) == n
        assert revision() > seen[-1]
        seen.append(revision())
    step("INSERT INTO rollcall.contacts (owner, uri) VALUES "
         f"('{ALICE}', 'sip:a@b.org'), ('{ALICE}', 'sip:b@b.org'), "
         f"('{BOB}', 'sip:b@b.org')", 2)
    step("UPDATE rollcall.contacts SET display_name = 'A' WHERE uri ~ 'a@'", 2)
    step(f"UPDATE rollcall.contacts SET owner = '{BOB}' WHERE uri ~ 'a@'", 1)
    assert count(db, BOB) == 2
    step(f"INSERT INTO rollcall.contacts (owner, uri) VALUES ('{ALICE}', "
         "'sip:b@b.org'), "
         f"('{ALICE}', 'sip:c@b.org') ON CONFLICT DO NOTHING", 2)
    step(f"DELETE FROM rollcall.contacts WHERE owner = '{ALICE}' AND "
         "uri ~ 'b@'", 1)
    step('TRUNCATE rollcall.contacts', 0)
    db.psql("UPDATE rollcall.contacts SET display_name = 'A'")
    assert revision() == seen[-1]
    fill(db, ALICE, 3)
    db.psql(f"DELETE FROM rollcall.users WHERE aor = '{ALICE}'")
    db.psql('TRUNCATE rollcall.users CASCADE')
    assert db.psql('SELECT count(*) FROM rollcall.contacts') == '0'


def test_the_counter_is_nobodys_to_write(db):
    assert 'kept by the server' in db.psql(
        'UPDATE rollcall.users SET contact_count = 7', is_checked=False)
    db.psql("INSERT INTO rollcall.users (aor, contact_count) VALUES "
            "('dave@example.com', 7)")
    assert count(db, 'dave@example.com') == 0


def test_what_the_server_hears(db):
    db.psql('DELETE FROM rollcall.changes')
    add(db, ALICE, 'sip:a@b.org', 'sip:b@b.org')
    assert changes(db, 'contacts') == [ALICE]
    db.psql("UPDATE rollcall.contacts SET display_name = 'A'")
    db.psql('DELETE FROM rollcall.contacts')
    assert changes(db, 'contacts') == [ALICE] * 3
    assert changes(db, 'users') == []
    db.psql('TRUNCATE rollcall.contacts')
    assert changes(db, 'contacts') == [ALICE] * 3 + ['*']
    assert db.psql("SELECT DISTINCT action FROM rollcall.audit WHERE "
                   "table_name = 'contacts' ORDER BY 1").splitlines() == [
        'delete', 'insert', 'truncate', 'update']


def test_the_servers_own_contacts_are_counted_and_not_told(db):
    db.psql('DELETE FROM rollcall.changes')
    db.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.contacts "
            f"(owner, uri) VALUES ('{ALICE}', 'sip:a@b.org')")
    assert count(db, ALICE) == 1
    assert changes(db, 'contacts') == []
    limit(db, 1)
    assert 'one too many' in db.psql(
        "SET rollcall.origin = 'daemon'; INSERT INTO rollcall.contacts "
        f"(owner, uri) VALUES ('{ALICE}', 'sip:b@b.org')", is_checked=False)


def test_settings_are_told_when_they_change(db):
    db.psql('DELETE FROM rollcall.changes; DELETE FROM rollcall.audit')
    db.psql('UPDATE rollcall.settings SET max_contacts = 200')
    db.psql("UPDATE rollcall.settings SET updated_by = 'me'")
    assert changes(db, 'settings') == []
    limit(db, 10)
    assert changes(db, 'settings') == ['*']
    assert db.psql('SELECT detail FROM rollcall.audit') == \
        '{"max_contacts": 10}'
    said = db.psql('UPDATE rollcall.settings SET max_contacts = -1',
                   is_checked=False)
    assert 'settings_max_contacts_range' in said


# Decisions about watchers.

def decide(db, watcher, decision, presentity=ALICE):
    return db.psql(
        'DO $d$ BEGIN INSERT INTO rollcall.watchers (presentity, watcher, '
        f"decision) VALUES ('{presentity}', '{watcher}', '{decision}'); "
        "EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION '% %', SQLSTATE, SQLERRM; "
        'END $d$', is_checked=False)


def test_what_is_no_watcher(db):
    for watcher in NO_WATCHERS:
        assert 'RC004' in decide(db, watcher, 'allow'), watcher


def test_a_watcher_is_written_canonically(db):
    assert decide(db, 'BOB@Example.COM', 'allow', 'ALICE@example.com') == ''
    assert decide(db, 'Eve@Example.NET', 'block') == ''
    assert decide(db, '@Example.NET', 'polite_block') == ''
    assert db.psql('SELECT presentity, watcher, decision, decided_by FROM '
                   'rollcall.watchers ORDER BY watcher').splitlines() == [
        f'{ALICE}|@example.net|polite_block|rollcall',
        f'{ALICE}|Eve@example.net|block|rollcall',
        f'{ALICE}|bob@example.com|allow|rollcall']
    assert '23505' in decide(db, 'eve@example.net', 'allow')
    assert 'RC003' in decide(db, 'eve@example.net', 'allow', 'x@example.com')


def test_a_request_is_the_servers_to_write(db):
    assert 'RC004' in decide(db, 'eve@example.net', 'pending')
    db.psql('DELETE FROM rollcall.changes')
    db.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.watchers "
            "(presentity, watcher, decision) VALUES "
            f"('{ALICE}', 'Eve@example.net', 'pending')")
    db.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.watchers "
            "(presentity, watcher, decision) VALUES "
            f"('{ALICE}', 'eve@example.net', 'pending') "
            'ON CONFLICT (presentity, watcher) DO NOTHING')
    assert changes(db, 'watchers') == []
    assert db.psql('SELECT decided_by IS NULL FROM rollcall.watchers') == 't'
    db.psql("UPDATE rollcall.watchers SET decision = 'allow'")
    assert db.psql('SELECT decided_by FROM rollcall.watchers') == 'rollcall'
    assert 'RC004' in db.psql(
        "DO $$ BEGIN UPDATE rollcall.watchers SET decision = 'pending'; "
        "EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION '%', SQLSTATE; END $$",
        is_checked=False)
    db.psql('DELETE FROM rollcall.watchers')
    assert changes(db, 'watchers') == [ALICE] * 2


# What troubles.

def outcome(db, test):
    return db.psql('SELECT outcome, problem, solution FROM '
                   f"rollcall.troubleshooter WHERE test = '{test}'").split('|')


def test_who_is_full_is_trouble(db):
    limit(db, 3)
    assert outcome(db, 'contact limit')[0] == 'ok'
    fill(db, ALICE, 3)
    said = outcome(db, 'contact limit')
    assert said[0] == 'failed' and ALICE in said[1] and said[2]
    assert db.psql('SELECT * FROM rollcall.contact_usage WHERE is_full') == \
        f'{ALICE}|3|3|t'
    limit(db, 'NULL')
    assert outcome(db, 'contact limit')[0] == 'ok'


def test_a_removed_users_place_in_lists_is_trouble(db):
    add(db, ALICE, f'sip:{BOB}', f'pres:{BOB}')
    assert outcome(db, 'duplicate addresses')[0] == 'warning'
    assert outcome(db, 'contacts who are gone')[0] == 'ok'
    db.psql(f"DELETE FROM rollcall.users WHERE aor = '{BOB}'")
    said = outcome(db, 'contacts who are gone')
    assert said[0] == 'failed' and f'sip:{BOB} of {ALICE}' in said[1]


def test_an_invalid_address_from_before_is_trouble(db):
    db.psql('ALTER TABLE rollcall.contacts DISABLE TRIGGER checked')
    db.psql("INSERT INTO rollcall.contacts (owner, uri) VALUES "
            f"('{ALICE}', 'bob')")
    assert outcome(db, 'invalid addresses')[:2] == [
        'failed', f'not valid: bob of {ALICE}']


def test_messages_at_their_bound_are_trouble(db):
    db.psql('UPDATE rollcall.settings SET offline_max_per_user = 2')
    assert outcome(db, 'undelivered messages')[0] == 'ok'
    db.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.messages "
            '(id, call_id, from_tag, cseq, sender, recipient, body, '
            "created_at, expires_at) SELECT n, n::text, 'x', "
            f"1, '{BOB}', '{ALICE}', 'x', now(), now() + interval '1 day' "
            'FROM generate_series(1, 2) AS n')
    said = outcome(db, 'undelivered messages')
    assert said[0] == 'failed' and ALICE in said[1]


def has_reported(db):
    return db.psql("SELECT count(*) FROM rollcall.health") != '0'


def test_what_the_server_found_is_shown(db):
    db.start()
    wait.until(lambda: has_reported(db), 'the server has looked at itself')
    db.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.health "
            "(test, outcome, problem, solution) VALUES ('sundial', 'warning', "
            "'off by 9 s', 'Run NTP.'), ('XMPP', 'ok', NULL, NULL)")
    assert outcome(db, 'sundial') == ['warning', 'off by 9 s', 'Run NTP.']
    assert outcome(db, 'XMPP')[0] == 'ok'
    db.kill()
    wait.until(lambda: outcome(db, 'server')[0] == 'failed', 'it is gone')
    assert outcome(db, 'sundial')[0] == outcome(db, 'XMPP')[0] == 'unknown'


def test_a_running_server_is_seen(db):
    db.start()
    assert outcome(db, 'server')[0] == 'ok'
    wait.until(lambda: has_reported(db), 'the server has looked at itself')
    db.psql("SET rollcall.origin = 'daemon'; INSERT INTO rollcall.health "
            "(test, outcome, at) VALUES ('XMPP', 'ok', now() - "
            "interval '1 hour')")
    assert outcome(db, 'XMPP')[0] == 'failed'


def test_watchers_are_counted_once_and_without_oneself(server, alice, bob,
                                                       carol):
    for phone in (alice, bob, bob, carol):
        phone.subscribe('alice').next()
    server.psql('UPDATE rollcall.settings SET max_watchers = 2')
    assert server.psql('SELECT * FROM rollcall.watcher_usage WHERE is_full') \
        == f'{ALICE}|2|2|t'
    said = outcome(server, 'watcher limit')
    assert said[0] == 'failed' and ALICE in said[1]
